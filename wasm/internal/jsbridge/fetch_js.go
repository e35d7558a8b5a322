package jsbridge

import (
	"context"
	"errors"
	"syscall/js"
)

// fetchTimeout bounds a request, in milliseconds. Sign-in waits for a person, not for a network that has gone.
const fetchTimeout = 30_000

// ErrTooLarge says that an answer is larger than its request allowed.
var ErrTooLarge = errors.New("jsbridge: answer too large")

// Request is what Fetch sends. Its fields are client.Request's, so that one converts to the other.
type Request struct {
	Method    string
	URL       string
	Header    map[string]string
	Body      []byte
	Limit     int
	Anonymous bool
}

// Response is what came back; its fields are client.Response's.
type Response struct {
	Status int
	Body   []byte
}

// Fetch sends r with the browser's fetch. It follows no redirect, caches nothing, sends cookies to our own origin only, and
// neither cookies nor a referrer with anonymous requests. Errors: ErrRejected, ErrTooLarge, ctx's.
func Fetch(ctx context.Context, r Request) (Response, error) {
	answer, err := await(ctx, js.Global().Call("fetch", r.URL, options(r)))
	if err != nil {
		return Response{}, err
	}
	body, err := read(ctx, answer.Get("body"), r.Limit)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: answer.Get("status").Int(), Body: body}, nil
}

func options(r Request) js.Value {
	o := js.Global().Get("Object").New()
	o.Set("method", r.Method)
	o.Set("redirect", "error")
	o.Set("cache", "no-store")
	o.Set("credentials", "same-origin")
	if r.Anonymous {
		o.Set("credentials", "omit")
		o.Set("referrerPolicy", "no-referrer")
	}
	headers := js.Global().Get("Object").New()
	for name, value := range r.Header {
		headers.Set(name, value)
	}
	o.Set("headers", headers)
	if r.Body != nil {
		o.Set("body", array(r.Body))
	}
	o.Set("signal", js.Global().Get("AbortSignal").Call("timeout", fetchTimeout))
	return o
}

// read collects a body chunk by chunk, so that one that is too large is dropped before it fills the memory.
func read(ctx context.Context, body js.Value, limit int) ([]byte, error) {
	var data []byte
	if body.IsNull() || body.IsUndefined() {
		return data, nil
	}
	reader := body.Call("getReader")
	for {
		chunk, err := await(ctx, reader.Call("read"))
		if err != nil {
			return nil, err
		}
		if chunk.Get("done").Bool() {
			return data, nil
		}
		piece, ok := Bytes(chunk.Get("value"), limit-len(data))
		if !ok {
			reader.Call("cancel")
			return nil, ErrTooLarge
		}
		data = append(data, piece...)
	}
}
