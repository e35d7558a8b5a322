package selfhost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-id/latchkey/edge/slim"
)

// Build makes a Worker directory from Latchkey's sources: it compiles pkg for the runtime, takes Go's wasm_exec.js along, and
// copies the JavaScript. root is the directory of the module, pkg a package in it ("./edge"), out is made when it is not
// there.
func Build(ctx context.Context, root, pkg, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return fmt.Errorf("selfhost: %w", err)
	}
	if err := copyAll(out, filepath.Join(root, "edge"), "*.mjs", "internal/workerd/*.mjs"); err != nil {
		return err
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("selfhost: go env: %w", err)
	}
	if err := copyAll(out, filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm"), "wasm_exec.js"); err != nil {
		return err
	}
	return slim.Build(ctx, root, pkg, filepath.Join(out, "edge.wasm"))
}

// copyAll copies the files that match, keeping their place below from.
func copyAll(to, from string, patterns ...string) error {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("selfhost: no %s in %s", pattern, from)
		}
		for _, file := range files {
			relative, err := filepath.Rel(from, file)
			if err != nil {
				return fmt.Errorf("selfhost: %w", err)
			}
			if err := copyFile(filepath.Join(to, relative), file); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(to, from string) error {
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("selfhost: %w", err)
	}
	return nil
}
