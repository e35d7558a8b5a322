package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/wasm/client"
)

const vaultAppsHelp = `latchkey vault apps [COMMAND]

What applications keep for you, each in a vault of its own, under a key that only the application and your devices have.

  latchkey vault apps list          which there are: id, name, since when, records, bytes, last change, tab by tab
  latchkey vault apps look ID       open it on this computer: group, name and when it was written
  latchkey vault apps erase ID      erase it, with its key

One whose key is not among your settings is marked with "!": nobody can read it any more. Removing an application's access erases nothing:
do that here. It needs a connection.

Options:
  --values           look, with --json: the values, too
  --yes              erase: do not ask
`

var vaultAppsCommands = map[string]vaultCommand{
	"list": program.vaultAppsList, "look": program.vaultAppsLook, "erase": program.vaultAppsErase,
}

// vaultApps runs a command about what applications keep; without one it lists.
func (p program) vaultApps(ctx context.Context, words []string) error {
	if len(words) > 0 && isHelp(words[0]) {
		fmt.Fprint(p.out, vaultAppsHelp, deviceOptionsHelp)
		return flag.ErrHelp
	}
	if len(words) > 0 && vaultAppsCommands[words[0]] != nil {
		return vaultAppsCommands[words[0]](p, ctx, words[1:])
	}
	return p.vaultAppsList(ctx, words)
}

// keepers opens the vault and lists what applications keep.
func (p program) keepers(ctx context.Context, o deviceOptions) (*openedVault, []client.Keeper, error) {
	v, err := p.openVault(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	list, err := v.connection.Keepers(ctx)
	if err != nil {
		v.Close()
		return nil, nil, v.connection.explain(err)
	}
	return v, list, nil
}

// shownKeeper is an application as JSON.
type shownKeeper struct {
	client.Keeper
	Since   string `json:"since"` // RFC 3339
	Changed string `json:"changed,omitempty"`
}

func (p program) vaultAppsList(ctx context.Context, words []string) error {
	var o deviceOptions
	if _, err := p.parse(o.flags("vault apps list"), words, vaultAppsHelp, 0, 0); err != nil {
		return err
	}
	v, list, err := p.keepers(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	shown := []shownKeeper{}
	for _, k := range list {
		s := shownKeeper{Keeper: k, Since: when(k.Since)}
		if k.Changed > 0 {
			s.Changed = when(k.Changed)
		}
		shown = append(shown, s)
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(shown)
	}
	for _, k := range shown {
		mark := ""
		if !k.Opens {
			mark = "!"
		}
		if _, err := fmt.Fprintf(p.out, "%s\t%s\t%s\t%d\t%d\t%s%s\n", printable(k.ID), printable(k.Name), k.Since, k.Records, k.Bytes, k.Changed, mark); err != nil {
			return err
		}
	}
	return nil
}

// named finds an application by its id.
func (p program) named(ctx context.Context, o deviceOptions, id string) (*openedVault, client.Keeper, error) {
	v, list, err := p.keepers(ctx, o)
	if err != nil {
		return nil, client.Keeper{}, err
	}
	i := slices.IndexFunc(list, func(k client.Keeper) bool { return k.ID == id })
	if i < 0 {
		v.Close()
		return nil, client.Keeper{}, outcome{exitMissing, fmt.Sprintf("no application %q keeps anything; latchkey vault apps lists them", id)}
	}
	return v, list[i], nil
}

func (p program) vaultAppsLook(ctx context.Context, words []string) error {
	var o deviceOptions
	var values bool
	flags := o.flags("vault apps look")
	flags.BoolVar(&values, "values", false, "")
	names, err := p.parse(flags, words, vaultAppsHelp, 1, 1)
	if err != nil {
		return err
	}
	v, k, err := p.named(ctx, o, names[0])
	if err != nil {
		return err
	}
	defer v.Close()
	settings, err := v.connection.KeeperSettings(ctx, k.ID)
	if err != nil {
		return v.connection.explain(err)
	}
	shown := []listedSetting{}
	for _, s := range settings {
		one := listedSetting{Setting: s}
		if values {
			one.Value = &one.Setting.Value
		}
		shown = append(shown, one)
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(shown)
	}
	for _, s := range shown {
		if _, err := fmt.Fprintf(p.out, "%s\t%s\t%s\n", printable(s.Collection), printable(s.Name), when(s.Modified)); err != nil {
			return err
		}
	}
	return nil
}

func (p program) vaultAppsErase(ctx context.Context, words []string) error {
	var o deviceOptions
	var yes bool
	flags := o.flags("vault apps erase")
	flags.BoolVar(&yes, "yes", false, "")
	names, err := p.parse(flags, words, vaultAppsHelp, 1, 1)
	if err != nil {
		return err
	}
	v, k, err := p.named(ctx, o, names[0])
	if err != nil {
		return err
	}
	defer v.Close()
	if !yes {
		said, err := p.ask(ctx, fmt.Sprintf("Erase the %d records that %s keeps, with their key? They cannot be had back. Type yes: ", k.Records, printable(k.ID)))
		if err != nil {
			return err
		}
		if said != "yes" {
			return outcome{exitFailed, "nothing was erased"}
		}
	}
	if err := v.connection.EraseKeeper(ctx, k.ID); err != nil {
		return v.connection.explain(err)
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(map[string]string{"id": k.ID, "done": "erased"})
	}
	_, err = fmt.Fprintf(p.out, "erased what %s kept\n", printable(k.ID))
	return err
}
