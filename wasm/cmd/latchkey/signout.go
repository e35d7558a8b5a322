package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const signoutHelp = `latchkey signout [--force]

Signs this computer out and forgets everything here: the session, the key of this computer and its copy of your settings. It is no longer one
of your devices. Your settings stay on the others; to come back, sign in and prove this computer again.

Settings that were changed here and never sent would be lost, so then it refuses: latchkey vault sync sends them.

Options:
  --force            forget them, too, and forget everything even when the service cannot be reached
`

func (p program) signout(ctx context.Context, words []string) error {
	var o deviceOptions
	var force bool
	flags := o.flags("signout")
	flags.BoolVar(&force, "force", false, "")
	if _, err := p.parse(flags, words, signoutHelp, 0, 0); err != nil {
		return err
	}
	c, err := p.signedIn(ctx, o)
	over := ended(err) && c != nil // there may be something left to forget
	if err != nil && !over {
		return err
	}
	if n, err := c.unsent(ctx); err != nil || n > 0 {
		if !force && err == nil {
			return fmt.Errorf("%d settings were changed here and never sent; latchkey vault sync sends them%s, --force loses them", n, map[bool]string{true: " once you have signed in again"}[over])
		}
		if !force {
			return c.explain(err)
		}
	}
	if over {
		return c.dir.Forget(ctx)
	}
	if err := c.leave(ctx); err != nil && !ended(err) && !force {
		return err
	}
	if err := c.dir.Forget(ctx); err != nil {
		return err
	}
	if root, err := p.stateRoot(); err == nil && p.lastService() == c.options.service {
		_ = os.Remove(filepath.Join(root, "service")) // then nothing is meant by no name
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(struct{}{})
	}
	_, err = fmt.Fprintf(p.out, "signed out of %s\n", c.options.service)
	return err
}

// leave takes this computer off the account's devices, which ends its session.
func (c *connection) leave(ctx context.Context) error {
	list, err := c.listDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Current {
			return c.explain(c.RevokeDevice(ctx, d.ID))
		}
	}
	_, err = c.SignOut(ctx, "")
	return c.explain(err)
}
