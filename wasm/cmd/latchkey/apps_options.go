package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// appsOptions are the options of the commands under apps.
type appsOptions struct {
	service, keyFile, ca string
	name                 string // of the file, the application or the token
	json                 bool

	uses         int64
	expires      time.Duration
	note         string
	resources    []string
	applications bool
}

func (p program) appsOptions(name string, words []string, command appsCommand) (o appsOptions, err error) {
	names, err := o.parse(name, words)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.out, appsUsage)
		return o, err
	}
	if err != nil {
		return o, misuse{err.Error() + "; latchkey apps " + name + " --help lists the options"}
	}
	if len(names) != command.names {
		return o, misuse{command.what + " --service https://…"}
	}
	if len(names) > 0 {
		o.name = names[0]
	}
	if o.service == "" {
		o.service, _ = p.environment("LATCHKEY_SERVICE")
	}
	if o.service == "" {
		return o, misuse{"say which service: --service https://…"}
	}
	return o, nil
}

// parse reads the options and returns the other words. Options may stand behind them, too.
func (o *appsOptions) parse(name string, words []string) (names []string, err error) {
	flags := flag.NewFlagSet("latchkey apps "+name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.service, "service", "", "")
	flags.StringVar(&o.keyFile, "key-file", "", "")
	flags.StringVar(&o.ca, "ca", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	switch name {
	case "token":
		flags.Int64Var(&o.uses, "uses", 1, "")
		flags.DurationVar(&o.expires, "expires", time.Hour, "")
		flags.StringVar(&o.note, "note", "", "")
		flags.Func("resource", "", func(id string) error { o.resources = append(o.resources, id); return nil })
	case "revoke":
		flags.BoolVar(&o.applications, "applications", false, "")
	}
	for {
		if err := flags.Parse(words); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return names, nil
		}
		names, words = append(names, flags.Arg(0)), flags.Args()[1:]
	}
}
