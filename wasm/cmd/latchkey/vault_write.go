package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

func (p program) vaultSet(ctx context.Context, words []string) error {
	var o vaultOptions
	var raw bool
	var value, from string
	flags := o.flags("set")
	flags.BoolVar(&raw, "raw", false, "")
	flags.StringVar(&value, "value", "", "")
	flags.StringVar(&from, "file", "", "")
	names, err := p.parse(flags, words, `latchkey vault set COLLECTION NAME

Writes the value that standard input has, without the line break at its end.

  echo dark | latchkey vault set editor theme
  latchkey vault set keys backup --file backup.bin

Options:
  --file FILE        the value is what a file has
  --raw              keep a line break at the end of standard input
  --value TEXT       the value itself; others can see it in the list of processes and in the shell's history
`+vaultOptionsHelp, 2, 2)
	if err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var content []byte
	switch {
	case given["value"] && given["file"]:
		return misuse{"--value and --file are two values: give one"}
	case given["value"]:
		content = []byte(value)
	case given["file"]:
		content, err = readBounded(from, vault.MaxValue)
	default:
		if content, err = bounded(p.in, "standard input", vault.MaxValue); err == nil && !raw {
			content = bytes.TrimSuffix(bytes.TrimSuffix(content, []byte("\n")), []byte("\r"))
		}
	}
	if err != nil {
		return misuse{err.Error()}
	}
	v, err := p.openVault(ctx, o.deviceOptions)
	if err != nil {
		return err
	}
	defer v.Close()
	if err := v.Set(ctx, names[0], names[1], content); err != nil {
		return err
	}
	return p.saidWritten(ctx, v, o, "set", names[0], names[1:])
}

// saidWritten sends what was changed, and says it.
func (p program) saidWritten(ctx context.Context, v *openedVault, o vaultOptions, what, collection string, names []string) error {
	unsent := p.written(ctx, v, o)
	if unsent != nil && !isUnsent(unsent) {
		return unsent
	}
	var err error
	if o.json {
		err = json.NewEncoder(p.out).Encode(map[string]any{"collection": collection, "names": names, "done": what, "sent": unsent == nil && !o.offline})
	}
	return errors.Join(err, unsent)
}

func (p program) vaultRemove(ctx context.Context, words []string) error {
	var o vaultOptions
	names, err := p.parse(o.flags("rm"), words, `latchkey vault rm COLLECTION NAME…

Deletes settings, here and on your other devices. One that is not there: exit status 5, and nothing is deleted.

  latchkey vault rm editor theme

Options:
`+vaultOptionsHelp, 2, -1)
	if err != nil {
		return err
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	for _, name := range names[1:] {
		if _, ok := v.Get(names[0], name); !ok {
			return missing(names[0], name)
		}
	}
	for _, name := range names[1:] {
		if err := v.Delete(ctx, names[0], name); err != nil {
			return err
		}
	}
	return p.saidWritten(ctx, v, o, "deleted", names[0], names[1:])
}

func (p program) vaultEdit(ctx context.Context, words []string) error {
	var o vaultOptions
	names, err := p.parse(o.flags("edit"), words, `latchkey vault edit COLLECTION NAME

Opens a value in $VISUAL, or $EDITOR, or vi, in a file for you alone that is removed again. A setting that is not there is made.

  latchkey vault edit editor snippets.json

Options:
`+vaultOptionsHelp, 2, 2)
	if err != nil {
		return err
	}
	before, err := p.now(ctx, o, names[0], names[1])
	if err != nil {
		return err
	}
	dir, err := p.privateDirectory()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, editName(names[1]))
	if err := p.edited(ctx, path, before); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	after, err := readBounded(path, vault.MaxValue)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return kept(path, err)
	}
	if err != nil || bytes.Equal(before, after) {
		return errors.Join(err, os.RemoveAll(dir))
	}
	v, err := p.reading(ctx, o) // others may have worked while the person did
	if err != nil {
		return kept(path, err)
	}
	defer v.Close()
	present, _ := v.Get(names[0], names[1])
	if !bytes.Equal(present.Value, before) && !bytes.Equal(present.Value, after) {
		return kept(path, errors.New("another of your devices has changed it meanwhile"))
	}
	if err := v.Set(ctx, names[0], names[1], after); err != nil {
		return kept(path, err)
	}
	return errors.Join(os.RemoveAll(dir), p.saidWritten(ctx, v, o, "set", names[0], names[1:]))
}

// now is a value before it is edited, nothing for one that is not there. The vault is free for others meanwhile.
func (p program) now(ctx context.Context, o vaultOptions, collection, name string) ([]byte, error) {
	v, err := p.reading(ctx, o)
	if err != nil {
		return nil, err
	}
	s, _ := v.Get(collection, name)
	return s.Value, v.Close()
}

// kept says where the work of an editor is that could not be written.
func kept(path string, err error) error {
	return fmt.Errorf("%w; what you wrote is in %s", err, path)
}

// privateDirectory is a new directory for the person alone, in memory where the system offers that.
func (p program) privateDirectory() (string, error) {
	parent, _ := p.environment("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(parent) {
		parent = ""
	}
	return os.MkdirTemp(parent, "latchkey-")
}

// editName keeps the end of a name, by which editors know what they edit.
func editName(name string) string {
	base := filepath.Base(filepath.Clean("/" + name))
	if base == "" || base == "/" || base == "." || len(base) > 200 {
		return "setting"
	}
	return base
}

// edited has a person make something of a value.
func (p program) edited(ctx context.Context, path string, before []byte) error {
	if err := os.WriteFile(path, before, 0o600); err != nil {
		return err
	}
	editor := "vi"
	for _, name := range []string{"EDITOR", "VISUAL"} {
		if named, _ := p.environment(name); named != "" {
			editor = named
		}
	}
	if err := p.system.edit(ctx, editor, path); err != nil {
		return fmt.Errorf("%s: %w; nothing was written", editor, err)
	}
	return nil
}

func isUnsent(err error) bool {
	var o outcome
	return errors.As(err, &o) && o.code == exitUnsent
}
