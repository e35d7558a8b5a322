package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
)

const (
	// The operator's routes, whose key is not for browsers.
	routeApplications  = "/operator/applications"
	routeInitialTokens = "/operator/initial-access-tokens"
	// keyVariable holds the operator key.
	keyVariable = "LATCHKEY_OPERATOR_KEY"
	// maxFile is the largest file the service takes, in bytes.
	maxFile = 256 << 10
	maxKey  = 4 << 10
)

const appsUsage = `latchkey apps load FILE registers the applications and APIs of a JSON file with a service:

  {"applications": [{"client_id": "shop", …}], "remove": ["old-shop"],
   "resources": [{"identifier": "https://api.example/stock", …}], "remove_resources": []}

The file is taken as a whole or not at all. Applications that it does not name stay as they are. What changed is printed,
one application a line: "+" added, "~" changed, "-" removed, "=" as before.

latchkey apps list lists them, those that registered themselves with a "*". latchkey apps remove ID removes one.

latchkey apps token makes an initial access token: who has it may register applications (RFC 7591), each of which asks
every person for consent. The token is printed once. latchkey apps tokens lists what is left of them, and
latchkey apps revoke TOKEN-ID ends one.

Options:
  --service URL      https address of the service (or LATCHKEY_SERVICE)
  --key-file FILE    file that holds the operator key (or the key itself in LATCHKEY_OPERATOR_KEY)
  --ca FILE          PEM file of a certificate authority to trust as well
  --json             print the answer as JSON
  --uses N           token: how many applications (1)
  --expires DURATION token: for how long, like 30m or 48h (1h)
  --note TEXT        token: what it is for
  --resource ID      token: an API that the applications may have tokens for; repeat it for several
  --applications     revoke: remove what was registered with the token, too

Exit status: 0 done, 1 refused or not reachable, 2 wrong use.
`

// changes is what the service answers: client ids.
type changes struct {
	Added     []string `json:"added"`
	Changed   []string `json:"changed"`
	Unchanged []string `json:"unchanged"`
	Removed   []string `json:"removed"`
}

// appsCommand is one of the commands under apps.
type appsCommand struct {
	names int // words it takes
	what  string
	run   func(ctx context.Context, p program, o appsOptions, c *operator) error
}

var appsCommands = map[string]appsCommand{
	"load":   {1, "name one file: latchkey apps load FILE", appsLoad},
	"list":   {0, "latchkey apps list takes no names", appsList},
	"remove": {1, "name one application: latchkey apps remove ID", appsRemove},
	"token":  {0, "latchkey apps token takes options only", appsToken},
	"tokens": {0, "latchkey apps tokens takes no names", appsTokens},
	"revoke": {1, "name one token by its id: latchkey apps revoke TOKEN-ID", appsRevoke},
}

// apps runs a command about applications.
func (p program) apps(ctx context.Context, words []string) error {
	if len(words) > 0 && (words[0] == "-h" || words[0] == "--help" || words[0] == "-help") {
		fmt.Fprint(p.out, usage)
		return nil
	}
	if len(words) == 0 || appsCommands[words[0]].run == nil {
		return misuse{"say what to do with applications: latchkey apps load FILE, list, remove, token, tokens or revoke"}
	}
	command := appsCommands[words[0]]
	options, err := p.appsOptions(words[0], words[1:], command)
	if err != nil {
		return err
	}
	o, err := p.operator(options)
	if err != nil {
		return err
	}
	return command.run(ctx, p, options, o)
}

// operator talks to the operator's routes of a service.
type operator struct {
	client    *client.Client
	transport *transport
	header    map[string]string
}

func (p program) operator(options appsOptions) (*operator, error) {
	key, err := p.operatorKey(options.keyFile)
	if err != nil {
		return nil, err
	}
	transport, err := newTransport(options.ca)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{Base: options.service, Transport: transport, Now: time.Now})
	if err != nil {
		return nil, misuse{fmt.Sprintf("--service %q: must be https://host", options.service)}
	}
	return &operator{c, transport, map[string]string{"Authorization": "Bearer " + key}}, nil
}

// do makes one call; in and out may be nil.
func (o *operator) do(ctx context.Context, method, route string, in, out any) error {
	if err := o.client.Do(ctx, method, route, o.header, in, out); err != nil {
		return o.transport.explain(err)
	}
	return nil
}

// appsLoad sends a file of applications.
func appsLoad(ctx context.Context, p program, options appsOptions, o *operator) error {
	file, err := p.applications(options.name)
	if err != nil {
		return err
	}
	var answer changes
	if err := o.do(ctx, "PUT", routeApplications, json.RawMessage(file), &answer); err != nil {
		return err
	}
	return p.show(answer, options.json)
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
