//go:build js && wasm

package workerd

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"time"
)

// Conn is a TCP connection through the runtime's sockets. It belongs to the request whose context it was dialled with and
// is closed with it. Each read and write has ten seconds, or until the deadline set; past it the connection is of no
// more use.
type Conn struct {
	ctx      context.Context
	handle   []byte // four bytes that stand for it in JavaScript
	address  string
	deadline time.Time
	pending  []byte // read and not yet taken
	eof      bool
}

var _ net.Conn = (*Conn)(nil)

// Dial connects to address, "host:port". secure is "on" for TLS from the start, "starttls" when StartTLS will be called, "off"
// for a connection that stays in the clear.
func Dial(ctx context.Context, address, secure string) (*Conn, error) {
	frame := appendField(appendField(appendTimeout(nil, time.Time{}), address), secure)
	c, err := await(ctx, opConnect, frame)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: socketAddr(address), Err: err}
	}
	return &Conn{ctx: ctx, handle: c.data, address: address}, nil
}

// StartTLS changes to TLS; the server's certificate must be for host.
func (c *Conn) StartTLS(host string) error {
	if len(c.pending) > 0 { // what came before TLS must not be taken for what came inside it
		return &net.OpError{Op: "starttls", Net: "tcp", Addr: socketAddr(c.address), Err: ErrFailed}
	}
	_, err := c.do(opStartTLS, []byte(host))
	return err
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.pending) == 0 && !c.eof {
		done, err := c.do(opRead, nil)
		if err != nil {
			return 0, err
		}
		c.pending, c.eof = done.data, done.status == settledEOF
	}
	if len(c.pending) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	if _, err := c.do(opWrite, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	_, err := c.do(opClose, nil)
	return err
}

func (c *Conn) do(op int32, data []byte) (*call, error) {
	frame := appendField(appendField(appendTimeout(nil, c.deadline), c.handle), data)
	done, err := await(c.ctx, op, frame)
	if err != nil {
		return nil, &net.OpError{Op: "socket", Net: "tcp", Addr: socketAddr(c.address), Err: err}
	}
	return done, nil
}

func appendTimeout(dst []byte, deadline time.Time) []byte {
	timeout := defaultTimeout
	if !deadline.IsZero() {
		timeout = max(time.Until(deadline), time.Millisecond)
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(timeout.Milliseconds()))
}

// SetDeadline bounds each following operation. There is one deadline for both directions.
func (c *Conn) SetDeadline(t time.Time) error { c.deadline = t; return nil }

// SetReadDeadline is SetDeadline.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }

// SetWriteDeadline is SetDeadline.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.SetDeadline(t) }

// LocalAddr is empty: the runtime does not tell.
func (c *Conn) LocalAddr() net.Addr { return socketAddr("") }

// RemoteAddr is the address that was dialled; the runtime tells no other.
func (c *Conn) RemoteAddr() net.Addr { return socketAddr(c.address) }

type socketAddr string

func (socketAddr) Network() string  { return "tcp" }
func (a socketAddr) String() string { return string(a) }
