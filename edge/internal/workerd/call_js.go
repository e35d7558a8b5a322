//go:build js && wasm

package workerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Operations that JavaScript carries out while the goroutine that asked for them waits.
const (
	opObject   = 1
	opFetch    = 2
	opConnect  = 3
	opRead     = 4
	opWrite    = 5
	opStartTLS = 6
	opClose    = 7
	opUpload   = 8
)

// How an operation ended.
const (
	settledOK      = 0
	settledError   = 1 // an object's method returned the error whose text this is
	settledFailure = 2 // anything else went wrong
	settledTimeout = 3
	settledTooBig  = 4
	settledEOF     = 5
	settledBusy    = 6 // there is no room at the moment
)

var (
	// ErrContext means that a goroutine tried to do I/O outside the request it belongs to: with a context that is not the
	// request's, after the answer was given, or while the runtime was running another request.
	ErrContext = errors.New("workerd: I/O outside its request")
	// ErrTooLarge means that a response from outside was over the bound.
	ErrTooLarge = errors.New("workerd: response too large")
	// ErrFailed is any other failure of the runtime's I/O.
	ErrFailed = errors.New("workerd: I/O failed")
)

// requestContext is the context of a request: it carries which one it is, for calls out of Go to name it.
type requestContext struct {
	context.Context
	id int32
}

type requestKey struct{}

func (c *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func newContext(id int32) context.Context {
	return &requestContext{Context: context.Background(), id: id}
}

// call is an operation that a goroutine waits for.
type call struct {
	done   chan struct{}
	status int32
	data   []byte
}

// await has JavaScript carry out an operation in the I/O context of the request that ctx belongs to, and blocks this goroutine
// until it is done. The promise's callback runs in that I/O context, so the goroutine goes on in its own request.
func await(ctx context.Context, op int32, frame []byte) (*call, error) {
	request, ok := ctx.Value(requestKey{}).(*requestContext)
	if !ok {
		return nil, ErrContext
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	border.last = (border.last + 1) & 0x7fffffff
	id := border.last
	c := &call{done: make(chan struct{})}
	if border.calls == nil {
		border.calls = make(map[int32]*call)
	}
	border.calls[id] = c
	if hostCall(op, request.id, id, pointer(frame), int32(len(frame))) != 0 {
		delete(border.calls, id)
		return nil, ErrContext
	}
	<-c.done
	return c, c.failure()
}

// failure maps how an operation ended to an error. An object's own error is for the caller to read.
func (c *call) failure() error {
	switch c.status {
	case settledFailure:
		return fmt.Errorf("%w: %s", ErrFailed, c.data)
	case settledTimeout:
		return fmt.Errorf("workerd: %w", os.ErrDeadlineExceeded)
	case settledTooBig:
		return ErrTooLarge
	}
	return nil
}

// settle ends an operation, in the way that a says and with b bytes of result, and lets the goroutine that waits for it go on.
//
//go:wasmexport settle
func settle() {
	a := arguments
	data := incoming(a.b)
	if c := border.calls[a.id]; c != nil {
		delete(border.calls, a.id)
		c.status, c.data = a.a, data
		close(c.done)
	}
	runtime.Goexit() // and so let everything run that can
}
