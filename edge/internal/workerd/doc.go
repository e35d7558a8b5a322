// Package workerd is the bridge between Latchkey and its runtime: one warm Go program per isolate, shared by all of the
// isolate's requests and Durable Objects.
//
// The JavaScript half (worker.mjs and the .mjs files beside this one) writes a request into the program's linear memory and calls
// an exported function, which runs the handler and returns when it has answered or waits for something. The answer comes back
// through one imported function. That is one crossing each way, with bytes and integers only: syscall/js, which crosses for
// every property it reads, is several times slower.
//
//	JS  write → request()                       Go  http.Handler → respond(id, …)
//	JS  write → invoke()                        Go  Objects.Invoke ⇄ sql(…) → answer(id, …)
//	Go  call(op, id, call, …), it waits         JS  promise → write → settle() → it goes on
//
// Rules that the runtime makes, and where they are kept:
//
//   - The runtime ties I/O to the request that started it. The context of a request carries its identity, calls out of Go
//     name it, and the JavaScript half refuses a call made while another request is running ([ErrContext]). A goroutine
//     must not outlive its request, and must not wait for another request's.
//   - There are no Go timers: a setTimeout belongs to whichever request set it and dies with it. Deadlines are the
//     runtime's own (AbortSignal.timeout), later work goes on an object's alarm.
//   - A panic is recovered in every goroutine that this package starts. One that is not (in a goroutine that a handler
//     started) ends the program for everybody; the JavaScript half then answers 503 and starts another.
//   - A request that only reads (GET, HEAD) has no client address: worker.mjs says why.
//   - SQL sees JavaScript's numbers. Whole numbers up to 2^53 pass both ways, larger ones are refused ([ErrInteger]), and
//     an argument is a REAL until a STRICT column makes it an INTEGER: write CAST(? AS INTEGER) where that matters.
//
// github.com/syumai/workers is not used here: its Serve starts a program for every request, and its sockets set their
// deadlines with context.WithDeadline, which is a Go timer.
//
// Only edge/main_js.go imports this package. What parses bytes from the other side is in files without build
// constraints, so that it is tested and fuzzed natively.
package workerd
