package jsbridge

import (
	"context"
	"errors"
	"syscall/js"
)

// errEnded says that a WebSocket has been closed.
var errEnded = errors.New("jsbridge: connection ended")

// Listen connects a WebSocket, calls opened when it stands and heard for each text of at most limit bytes, and returns when it has ended.
func Listen(ctx context.Context, url string, limit int, opened func(), heard func(text string)) (err error) {
	defer func() {
		if recover() != nil { // the constructor throws what it does not like
			err = errEnded
		}
	}()
	socket := js.Global().Get("WebSocket").New(url)
	ended := make(chan struct{})
	on := func(name string, f func(event js.Value)) js.Func {
		listener := js.FuncOf(func(_ js.Value, args []js.Value) any { f(args[0]); return nil })
		socket.Set(name, listener)
		return listener
	}
	listeners := map[string]js.Func{
		"onopen":  on("onopen", func(js.Value) { go opened() }),
		"onclose": on("onclose", func(js.Value) { close(ended) }),
		"onmessage": on("onmessage", func(event js.Value) {
			if data := event.Get("data"); data.Type() == js.TypeString {
				if text := data.String(); len(text) <= limit {
					go heard(text)
				}
			}
		}),
	}
	defer func() {
		for name, listener := range listeners {
			socket.Set(name, js.Null())
			listener.Release()
		}
		socket.Call("close")
	}()
	select {
	case <-ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}
