//go:build !js

package message

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

var ann = Mail{ID: "delivery/1", To: "ann@example.com", Template: TemplateCode, Language: "de-AT", Data: Data{Code: "493817"}}

func sendTo(t *testing.T, p *peer, query string, m Mail) (logged string, err error) {
	t.Helper()
	var log bytes.Buffer
	s, err := New(Deps{
		URL: fmt.Sprintf("smtp://postman:s%%40cret@localhost:%d?from=%s%s", p.port, "Latchkey+%3Cnoreply@id.example%3E", query), Dial: dialer(p.roots),
		Log: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(context.Background(), m)
	logged = log.String()
	for _, text := range []string{logged, fmt.Sprint(err)} {
		if strings.Contains(text, "493817") || strings.Contains(text, "s@cret") {
			t.Errorf("told a secret: %s", text)
		}
	}
	return logged, err
}

func TestDeliveryOverSTARTTLS(t *testing.T) {
	p := startPeer(t, options{Password: "s@cret"})
	log, err := sendTo(t, p, "", ann)
	if err != nil {
		t.Fatal(err)
	}
	got := p.next(t)
	if !got.Secure || got.User != "postman" || got.From != "noreply@id.example" || fmt.Sprint(got.To) != "[ann@example.com]" || got.Hello != "id.example" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(log, "delivery/1") {
		t.Errorf("log: %s", log)
	}
	checkMessage(t, got.Raw)
}

// checkMessage reads a message with the standard library, as a mail program would.
func checkMessage(t *testing.T, raw []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From": `"Latchkey" <noreply@id.example>`, "To": "<ann@example.com>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
		"Message-Id": "<" + messageID("delivery/1") + "@id.example>",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := m.Header.Date(); err != nil {
		t.Error(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Ihr Code zum Anlegen eines Kontos" || strings.Contains(subject, "493817") {
		t.Errorf("subject %q, %v", subject, err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("%s, %v", media, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ media, text string }{
		{"text/plain; charset=utf-8", "Geben Sie ihn auf der Seite ein, auf der Sie gerade Ihr Konto anlegen."},
		{"text/html; charset=utf-8", `<html lang="de">`},
	} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || part.Header.Get("Content-Type") != want.media || !strings.Contains(string(body), want.text) || !strings.Contains(string(body), "493817") {
			t.Errorf("%s: %s, %v", part.Header.Get("Content-Type"), body, err)
		}
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 78 || !ascii(line) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d bytes: %q", len(line), line)
		}
	}
}

func TestDelivery(t *testing.T) {
	grand := ann
	grand.To = "grüße@bücher.example"
	nobody := ann
	nobody.To = "nobody@example.com"
	for _, c := range []struct {
		rule    string
		options options
		query   string
		mail    Mail
		want    string // in the error, "" for none
		final   bool
	}{
		{"TLS from the start", options{Secure: true, Password: "s@cret"}, "&tls=on", ann, "", false},
		{"in the clear on this machine", options{Disabled: []string{"STARTTLS"}, Password: "s@cret"}, "&tls=off", ann, "", false},
		{"a slow server", options{Password: "s@cret", Slow: 1500}, "", ann, "", false},
		{"letters beyond ASCII", options{Password: "s@cret"}, "", grand, "", false},
		{"where they are not taken", options{Password: "s@cret", HideSMTPUTF8: true}, "", grand, "beyond ASCII", true},
		{"wrong password", options{Password: "other"}, "", ann, "AUTH with 535", false},
		{"no PLAIN", options{Password: "s@cret", AuthMethods: []string{"CRAM-MD5"}}, "", ann, "does not offer AUTH PLAIN", false},
		{"no STARTTLS", options{Disabled: []string{"STARTTLS"}}, "", ann, "offers no STARTTLS", false},
		{"no such recipient", options{Password: "s@cret"}, "", nobody, "RCPT with 550", true},
		{"come back later", options{Password: "s@cret", Greylist: true}, "", ann, "MAIL with 451", false},
		{"letter refused, and repeated by the server", options{Password: "s@cret", RejectData: true}, "", ann, "the message with 554 spam: […]", true},
		{"TLS where none is", options{Password: "s@cret"}, "&tls=on", ann, "connect to", false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p := startPeer(t, c.options)
			_, err := sendTo(t, p, c.query, c.mail)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				got := p.next(t)
				if fmt.Sprint(got.To) != "["+c.mail.To+"]" || got.UTF8 != !ascii(c.mail.To) {
					t.Errorf("%+v", got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrRefused) != c.final {
				t.Errorf("%v, want %q, final %v", err, c.want, c.final)
			}
		})
	}
}

func TestCertificateMustBeTheServers(t *testing.T) {
	p := startPeer(t, options{Password: "s@cret"})
	p.roots = startPeer(t, options{}).roots // of somebody else
	if _, err := sendTo(t, p, "", ann); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("%v", err)
	}
}

func TestDotsAtTheStartOfLinesArrive(t *testing.T) {
	p := startPeer(t, options{Disabled: []string{"STARTTLS"}})
	s, err := New(Deps{URL: fmt.Sprintf("smtp://127.0.0.1:%d?from=a@id.example&tls=off", p.port), Dial: dialer(nil)})
	if err != nil {
		t.Fatal(err)
	}
	w := s.way.(*smtpWay)
	body := ".\r\n..\r\n.x\r\nlast"
	conn, err := w.dial(context.Background(), w.address, w.secure)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := newConversation(conn)
	if err := errors.Join(w.open(c), w.deliver(c, ann, []byte(body))); err != nil {
		t.Fatal(err)
	}
	if got := p.next(t); string(got.Raw) != body+"\r\n" && string(got.Raw) != body {
		t.Errorf("%q", got.Raw)
	}
}

func TestDeadlineEndsADelivery(t *testing.T) {
	silent := dialScript(t) // says nothing
	s, err := New(Deps{URL: "smtp://127.0.0.1?from=a@id.example", Dial: silent, Now: func() time.Time { return time.Now().Add(200*time.Millisecond - smtpTime) }})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.Send(context.Background(), ann); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
