package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/security"
	"github.com/latchkey-id/latchkey/edge/signin"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// mailLifetime is how long a mail may wait to be delivered; what it says is worthless long before.
const mailLifetime = time.Hour

// postbox carries mail from sign-up to the message service. A mail waits in an account's outbox until it is delivered, and there is
// a code in it that proves an address, so it waits sealed.
type postbox struct {
	keys    *keys.Service
	message *message.Service
	limits  security.Limits
	now     func() time.Time
	log     *slog.Logger
}

// toNobody stands in the place of a template in what goes to nobody, so that it takes the outbox all the same; it is as long as
// message.TemplateProof.
const toNobody = "never"

// letter is what is sealed.
type letter struct {
	Template string `json:"template"`
	To       string `json:"to"`
	Language string `json:"language"`
	Code     string `json:"code"`
	Channel  string `json:"channel,omitempty"` // "" for mail
	Client   string `json:"client,omitempty"`  // that asked, when it is to be counted (security.Limits)
}

// templates of message for what signin has to say.
var templates = map[signin.Letter]message.Template{
	signin.LetterCode:   message.TemplateCode,
	signin.LetterExists: message.TemplateExists,
}

// Compose implements signin.Mail.
func (p *postbox) Compose(ctx context.Context, kind signin.Letter, to, language, code string) (json.RawMessage, error) {
	return p.compose(ctx, letter{Template: string(templates[kind]), To: to, Language: language, Code: code})
}

func (p *postbox) compose(ctx context.Context, l letter) (json.RawMessage, error) {
	sealed, err := p.keys.Seal(ctx, keys.PurposeState, l, p.now().Add(mailLifetime))
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed)
}

// deliver is the effect of account.TopicMail.
func (p *postbox) deliver(ctx context.Context, d object.Delivery) error {
	return p.carry(ctx, d, security.ShareForgotten)
}

// deliverTrusted is the effect of account.TopicMailTrusted.
func (p *postbox) deliverTrusted(ctx context.Context, d object.Delivery) error {
	return p.carry(ctx, d, security.ShareTrusted)
}

// carry sends what Compose has sealed. What has to be counted and is too much is dropped: whoever asked must not hear whether there was
// anything to send.
func (p *postbox) carry(ctx context.Context, d object.Delivery, share security.Share) error {
	var sealed string
	if err := json.Unmarshal(d.Payload, &sealed); err != nil {
		return err
	}
	var l letter
	err := p.keys.Open(ctx, keys.PurposeState, sealed, &l)
	if errors.Is(err, keys.ErrExpired) {
		p.log.WarnContext(ctx, "a mail was never delivered", "id", d.ID, "tries", d.Try)
		return nil
	}
	if err != nil || l.Template == toNobody || l.Client != "" && !p.counted(ctx, d, share, l.Client, l.To, l.Channel != "") {
		return err
	}
	return p.send(ctx, d, message.Mail{
		To: l.To, Template: message.Template(l.Template), Language: l.Language, Data: message.Data{Code: l.Code}, Channel: message.Channel(l.Channel),
	})
}

// counted takes one from what may go to an address or a number, once however often it is tried.
func (p *postbox) counted(ctx context.Context, d object.Delivery, share security.Share, client, to string, phone bool) bool {
	if d.Try > 1 {
		return true
	}
	err := p.limits.Message(ctx, share, client, phone, to)
	if err != nil {
		p.log.WarnContext(ctx, "a message was not sent", "id", d.ID, "share", string(share), "error", err)
	}
	return err == nil
}

func (p *postbox) send(ctx context.Context, d object.Delivery, m message.Mail) error {
	m.ID = d.ID
	err := p.message.Send(ctx, m)
	if errors.Is(err, message.ErrRefused) || errors.Is(err, message.ErrPhones) { // for good: trying again would only annoy the mail server
		p.log.WarnContext(ctx, "a mail was refused", "id", d.ID, "tries", d.Try, "error", err)
		return nil
	}
	return err
}

// commitName is the effect of account.TopicNamesCommit: a reserved name becomes the account's for good.
func commitName(n *names.Service, log *slog.Logger) object.Effect {
	return func(ctx context.Context, d object.Delivery) error {
		var c account.NamesCommit
		if err := json.Unmarshal(d.Payload, &c); err != nil {
			return fmt.Errorf("server: %s: %w", account.TopicNamesCommit, err)
		}
		err := n.Commit(ctx, c.Name, c.Token)
		if errors.Is(err, names.ErrLost) { // never tried again: the reservation was renewed just before and is gone all the same
			log.ErrorContext(ctx, "an account has lost its name", "account", d.Object)
			return nil
		}
		return err
	}
}

// connections is where devices have live connections to a vault.
type connections interface {
	Disconnect(ctx context.Context, account, device string) error
}

// disconnect is the effect of account.TopicDisconnect: a device whose session has ended hears no more of the vault.
func disconnect(c connections) object.Effect {
	return func(ctx context.Context, d object.Delivery) error {
		var gone account.Disconnect
		if err := json.Unmarshal(d.Payload, &gone); err != nil {
			return fmt.Errorf("server: %s: %w", account.TopicDisconnect, err)
		}
		return c.Disconnect(ctx, d.Object, gone.Device)
	}
}

// listen connects a device to the vault of an account.
func listen(c object.Connector) func(w http.ResponseWriter, r *http.Request, account, device string, since time.Time) {
	return func(w http.ResponseWriter, r *http.Request, account, device string, since time.Time) {
		c.Connect(w, r, vault.KindName, account, device, since)
	}
}
