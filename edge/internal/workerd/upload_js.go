//go:build js && wasm

package workerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// upload is a large body. It comes in when a handler first reads it, so one that does not know who sends it must not.
type upload struct {
	ctx  context.Context
	rest bytes.Reader
	done bool
	err  error
}

// receive gives a request its large body, of a length that is not known unless it says so.
func receive(r *http.Request) {
	r.Body, r.ContentLength = &upload{ctx: r.Context()}, -1
	if n, err := strconv.ParseInt(r.Header.Get("Content-Length"), 10, 64); err == nil {
		r.ContentLength = n
	}
}

// Read implements io.Reader. Where the isolate has no room, or the body did not come in time, the error is a problem that passes.
func (u *upload) Read(p []byte) (int, error) {
	if !u.done {
		u.done = true
		u.err = u.fetch()
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.rest.Read(p)
}

func (u *upload) fetch() error {
	c, err := await(u.ctx, opUpload, nil)
	switch {
	case errors.Is(err, ErrTooLarge):
		return &http.MaxBytesError{}
	case err != nil:
		return fmt.Errorf("%w: %w", problem.Retry(api.CodeUnavailable, time.Second), err)
	case c.status == settledBusy:
		return problem.Retry(api.CodeUnavailable, time.Second)
	}
	u.rest.Reset(c.data)
	return nil
}

// Close implements io.Closer.
func (u *upload) Close() error { return nil }
