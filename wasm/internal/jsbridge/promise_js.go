package jsbridge

import (
	"context"
	"errors"
	"syscall/js"
)

// ErrRejected says that a promise was rejected. The reason stays in JavaScript: it may name addresses.
var ErrRejected = errors.New("jsbridge: promise rejected")

// Promise runs work on a goroutine of its own and returns a JavaScript promise of its result. work must not panic.
func Promise(work func() string) js.Value {
	var executor js.Func
	executor = js.FuncOf(func(_ js.Value, args []js.Value) any {
		resolve := args[0]
		go func() {
			defer executor.Release()
			resolve.Invoke(work())
		}()
		return nil
	})
	return js.Global().Get("Promise").New(executor)
}

// settled is how a promise ended.
type settled struct {
	value js.Value
	err   error
}

// await blocks this goroutine, and only it, until the promise settles or ctx ends.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	result := make(chan settled, 1)
	var fulfilled, rejected js.Func
	release := func() { fulfilled.Release(); rejected.Release() }
	fulfilled = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		result <- settled{value: args[0]}
		return nil
	})
	rejected = js.FuncOf(func(js.Value, []js.Value) any {
		release()
		result <- settled{err: ErrRejected}
		return nil
	})
	promise.Call("then", fulfilled, rejected)
	select {
	case s := <-result:
		return s.value, s.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}
