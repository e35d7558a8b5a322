package workerd

import (
	"bufio"
	"context"
	"encoding/binary"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func newReader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

// FuzzParseRequest looks for a head that makes a request no handler expects: without a path, or with a header that a client
// could not have sent.
func FuzzParseRequest(f *testing.F) {
	f.Add("GET\nhttps://id.example/a%2Fb?c=d\n203.0.113.7\naccept\n*/*\n", []byte(nil))
	f.Add("POST\nhttp://localhost:8080//\n\ncookie\na=1\ncookie\nb=2\n", []byte("x"))
	mux := http.NewServeMux()
	mux.HandleFunc("/{rest...}", func(http.ResponseWriter, *http.Request) {})
	f.Fuzz(func(t *testing.T, head string, body []byte) {
		r, err := parseRequest(context.Background(), head, body)
		if err != nil {
			return
		}
		if r.Host == "" || r.URL.Host != "" && !strings.HasPrefix(r.RequestURI, "//") || r.URL.Scheme != "" || r.Header == nil || r.Body == nil {
			t.Fatalf("%+v", r)
		}
		if want, err := http.ReadRequest(newReader("GET " + r.RequestURI + " HTTP/1.1\r\nHost: h\r\n\r\n")); err == nil && !reflect.DeepEqual(r.URL, want.URL) {
			t.Errorf("%q: %#v, net/http says %#v", r.RequestURI, r.URL, want.URL)
		}
		for name, values := range r.Header {
			if strings.Contains(name+strings.Join(values, ""), "\n") {
				t.Errorf("header %q: %q", name, values)
			}
		}
		mux.ServeHTTP(httptest.NewRecorder(), r)
	})
}

// FuzzParseRows looks for rows that do not survive being written again, and for lengths that are believed.
func FuzzParseRows(f *testing.F) {
	f.Add(rows(2, int64(1), "text", nil, []byte("blob")))
	f.Add(rows(1, math.Pi))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 3, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseRows(data)
		if err != nil || len(got) == 0 {
			return
		}
		again := binary.LittleEndian.AppendUint32(nil, uint32(len(got[0])))
		for _, row := range got {
			if again, err = appendArguments(again, row); err != nil {
				return // an integer that JavaScript would not have sent
			}
		}
		if string(again) != string(data) {
			t.Errorf("%x became %x", data, again)
		}
	})
}

// FuzzParseResponse looks for a response that a client of net/http would choke on.
func FuzzParseResponse(f *testing.F) {
	f.Add(appendField(appendField(binary.LittleEndian.AppendUint32(nil, 200), "content-type\ntext/plain\n"), "body"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if w, err := parseResponse(data, nil); err == nil && (w.Body == nil || w.Header == nil || w.ContentLength > int64(len(data))) {
			t.Errorf("%+v", w)
		}
	})
}
