package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/security"
)

// notices are the letters of what an account tells its owner.
var notices = map[string]message.Template{
	account.NoticeAdded:    message.TemplateAdded,
	account.NoticeRemoved:  message.TemplateRemoved,
	account.NoticeRemoving: message.TemplateRemoving,
	account.NoticeUndone:   message.TemplateUndone,
	account.NoticeTrusted:  message.TemplateTrusted,
	account.NoticePassword: message.TemplatePassword,
}

// notice is the effect of account.TopicNotice.
func (p *postbox) notice(ctx context.Context, d object.Delivery) error {
	var n account.Notice
	if err := json.Unmarshal(d.Payload, &n); err != nil {
		return fmt.Errorf("server: %s: %w", account.TopicNotice, err)
	}
	if n.Phone && !p.counted(ctx, d, security.ShareNotice, "", n.To, true) {
		return nil
	}
	m := message.Mail{To: n.To, Template: notices[n.What], Language: n.Language, Data: message.Data{Kind: string(n.Kind)}}
	if n.Phone {
		m.Channel = message.BySMS
	}
	return p.send(ctx, d, m)
}

// codes is the postbox for codes that prove somebody: edge/security and edge/recover send them.
type codes struct{ *postbox }

// channels that a proof is sent by.
var channels = map[api.Proof]message.Channel{
	api.ProofEmail: message.ByMail, api.ProofSMS: message.BySMS, api.ProofCall: message.ByCall,
}

// Compose returns what the account object puts in its outbox for account.TopicMail; without a code something of the same size that nobody
// gets. With a client it is counted when it goes out.
func (c codes) Compose(ctx context.Context, client string, by api.Proof, to, language, code string) (json.RawMessage, error) {
	l := letter{Template: string(message.TemplateProof), To: to, Language: language, Code: code, Channel: string(channels[by]), Client: client}
	if code == "" {
		l.Template, l.Code = toNobody, "000000"
	}
	return c.compose(ctx, l)
}

// Send sends a code at once. An address or a number that nothing reaches is api.CodeUndeliverable.
func (c codes) Send(ctx context.Context, id string, by api.Proof, to, language, code string) error {
	err := c.message.Send(ctx, message.Mail{
		ID: id, To: to, Channel: channels[by], Template: message.TemplateProof, Language: language, Data: message.Data{Code: code},
	})
	switch {
	case errors.Is(err, message.ErrRefused):
		return problem.Because(api.CodeUndeliverable, err)
	case errors.Is(err, message.ErrPhones):
		return problem.Because(api.CodePhonesOff, err)
	case err != nil:
		return problem.Because(api.CodeUnavailable, err)
	}
	return nil
}

// Phones reports whether codes can be sent to phones.
func (c codes) Phones() bool { return c.message.Phones() }
