package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/latchkey-id/latchkey/wasm/state"
)

// maxExport bounds a file of settings that is read, in bytes: a full vault, in JSON.
const maxExport = 128 << 20

func (p program) vaultExport(ctx context.Context, words []string) error {
	var o vaultOptions
	var to string
	var force bool
	flags := o.flags("export")
	flags.StringVar(&to, "file", "", "")
	flags.BoolVar(&force, "force", false, "")
	if _, err := p.parse(flags, words, `latchkey vault export [--file FILE]

Prints all settings as JSON, with everything in the open: whoever has it can read them. vault import takes it.

  latchkey vault export --file settings.json

Options:
  --file FILE        write it to a file for you alone
  --force            in the place of a file that is there
`+vaultOptionsHelp, 0, 0); err != nil {
		return err
	}
	if _, err := os.Lstat(to); to != "" && err == nil && !force {
		return misuse{fmt.Sprintf("%s is there already; --force replaces it", to)}
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	text, err := v.connection.ExportSettings(ctx)
	if err != nil {
		return v.connection.explain(err)
	}
	if to != "" {
		return state.WriteFile(to, []byte(text))
	}
	_, err = fmt.Fprint(p.out, text)
	return err
}

func (p program) vaultImport(ctx context.Context, words []string) error {
	var o vaultOptions
	var dry bool
	flags := o.flags("import")
	flags.BoolVar(&dry, "dry-run", false, "")
	names, err := p.parse(flags, words, `latchkey vault import FILE

Writes the settings of a file of vault export ("-" reads standard input): all of them, or none. What the file does not have stays as it is.

  latchkey vault import settings.json --dry-run

Options:
  --dry-run          only say what it would do
`+vaultOptionsHelp, 1, 1)
	if err != nil {
		return err
	}
	text, err := p.importFile(names[0])
	if err != nil {
		return misuse{err.Error()}
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	made, err := v.connection.ImportSettings(ctx, text, dry)
	if err != nil {
		return v.connection.explain(err)
	}
	if !dry {
		err = p.written(ctx, v, o)
	}
	if err != nil && !isUnsent(err) {
		return err
	}
	if o.json {
		return errors.Join(json.NewEncoder(p.out).Encode(made), err)
	}
	_, said := fmt.Fprintf(p.out, "%d new, %d changed, %d as before\n", made.New, made.Changed, made.Same)
	return errors.Join(said, err)
}

func (p program) importFile(name string) (string, error) {
	if name == "-" {
		data, err := bounded(p.in, "standard input", maxExport)
		return string(data), err
	}
	data, err := readBounded(name, maxExport)
	return string(data), err
}
