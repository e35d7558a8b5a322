package message

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of a reply. RFC 5321 section 4.5.3.1.5 says 512 bytes a line; servers are generous.
const (
	maxLine  = 2048
	maxLines = 100
)

var errReply = errors.New("malformed reply from the mail server")

// replyError is a reply that we cannot go on after.
type replyError struct {
	step string
	code int
	text string // what the server said, without anything secret
}

func (e *replyError) Error() string {
	return fmt.Sprintf("the mail server answered %s with %d %s", e.step, e.code, e.text)
}

// conversation is the client's side of SMTP, one command and one reply at a time.
type conversation struct {
	conn       Conn
	in         *bufio.Reader
	extensions map[string]string // by keyword in upper case: its parameters
	secrets    []string          // never repeated in errors, even if the server does
}

func newConversation(conn Conn, secrets ...string) *conversation {
	return &conversation{conn: conn, in: bufio.NewReaderSize(conn, maxLine), secrets: secrets}
}

// say sends a command and wants one of the codes.
func (c *conversation) say(command string, codes ...int) error {
	verb, _, _ := strings.Cut(command, " ")
	if strings.ContainsAny(command, "\r\n\x00") {
		return fmt.Errorf("%w: line break in a command", ErrRefused)
	}
	if _, err := c.conn.Write([]byte(command + "\r\n")); err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return c.expect(verb, codes...)
}

// expect reads a reply and wants one of the codes.
func (c *conversation) expect(step string, codes ...int) error {
	code, lines, err := c.reply()
	if err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	if !slices.Contains(codes, code) {
		return &replyError{step, code, c.clean(lines)}
	}
	return nil
}

// reply reads a reply of one or more lines with the same code (RFC 5321 section 4.2.1).
func (c *conversation) reply() (int, []string, error) {
	var first string
	var lines []string
	for len(lines) < maxLines {
		raw, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err // a line beyond maxLine is bufio.ErrBufferFull
		}
		line := strings.TrimRight(string(raw), "\r\n")
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' || len(lines) > 0 && line[:3] != first {
			return 0, nil, errReply
		}
		first = line[:3]
		lines = append(lines, strings.TrimLeft(line[3:], " -"))
		if len(line) == 3 || line[3] == ' ' {
			code, err := strconv.Atoi(first)
			if err != nil || code < 200 || code > 599 {
				return 0, nil, errReply
			}
			return code, lines, nil
		}
	}
	return 0, nil, errReply
}

// clean makes what a server said fit for an error.
func (c *conversation) clean(lines []string) string {
	return clean(strings.Join(lines, " "), c.secrets)
}

// clean takes secrets and control characters out of text from outside and cuts it to 200 characters.
func clean(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[…]")
		}
	}
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text))
	return string(runes[:min(len(runes), 200)])
}

// hello sends EHLO and remembers what the server offers.
func (c *conversation) hello(name string) error {
	if _, err := c.conn.Write([]byte("EHLO " + name + "\r\n")); err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	code, lines, err := c.reply()
	if err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	if code != 250 {
		return &replyError{"EHLO", code, c.clean(lines)}
	}
	c.extensions = map[string]string{}
	for _, line := range lines[1:] {
		keyword, parameters, _ := strings.Cut(line, " ")
		c.extensions[strings.ToUpper(keyword)] = parameters
	}
	return nil
}

func (c *conversation) offers(extension string) bool {
	_, found := c.extensions[extension]
	return found
}

// startTLS insists (RFC 3207): a server, or somebody between, that does not offer it gets nothing.
func (c *conversation) startTLS(host string) error {
	if !c.offers("STARTTLS") {
		return errors.New("the mail server offers no STARTTLS: use tls=on in the mail URL if it speaks TLS from the start")
	}
	if err := c.say("STARTTLS", 220); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // put there in the clear to be taken for the server's word
		return errors.New("the mail server sent more before TLS than its answer")
	}
	if err := c.conn.StartTLS(host); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	c.in.Reset(c.conn)
	return nil
}

// authenticate is AUTH PLAIN (RFC 4954, RFC 4616).
func (c *conversation) authenticate(user, password string) error {
	if !slices.Contains(strings.Fields(strings.ToUpper(c.extensions["AUTH"])), "PLAIN") {
		return errors.New("the mail server does not offer AUTH PLAIN here")
	}
	token := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	c.secrets = append(c.secrets, token)
	return c.say("AUTH PLAIN "+token, 235)
}

// data sends the message, whose lines end with CRLF, with dots doubled at their start (RFC 5321 section 4.5.2), and the line that ends it.
func (c *conversation) data(message []byte) error {
	if bytes.HasPrefix(message, []byte(".")) {
		message = append([]byte("."), message...)
	}
	message = bytes.ReplaceAll(message, []byte("\r\n."), []byte("\r\n.."))
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		message = append(message, "\r\n"...)
	}
	if _, err := c.conn.Write(append(message, ".\r\n"...)); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return c.expect("the message", 250)
}
