//go:build !js

package message

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// scripted is a server that says its lines whatever it hears.
type scripted struct{ net.Conn }

func (scripted) StartTLS(string) error { return nil }

// dialScript connects to a server that says each text when the last one was answered by a line.
func dialScript(t *testing.T, says ...string) Dial {
	return func(context.Context, string, string) (Conn, error) {
		client, server := net.Pipe()
		t.Cleanup(func() { client.Close(); server.Close() })
		go func() {
			in := bufio.NewReader(server)
			for _, text := range says {
				if _, err := server.Write([]byte(text)); err != nil {
					return
				}
				if _, err := in.ReadString('\n'); err != nil {
					return
				}
			}
			for { // listens, and says nothing more
				if _, err := in.ReadString('\n'); err != nil {
					return
				}
			}
		}()
		return scripted{client}, nil
	}
}

func TestHostileServers(t *testing.T) {
	for _, c := range []struct {
		rule string
		says []string
		want string
	}{
		{"no SMTP", []string{"HTTP/1.1 400 Bad Request\r\n"}, "malformed reply"},
		{"refuses at once", []string{"554 no service\r\n"}, "greeting with 554 no service"},
		{"another code in the second line", []string{"220-hello\r\n221 hello\r\n"}, "malformed reply"},
		{"a line without end", []string{"220 " + strings.Repeat("a", 3*maxLine)}, "buffer full"},
		{"lines without end", []string{strings.Repeat("220-a\r\n", 2*maxLines)}, "malformed reply"},
		{"a code beyond", []string{"920 hello\r\n"}, "malformed reply"},
		{"a code that is no number", []string{"2x0 hello\r\n"}, "malformed reply"},
		{"control characters", []string{"554 a\x1b[31mb\r\n"}, "554 a [31mb"},
		{"STARTTLS taken out on the way", []string{"220 a\r\n", "250 a\r\n"}, "offers no STARTTLS"},
		{"words put in before TLS", []string{"220 a\r\n", "250-a\r\n250 STARTTLS\r\n", "220 go\r\n250-a\r\n250 AUTH PLAIN\r\n"}, "more before TLS"},
		{"STARTTLS refused", []string{"220 a\r\n", "250-a\r\n250 STARTTLS\r\n", "454 no\r\n"}, "STARTTLS with 454"},
		{"no EHLO", []string{"220 a\r\n", "502 what\r\n"}, "EHLO with 502"},
	} {
		s, err := New(Deps{URL: "smtp://mail.example?from=a@id.example", Dial: dialScript(t, c.says...)})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(context.Background(), Mail{ID: "1", To: "ann@example.com", Template: TemplateExists})
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		}
	}
}

// Who has an account, or wants one, is nobody's business who reads the log.
func TestRecipientsStayOutOfErrors(t *testing.T) {
	s, err := New(Deps{URL: "smtp://127.0.0.1:1?from=a@id.example&tls=off", Dial: dialScript(t,
		"220 a\r\n", "250 a\r\n", "250 ok\r\n", "550 <"+ann.To+">: no such user\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(context.Background(), ann)
	if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "@") || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("%v", err)
	}
}

func TestCommandsHaveOneLine(t *testing.T) {
	c := newConversation(nil)
	for _, command := range []string{"RCPT TO:<a@b>\r\nDATA", "NOOP\n", "NOOP\x00"} {
		if err := c.say(command, 250); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", command, err)
		}
	}
}

// said is a connection on which only what the server says matters.
type said struct{ *strings.Reader }

func (said) Write(p []byte) (int, error)   { return len(p), nil }
func (said) Close() error                  { return nil }
func (said) StartTLS(string) error         { return nil }
func (said) SetDeadline(_ time.Time) error { return nil }

func FuzzReply(f *testing.F) {
	f.Add("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := newConversation(said{strings.NewReader(text)}, "secret")
		for {
			code, lines, err := c.reply()
			if err != nil {
				return
			}
			if clean := c.clean(lines); code < 200 || code > 599 || len(lines) > maxLines || strings.ContainsAny(clean, "\r\n\x1b") || strings.Contains(clean, "secret") {
				t.Errorf("%d %q", code, lines)
			}
		}
	})
}
