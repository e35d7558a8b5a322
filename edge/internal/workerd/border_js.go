//go:build js && wasm

package workerd

import (
	"runtime"
	"unsafe"
)

// What JavaScript offers. Each returns without ever calling back into Go, so that the bytes a pointer stands for are read or
// written before it does; each catches its own exceptions, because one that crossed Go's frames would leave the
// program's stack in disorder.

//go:wasmimport latchkey respond
//go:noescape
func hostRespond(request, status int32, head unsafe.Pointer, stableLen, headLen int32, body unsafe.Pointer, bodyLen int32)

//go:wasmimport latchkey answer
//go:noescape
func hostAnswer(id, status int32, ring, alarm, due float64, data unsafe.Pointer, n int32)

//go:wasmimport latchkey signal
//go:noescape
func hostSignal(id int32, in unsafe.Pointer, n int32)

//go:wasmimport latchkey call
//go:noescape
func hostCall(op, request, call int32, in unsafe.Pointer, n int32) int32

//go:wasmimport latchkey sql
//go:noescape
func hostSQL(id int32, in unsafe.Pointer, n int32, out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey native
//go:noescape
func hostNative(op int32, in unsafe.Pointer, n int32, out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey env
//go:noescape
func hostEnv(out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey take
//go:noescape
func hostTake(out unsafe.Pointer)

//go:wasmimport latchkey log
//go:noescape
func hostLog(line unsafe.Pointer, n int32)

// The functions that JavaScript calls run on the goroutine that it finds when it calls, and may block there, which spares a request
// that needs no I/O every switch: a seventh of what it costs in all. What happens when one blocks, or ends its goroutine: when
// nothing is left to run, the scheduler makes another goroutine for JavaScript to call on (beforeIdle and handleAsyncEvent in
// runtime/lock_js.go) and pauses. That returns to JavaScript, and the first goroutine stays behind until it is woken. So every
// call returns as soon as its work is done or all goroutines wait, and nothing has to be resumed.
//
// It is safe on two conditions, which the documentation of go:wasmexport does not promise. A function with parameters or
// results has a frame, which its wrapper would take off the new goroutine's stack (genWasmExportWrapper in
// cmd/internal/obj/wasm): so these have none, and find their arguments in memory. And a goroutine that was left behind has no call to
// return to: so it ends instead (leave). Should another version of Go do it otherwise, TestRequestsInterleave and
// its neighbours fail at once.

// arguments are what JavaScript writes before it calls. It counts turn up each time.
var arguments entry

type entry struct {
	turn, id, a, b int32
	alarm, due     float64 // of invoke: what the object's last transaction has left, NaN when that is not known
}

// leave returns to JavaScript, or ends the goroutine when JavaScript has been gone since.
func (c entry) leave() {
	if arguments.turn != c.turn {
		runtime.Goexit()
	}
}

// deepen makes the stack large at once, to 32 KiB. A goroutine that waits is left behind, so nearly every request begins on a new one with
// 2 KiB, and to copy the stack each time that it has doubled, with the frames that are on it by then, takes a tenth of a request.
func deepen()

// where tells JavaScript the address of the arguments.
//
//go:wasmexport where
func where() unsafe.Pointer { return unsafe.Pointer(&arguments) }

// border is the state of the crossing. There is one program in an instance and one thread in a program.
var border struct {
	inbox []byte // where JavaScript writes what it passes
	large []byte // or here, when that is too small; taken by the call that follows
	room  []byte // where it writes what it returns at once
	calls map[int32]*call
	last  int32 // the newest call's number
}

// small is how much fits in the place that JavaScript may keep on writing to; the same as in program.mjs.
const small = 16 << 10

// buffer makes room for n bytes and says where: for small messages always in the same place. JavaScript fills it and calls one of
// the functions below before anything else happens.
//
//go:wasmexport buffer
func buffer(n int32) unsafe.Pointer {
	if n <= small {
		if border.inbox == nil {
			border.inbox = make([]byte, small)
		}
		return pointer(border.inbox)
	}
	border.large = make([]byte, n)
	return pointer(border.large)
}

// written is what JavaScript has put there, n bytes of it. It is good until the program waits.
func written(n int32) []byte {
	if border.large != nil {
		return border.large[:n]
	}
	return border.inbox[:n]
}

// incoming is a copy to keep.
func incoming(n int32) []byte {
	if data := border.large; data != nil {
		border.large = nil
		return data[:n:n]
	}
	return append([]byte(nil), border.inbox[:n]...)
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// room is where a function that answers at once may write.
func room() []byte {
	if border.room == nil {
		border.room = make([]byte, small)
	}
	return border.room
}

// returned is what a function that answers at once has answered: n bytes in the room, or waiting in JavaScript when
// there was not enough. A negative n is the complement of the length of a failure's text.
func returned(n int32) (data []byte, failed bool) {
	if failed = n < 0; failed {
		n = ^n
	}
	if int(n) <= len(border.room) {
		return border.room[:n], failed
	}
	data = make([]byte, n)
	hostTake(pointer(data))
	return data, failed
}
