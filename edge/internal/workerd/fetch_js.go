//go:build js && wasm

package workerd

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	defaultTimeout = 10 * time.Second
	defaultLimit   = 1 << 20
)

// Transport is the one way out over HTTP: the runtime's fetch. It follows no redirect and keeps no cookie, and a request must
// carry the context of the request that it is made for. net/http's own transport does not work on workerd.
type Transport struct {
	Timeout time.Duration // from the start to the end of the response's body; 10 s when zero
	Limit   int64         // of a response's body in bytes, decompressed; 1 MiB when zero. Longer ones fail with ErrTooLarge
}

var _ http.RoundTripper = Transport{}

// RoundTrip makes the request and reads the whole response. Past the deadline it fails with os.ErrDeadlineExceeded.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	timeout, limit := t.Timeout, t.Limit
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if limit <= 0 {
		limit = defaultLimit
	}
	if deadline, ok := r.Context().Deadline(); ok {
		timeout = max(min(timeout, time.Until(deadline)), time.Millisecond)
	}
	body, err := outgoing(r, limit)
	if err != nil {
		return nil, err
	}
	frame := appendOutbound(nil, r, body, uint32(timeout.Milliseconds()), uint32(limit))
	c, err := await(r.Context(), opFetch, frame)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	return parseResponse(c.data, r)
}

// outgoing reads and closes a request's body.
func outgoing(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errors.New("workerd: request body too large")
	}
	return body, err
}
