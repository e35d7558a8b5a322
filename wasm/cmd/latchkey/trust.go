package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

const trustHelp = `latchkey trust [--method METHOD]

Makes this computer one of your trusted devices, by a second proof, and opens your settings on it. The best one is the approval of a device
that is trusted already: it hands the keys over, and nobody in between learns them. After any other proof your password or your recovery code
opens the settings, once.

  latchkey trust
  latchkey trust --method email
  latchkey trust --method recovery

What is asked for is read from standard input, a line each.

Options:
  --method METHOD    approval, email, sms, call, totp, recovery, or the id of a method; waiting, when there is no other: then your
                     addresses are told, and this computer is trusted after some days unless you undo it
  --status           only say where this computer stands: exit status 4 when it is not trusted
`

// pollEvery is how often the service is asked whether another device has answered.
const pollEvery = 2 * time.Second

func (p program) trust(ctx context.Context, words []string) error {
	var o deviceOptions
	var method string
	var status bool
	flags := o.flags("trust")
	flags.StringVar(&method, "method", "", "")
	flags.BoolVar(&status, "status", false, "")
	if _, err := p.parse(flags, words, trustHelp, 0, 0); err != nil {
		return err
	}
	c, err := p.signedIn(ctx, o)
	if err != nil {
		return err
	}
	at, err := c.Trust(ctx)
	if err != nil {
		return c.explain(err)
	}
	if status {
		return p.showTrust(o, at)
	}
	if !at.Trusted {
		if err := p.proveTrust(ctx, c, at, method); err != nil {
			return c.explain(err)
		}
		if at, err = c.Trust(ctx); err != nil {
			return c.explain(err)
		}
	}
	if err := p.unlock(ctx, c, at, method); err != nil {
		return c.explain(err)
	}
	if at, err = c.Trust(ctx); err != nil {
		return c.explain(err)
	}
	return p.showTrust(o, at)
}

func (p program) showTrust(o deviceOptions, at client.Trust) error {
	var err error
	switch {
	case o.json:
		err = json.NewEncoder(p.out).Encode(map[string]any{"trusted": at.Trusted, "settings": at.State, "device": at.Device})
	case !at.Trusted:
		_, err = fmt.Fprintln(p.out, "this computer is not trusted")
	case at.State == client.VaultOpen:
		_, err = fmt.Fprintln(p.out, "this computer is trusted, and your settings are open here")
	default:
		_, err = fmt.Fprintf(p.out, "this computer is trusted; your settings are %s here\n", at.State)
	}
	if err == nil && at.Problem != nil && at.State == client.VaultBroken {
		return at.Problem
	}
	if err == nil && !at.Trusted {
		return errUntrusted
	}
	return err
}

// approvalMethod stands for the approval of another device among the methods.
const approvalMethod = "approval"

// proveTrust gives a second proof.
func (p program) proveTrust(ctx context.Context, c *connection, at client.Trust, wanted string) error {
	method, err := p.chooseMethod(ctx, at, wanted)
	if err != nil {
		return err
	}
	switch method.Kind {
	case approvalMethod:
		return p.awaitApproval(ctx, c)
	case api.ProofTOTP:
		return p.proveByCode(ctx, c, "Code of your authenticator: ", api.TrustProveRequest{Method: method.ID})
	case api.ProofRecovery:
		return p.proveByRecovery(ctx, c, method.ID)
	case api.ProofWaiting:
		waiting, err := c.TrustWait(ctx, p.language())
		if err != nil {
			return err
		}
		return outcome{exitUntrusted, "asked for: unless somebody undoes it, this computer is trusted from " + when(waiting.Due)}
	}
	sent, err := c.TrustSend(ctx, api.TrustSendRequest{Method: method.ID, Channel: channelOf(method.Kind), Language: p.language()})
	if err != nil {
		return err
	}
	return p.proveByCode(ctx, c, fmt.Sprintf("Code that was sent to %s: ", printable(method.Hint)), api.TrustProveRequest{Challenge: sent.Challenge})
}

// channelOf is how a code goes to a phone.
func channelOf(kind api.Proof) string {
	if kind == api.ProofSMS || kind == api.ProofCall {
		return string(kind)
	}
	return ""
}

// language is that of messages: what the terminal is set to, of those that there are.
func (p program) language() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value, _ := p.environment(name); value != "" {
			primary, _, _ := strings.Cut(strings.ToLower(value), "_")
			return primary
		}
	}
	return ""
}

