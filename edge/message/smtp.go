package message

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"time"
)

// smtpTime bounds one delivery from the first byte to the last.
const smtpTime = 30 * time.Second

// How a connection becomes secure.
const (
	tlsStart = "starttls"
	tlsOn    = "on"
	tlsOff   = "off"
)

var smtpPorts = map[string]string{tlsStart: "587", tlsOn: "465", tlsOff: "25"}

// smtpWay delivers to one mail server (RFC 5321, RFC 6409).
type smtpWay struct {
	dial     Dial
	now      func() time.Time
	host     string
	address  string
	secure   string
	user     string
	password string
	from     mail.Address
}

func newSMTP(u *url.URL, d Deps) (*smtpWay, error) {
	q := u.Query()
	w := &smtpWay{dial: d.Dial, now: d.Now, host: u.Hostname(), secure: q.Get("tls"), user: u.User.Username()}
	w.password, _ = u.User.Password()
	if w.secure == "" {
		w.secure = tlsStart
	}
	port, known := smtpPorts[w.secure]
	if u.Port() != "" {
		port = u.Port()
	}
	w.address = net.JoinHostPort(w.host, port)
	var err error
	w.from, err = parseFrom(q.Get("from"))
	switch {
	case err != nil:
	case d.Dial == nil:
		err = errors.New("smtp: this program has no way to open connections")
	case w.host == "":
		err = errors.New("the mail URL has no host: use smtp://user:password@host:port?from=…")
	case !known:
		err = fmt.Errorf("tls=%.20q in the mail URL: use starttls, on or off", w.secure)
	case w.secure == tlsOff && w.user != "" && !thisMachine(w.host):
		err = errors.New("the mail URL would send its password in the clear: use tls=starttls or tls=on")
	}
	return w, err
}

func thisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// send holds the conversation: greeting, EHLO, STARTTLS, AUTH, envelope, data.
func (w *smtpWay) send(ctx context.Context, m Mail, l letter) error {
	conn, err := w.dial(ctx, w.address, w.secure)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", w.address, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(w.now().Add(smtpTime)); err != nil {
		return err
	}
	c := newConversation(conn, m.Data.Code, w.password, m.To) // servers like to repeat the recipient
	if err := w.open(c); err != nil {
		return fmt.Errorf("%s: %w", w.address, err)
	}
	if err := w.deliver(c, m, l.message(m.ID, m.To, w.from, w.now())); err != nil {
		return fmt.Errorf("%s: %w", w.address, err)
	}
	_ = c.say("QUIT", 221) // the server has the letter already, whatever it says now
	return nil
}

// open gets to the point where the server takes mail from us. Nothing it refuses here is the recipient's fault, so no error is final.
func (w *smtpWay) open(c *conversation) error {
	if err := c.expect("greeting", 220); err != nil {
		return err
	}
	name := domainOf(w.from.Address)
	if err := c.hello(name); err != nil {
		return err
	}
	if w.secure == tlsStart {
		if err := c.startTLS(w.host); err != nil {
			return err
		}
		if err := c.hello(name); err != nil { // what was offered before TLS counts for nothing (RFC 3207 section 4.2)
			return err
		}
	}
	if w.user == "" {
		return nil
	}
	return c.authenticate(w.user, w.password)
}

func (w *smtpWay) deliver(c *conversation, m Mail, data []byte) error {
	from := "MAIL FROM:<" + w.from.Address + ">"
	if !ascii(m.To) {
		if !c.offers("SMTPUTF8") {
			return fmt.Errorf("%w: the mail server does not take addresses with letters beyond ASCII", ErrRefused)
		}
		from += " SMTPUTF8"
	}
	if err := c.say(from, 250); err != nil {
		return err
	}
	if err := c.say("RCPT TO:<"+m.To+">", 250, 251); err != nil {
		return final(err)
	}
	if err := c.say("DATA", 354); err != nil {
		return final(err)
	}
	return final(c.data(data))
}

// final marks what a server has refused for good (RFC 5321 section 4.2.1).
func final(err error) error {
	if r, ok := errors.AsType[*replyError](err); ok && r.code >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
