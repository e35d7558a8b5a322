package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
)

// deviceOptions are those of every command that works for a signed-in person.
type deviceOptions struct {
	service, ca string
	json        bool
	wait        time.Duration // for another latchkey to be done
}

// flags makes the set of a command's options. Its usage is printed by parse.
func (o *deviceOptions) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet("latchkey "+name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.service, "service", "", "")
	flags.StringVar(&o.ca, "ca", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.DurationVar(&o.wait, "wait", 10*time.Second, "")
	return flags
}

// deviceOptionsHelp goes to the end of each help.
const deviceOptionsHelp = `
Options of every command:
  --service URL      https address of the service (or LATCHKEY_SERVICE; else where you signed in last)
  --ca FILE          PEM file of a certificate authority to trust as well (or LATCHKEY_CA)
  --json             print JSON
  --wait DURATION    how long to wait for another latchkey that is at work (10s; 20s at most)

Exit status:
  0  done
  1  refused, or the service could not be reached
  2  wrong use; nothing was done
  3  not signed in: latchkey signin
  4  this computer is not trusted yet: latchkey trust
  5  there is no such thing
  6  another latchkey is at work on the same settings
  7  done here; the service could not be reached and hears of it the next time
`

// parse reads the options of a command, which may stand behind its names, and takes from min to max names (max < 0: any number).
// --help prints help.
func (p program) parse(flags *flag.FlagSet, words []string, help string, min, max int) ([]string, error) {
	names, err := parseAnywhere(flags, words)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(p.out, help, deviceOptionsHelp)
		return nil, err
	}
	if err != nil {
		return nil, misuse{err.Error() + "; " + flags.Name() + " --help lists the options"}
	}
	if len(names) < min || max >= 0 && len(names) > max {
		first, _, _ := strings.Cut(help, "\n")
		return nil, misuse{"that is not how it is called: " + first}
	}
	return names, nil
}

// parseAnywhere lets options stand behind names. What follows "--" is a name.
func parseAnywhere(flags *flag.FlagSet, words []string) (names []string, err error) {
	for {
		before := len(words)
		if err := flags.Parse(words); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return names, nil
		}
		if used := before - len(rest); used > 0 && words[used-1] == "--" {
			return append(names, rest...), nil
		}
		names, words = append(names, rest[0]), rest[1:]
	}
}

// fill takes from the environment, and from the last sign-in, what was not said.
func (p program) fill(o *deviceOptions) error {
	if o.service == "" {
		o.service, _ = p.environment("LATCHKEY_SERVICE")
	}
	if o.ca == "" {
		o.ca, _ = p.environment("LATCHKEY_CA")
	}
	if o.service == "" {
		o.service = p.lastService()
	}
	if o.service == "" {
		return misuse{"say which service: --service https://…"}
	}
	origin, err := originOf(o.service)
	if err != nil {
		return misuse{fmt.Sprintf("--service %q: must be https://host", o.service)}
	}
	o.service = origin
	return nil
}

// originOf is an address in the form in which the service knows itself and browsers send it as Origin.
func originOf(text string) (string, error) {
	base, err := client.ParseBase(strings.TrimSpace(text))
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.ToLower(base), ":443"), nil
}

// lastService is where this person signed in last, "" for nowhere.
func (p program) lastService() string {
	root, err := p.stateRoot()
	if err != nil {
		return ""
	}
	data, err := readBounded(filepath.Join(root, "service"), 1<<10)
	if err != nil {
		return ""
	}
	origin, err := originOf(string(data))
	if err != nil {
		return ""
	}
	return origin
}

// rememberService makes a service the one that is meant when none is named.
func (p program) rememberService(origin string) error {
	root, err := p.stateRoot()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "service"), []byte(origin+"\n"), 0o600)
}

// serviceDirectory is where the state of one service lies, under a name that every file system takes.
func serviceDirectory(root, origin string) string {
	host := strings.TrimPrefix(origin, "https://")
	return filepath.Join(root, strings.NewReplacer(":", "_", "[", "", "]", "").Replace(host))
}
