package workerd

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestParseRequest(t *testing.T) {
	r, err := parseRequest(context.Background(), "POST\nhttps://id.example:8443/a%2Fb/c?x=1&y\n203.0.113.7\n"+
		"host\nid.example\naccept\ntext/html\nx-own\na\nx-own\nb\ncookie\na=1\n", []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	if r.Method != "POST" || r.Host != "id.example:8443" || r.TLS == nil || r.RemoteAddr != "203.0.113.7" ||
		r.URL.Path != "/a/b/c" || r.URL.EscapedPath() != "/a%2Fb/c" || r.URL.RawQuery != "x=1&y" ||
		r.RequestURI != "/a%2Fb/c?x=1&y" || string(body) != "body" || r.ContentLength != 4 {
		t.Errorf("request is %+v, URL %+v", r, r.URL)
	}
	want := http.Header{"Accept": {"text/html"}, "X-Own": {"a", "b"}, "Cookie": {"a=1"}}
	if !reflect.DeepEqual(r.Header, want) {
		t.Errorf("header is %v, want %v", r.Header, want)
	}
}

func TestParseRequestLikeNetHTTP(t *testing.T) {
	for _, target := range []string{"/", "/a", "/a?", "/a?b=c", "//x/y", "/%41", "/a;b?c;d", "/ü?ü", "/a%00"} {
		r, err := parseRequest(context.Background(), "GET\nhttps://h"+target+"\n\n", nil)
		raw := "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"
		w, wantErr := http.ReadRequest(newReader(raw))
		if (err != nil) != (wantErr != nil) {
			t.Errorf("%q: %v, net/http says %v", target, err, wantErr)
			continue
		}
		if err == nil && !reflect.DeepEqual(r.URL, w.URL) {
			t.Errorf("%q: %#v, net/http says %#v", target, r.URL, w.URL)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	for _, head := range []string{
		"", "GET", "GET\nhttps://h/\n", "\nhttps://h/\n\n", "GET\nftp://h/\n\n", "GET\nhttps://h\n\n", "GET\nhttps:///\n\n",
		"GET\nhttps://h/%zz\n\n", "GET\nhttps://h/\n\na", "GET\nhttps://h/\n\na\n", "GET\nhttps://h/\n\n\nb\n", "GET\nhttps://h/\n\na\nb",
	} {
		if r, err := parseRequest(context.Background(), head, nil); !errors.Is(err, errRequest) {
			t.Errorf("%q: %v, %v", head, r, err)
		}
	}
}

func TestResponseLikeNetHTTP(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(w http.ResponseWriter)
		status  int
		head    string
		body    string
	}{
		"nothing":          {func(w http.ResponseWriter) {}, 200, "", ""},
		"type is guessed":  {func(w http.ResponseWriter) { io.WriteString(w, "<html>") }, 200, "Content-Type\ntext/html; charset=utf-8\n", "<html>"},
		"status once":      {func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(200) }, 404, "", ""},
		"header is fixed":  {func(w http.ResponseWriter) { w.WriteHeader(200); w.Header().Set("X-Late", "1") }, 200, "", ""},
		"no informational": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(201) }, 201, "", ""},
		"impossible":       {func(w http.ResponseWriter) { w.WriteHeader(999) }, 500, "", ""},
		"no body allowed":  {func(w http.ResponseWriter) { w.WriteHeader(204); w.Write([]byte("x")) }, 204, "", ""},
		"no line breaks":   {func(w http.ResponseWriter) { w.Header().Set("X-A", "1\r\nX-B: 2\x00") }, 200, "X-A\n1  X-B: 2 \n", ""},
		"no bad names":     {func(w http.ResponseWriter) { w.Header()["X\nA"] = []string{"1"}; w.Header()[""] = []string{"2"} }, 200, "", ""},
		"own comes last": {func(w http.ResponseWriter) {
			w.Header().Set("Set-Cookie", "a")
			w.Header().Set("X-B", "2")
			w.Header().Set("X-A", "1")
		}, 200, "X-A\n1\nX-B\n2\nSet-Cookie\na\n", ""},
		"all values": {func(w http.ResponseWriter) { w.Header()["Set-Cookie"] = []string{"a", "b"} }, 200, "Set-Cookie\na\nSet-Cookie\nb\n", ""},
	} {
		w := newResponse()
		c.handler(w)
		w.finish()
		if w.status != c.status || string(w.head) != c.head || string(w.body) != c.body {
			t.Errorf("%s: %d %q %q", name, w.status, w.head, w.body)
		}
	}
}

func TestProblemReplacesWhatWasWritten(t *testing.T) {
	w := newResponse()
	w.Header().Set("Set-Cookie", "secret")
	io.WriteString(w, "half")
	w.problem(500, "internal", "id-1")
	w.finish()
	if strings.Contains(string(w.head), "secret") || !strings.Contains(string(w.body), `"instance":"id-1","code":"internal"`) || w.status != 500 {
		t.Errorf("%d %q %s", w.status, w.head, w.body)
	}
}

// rows writes what frames.mjs does.
func rows(columns int, values ...any) []byte {
	data, err := appendArguments(binary.LittleEndian.AppendUint32(nil, uint32(columns)), values)
	if err != nil {
		panic(err)
	}
	return data
}

func TestRows(t *testing.T) {
	got, err := parseRows(rows(3, int64(-5), "grüß", nil, 1.5, []byte{0, 1}, math.Inf(1)))
	want := [][]any{{int64(-5), "grüß", nil}, {1.5, []byte{0, 1}, math.Inf(1)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, data := range [][]byte{nil, rows(0), rows(2)} {
		if got, err := parseRows(data); got != nil || err != nil {
			t.Errorf("%v: %v, %v", data, got, err)
		}
	}
	whole := rows(2, int64(1), "text", []byte("blob"), 2.5)
	for n := 1; n < len(whole); n++ {
		got, err := parseRows(whole[:n])
		if err == nil && n != 4 && n != len(rows(2, int64(1), "text")) {
			t.Errorf("cut at %d: %v", n, got)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, v := range []any{int64(maxInteger) + 1, -int64(maxInteger) - 1} {
		if _, err := appendArguments(nil, []any{v}); !errors.Is(err, ErrInteger) {
			t.Errorf("%v: %v", v, err)
		}
	}
	if _, err := appendArguments(nil, []any{int(1)}); err == nil {
		t.Error("an int is not one of the five types")
	}
}

func TestResponseFromOutside(t *testing.T) {
	frame := binary.LittleEndian.AppendUint32(nil, 404)
	frame = appendField(appendField(frame, "content-type\ntext/plain\ncontent-encoding\ngzip\ncontent-length\n3\n"), "no such thing")
	w, err := parseResponse(frame, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(w.Body)
	if w.StatusCode != 404 || w.Status != "404 Not Found" || string(body) != "no such thing" || w.ContentLength != 13 ||
		!w.Uncompressed || !reflect.DeepEqual(w.Header, http.Header{"Content-Type": {"text/plain"}}) {
		t.Errorf("%+v %s", w, body)
	}
	if _, err := parseResponse(frame[:len(frame)-1], nil); !errors.Is(err, errResponse) {
		t.Errorf("cut off: %v", err)
	}
}
