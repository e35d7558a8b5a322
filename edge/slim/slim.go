// Package slim builds a Go program of this repository for js/wasm with less weight: the Worker may have 3 MiB after gzip, and a
// person waits for the browser module. Build is how `make build`, package selfhost and the site's build tool make their modules.
//
// Four things make a module smaller; none changes what the program does, and a plain `go build` of the same package works too:
//
//   - What rarely runs is not inlined (rarelyRun).
//   - Of github.com/bytemare/ecc only ristretto255 is linked, the one group that Latchkey configures OPAQUE with (ecc.go); it is made faster
//     on the way.
//   - The initial memory is written as a few long segments, which compress better than the linker's 100,000 (pack.go).
//   - Stack traces name the lines of our own functions only (lines.go).
//
// What else weighs, and where: build without -s and read the name section, or `go build -ldflags=-dumpdep` for who keeps whom.
package slim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// rarelyRun are the packages that are compiled without inlining, neither within them nor of them into others: keys of applications are read
// rarely, our own are the runtime's to sign with, and few requests send mail. Inlining stays on where time goes: in the arithmetic of
// filippo.io/edwards25519 above all, which a password sign-in stands on, in JSON, in net/http, and in what of our own
// most requests pass, of which it takes a twentieth off for 100 KB. Guiding it by profiles (-pgo) was no faster and 75 KB larger.
var rarelyRun = []string{
	"crypto/ecdsa",
	"crypto/elliptic",
	"crypto/internal/fips140/ecdsa",
	"crypto/internal/fips140/nistec/fiat",
	"crypto/internal/fips140/rsa",
	"crypto/rsa",
	"crypto/x509",
	"encoding/asn1",
	"fmt",
	"github.com/go-jose/...",
	"github.com/latchkey-id/latchkey/edge/device",
	"github.com/latchkey-id/latchkey/edge/message",
	"github.com/latchkey-id/latchkey/edge/portal",
	"github.com/latchkey-id/latchkey/edge/recover",
	"github.com/latchkey-id/latchkey/edge/security",
	"github.com/latchkey-id/latchkey/edge/trust",
	"github.com/latchkey-id/latchkey/edge/webauthn",
	"log/slog",
	"math/big",
	"mime",
	"net/mail",
	"vendor/golang.org/x/crypto/cryptobyte",
}

// Build compiles pkg ("./edge") of the module in the directory root for js/wasm and writes it to the file out.
func Build(ctx context.Context, root, pkg, out string) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	modfile, err := withTrimmedECC(ctx, root)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "latchkey-slim-")
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	defer os.RemoveAll(dir)
	linked := filepath.Join(dir, "linked.wasm")
	if err := compile(ctx, root, modfile, pkg, linked); err != nil {
		return err
	}
	module, err := os.ReadFile(linked)
	if err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	packed, err := pack(module)
	if err != nil {
		return fmt.Errorf("slim: %s: %w", pkg, err)
	}
	if err := forgetLines(packed); err != nil {
		return fmt.Errorf("slim: %s: %w", pkg, err)
	}
	if err := os.WriteFile(out, packed, 0o644); err != nil {
		return fmt.Errorf("slim: %w", err)
	}
	return nil
}

func compile(ctx context.Context, root, modfile, pkg, out string) error {
	args := []string{"build", "-modfile=" + modfile, "-trimpath", "-ldflags=-s -w", "-o", out}
	for _, p := range rarelyRun {
		args = append(args, "-gcflags="+p+"=-l")
	}
	command := exec.CommandContext(ctx, "go", append(args, pkg)...)
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if message, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("slim: go build %s: %w\n%s", pkg, err, message)
	}
	return nil
}
