package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

const vaultHelp = `latchkey vault COMMAND

Your settings, sealed on this computer before they travel. A setting is a name in a collection, and a value of up to 960 KiB.

  latchkey vault list [COLLECTION]           what is there
  latchkey vault get COLLECTION NAME         print a value
  latchkey vault set COLLECTION NAME         write the value that standard input has
  latchkey vault edit COLLECTION NAME        change a value in $VISUAL or $EDITOR
  latchkey vault rm COLLECTION NAME…         delete
  latchkey vault history COLLECTION NAME     earlier values
  latchkey vault export                      print everything, open: keep it safe
  latchkey vault import FILE                 write what a file of that form has
  latchkey vault sync                        take what other devices wrote, send what waits here
  latchkey vault apps                        what applications keep: list, look, erase

Every command takes part in the exchange with the service first or last, unless it is told --offline. What is written here while the service
cannot be reached stays here and is sent the next time.

Add --help to a command for its options.
`

// vaultCommand is one of the commands under vault.
type vaultCommand func(p program, ctx context.Context, words []string) error

var vaultCommands = map[string]vaultCommand{
	"list": program.vaultList, "get": program.vaultGet, "set": program.vaultSet, "edit": program.vaultEdit, "rm": program.vaultRemove,
	"sync": program.vaultSync, "history": program.vaultHistory, "export": program.vaultExport, "import": program.vaultImport,
	"apps": program.vaultApps,
}

// vault runs a command about settings.
func (p program) vault(ctx context.Context, words []string) error {
	if len(words) > 0 && isHelp(words[0]) {
		fmt.Fprint(p.out, vaultHelp, deviceOptionsHelp)
		return flag.ErrHelp
	}
	if len(words) == 0 || vaultCommands[words[0]] == nil {
		return misuse{"say what to do with your settings; latchkey vault --help lists what there is"}
	}
	return vaultCommands[words[0]](p, ctx, words[1:])
}

func isHelp(word string) bool {
	return word == "help" || word == "-h" || word == "-help" || word == "--help"
}

// vaultOptions are those of the commands under vault.
type vaultOptions struct {
	deviceOptions
	offline, metered bool
}

func (o *vaultOptions) flags(name string) *flag.FlagSet {
	flags := o.deviceOptions.flags("vault " + name)
	flags.BoolVar(&o.offline, "offline", false, "")
	flags.BoolVar(&o.metered, "metered", false, "")
	return flags
}

const vaultOptionsHelp = `  --offline          leave the service alone
  --metered          use the connection although it is metered, this once
`

// reading opens the vault and takes what other devices wrote. What cannot be had is said, and what this computer has is shown.
func (p program) reading(ctx context.Context, o vaultOptions) (*openedVault, error) {
	v, err := p.openVault(ctx, o.deviceOptions)
	if err != nil || o.offline {
		return v, err
	}
	if err := v.exchange(ctx, o.metered); err != nil {
		if !unreachable(err) {
			return nil, errors.Join(err, v.Close())
		}
		fmt.Fprintf(p.problems, "latchkey: %v\n  this is what this computer had\n", err)
	}
	return v, nil
}

// written sends what a command has changed.
func (p program) written(ctx context.Context, v *openedVault, o vaultOptions) error {
	if o.offline {
		return nil
	}
	err := v.exchange(ctx, o.metered)
	if unreachable(err) {
		return outcome{exitUnsent, "it is kept here and will be sent the next time: " + strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	return err
}

func (p program) vaultSync(ctx context.Context, words []string) error {
	var o vaultOptions
	var verify bool
	flags := o.flags("sync")
	flags.BoolVar(&verify, "verify", false, "")
	if _, err := p.parse(flags, words, `latchkey vault sync

Takes what other devices wrote and sends what waits here. Other commands do it by themselves.

Options:
  --verify           read everything again, and say whether the service has all that this computer knows of
`+vaultOptionsHelp, 0, 0); err != nil {
		return err
	}
	v, err := p.openVault(ctx, o.deviceOptions)
	if err != nil {
		return err
	}
	defer v.Close()
	waiting := v.Pending()
	if err := v.exchange(ctx, o.metered); err != nil {
		return err
	}
	if verify {
		if err := v.connection.VerifySettings(ctx); err != nil {
			return v.connection.explain(err)
		}
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(map[string]int{"sent": waiting, "settings": len(client.OwnSettings(v.Export()))})
	}
	_, err = fmt.Fprintf(p.out, "%d sent, %d settings in all\n", waiting, len(client.OwnSettings(v.Export())))
	return err
}

func (p program) vaultList(ctx context.Context, words []string) error {
	var o vaultOptions
	var pending, values bool
	flags := o.flags("list")
	flags.BoolVar(&pending, "pending", false, "")
	flags.BoolVar(&values, "values", false, "")
	names, err := p.parse(flags, words, `latchkey vault list [COLLECTION]

Lists your settings: collection, name and when it was written, tab by tab. One that only this computer has is marked with "*".

  latchkey vault list
  latchkey vault list editor --json

Options:
  --pending          only what the service does not have yet
  --values           with --json: the values, too
`+vaultOptionsHelp, 0, 1)
	if err != nil {
		return err
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	all := client.OwnSettings(v.Export())
	if len(names) == 1 {
		all = v.List(names[0])
	}
	list := []listedSetting{}
	for _, s := range all {
		if !pending || !s.Sent {
			list = append(list, listSetting(s, values))
		}
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(list)
	}
	for _, s := range list {
		mark := ""
		if s.Waiting {
			mark = "*"
		}
		if _, err := fmt.Fprintf(p.out, "%s\t%s\t%s%s\n", printable(s.Collection), printable(s.Name), when(s.Modified), mark); err != nil {
			return err
		}
	}
	return nil
}

// listedSetting is a setting as JSON, with its value when that is asked for.
type listedSetting struct {
	client.Setting
	Value *string `json:"value,omitempty"`
}

func listSetting(s vault.Setting, withValue bool) listedSetting {
	shown := listedSetting{Setting: client.ShowSetting(s)}
	if withValue {
		shown.Value = &shown.Setting.Value
	}
	return shown
}

func (p program) vaultGet(ctx context.Context, words []string) error {
	var o vaultOptions
	var raw bool
	flags := o.flags("get")
	flags.BoolVar(&raw, "raw", false, "")
	names, err := p.parse(flags, words, `latchkey vault get COLLECTION NAME

Prints a value, with a line break behind it. There is none of that name: exit status 5.

  latchkey vault get editor theme
  latchkey vault get keys backup --raw > backup.bin

Options:
  --raw              the bytes and nothing else
`+vaultOptionsHelp, 2, 2)
	if err != nil {
		return err
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	s, ok := v.Get(names[0], names[1])
	switch {
	case !ok:
		return missing(names[0], names[1])
	case o.json:
		return json.NewEncoder(p.out).Encode(client.ShowSetting(s))
	case raw:
		_, err = p.out.Write(s.Value)
	case p.system.screenOut: // a value must not steer the terminal
		_, err = fmt.Fprintln(p.out, printableLines(string(s.Value)))
	default:
		_, err = fmt.Fprintf(p.out, "%s\n", s.Value)
	}
	return err
}

func missing(collection, name string) error {
	return outcome{exitMissing, fmt.Sprintf("there is no %q in %q", name, collection)}
}

// printableLines is printable for text of many lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.Join(mapAll(strings.Split(lines[i], "\t"), printable), "\t")
	}
	return strings.Join(lines, "\n")
}

func mapAll(list []string, f func(string) string) []string {
	for i := range list {
		list[i] = f(list[i])
	}
	return list
}
