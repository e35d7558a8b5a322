package message

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Errors of Send. Any other error is worth another try.
var (
	// ErrRefused: the recipient's address is impossible or was refused for good. Trying again does not help.
	ErrRefused = errors.New("message: refused")
	// ErrTemplate: there is no such template, or its data is missing: a mistake of the caller.
	ErrTemplate = errors.New("message: unknown template or missing data")
	// ErrPhones: nothing goes to phones from here.
	ErrPhones = errors.New("message: no way to phones")
)

// Mail is a letter to one person.
type Mail struct {
	ID       string // the same on every try, so that a receiver can drop repeats
	To       string // one address, or a number (ITU-T E.164) for a Channel to phones
	Channel  Channel
	Template Template
	Language string // BCP 47; what we have no letter in is English
	Data     Data
}

// Data is what templates fill in.
type Data struct {
	Code string // TemplateCode, TemplateProof: digits
	Kind string // what a notice is about: email, phone, totp, passkey or recovery
}

// Conn is a connection to a mail server, before and after it has changed to TLS.
type Conn interface {
	io.ReadWriteCloser
	// StartTLS changes to TLS; the server's certificate must be for host.
	StartTLS(host string) error
	// SetDeadline bounds what follows.
	SetDeadline(t time.Time) error
}

// Dial connects to "host:port". secure is "on" for TLS from the start, "starttls" when StartTLS will be called, "off" for a
// connection that stays in the clear.
type Dial func(ctx context.Context, address, secure string) (Conn, error)

// Deps is what the service needs.
type Deps struct {
	URL  string            // how mail leaves; the package comment has the forms
	SMS  string            // how messages to phones leave: https:; "": with outbox: kept as mail is, else not at all
	Host object.Host       // for outbox:
	Dial Dial              // for smtp:
	HTTP http.RoundTripper // for https:; must have a deadline of its own
	Now  func() time.Time  // nil: time.Now
	Log  *slog.Logger      // nil: discard
}

// Service sends mail. It is safe for concurrent use.
type Service struct {
	deps Deps
	way  way
	box  *outbox // the way, when it is the outbox
	call *phones // nil: phones get nothing, or box keeps it
}

// way delivers a composed letter. Errors that wrap ErrRefused are final.
type way interface {
	send(ctx context.Context, m Mail, l letter) error
}

// New reads the URL. Its error says what to change and repeats no password.
func New(d Deps) (*Service, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		return nil, errors.New("message: the mail URL cannot be read: percent-encode special characters in user, password and from")
	}
	s := &Service{deps: d}
	switch u.Scheme {
	case "outbox":
		s.box = &outbox{host: d.Host, log: d.Log}
		s.way = s.box
	case "smtp":
		s.way, err = newSMTP(u, d)
	case "https":
		s.way, err = newAPI(u, d)
	default:
		err = fmt.Errorf("mail URL of scheme %q: use outbox:, smtp:// or https://", u.Scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	if d.SMS != "" {
		if s.call, err = newPhones(d.SMS, d.HTTP); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPhones, err)
		}
	}
	return s, nil
}

// Phones reports whether messages to phones can be sent.
func (s *Service) Phones() bool { return s.call != nil || s.box != nil }

// Send delivers a letter or hands it to whoever does. It may be repeated with the same ID.
func (s *Service) Send(ctx context.Context, m Mail) error {
	if m.Channel != "" {
		return s.sendPhone(ctx, m)
	}
	if !validAddress(m.To) {
		return fmt.Errorf("%w: the address is not one that mail can go to", ErrRefused)
	}
	l, err := compose(m)
	if err != nil {
		return err
	}
	if err := s.way.send(ctx, m, l); err != nil {
		return fmt.Errorf("message: %s: %w", m.Template, err)
	}
	s.deps.Log.InfoContext(ctx, "mail sent", "id", m.ID, "template", string(m.Template))
	return nil
}

// Kinds are the objects that must be registered with the host: the local outbox.
func (s *Service) Kinds() []*object.Kind { return []*object.Kind{newKind()} }

// Mount adds GET /operator/outbox to mux when mail is kept and not sent, and nothing otherwise.
func (s *Service) Mount(mux *http.ServeMux) {
	if s.box != nil {
		mux.HandleFunc("GET "+RouteOutbox, s.box.serve)
	}
}
