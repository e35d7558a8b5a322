package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

const devicesHelp = `latchkey devices [list | rename DEVICE NAME | revoke DEVICE]

Your devices: browsers and command lines that have signed in to your account. A device is named by the beginning of its id.

  latchkey devices
  latchkey devices rename k3f "work laptop"
  latchkey devices revoke k3f

A device that is revoked is signed out at once, and gets no more of your settings: new keys take the place of those that it had.
`

func (p program) devices(ctx context.Context, words []string) error {
	var o deviceOptions
	names, err := p.parse(o.flags("devices"), words, devicesHelp, 0, 3)
	if err != nil {
		return err
	}
	what := ""
	if len(names) > 0 {
		what = names[0]
	}
	known := map[string]int{"": 0, "list": 1, "rename": 3, "revoke": 2}
	if n, ok := known[what]; !ok || n != len(names) {
		return misuse{"that is not how it is called: latchkey devices [list | rename DEVICE NAME | revoke DEVICE]"}
	}
	c, err := p.signedIn(ctx, o)
	if err != nil {
		return err
	}
	list, err := c.listDevices(ctx)
	if err != nil {
		return err
	}
	switch what {
	case "rename":
		d, err := pick(list, names[1])
		if err == nil {
			err = c.explain(c.RenameDevice(ctx, api.DeviceRenameRequest{ID: d.ID, Name: names[2]}))
		}
		return p.changed(o, err, "renamed", d, names[2])
	case "revoke":
		d, err := pick(list, names[1])
		if err == nil {
			err = c.explain(c.RevokeDevice(ctx, d.ID))
		}
		return p.changed(o, err, "revoked", d, d.Name)
	}
	return p.showDevices(o, list)
}

// pick finds the one device whose id begins so.
func pick(list []api.Device, id string) (found api.Device, err error) {
	n := 0
	for _, d := range list {
		if strings.HasPrefix(d.ID, strings.ToLower(id)) && id != "" {
			found, n = d, n+1
		}
	}
	switch n {
	case 0:
		return found, outcome{exitMissing, fmt.Sprintf("there is no device %q: latchkey devices lists them", id)}
	case 1:
		return found, nil
	}
	return api.Device{}, misuse{fmt.Sprintf("%d devices begin with %q: give more of the id", n, id)}
}

func (p program) changed(o deviceOptions, err error, what string, d api.Device, name string) error {
	if err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(map[string]string{"id": d.ID, "name": name, "done": what})
	}
	_, err = fmt.Fprintf(p.out, "%s %s (%s)\n", what, d.ID, printable(name))
	return err
}

// shownDevice is a device as JSON.
type shownDevice struct {
	ID       string         `json:"id"`
	Kind     api.DeviceKind `json:"kind"`
	Name     string         `json:"name"`
	Place    string         `json:"place,omitempty"`
	LastUsed string         `json:"last_used"` // RFC 3339
	Trusted  string         `json:"trusted,omitempty"`
	Proof    api.Proof      `json:"proof,omitempty"`
	Current  bool           `json:"current"`
}

func (p program) showDevices(o deviceOptions, list []api.Device) error {
	shown := []shownDevice{}
	for _, d := range list {
		s := shownDevice{ID: d.ID, Kind: d.Kind, Name: d.Name, Place: d.Place, LastUsed: when(d.LastUsed), Proof: d.Proof, Current: d.Current}
		if d.Trusted > 0 {
			s.Trusted = when(d.Trusted)
		}
		shown = append(shown, s)
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(shown)
	}
	for _, d := range shown {
		mark, trust := " ", "not trusted"
		if d.Current {
			mark = "*"
		}
		if d.Trusted != "" {
			trust = "trusted by " + string(d.Proof)
		}
		line := fmt.Sprintf("%s %s  %s  %s  last used %s", mark, printable(d.ID[:min(8, len(d.ID))]), printable(d.Name), printable(trust), d.LastUsed)
		if d.Place != "" {
			line += "  " + printable(d.Place)
		}
		if _, err := fmt.Fprintln(p.out, line); err != nil {
			return err
		}
	}
	return nil
}

func when(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// listDevices are the devices of the account.
func (c *connection) listDevices(ctx context.Context) ([]api.Device, error) {
	all, err := c.Devices(ctx)
	return all.Devices, c.explain(err)
}
