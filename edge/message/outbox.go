package message

import (
	"context"
	"log/slog"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// KindName is the name of the kind of object that keeps mail of local runs.
	KindName = "message"
	// Outbox is the name of the one object of this kind.
	Outbox = "outbox"
	// kept is how many letters it remembers.
	kept = 100
)

// Kept is a letter in the local outbox. It has what a recipient would see, codes included: the outbox is for machines where nobody
// else reads.
type Kept struct {
	ID       string   `json:"id"`
	To       string   `json:"to"`
	Template Template `json:"template"`
	Language string   `json:"language"`
	Subject  string   `json:"subject"`
	Text     string   `json:"text"`
	HTML     string   `json:"html"`
	Code     string   `json:"code,omitempty"`
	Sent     int64    `json:"sent"` // unix seconds
}

// Letters is the answer of GET /operator/outbox, newest first.
type Letters struct {
	Messages []Kept `json:"messages"`
}

type none struct{}

var (
	keep = object.Method[Kept, none]{Kind: KindName, Name: "keep"}
	list = object.Method[none, Letters]{Kind: KindName, Name: "list"}
)

var migrations = []string{
	`CREATE TABLE message (
		n         INTEGER PRIMARY KEY,
		id        TEXT NOT NULL UNIQUE,
		sent      INTEGER NOT NULL,
		recipient TEXT NOT NULL,
		template  TEXT NOT NULL,
		language  TEXT NOT NULL,
		subject   TEXT NOT NULL,
		text      TEXT NOT NULL,
		html      TEXT NOT NULL,
		code      TEXT NOT NULL
	) STRICT`,
}

func newKind() *object.Kind {
	k := &object.Kind{Name: KindName, Migrations: migrations}
	object.Handle(k, keep, keepMessage)
	object.Handle(k, list, listMessages)
	return k
}

// keepMessage drops repeats by id and what is older than the last hundred.
func keepMessage(tx *object.Tx, m Kept) (none, error) {
	tx.Exec(`INSERT INTO message (id, sent, recipient, template, language, subject, text, html, code)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		m.ID, tx.Now(), m.To, string(m.Template), m.Language, m.Subject, m.Text, m.HTML, m.Code)
	tx.Exec(`DELETE FROM message WHERE n NOT IN (SELECT n FROM message ORDER BY n DESC LIMIT ?)`, kept)
	return none{}, nil
}

func listMessages(tx *object.Tx, _ none) (Letters, error) {
	out := Letters{Messages: []Kept{}}
	for r := range tx.Rows(`SELECT id, sent, recipient, template, language, subject, text, html, code FROM message ORDER BY n DESC LIMIT ?`, kept) {
		var m Kept
		var template string
		r.Scan(&m.ID, &m.Sent, &m.To, &template, &m.Language, &m.Subject, &m.Text, &m.HTML, &m.Code)
		m.Template = Template(template)
		out.Messages = append(out.Messages, m)
	}
	return out, nil
}

// outbox keeps letters instead of sending them.
type outbox struct {
	host object.Host
	log  *slog.Logger
}

func (o *outbox) send(ctx context.Context, m Mail, l letter) error {
	_, err := keep.Call(ctx, o.host, Outbox, Kept{
		ID: m.ID, To: m.To, Template: m.Template, Language: language(m.Language),
		Subject: l.subject, Text: l.text, HTML: l.html, Code: m.Data.Code,
	})
	return err
}
