package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

const approveHelp = `latchkey approve [list | DEVICE] [--deny]

Approves another device of yours, from this one, which is trusted. You type the number that the other device shows: only then the keys to
your settings are handed to it. Do it only for a device that you have in front of you.

  latchkey approve
  latchkey approve list
  latchkey approve k3f --deny

Options:
  --deny             refuse it
`

func (p program) approve(ctx context.Context, words []string) error {
	var o deviceOptions
	var deny bool
	flags := o.flags("approve")
	flags.BoolVar(&deny, "deny", false, "")
	names, err := p.parse(flags, words, approveHelp, 0, 1)
	if err != nil {
		return err
	}
	c, err := p.signedIn(ctx, o)
	if err != nil {
		return err
	}
	waiting, err := c.Approvals(ctx)
	if err != nil {
		return c.explain(err)
	}
	open := slices.DeleteFunc(waiting.Approvals, answered)
	if len(names) == 1 && names[0] == "list" {
		return p.showApprovals(o, open)
	}
	wanted, err := chooseApproval(open, strings.Join(names, ""))
	if err != nil {
		return err
	}
	if deny {
		_, err = c.CheckApproval(ctx, wanted.ID, "", false)
	} else {
		err = p.matchNumber(ctx, c, wanted)
	}
	if err != nil {
		return c.explain(err)
	}
	return p.changed(o, nil, map[bool]string{true: "refused", false: "approved"}[deny], wanted.Device, wanted.Device.Name)
}

// answered reports whether nobody waits for an answer any more.
func answered(a api.Approval) bool {
	return a.State == api.ApprovalApproved || a.State == api.ApprovalDenied || a.State == api.ApprovalExpired
}

// chooseApproval finds the one that is meant: of the device whose id begins so, or the only one.
func chooseApproval(all []api.Approval, device string) (found api.Approval, err error) {
	n := 0
	for _, a := range all {
		if strings.HasPrefix(a.Device.ID, strings.ToLower(device)) {
			found, n = a, n+1
		}
	}
	switch {
	case n == 1:
		return found, nil
	case n == 0:
		return found, outcome{exitMissing, "no device is waiting to be approved"}
	}
	return api.Approval{}, misuse{"more than one device is waiting: latchkey approve list shows them, name one"}
}

func (p program) showApprovals(o deviceOptions, all []api.Approval) error {
	if o.json {
		return json.NewEncoder(p.out).Encode(all)
	}
	for _, a := range all {
		if _, err := fmt.Fprintln(p.out, describeApproval(a)); err != nil {
			return err
		}
	}
	return nil
}

func describeApproval(a api.Approval) string {
	text := fmt.Sprintf("%s  %s  asked at %s", printable(a.Device.ID[:min(8, len(a.Device.ID))]), printable(a.Device.Name), when(a.Created))
	if a.Device.Place != "" {
		text += "  from " + printable(a.Device.Place)
	}
	return text
}

// matchNumber takes a request, and hands the keys over when the person has typed the number of the other device.
func (p program) matchNumber(ctx context.Context, c *connection, wanted api.Approval) error {
	fmt.Fprintf(p.problems, "%s\n", describeApproval(wanted))
	if _, err := c.TakeApproval(ctx, wanted.ID); err != nil {
		return err
	}
	for {
		number, err := p.ask(ctx, "Number that it shows (nothing to refuse): ")
		if err != nil {
			return err
		}
		given, err := c.CheckApproval(ctx, wanted.ID, strings.ReplaceAll(number, " ", ""), number != "")
		switch {
		case number == "" && err == nil:
			return errors.New("refused")
		case err == nil:
			fmt.Fprintf(p.problems, "Type this number there, if it asks for it:\n\n  %s\n\n", given.Answer)
			return nil
		}
		problem, ok := errors.AsType[*api.Problem](err)
		switch {
		case ok && problem.Code == client.CodeNumberEarly:
			fmt.Fprintln(p.problems, "It does not show a number yet. Wait for it, and type it then.")
		case ok && problem.Code == client.CodeNumberWrong && problem.TriesLeft > 0:
			fmt.Fprintf(p.problems, "That is not its number; %d tries are left.\n", problem.TriesLeft)
		default:
			return err
		}
	}
}
