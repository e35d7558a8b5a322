//go:build !js

package object_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

func newClock() *objecttest.Clock { return objecttest.NewClock(time.Unix(1_790_000_000, 250_000_000)) }

// open starts a host with the kinds of the suite and what the suite needs to know of it.
func open(t *testing.T, dir string, c *objecttest.Clock, version int) (*object.Native, *objecttest.Env) {
	t.Helper()
	var host *object.Native
	kinds := objecttest.Kinds(objecttest.Options{Host: func() object.Host { return host }, Version: version})
	host, err := object.NewNative(object.NativeConfig{Dir: dir, Now: c.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	pass := func(ctx context.Context, d time.Duration) error {
		c.Pass(d)
		return host.Wake(ctx)
	}
	return host, &objecttest.Env{Ctx: t.Context(), Host: host, Now: c.Now, Pass: pass, Prefix: "test/"}
}

func run(t *testing.T, e *objecttest.Env, cases []objecttest.Case) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.Run(t, e) })
	}
}

func TestNativeConforms(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "file": filepath.Join(t.TempDir(), "state with a ? in it")} {
		t.Run(name, func(t *testing.T) {
			_, e := open(t, dir, newClock(), 1)
			run(t, e, objecttest.Cases)
		})
	}
}

func TestNativeRestarts(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	host, e := open(t, dir, c, 1)
	run(t, e, objecttest.Before)
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	_, e = open(t, dir, c, 2)
	run(t, e, objecttest.After)
}

// TestReportTellsWhatFailed proves the suite itself: a host that answers nothing passes no case.
func TestReportTellsWhatFailed(t *testing.T) {
	_, e := open(t, "", newClock(), 1)
	for _, r := range objecttest.Report(e, objecttest.Cases) {
		if !r.Passed {
			t.Errorf("%s: %v", r.Name, r.Log)
		}
	}
	e.Host = deaf{}
	for _, r := range objecttest.Report(e, objecttest.Cases) {
		if r.Passed {
			switch r.Name {
			case "an unknown method is refused":
			default:
				t.Errorf("a host that answers nothing passes %q", r.Name)
			}
		}
	}
}

type deaf struct{}

func (deaf) Call(context.Context, string, string, string, []byte) ([]byte, error) {
	return nil, object.ErrUnknown
}
