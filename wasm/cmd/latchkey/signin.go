package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

const signinHelp = `latchkey signin [--service URL] [--device-code]

Signs this computer in. A browser opens, where you sign in and allow it; without a browser here, or with --device-code, you
type a code in the browser of another device. Either way the command line gets a session of its own, which you see and
can end in your account, and your password is never typed here.

  latchkey signin --service https://id.example.com
  latchkey signin --device-code

Who is signed in already is signed out first when it is somebody else.

Options:
  --device-code      type a code on another device
  --host NAME        what to call this computer (its own name)
`

// accessToken is what a sign-in by OAuth comes to.
type accessToken struct {
	Token string `json:"access_token"`
	Type  string `json:"token_type"`
	Scope string `json:"scope"`
}

// signinDeadline is how long a person has in the browser.
const signinDeadline = 10 * time.Minute

func (p program) signin(ctx context.Context, words []string) error {
	var o deviceOptions
	var byCode bool
	var host string
	flags := o.flags("signin")
	flags.BoolVar(&byCode, "device-code", false, "")
	flags.StringVar(&host, "host", "", "")
	if _, err := p.parse(flags, words, signinHelp, 0, 0); err != nil {
		return err
	}
	c, err := p.connect(ctx, o)
	if err != nil {
		return err
	}
	if host == "" {
		host = p.hostName()
	}
	proof, err := newProver()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, signinDeadline)
	defer cancel()
	token, err := p.authorize(ctx, c, proof, byCode)
	if err != nil {
		return refusedSignin(err)
	}
	if token.Type != "DPoP" || token.Scope != scope {
		return errors.New("the service gives a token that is not what was asked for")
	}
	before := c.person
	if err := c.become(ctx, proof, token.Token, host); err != nil {
		return err
	}
	return p.settle(ctx, c, before)
}

// authorize has the person allow it, in a browser here or on another device.
func (p program) authorize(ctx context.Context, c *connection, proof *prover, byCode bool) (accessToken, error) {
	if byCode {
		return p.byDeviceCode(ctx, c, proof)
	}
	token, err := p.byBrowser(ctx, c, proof)
	if errors.Is(err, errNoBrowser) {
		fmt.Fprintln(p.problems, "There is no browser here, so use one on another device.")
		return p.byDeviceCode(ctx, c, proof)
	}
	return token, err
}

// settle finds out who is signed in now, and keeps that.
func (p program) settle(ctx context.Context, c *connection, before person) error {
	account, err := c.Account(ctx)
	if err != nil {
		return c.explain(err)
	}
	c.person = person{Account: account.ID, UPN: account.UPN}
	body, err := json.Marshal(c.person)
	if err != nil {
		return err
	}
	if err := c.dir.Update(ctx, map[string][]byte{secretPerson: body}); err != nil {
		return c.explain(err)
	}
	if err := p.rememberService(c.options.service); err != nil {
		return err
	}
	if before.Account != "" && before.Account != account.ID {
		fmt.Fprintf(p.problems, "%s is no longer signed in here.\n", printable(before.UPN))
	}
	if c.dir.KeyInFile() {
		fmt.Fprintf(p.problems, "This computer has no keyring that works, so the session is in files for you alone, in %s.\n", c.dir.Path())
	}
	return p.showPerson(ctx, c, account)
}

// refusedSignin says what became of it.
func refusedSignin(err error) error {
	var refused *oauthError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("nobody answered in time; begin again")
	case errors.As(err, &refused) && refused.Code == "access_denied":
		return errors.New("it was not allowed; nothing has changed")
	case errors.As(err, &refused) && refused.Code == "expired_token":
		return errors.New("the code is too old; begin again")
	}
	return err
}

// hostName is what this computer calls itself, as far as the service shows it.
func (p program) hostName() string {
	name, err := p.system.host()
	if err != nil {
		return ""
	}
	name = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			return r
		}
		return '-'
	}, name)
	return name[:min(len(name), api.MaxHostName)]
}

// random is a value that nobody guesses.
func random() string {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	return base64url(b)
}
