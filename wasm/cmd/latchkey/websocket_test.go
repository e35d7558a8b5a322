package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// webSocket is a server that answers the handshake and then sends and expects bytes.
func webSocket(t *testing.T, answer func(accept string) string, send string, got *bytes.Buffer) (server *httptest.Server, done chan struct{}, _ *transport) {
	t.Helper()
	done = make(chan struct{})
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + websocketGUID))
		stream, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer stream.Close()
		io.WriteString(stream, answer(base64.StdEncoding.EncodeToString(sum[:]))+"\r\n\r\n"+send)
		stream.(*tls.Conn).CloseWrite()
		io.Copy(got, stream)
		close(done)
	}))
	ca := file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	transport, err := newTransport(ca)
	if err != nil {
		t.Fatal(err)
	}
	return server, done, transport
}

func switching(accept string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
}

func TestListenHearsAndAnswersPings(t *testing.T) {
	var got bytes.Buffer
	server, done, transport := webSocket(t, switching, "\x81\x02{}\x89\x02hi\x8a\x00\x81\x7e\x00\x80"+strings.Repeat("x", 128)+"\x88\x02\x03\xe8", &got)
	var heard []string
	opened := 0
	err := listener{transport}.Listen(t.Context(), server.URL, func() { opened++ }, func(text string) { heard = append(heard, text) })
	if err == nil || opened != 1 || len(heard) != 2 || heard[0] != "{}" || len(heard[1]) != 128 {
		t.Errorf("%v %d %q", err, opened, heard)
	}
	<-done
	server.Close()
	frame := got.Bytes()
	if len(frame) < 8 || frame[0] != 0x8a || frame[1] != 0x82 || frame[6]^frame[2] != 'h' || frame[7]^frame[3] != 'i' {
		t.Errorf("%x", frame)
	}
}

func TestListenRefusesWhatIsNoWebSocket(t *testing.T) {
	for name, c := range map[string]struct{ head, send string }{
		"plain answer":     {"HTTP/1.1 200 OK\r\nContent-Length: 0", ""},
		"another key":      {switching("x"), "\x81\x02{}"},
		"another protocol": {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade", ""},
		"binary":           {"", "\x82\x02{}"},
		"masked":           {"", "\x81\x82abcd{}"},
		"in parts":         {"", "\x01\x02{}"},
		"too long":         {"", "\x81\x7e\x01\x01" + strings.Repeat("x", 257)},
		"far too long":     {"", "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02{}"},
		"long for short":   {"", "\x81\x7e\x00\x02{}"},
		"reserved bits":    {"", "\xc1\x02{}"},
		"long ping":        {"", "\x89\x7e\x00\x80" + strings.Repeat("x", 128)},
		"cut off":          {"", "\x81\x05{}"},
	} {
		answer := func(accept string) string {
			return map[bool]string{true: switching(accept), false: c.head}[c.head == ""]
		}
		server, done, transport := webSocket(t, answer, c.send, new(bytes.Buffer))
		err := listener{transport}.Listen(t.Context(), server.URL, func() {}, func(text string) { t.Errorf("%s: heard %q", name, text) })
		if err == nil {
			t.Errorf("%s is taken", name)
		}
		transport.http.CloseIdleConnections()
		<-done
		server.Close()
	}
}

func TestListenEndsWithItsContext(t *testing.T) {
	server, done, transport := webSocket(t, switching, "\x81\x02{}", new(bytes.Buffer))
	ctx, cancel := context.WithCancel(t.Context())
	if err := (listener{transport}).Listen(ctx, server.URL, func() {}, func(string) { cancel() }); err != context.Canceled {
		t.Error(err)
	}
	<-done
	server.Close()
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x81\x02{}"))
	f.Add([]byte("\x81\x7e\x00\x80"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, payload, err := readFrame(bufio.NewReader(bytes.NewReader(data)))
		if err == nil && len(payload) > 256 {
			t.Errorf("%d bytes", len(payload))
		}
	})
}
