package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/wasm/client"
)

// websocketGUID goes into the answer to the key (RFC 6455 section 1.3).
const websocketGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Opcodes of RFC 6455 section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// errWebSocket says that the other side does not keep to RFC 6455, or sends what nobody expects.
var errWebSocket = errors.New("the service does not speak WebSocket as it should")

// listener is the client core's Live: it reads short texts from a WebSocket, and answers pings. It sends nothing else.
type listener struct{ *transport }

var _ client.Live = listener{}

// Listen connects to an https address and calls heard with every text, until the connection or ctx ends.
func (l listener) Listen(ctx context.Context, url string, opened func(), heard func(text string)) error {
	stream, err := l.upgrade(ctx, url)
	if err != nil {
		return err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	opened()
	in := bufio.NewReader(stream)
	for {
		op, payload, err := readFrame(in)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case op == opText:
			heard(string(payload))
		case op == opPing:
			err = writeFrame(stream, opPong, payload)
		case op == opClose:
			return errors.Join(writeFrame(stream, opClose, payload), io.EOF)
		}
		if err != nil {
			return err
		}
	}
}

// upgrade makes the handshake of RFC 6455 section 4.1.
func (l listener) upgrade(ctx context.Context, url string) (io.ReadWriteCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	rand.Read(nonce)
	key := base64.StdEncoding.EncodeToString(nonce)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key} {
		request.Header.Set(name, value)
	}
	if l.jar != nil {
		l.jar.equip(request)
	}
	patient := *l.http
	patient.Timeout = 0
	answer, err := patient.Do(request)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(key + websocketGUID))
	stream, duplex := answer.Body.(io.ReadWriteCloser)
	switch {
	case answer.StatusCode != http.StatusSwitchingProtocols:
		answer.Body.Close()
		return nil, fmt.Errorf("the service does not tell of changes (%s)", answer.Status)
	case !duplex || !strings.EqualFold(answer.Header.Get("Upgrade"), "websocket") ||
		answer.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]):
		answer.Body.Close()
		return nil, errWebSocket
	}
	return stream, nil
}

// readFrame reads one frame. Messages here are short and come whole, and what a server sends is not masked. Error: errWebSocket.
func readFrame(in *bufio.Reader) (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	op, size := head[0]&0x0f, uint64(head[1])
	final, reserved := head[0]&0x80 != 0, head[0]&0x70
	if size == 126 {
		var long [2]byte
		if _, err := io.ReadFull(in, long[:]); err != nil {
			return 0, nil, err
		}
		if size = uint64(binary.BigEndian.Uint16(long[:])); size < 126 {
			return 0, nil, errWebSocket
		}
	}
	known := op == opText || op == opClose || op == opPing || op == opPong
	if !final || reserved != 0 || !known || head[1] > 126 || size > client.MaxNotice || op >= opClose && size > 125 {
		return 0, nil, errWebSocket
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(in, payload)
	return op, payload, err
}

// writeFrame writes a short frame, masked as a client's must be (RFC 6455 section 5.3).
func writeFrame(out io.Writer, op byte, payload []byte) error {
	frame := []byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	mask := frame[2:6]
	rand.Read(mask)
	for i, b := range payload {
		frame = append(frame, b^mask[i%4])
	}
	_, err := out.Write(frame)
	return err
}
