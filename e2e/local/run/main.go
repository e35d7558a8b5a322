// Command run is `make run`: the whole service on this machine, over TLS, with demo applications. State, certificates and secrets
// are kept in .latchkey/run; `make clean` forgets them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
)

func main() {
	port := flag.Int("port", 8787, "port of the sign-in service; the demo applications take the next two")
	dir := flag.String("dir", ".latchkey/run", "directory of state, certificates and secrets")
	verbose := flag.Bool("v", false, "show the Worker's log here instead of in the file worker.log of that directory")
	flag.Parse()
	if err := run(*port, *dir, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(port int, dir string, verbose bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	out := os.Stderr
	if !verbose {
		file, err := os.OpenFile(filepath.Join(dir, "worker.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		out = file
	}
	began := time.Now()
	service, err := local.Start(ctx, local.Options{Dir: dir, Port: port, Log: out, ShopLog: slog.New(slog.NewTextHandler(out, nil))})
	if err != nil {
		return err
	}
	greet(service, dir, time.Since(began))
	select {
	case <-ctx.Done():
		fmt.Println("\nstopping; what you made is kept in", dir)
		return service.Stop()
	case <-service.Done():
		return fmt.Errorf("the Worker has ended; its log is %s", filepath.Join(dir, "worker.log"))
	}
}

func greet(s *local.Service, dir string, took time.Duration) {
	fmt.Printf(`
Latchkey is running (ready after %.1f s).

sign-in service: %s
demo application: %s
another one: %s

Try this:
  1. Open the demo application and press "Sign in", then "Create an account".
  2. Take a new address (name@%s), or any @example.com address: its mail
     arrives in the outbox at %s/operator/outbox
  3. Open the other application: you are signed in already.
  4. Look at %s/account, then sign out: both forget you.
  5. Register an application of your own (%s/docs/integrate-oidc):
     go run ./wasm/cmd/latchkey apps load --service %s --ca %s --key-file %s apps.json

Your browser does not know the certificate. Trust it once with
  certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n latchkey-local -i %s
or accept the warning. Ctrl-C stops; everything is kept until `+"`make clean`"+`.
`, took.Seconds(), s.Issuer, s.Shop, s.Books, local.DefaultDomain, s.Issuer, s.Issuer,
		s.Issuer, s.Issuer, s.Certificates.CA, filepath.Join(dir, local.OperatorKeyFile), s.Certificates.CA)
}
