package selfhost

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// capnp writes workerd's configuration (Cap'n Proto text). Files are named relative to the directory that it will be in.
func (c Config) capnp(modules []string) string {
	site := ""
	if c.Site != "" {
		site = fmt.Sprintf(`
    (name = "files", disk = (path = %s, allowDotfiles = true)),`, quote(c.Site))
	}
	return fmt.Sprintf(`# Written by Latchkey at every start.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "latchkey", worker = (
      modules = [%s],
      compatibilityDate = %s,
      compatibilityFlags = ["nodejs_compat"],
      bindings = [%s],
      durableObjectNamespaces = [%s],
      durableObjectStorage = (localDisk = "objects"),
    )),
    (name = "objects", disk = (path = %s, writable = true)),
    (name = "internet", network = (
      allow = [%s],
      tlsOptions = (trustBrowserCas = true, trustedCertificates = [%s]),
    )),%s
  ],
  sockets = [(name = "front", address = %s, %s, service = "latchkey")],
);
`, c.moduleList(modules), quote(compatibilityDate), c.bindings(), c.namespaces(), quote(c.objectDirectory()),
		c.networks(), c.embedAll(c.TrustedCAs), site, quote(c.Address), c.protocol())
}

func (c Config) objectDirectory() string { return filepath.Join(c.State, "objects") }

func (c Config) moduleList(modules []string) string {
	var list strings.Builder
	for _, path := range modules {
		fmt.Fprintf(&list, "\n        (name = %s, %s = %s),", quote(path), moduleKind(path), c.embed(filepath.Join(c.Worker, path)))
	}
	return list.String()
}

// bindings gives the Worker its variables, which workerd reads from its environment, its objects, and the pages as Cloudflare does.
func (c Config) bindings() string {
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.Vars)) {
		fmt.Fprintf(&list, "\n        (name = %s, fromEnvironment = %[1]s),", quote(name))
	}
	for _, class := range c.Objects {
		fmt.Fprintf(&list, "\n        (name = %s, durableObjectNamespace = %s),", quote(binding(class)), quote(class))
	}
	if c.Site != "" {
		list.WriteString(`
        (name = "FILES", service = "files"),
        (name = "ASSETS", service = "latchkey"),`) // itself: it finds pages first
	}
	return list.String()
}

// namespaces declares the classes. Their keys must never change: the names of the database files derive from them.
func (c Config) namespaces() string {
	var list strings.Builder
	for _, class := range c.Objects {
		fmt.Fprintf(&list, "\n        (className = %s, uniqueKey = %s, enableSql = true),", quote(class), quote("latchkey-"+class))
	}
	return list.String()
}

func (c Config) networks() string {
	if c.PrivateNetwork {
		return `"public", "private"`
	}
	return `"public"`
}

func (c Config) protocol() string {
	options := ""
	if c.ProtoHeader != "" {
		options = "forwardedProtoHeader = " + quote(c.ProtoHeader)
	}
	if c.Certificate == "" {
		return "http = (" + options + ")"
	}
	return fmt.Sprintf("https = (options = (%s), tlsOptions = (keypair = (privateKey = %s, certificateChain = %s)))",
		options, c.embed(c.Key), c.embed(c.Certificate))
}

func (c Config) embedAll(files []string) string {
	list := make([]string, len(files))
	for i, file := range files {
		list[i] = c.embed(file)
	}
	return strings.Join(list, ", ")
}

// embed names a file relative to the configuration: to Cap'n Proto an absolute path means something else.
func (c Config) embed(file string) string {
	relative, err := filepath.Rel(c.State, file)
	if err != nil { // another volume, on systems that have such
		relative = file
	}
	return "embed " + quote(filepath.ToSlash(relative))
}

// quote writes a string the way Cap'n Proto reads it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
