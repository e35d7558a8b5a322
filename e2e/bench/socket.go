package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// socket is as much of a WebSocket (RFC 6455) as the inspector of the runtime needs: short text to it, text from it.
type socket struct {
	net.Conn
	in *bufio.Reader
}

// dialSocket opens a WebSocket at an address, "ws://host:port/path", that ends with ctx's deadline.
func dialSocket(ctx context.Context, address string) (*socket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	s := &socket{conn, bufio.NewReader(conn)}
	if err := s.open(ctx, u); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *socket) open(ctx context.Context, u *url.URL) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := s.SetDeadline(deadline); err != nil {
			return err
		}
	}
	// The key only shows the server that this is no accident (section 1.3); nobody else is here to be fooled.
	_, err := fmt.Fprintf(s, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGF0Y2hrZXktYmVuY2gtMQ==\r\n\r\n", u.RequestURI(), u.Host)
	if err != nil {
		return err
	}
	answer, err := http.ReadResponse(s.in, nil)
	if err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("inspector: %s", answer.Status)
	}
	return err
}

// send sends text of at most 125 bytes (section 5.2), masked with zeros.
func (s *socket) send(text string) error {
	if len(text) > 125 {
		return errors.New("inspector: message is too long")
	}
	_, err := s.Write(append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...))
	return err
}

// receive returns the next message. It passes over control frames.
func (s *socket) receive() (message []byte, err error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.in, head[:]); err != nil {
			return nil, err
		}
		length := uint64(head[1] & 0x7f)
		switch length {
		case 126:
			var short uint16
			err = binary.Read(s.in, binary.BigEndian, &short)
			length = uint64(short)
		case 127:
			err = binary.Read(s.in, binary.BigEndian, &length)
		}
		if err != nil || length > 64<<20 {
			return nil, errors.Join(err, errors.New("inspector: bad frame"))
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(s.in, data); err != nil {
			return nil, err
		}
		if head[0]&8 != 0 { // control
			continue
		}
		if message = append(message, data...); head[0]&0x80 != 0 {
			return message, nil
		}
	}
}
