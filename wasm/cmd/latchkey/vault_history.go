package main

import (
	"context"
	"encoding/json"
	"fmt"
)

func (p program) vaultHistory(ctx context.Context, words []string) error {
	var o vaultOptions
	var restore int
	flags := o.flags("history")
	flags.IntVar(&restore, "restore", 0, "")
	names, err := p.parse(flags, words, `latchkey vault history COLLECTION NAME [--restore N]

Lists earlier values of a setting, newest first, as far as the service still keeps them. It needs a connection.

  latchkey vault history editor theme
  latchkey vault history editor theme --restore 2

Options:
  --restore N        write the Nth of them again
`+vaultOptionsHelp, 2, 2)
	if err != nil {
		return err
	}
	v, err := p.reading(ctx, o)
	if err != nil {
		return err
	}
	defer v.Close()
	past, err := v.connection.SettingHistory(ctx, names[0], names[1])
	if err != nil {
		return v.connection.explain(err)
	}
	if restore != 0 {
		if restore < 1 || restore > len(past) {
			return outcome{exitMissing, fmt.Sprintf("there are %d earlier values", len(past))}
		}
		if err := v.connection.SetSetting(ctx, past[restore-1]); err != nil {
			return v.connection.explain(err)
		}
		return p.saidWritten(ctx, v, o, "restored", names[0], names[1:])
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(past)
	}
	for i, s := range past {
		value := s.Value
		if s.Binary {
			value = "(binary)"
		}
		if _, err := fmt.Fprintf(p.out, "%d\t%s\t%s\n", i+1, when(s.Modified), printable(value)); err != nil {
			return err
		}
	}
	return nil
}
