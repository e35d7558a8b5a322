//go:build unix

package files

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// house is a home on a real disk that is being watched.
type house struct {
	dir     string
	engine  *Engine
	changes chan struct{}
	rounds  chan Report
}

func watched(t *testing.T, h *home, config string) *house {
	t.Helper()
	parsed, err := ParseConfig([]byte(config))
	ok(t, err)
	w := &house{dir: t.TempDir(), changes: make(chan struct{}, 1), rounds: make(chan Report, 100)}
	w.engine, err = Open(Deps{Config: parsed, Home: w.dir, State: filepath.Join(w.dir, ".local/state/latchkey"), Device: func() string { return "here" }, Now: time.Now, Run: noPrograms,
		Name: func(vault.ID) string { return "there" }})
	ok(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- w.engine.Watch(ctx, Watching{Changes: w.changes, Quiet: 20 * time.Millisecond, Most: 200 * time.Millisecond,
			Round: func(ctx context.Context, local bool) (bool, error) {
				report, err := w.engine.Round(ctx, h.vault, Options{Local: local})
				w.rounds <- report
				return report.Unsynced == "", err
			}})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.engine.Close()
	})
	<-w.rounds
	return w
}

func (w *house) write(t *testing.T, name, content string) {
	t.Helper()
	at := filepath.Join(w.dir, name)
	ok(t, os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, []byte(content), 0o600))
}

// has waits for a content.
func (w *house) has(t *testing.T, name, content string) {
	t.Helper()
	var got []byte
	for range 300 {
		if got, _ = os.ReadFile(filepath.Join(w.dir, name)); string(got) == content {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s has %q, want %q", name, got, content)
}

// sends waits until a round has sent something.
func (w *house) sends(t *testing.T, name string) {
	t.Helper()
	for {
		select {
		case r := <-w.rounds:
			if strings.Contains(strings.Join(said(r), " "), "send "+name) {
				return
			}
		case <-time.After(3 * time.Second):
			t.Errorf("%s is not sent", name)
			return
		}
	}
}

func TestWatchedHomesFollowEachOther(t *testing.T) {
	config := "[dot]\nfile = .rc\n[app]\ntree = .config/app\n[env]\nkeys = .env\n"
	first, second := pair(t, config)
	for _, h := range []*home{first, second} {
		h.clock = time.Now()
	}
	one, two := watched(t, first, config), watched(t, second, config)
	one.write(t, ".rc", "1")
	one.sends(t, ".rc")
	two.changes <- struct{}{}
	two.has(t, ".rc", "1")
	one.write(t, ".config/app/new/deep/x", "deep") // in directories that were not there
	one.sends(t, "new/deep/x")
	one.write(t, ".config/app/new/deep/x", "deeper")
	one.sends(t, "new/deep/x")
	two.changes <- struct{}{}
	two.has(t, ".config/app/new/deep/x", "deeper")
	ok(t, os.Symlink("real.env", filepath.Join(two.dir, ".env")))
	two.write(t, "real.env", "A=1\n")
	two.sends(t, "A")
	one.changes <- struct{}{}
	one.has(t, ".env", "A=1\n")
	two.write(t, "real.env", "A=2\n")
	two.sends(t, "A")
	if target, err := os.Readlink(filepath.Join(two.dir, ".env")); err != nil || target != "real.env" {
		t.Error(target, err)
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	deps := Deps{Home: dir, State: filepath.Join(dir, "state"), Now: time.Now}
	one, err := Open(deps)
	ok(t, err)
	if _, err := Open(deps); err != ErrRunning {
		t.Error(err)
	}
	ok(t, one.Close())
	two, err := Open(deps)
	ok(t, err, two.Close())
}
