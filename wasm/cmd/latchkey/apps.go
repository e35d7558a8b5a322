package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
)

const (
	// routeApplications is the operator's route, whose key is not for browsers.
	routeApplications = "/operator/applications"
	// keyVariable holds the operator key.
	keyVariable = "LATCHKEY_OPERATOR_KEY"
	// maxFile is the largest file the service takes, in bytes.
	maxFile = 256 << 10
	maxKey  = 4 << 10
)

const appsUsage = `latchkey apps load FILE registers the applications of a JSON file with a service:

  {"applications": [{"client_id": "shop", …}], "remove": ["old-shop"]}

The file is taken as a whole or not at all. Applications that it does not name stay as they are. What changed is printed,
one application a line: "+" added, "~" changed, "-" removed, "=" as before.

Options:
  --service URL     https address of the service (or LATCHKEY_SERVICE)
  --key-file FILE   file that holds the operator key (or the key itself in LATCHKEY_OPERATOR_KEY)
  --ca FILE         PEM file of a certificate authority to trust as well
  --json            print the answer as JSON

Exit status: 0 done, 1 refused or not reachable, 2 wrong use.
`

type appsOptions struct {
	service, keyFile, ca, file string
	json                       bool
}

// changes is what the service answers: client ids.
type changes struct {
	Added     []string `json:"added"`
	Changed   []string `json:"changed"`
	Unchanged []string `json:"unchanged"`
	Removed   []string `json:"removed"`
}

// appsLoad sends a file of applications to the operator's route.
func (p program) appsLoad(ctx context.Context, words []string) error {
	options, err := p.appsOptions(words)
	if err != nil {
		return err
	}
	key, err := p.operatorKey(options.keyFile)
	if err != nil {
		return err
	}
	file, err := p.applications(options.file)
	if err != nil {
		return err
	}
	transport, err := newTransport(options.ca)
	if err != nil {
		return err
	}
	c, err := client.New(client.Config{Base: options.service, Transport: transport, Now: time.Now})
	if err != nil {
		return misuse{fmt.Sprintf("--service %q: must be https://host", options.service)}
	}
	var answer changes
	header := map[string]string{"Authorization": "Bearer " + key}
	if err := c.Do(ctx, "PUT", routeApplications, header, json.RawMessage(file), &answer); err != nil {
		return transport.explain(err)
	}
	return p.show(answer, options.json)
}

func (p program) appsOptions(words []string) (o appsOptions, err error) {
	flags := flag.NewFlagSet("latchkey apps load", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.service, "service", "", "")
	flags.StringVar(&o.keyFile, "key-file", "", "")
	flags.StringVar(&o.ca, "ca", "", "")
	flags.BoolVar(&o.json, "json", false, "")
	var files []string
	for { // options may stand behind the file, too
		err := flags.Parse(words)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(p.out, appsUsage)
			return o, err
		}
		if err != nil {
			return o, misuse{err.Error() + "; latchkey apps load --help lists the options"}
		}
		if flags.NArg() == 0 {
			break
		}
		files, words = append(files, flags.Arg(0)), flags.Args()[1:]
	}
	if len(files) != 1 {
		return o, misuse{"name one file: latchkey apps load FILE --service https://…"}
	}
	o.file = files[0]
	if o.service == "" {
		o.service, _ = p.environment("LATCHKEY_SERVICE")
	}
	if o.service == "" {
		return o, misuse{"say which service: --service https://…"}
	}
	return o, nil
}

// operatorKey reads the key from its file, or from the environment when none is named.
func (p program) operatorKey(path string) (string, error) {
	key, _ := p.environment(keyVariable)
	if path != "" {
		data, err := readBounded(path, maxKey)
		if err != nil {
			return "", misuse{"--key-file: " + err.Error()}
		}
		key = string(data)
	}
	key = strings.TrimSpace(key)
	if key == "" {
		return "", misuse{"give the operator key in " + keyVariable + " or with --key-file FILE"}
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", misuse{"the operator key is not one line of ASCII"}
	}
	return key, nil
}

// applications reads the file and makes sure that it is JSON, so that a slip of the comma is found where it is.
func (p program) applications(path string) ([]byte, error) {
	data, err := p.read(path)
	if err != nil {
		return nil, misuse{err.Error()}
	}
	var value json.RawMessage
	err = json.Unmarshal(data, &value)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := data[:min(int(syntax.Offset), len(data))]
		line := 1 + bytes.Count(before, []byte("\n"))
		return nil, misuse{fmt.Sprintf("%s: line %d: %v", path, line, err)}
	}
	if err != nil {
		return nil, misuse{fmt.Sprintf("%s: %v", path, err)}
	}
	return data, nil
}

func (p program) read(path string) ([]byte, error) {
	if path != "-" {
		return readBounded(path, maxFile)
	}
	return bounded(p.in, "standard input", maxFile)
}

func readBounded(path string, limit int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return bounded(file, path, limit)
}

func bounded(in io.Reader, name string, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s is larger than %d KiB", name, limit>>10)
	}
	return data, nil
}

// show prints what changed.
func (p program) show(answer changes, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(p.out).Encode(answer)
	}
	for _, group := range []struct {
		mark string
		ids  []string
	}{{"+", answer.Added}, {"~", answer.Changed}, {"-", answer.Removed}, {"=", answer.Unchanged}} {
		for _, id := range group.ids {
			fmt.Fprintf(p.out, "%s %s\n", group.mark, printable(id))
		}
	}
	_, err := fmt.Fprintf(p.out, "%d added, %d changed, %d removed, %d as before\n",
		len(answer.Added), len(answer.Changed), len(answer.Removed), len(answer.Unchanged))
	return err
}
