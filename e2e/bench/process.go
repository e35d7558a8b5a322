package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/selfhost"
)

// The server runs on one core and whoever loads it on the other, so that a ratio says something about the server.
const (
	serverCore = "0"
	loadCore   = "1"
)

// pin keeps a process, and what it starts later, on a core.
func pin(pid int, core string) error {
	out, err := exec.Command("taskset", "-apc", core, strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("taskset: %w: %s", err, out)
	}
	return nil
}

// cpu is the processor time that a process has used.
func cpu(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest) // f[0] is the state, field 3 of proc(5); utime and stime are fields 14 and 15
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, data)
	}
	return time.Duration(user+system) * time.Second / 100, nil // USER_HZ
}

// resident is the memory that a process holds, in bytes.
func resident(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
}

// startPlain runs testdata/NAME.mjs, a Worker of a few lines to compare with, with a Durable Object class when one is named.
func startPlain(ctx context.Context, dir, name string, objects ...string) (*selfhost.Server, error) {
	worker := filepath.Join(dir, name)
	source, err := os.ReadFile(filepath.Join("e2e/bench/testdata", name+".mjs"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(worker, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(worker, "worker.mjs"), source, 0o600); err != nil {
		return nil, err
	}
	if objects == nil {
		objects = []string{}
	}
	server, err := selfhost.Start(ctx, selfhost.Config{
		Worker: worker, State: filepath.Join(dir, name+"-state"), Address: "127.0.0.1:0", Objects: objects,
	})
	if err != nil {
		return nil, err
	}
	return server, pin(server.PID(), serverCore)
}

// startBridge runs the same handler in one warm program: nothing but the bridge.
func (b *bench) startBridge() (*selfhost.Server, error) {
	worker := filepath.Join(b.dir, "bridge")
	if err := selfhost.Build(b.ctx, ".", "./edge/internal/workerd/testworker", worker); err != nil {
		return nil, err
	}
	main, err := os.ReadFile("edge/internal/workerd/testworker/test.mjs")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(worker, "test.mjs"), main, 0o600); err != nil {
		return nil, err
	}
	server, err := selfhost.Start(b.ctx, selfhost.Config{
		Worker: worker, Main: "test.mjs", State: worker + "-state", Address: "127.0.0.1:0", Objects: []string{"Counter", "Probe"},
		Vars: map[string]string{"BARE": "1"},
	})
	if err != nil {
		return nil, err
	}
	return server, pin(server.PID(), serverCore)
}

// startServe runs a trivial handler under workers.Serve, which starts a program for every request.
func (b *bench) startServe() (*selfhost.Server, error) {
	worker := filepath.Join(b.dir, "serve")
	if err := os.MkdirAll(worker, 0o700); err != nil {
		return nil, err
	}
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/syumai/workers")
	module, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	assets := filepath.Join(strings.TrimSpace(string(module)), "cmd/workers-assets-gen/assets")
	for to, from := range map[string]string{
		"worker.mjs": filepath.Join(assets, "common/worker.mjs"), "runtime.mjs": filepath.Join(assets, "runtime/cloudflare.mjs"),
		"wasm_exec.js": filepath.Join(assets, "wasm_exec_go.js"),
	} {
		data, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(worker, to), data, 0o600); err != nil {
			return nil, err
		}
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(worker, "app.wasm"), "./edge/internal/workerd/testserve")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	server, err := selfhost.Start(b.ctx, selfhost.Config{Worker: worker, State: worker + "-state", Address: "127.0.0.1:0", Objects: []string{}})
	if err != nil {
		return nil, err
	}
	return server, pin(server.PID(), serverCore)
}
