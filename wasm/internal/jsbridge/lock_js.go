package jsbridge

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
)

// errLocks says that this browser has no Web Locks.
var errLocks = errors.New("jsbridge: no locks")

// Lock waits until no other page of this origin holds the name (Web Locks API), or ctx has ended. release lets the next one in; the end of the
// page does too.
func Lock(ctx context.Context, name string) (release func(), err error) {
	locks := js.Global().Get("navigator").Get("locks")
	if !locks.Truthy() {
		return nil, errLocks
	}
	granted := make(chan func(), 1)
	var hold, executor js.Func
	executor = js.FuncOf(func(_ js.Value, args []js.Value) any {
		end := args[0]
		once := new(sync.Once)
		granted <- func() { once.Do(func() { end.Invoke() }) }
		return nil
	})
	hold = js.FuncOf(func(js.Value, []js.Value) any { return js.Global().Get("Promise").New(executor) })
	abort := js.Global().Get("AbortController").New()
	options := js.Global().Get("Object").New()
	options.Set("signal", abort.Get("signal"))
	request := locks.Call("request", name, options, hold)
	var over js.Func
	over = js.FuncOf(func(js.Value, []js.Value) any { // held and released, or never held
		hold.Release()
		executor.Release()
		over.Release()
		return nil
	})
	request.Call("then", over, over)
	select {
	case release := <-granted:
		return release, nil
	case <-ctx.Done():
		abort.Call("abort")
		select {
		case release := <-granted: // at the last moment
			release()
		default:
		}
		return nil, ctx.Err()
	}
}
