// Package e2e tests Latchkey as its users meet it: real browsers over TLS, the Worker on workerd with its objects on disk, and
// applications that people sign in to. The rules of the whole tree are tests in e2e/rules.
package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// service is one running Latchkey for all tests; each makes accounts of its own.
var service *local.Service

func TestMain(m *testing.M) {
	code, err := withService(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the service does not start:", err)
		code = 1
	}
	os.Exit(code)
}

func withService(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "latchkey-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var log io.Writer
	file, err := os.Create(filepath.Join(dir, "worker.log"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	log = file
	service, err = local.Start(context.Background(), local.Options{
		Root: "..", Dir: dir, Log: log, ShopLog: slog.New(slog.NewTextHandler(log, nil)),
		// Tests make more accounts and sign-ins than people do; the limits have tests of their own.
		Vars: map[string]string{"LATCHKEY_SIGNIN_LIMIT": "1000/1s", "LATCHKEY_SIGNUP_LIMIT": "1000/1s"},
	})
	if err == nil {
		defer service.Stop()
		code = m.Run()
	}
	if code != 0 || err != nil {
		if data, readErr := os.ReadFile(file.Name()); readErr == nil {
			os.Stderr.Write(data[max(0, len(data)-20_000):])
		}
	}
	return code, err
}

// root is the directory of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
