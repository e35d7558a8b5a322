package workerd

import (
	"encoding/binary"
	"net/http"
	"testing"
)

// What JavaScript reads of an outbound request is what was meant: no value of a header can pass for another header, and a name that is
// none goes nowhere.
func TestAnOutboundRequestIsWrittenFieldByField(t *testing.T) {
	r, err := http.NewRequest("", "https://api.test/send?x=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Method = "" // means GET, as in net/http
	r.Header = http.Header{
		"Authorization": {"Bearer t"}, "X-Two": {"a", "b"},
		"X-Split": {"v\r\nCookie: stolen=1"}, "Bad Name": {"v"}, "Bad\nName": {"v"}, "": {"v"},
	}
	frame := appendOutbound([]byte("before"), r, []byte("body"), 1500, 4096)[len("before"):]
	if timeout, limit := binary.LittleEndian.Uint32(frame), binary.LittleEndian.Uint32(frame[4:]); timeout != 1500 || limit != 4096 {
		t.Errorf("deadline %d, bound %d", timeout, limit)
	}
	fields := frameReader{rest: frame[8:]}
	if method, url := fields.string(), fields.string(); method != "GET" || url != "https://api.test/send?x=1" {
		t.Errorf("%q %q", method, url)
	}
	header, err := parseHeader(fields.string())
	if err != nil || len(header) != 3 || header.Get("Authorization") != "Bearer t" || len(header["X-Two"]) != 2 ||
		header.Get("X-Split") != "v  Cookie: stolen=1" {
		t.Errorf("%v, %v", header, err)
	}
	if body := fields.string(); body != "body" || fields.err != nil || len(fields.rest) != 0 {
		t.Errorf("body %q, %v, %d bytes left", body, fields.err, len(fields.rest))
	}
}