// chooseMethod finds the method that was named, or asks for one. A passkey needs a browser.
func (p program) chooseMethod(ctx context.Context, at client.Trust, wanted string) (api.TrustMethod, error) {
	usable := slices.DeleteFunc(slices.Clone(at.Methods), func(m api.TrustMethod) bool { return m.Kind == api.ProofPasskey })
	if at.Approval {
		usable = slices.Insert(usable, 0, api.TrustMethod{ID: approvalMethod, Kind: approvalMethod, Hint: "another device of yours"})
	}
	if wanted == string(api.ProofWaiting) {
		return api.TrustMethod{ID: wanted, Kind: api.ProofWaiting}, nil
	}
	if wanted != "" {
		i := slices.IndexFunc(usable, func(m api.TrustMethod) bool { return m.ID == wanted || string(m.Kind) == wanted })
		if i < 0 {
			return api.TrustMethod{}, misuse{fmt.Sprintf("%q is not a way that is open to you; without --method they are listed", wanted)}
		}
		return usable[i], nil
	}
	switch len(usable) {
	case 0:
		return api.TrustMethod{}, outcome{exitUntrusted, "there is nothing to prove this computer by: open your settings once in a browser that is confirmed, add a phone, an address or an " +
			"authenticator in your account, or, if you have no other device, wait: --method waiting"}
	case 1:
		return usable[0], nil
	}
	for i, m := range usable {
		fmt.Fprintf(p.problems, "  %d  %s  %s\n", i+1, m.Kind, printable(m.Hint))
	}
	answer, err := p.ask(ctx, "By which one? ")
	if err != nil {
		return api.TrustMethod{}, err
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(usable) {
		return api.TrustMethod{}, misuse{"that is none of them"}
	}
	return usable[n-1], nil
}

// proveByCode asks for a code until it is right, or there are no tries left.
func (p program) proveByCode(ctx context.Context, c *connection, question string, proof api.TrustProveRequest) error {
	for {
		code, err := p.ask(ctx, question)
		if err != nil {
			return err
		}
		proof.Code = strings.ReplaceAll(code, " ", "")
		_, err = c.TrustProve(ctx, proof)
		problem, ok := errors.AsType[*api.Problem](err)
		if !ok || problem.Code != api.CodeWrong || problem.TriesLeft == 0 {
			return err
		}
		fmt.Fprintf(p.problems, "That is not the code; %d tries are left.\n", problem.TriesLeft)
	}
}

// awaitApproval has another device approve this one, with a number that is the same on both when nobody is in between.
func (p program) awaitApproval(ctx context.Context, c *connection) error {
	asked, err := c.RequestApproval(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.problems, "On a device that is trusted, open %s/approve, or run latchkey approve there.\n", c.options.service)
	shown := false
	for {
		now, err := c.PollApproval(ctx, asked.ID)
		if err != nil {
			return err
		}
		switch now.State {
		case api.ApprovalApproved:
			if !now.Confirm {
				return nil
			}
			return p.confirmApproval(ctx, c, asked.ID)
		case api.ApprovalDenied:
			return errors.New("the other device has refused")
		case api.ApprovalExpired:
			return errors.New("nobody answered in time; begin again")
		}
		if now.Number != "" && !shown {
			shown = true
			fmt.Fprintf(p.problems, "Type this number there, if it asks for it:\n\n  %s\n\n", now.Number)
		}
		if err := p.system.wait(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// confirmApproval asks for what only a device that has accepted the number shows: the service could say that there is one when there is none.
func (p program) confirmApproval(ctx context.Context, c *connection, id string) error {
	for {
		answer, err := p.ask(ctx, "Number that the other device shows now (nothing if it shows none): ")
		if err != nil {
			return err
		}
		if answer == "" {
			return errNotApproved
		}
		err = c.ConfirmApproval(ctx, id, answer)
		problem, ok := errors.AsType[*api.Problem](err)
		if !ok || problem.Code != client.CodeAnswerWrong {
			return err
		}
		if problem.TriesLeft == 0 {
			return errNotApproved
		}
		fmt.Fprintf(p.problems, "That is not its number; %d tries are left.\n", problem.TriesLeft)
	}
}

// errNotApproved is for an approval that the person has not seen.
var errNotApproved = errors.New("the service says that another device of yours has accepted the number, but you have not seen it there. Your settings stay shut here. " +
	"Begin again; if it happens twice, tell whoever runs the service, and store nothing there")
