package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/api"
)

const whoamiHelp = `latchkey whoami

Says who is signed in here, and where.

  latchkey whoami
  latchkey whoami --json
`

// identity is what whoami prints.
type identity struct {
	Service string `json:"service"`
	Account string `json:"account"`
	UPN     string `json:"upn"`
	Name    string `json:"name"`
}

func (p program) whoami(ctx context.Context, words []string) error {
	var o deviceOptions
	if _, err := p.parse(o.flags("whoami"), words, whoamiHelp, 0, 0); err != nil {
		return err
	}
	c, err := p.signedIn(ctx, o)
	if err != nil {
		return err
	}
	c.options.json = o.json
	account, err := c.Account(ctx)
	if err != nil {
		return c.explain(err)
	}
	return p.showPerson(ctx, c, account)
}

func (p program) showPerson(_ context.Context, c *connection, account api.Account) error {
	who := identity{Service: c.options.service, Account: account.ID, UPN: account.UPN, Name: account.Name}
	if c.options.json {
		return json.NewEncoder(p.out).Encode(who)
	}
	_, err := fmt.Fprintf(p.out, "%s (%s) at %s\n", printable(who.UPN), printable(who.Name), who.Service)
	return err
}

// ended reports whether an error says that nobody is signed in.
func ended(err error) bool {
	var o outcome
	return errors.As(err, &o) && o.code == exitSignIn
}
