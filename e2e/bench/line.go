package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// lineDelay is how long everything takes from a device to the service, and back: devices are not on the machine that serves them.
const lineDelay = 10 * time.Millisecond

// overLine is a client whose connections have that delay in both directions, and as much room as anybody wants.
func overLine() *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 8,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			l := &line{Conn: conn, in: make(chan part, 1024), out: make(chan part, 1024)}
			go l.receive()
			go l.send()
			return l, nil
		},
	}}
}

// line is a connection with a delay.
type line struct {
	net.Conn
	in, out chan part
	rest    part
}

// part is what arrives at a time.
type part struct {
	at   time.Time
	data []byte
	err  error
}

func (l *line) receive() {
	for {
		data := make([]byte, 32<<10)
		n, err := l.Conn.Read(data)
		l.in <- part{time.Now().Add(lineDelay), data[:n], err}
		if err != nil {
			close(l.in)
			return
		}
	}
}

func (l *line) send() {
	for p := range l.out {
		time.Sleep(time.Until(p.at))
		if _, err := l.Conn.Write(p.data); err != nil {
			_ = l.Close()
			return
		}
	}
}

// Read implements net.Conn.
func (l *line) Read(b []byte) (int, error) {
	if len(l.rest.data) == 0 && l.rest.err == nil {
		next, open := <-l.in
		if !open {
			return 0, io.EOF
		}
		time.Sleep(time.Until(next.at))
		l.rest = next
	}
	n := copy(b, l.rest.data)
	if l.rest.data = l.rest.data[n:]; n == 0 {
		return 0, l.rest.err
	}
	return n, nil
}

// Write implements net.Conn. It fails only when the line is already known to be broken.
func (l *line) Write(b []byte) (int, error) {
	l.out <- part{at: time.Now().Add(lineDelay), data: append([]byte(nil), b...)}
	return len(b), nil
}
