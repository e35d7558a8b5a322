package workerd

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// response is the ResponseWriter of a handler: the whole answer, because it crosses to the runtime in one piece.
type response struct {
	header http.Header
	status int    // 0 until the header is written
	head   []byte // the header as it was then
	stable int    // bytes of head that many answers have in common
	body   []byte
	typed  bool // the header says what the body is
}

// newResponse expects the handful of headers that most answers have.
func newResponse() *response { return &response{header: make(http.Header, 8)} }

func (w *response) Header() http.Header { return w.header }

// socketHeader says in an answer of 101 to which object the client's socket goes. It never leaves the Worker.
const socketHeader = "Latchkey-Socket"

// WriteHeader fixes status and header. Informational statuses are dropped: the runtime has no way to send them. That of a socket is for
// worker.mjs.
func (w *response) WriteHeader(status int) {
	if w.status != 0 || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	if status < 100 || status > 599 { // the runtime accepts no other, net/http would panic
		status = http.StatusInternalServerError
	}
	w.status = status
	_, w.typed = w.header["Content-Type"]
	w.head, w.stable = appendHead(make([]byte, 0, 512), w.header)
}

func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 && len(p) > 0 && w.header["Content-Type"] == nil {
		w.header["Content-Type"] = []string{http.DetectContentType(p)} // as net/http does
	}
	if !w.begin() {
		return 0, http.ErrBodyNotAllowed
	}
	w.body = append(w.body, p...)
	return len(p), nil
}

// begin writes the header when that has not been done, and reports whether a body may follow it.
func (w *response) begin() bool {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.status != http.StatusSwitchingProtocols && w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// finish completes the answer of a handler that has returned. Like net/http it names the type of a body that has none.
func (w *response) finish() {
	w.begin()
	if !w.typed && len(w.body) > 0 {
		w.head = appendLine(appendLine(w.head, "Content-Type"), http.DetectContentType(w.body))
	}
}

// problem replaces whatever was there: for a handler that panicked.
func (w *response) problem(status int, code api.Code, instance string) {
	*w = response{header: http.Header{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}}}
	w.WriteHeader(status)
	w.body, _ = json.Marshal(api.Problem{
		Type: "urn:latchkey:problem:" + string(code), Title: http.StatusText(status), Status: status, Instance: instance, Code: code,
	})
}

// ofOneAnswer are the headers whose value hardly ever occurs twice.
func ofOneAnswer(name string) bool {
	switch name {
	case "Set-Cookie", "Location", "Content-Length", "Etag", "Retry-After", "Www-Authenticate", socketHeader:
		return true
	}
	return false
}

// appendHead writes a header in two parts: first what many answers have in common, sorted, so that the runtime has to make its own
// headers of that only once and knows it again; then what is of this answer alone.
func appendHead(dst []byte, header http.Header) (head []byte, stable int) {
	var room [16]string
	common, own := room[:0], room[len(room):]
	for name := range header {
		if ofOneAnswer(name) {
			own = append(own, name)
		} else {
			common = append(common, name)
		}
	}
	slices.Sort(common)
	for _, name := range common {
		dst = appendValues(dst, name, header[name])
	}
	stable = len(dst)
	for _, name := range own {
		dst = appendValues(dst, name, header[name])
	}
	return dst, stable
}

// appendHeader writes lines of name and value in turn. A name that is none is dropped and a line break in a value
// becomes a space, as in net/http, so that no value can pass for a header.
func appendHeader(dst []byte, header http.Header) []byte {
	for name, values := range header {
		dst = appendValues(dst, name, values)
	}
	return dst
}

func appendValues(dst []byte, name string, values []string) []byte {
	if !validName(name) {
		return dst
	}
	for _, value := range values {
		dst = appendLine(appendLine(dst, name), value)
	}
	return dst
}

func appendLine(dst []byte, line string) []byte {
	start := len(dst)
	dst = append(dst, line...)
	for i := start; i < len(dst); i++ {
		if dst[i] == '\n' || dst[i] == '\r' || dst[i] == 0 {
			dst[i] = ' '
		}
	}
	return append(dst, '\n')
}

// validName reports whether name is a token (RFC 9110, section 5.6.2).
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' {
			continue
		}
		if c >= 0x80 || strings.IndexByte("!#$%&'*+.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}
