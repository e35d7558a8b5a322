package workerd_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

type echoed struct {
	Method, Host, Path, Raw, Query, Remote, Body string
	Length                                       int64
	Header                                       http.Header
	TLS                                          bool
}

func TestRequestArrivesWhole(t *testing.T) {
	s := start(t, nil)
	r, _ := http.NewRequest("POST", s.URL+"/echo/a%2Fb?q=%C3%BC&r", strings.NewReader("body"))
	r.Header.Set("X-Name", "grüß")
	r.Header.Set("Cookie", "a=1; b=2")
	r.Header.Set("Latchkey-Request", "forged")
	r.Header.Set("Latchkey-Place", "forged")
	r.Header.Set("Latchkey-Certificate", "verified :AAAA:")
	r.Header.Set("CF-Connecting-IP", "203.0.113.9")
	a := s.send(r)
	var e echoed
	if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != http.StatusAccepted {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	if e.Method != "POST" || e.Path != "/echo/a/b" || e.Raw != "/echo/a%2Fb" || e.Query != "q=%C3%BC&r" || e.Body != "body" || e.Length != 4 || e.TLS {
		t.Errorf("request is %+v", e)
	}
	if e.Host != strings.TrimPrefix(s.URL, "http://") || e.Header.Get("Host") != "" {
		t.Errorf("host is %q, header %q", e.Host, e.Header.Get("Host"))
	}
	if e.Header.Get("Cookie") != "a=1; b=2" {
		t.Errorf("header is %v", e.Header)
	}
	if e.Remote != "127.0.0.1" || e.Header.Get("Cf-Connecting-Ip") != "127.0.0.1" {
		t.Errorf("client's address is %q, %q", e.Remote, e.Header.Get("Cf-Connecting-Ip"))
	}
	if id := e.Header.Get("Latchkey-Request"); id == "" || id == "forged" || e.Header.Get("Latchkey-Place") != "" || e.Header.Get("Latchkey-Certificate") != "" {
		t.Errorf("the client could choose headers of ours: %v", e.Header)
	}
	read, _ := http.NewRequest("GET", s.URL+"/echo", nil)
	read.Header.Set("CF-Connecting-IP", "203.0.113.9")
	if b := s.send(read).body; strings.Contains(b, "203.0.113.9") || !strings.Contains(b, `"remote":""`) {
		t.Errorf("a request that only reads has an address: %s", b)
	}
	if got := a.header.Values("Set-Cookie"); len(got) != 2 || a.header.Get("Injected") != "" {
		t.Errorf("answer's header is %v", a.header)
	}
}

// A client's certificate is what Cloudflare says it is (RFC 8705): handed on with a request that writes, and with one that shows an
// access token, which may be bound to it.
func TestClientCertificateIsThePlatformsWord(t *testing.T) {
	s := start(t, nil)
	for _, test := range []struct{ method, token, tls, want string }{
		{"POST", "", `{"certPresented":"1","certVerified":"SUCCESS","certRevoked":"0","certRFC9440":":AAAA:"}`, "verified :AAAA:"},
		{"POST", "", `{"certPresented":"1","certVerified":"SUCCESS","certRevoked":"1","certRFC9440":":AAAA:"}`, "presented :AAAA:"},
		{"POST", "", `{"certPresented":"1","certVerified":"FAILED:self signed certificate","certRFC9440":":AAAA:"}`, "presented :AAAA:"},
		{"POST", "", `{"certPresented":"1","certVerified":"SUCCESS","certRFC9440":"","certRFC9440TooLarge":true}`, ""},
		{"POST", "", `{"certPresented":"0","certVerified":"NONE","certRFC9440":""}`, ""},
		{"POST", "", `null`, ""},
		{"GET", "Bearer x", `{"certPresented":"1","certVerified":"SUCCESS","certRFC9440":":AAAA:"}`, "verified :AAAA:"},
		{"GET", "", `{"certPresented":"1","certVerified":"SUCCESS","certRFC9440":":AAAA:"}`, ""},
	} {
		r, _ := http.NewRequest(test.method, s.URL+"/echo", nil)
		r.Header.Set("Test-Cf", `{"tlsClientAuth":`+test.tls+`}`)
		r.Header.Set("Latchkey-Certificate", "verified :FORGED:")
		if test.token != "" {
			r.Header.Set("Authorization", test.token)
		}
		var e echoed
		if a := s.send(r); json.Unmarshal([]byte(a.body), &e) != nil || e.Header.Get("Latchkey-Certificate") != test.want || len(e.Header.Values("Latchkey-Certificate")) > 1 {
			t.Errorf("%+v: %d %s", test, a.status, a.body)
		}
	}
}

func TestAnswers(t *testing.T) {
	s := start(t, nil)
	s.want(s.get("/hello"), 200, "hello\n")
	s.want(s.get("/env"), 200, "grüß dich")
	s.want(s.get("/deep?n=5000"), 200, "deep")
	s.want(s.get("/deep?n=2000&json=yes"), 200, "deep")
	s.want(s.do("HEAD", "/hello", nil), 200, "")
	for _, status := range []int{204, 304, 404, 500} {
		if a := s.get("/status?n=" + strconv.Itoa(status)); a.status != status {
			t.Errorf("status is %d, want %d", a.status, status)
		}
	}
	if a := s.get("/large?n=3000000"); a.status != 200 || len(a.body) != 3000000 {
		t.Errorf("large answer: %d, %d bytes", a.status, len(a.body))
	}
}

func TestBodyOverBoundIsRefused(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		path    string
		size    int
		chunked bool
		status  int
	}{
		{"/api/size", 64 << 10, false, 200}, {"/api/size", 64<<10 + 1, false, 413},
		{"/api/size", 64 << 10, true, 200}, {"/api/size", 64<<10 + 1, true, 413},
		{"/size", 64 << 10, false, 200}, {"/size", 64<<10 + 1, false, 413}, {"/operator/../size", 1 << 20, true, 413},
		{"/operator/size", 1 << 20, false, 200}, {"/operator/size", 1<<20 + 1, false, 413},
		{"/operator/size", 1 << 20, true, 200}, {"/operator/size", 2 << 20, true, 413},
	} {
		var body io.Reader = bytes.NewReader(make([]byte, c.size))
		if c.chunked {
			body = io.MultiReader(body) // of a length that the client does not know
		}
		a := s.do("POST", c.path, body)
		if a.status != c.status {
			t.Errorf("%+v: %d %s", c, a.status, a.body)
		}
		if a.status == 413 && (a.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(a.body, `"code":"too_large"`)) {
			t.Errorf("refusal is %v %s", a.header, a.body)
		}
	}
	if n := strings.Count(s.log.String(), "ERROR"); n != 0 {
		t.Errorf("%d errors in the log", n)
	}
}
