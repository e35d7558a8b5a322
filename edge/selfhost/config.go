package selfhost

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Config says what to run and where. Paths may be relative to the working directory.
type Config struct {
	Worker  string // directory of the built Worker: worker.mjs, wasm_exec.js, edge.wasm and what they import
	Site    string // directory of the static pages; none are served when empty
	State   string // directory of the objects' databases and of workerd's configuration; made when it is not there
	Address string // to listen on, "host:port"; port 0 takes a free one

	Certificate string // PEM file of the server's certificate chain; serves https when set, together with Key
	Key         string // PEM file of its private key
	ProtoHeader string // header in which a proxy in front says "http" or "https", such as X-Forwarded-Proto; only behind one

	TrustedCAs     []string // PEM files of authorities trusted in outbound connections, beside the public ones
	PrivateNetwork bool     // allow outbound connections to private and loopback addresses: a mail server beside, say

	Vars map[string]string // the Worker's variables and secrets; passed in the process's environment, never on disk

	Main    string    // module that the Worker starts from; "worker.mjs" when empty, and with Site it can be no other
	Objects []string  // classes of its objects; Latchkey's own when nil
	Workerd string    // the workerd program; from node_modules or PATH when empty
	Log     io.Writer // receives workerd's output; os.Stderr when nil
}

// compatibilityDate fixes the runtime's behaviour: the same as in wrangler.toml.
const compatibilityDate = "2026-04-20"

var latchkeyObjects = []string{"Keys", "Names", "Tenant", "Account", "Throttle", "Message", "Device", "Vault"}

// complete checks a configuration and fills in what was left out. Paths become absolute.
func (c Config) complete() (Config, error) {
	if c.Worker == "" || c.State == "" || c.Address == "" {
		return c, errors.New("selfhost: Worker, State and Address are needed")
	}
	if (c.Certificate == "") != (c.Key == "") {
		return c, errors.New("selfhost: Certificate and Key are needed together")
	}
	if c.Site != "" {
		if c.Main != "" {
			return c, errors.New("selfhost: Main and Site do not go together")
		}
		c.Main = "assets.mjs" // which passes on to worker.mjs
	}
	if c.Main == "" {
		c.Main = "worker.mjs"
	}
	if c.Objects == nil {
		c.Objects = latchkeyObjects
	}
	if c.Log == nil {
		c.Log = os.Stderr
	}
	if c.Workerd == "" {
		program, err := findWorkerd()
		if err != nil {
			return c, err
		}
		c.Workerd = program
	}
	c.TrustedCAs = append([]string(nil), c.TrustedCAs...)
	paths := []*string{&c.Worker, &c.Site, &c.State, &c.Certificate, &c.Key, &c.Workerd}
	for i := range c.TrustedCAs {
		paths = append(paths, &c.TrustedCAs[i])
	}
	for _, path := range paths {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return c, fmt.Errorf("selfhost: %w", err)
		}
		*path = absolute
	}
	return c, nil
}

// findModules lists the modules in the Worker's directory by their path in it, the main one first.
func (c Config) findModules() ([]string, error) {
	modules := []string{c.Main}
	err := fs.WalkDir(os.DirFS(c.Worker), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == c.Main || moduleKind(path) == "" {
			return err
		}
		modules = append(modules, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("selfhost: the Worker's directory: %w", err)
	}
	return modules, nil
}

func moduleKind(path string) string {
	switch filepath.Ext(path) {
	case ".mjs", ".js":
		return "esModule"
	case ".wasm":
		return "wasm"
	}
	return ""
}

// binding is the name under which the Worker finds objects of a class.
func binding(class string) string { return strings.ToUpper(class) }
