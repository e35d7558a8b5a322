package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-id/latchkey/edge/slim"
	"github.com/latchkey-id/latchkey/wasm/password"
	"github.com/latchkey-id/latchkey/wasm/password/wordlist"
)

// addModule adds the client core, Go's loader for it, and what it needs at run time.
func addModule(o options, sources map[string][]byte) error {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	loader := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js")
	if sources["wasm_exec.js"], err = os.ReadFile(loader); err != nil {
		return err
	}
	if sources["dictionary.txt"], err = dictionary(filepath.Join(o.root, "node_modules")); err != nil {
		return err
	}
	if sources["uqr.mjs"], err = os.ReadFile(filepath.Join(o.root, "node_modules", "uqr", "dist", "index.mjs")); err != nil {
		return fmt.Errorf("QR codes: %w (npm ci installs them)", err)
	}
	if o.module != "" {
		sources["latchkey.wasm"], err = os.ReadFile(o.module)
		return err
	}
	o.log("building the client core (./wasm)")
	built := filepath.Join(".latchkey", "build", "latchkey.wasm")
	if err := os.MkdirAll(filepath.Join(o.root, filepath.Dir(built)), 0o755); err != nil {
		return err
	}
	if err := slim.Build(context.Background(), o.root, "./wasm", filepath.Join(o.root, built)); err != nil {
		return err
	}
	sources["latchkey.wasm"], err = os.ReadFile(filepath.Join(o.root, built))
	return err
}

// dictionary is what the password meter knows of words, names and used passwords. Only pages with a new password load it.
// It is text, which hosts compress by themselves.
func dictionary(nodeModules string) ([]byte, error) {
	lists, err := wordlist.Load(nodeModules)
	if err != nil {
		return nil, fmt.Errorf("%w (npm ci installs the word lists)", err)
	}
	var packed bytes.Buffer
	if err := password.WriteDictionary(&packed, lists); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
