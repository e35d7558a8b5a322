//go:build js && wasm

// Command edge is Latchkey's server. Built for js/wasm it is the Worker's Go program, which edge/worker.mjs starts once in an
// isolate; built natively it serves the same handlers over objects in SQLite files.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/server"
)

// gcPercent lets the heap grow to five times what is live before it is swept. The live heap is a few megabytes and the collector
// shares the one thread with the requests, so by default it would run every few sign-ins.
const gcPercent = 400

// memoryLimit is where the collector takes the trouble nevertheless, in bytes: a few large pushes at once must fit into the isolate.
const memoryLimit = 48 << 20

func main() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	workerd.Run(start)
}

// start is called once, in the isolate's first request.
func start(env map[string]string) (http.Handler, workerd.Objects, error) {
	log := slog.New(workerd.NewLogHandler(slog.LevelInfo))
	config, err := server.ParseConfig(func(name string) string { return env[name] })
	if err != nil {
		return nil, nil, err
	}
	service, err := server.New(server.Deps{
		Config: config, Host: workerd.Host{}, Sockets: workerd.Host{}, Outbound: workerd.Transport{}, Dial: dial, Native: workerd.Native{},
		Now: time.Now, Log: log,
	})
	if err != nil {
		return nil, nil, err
	}
	return service.Handler, object.NewDispatcher(time.Now, log, service.Kinds...), nil
}

// dial opens a connection through the runtime's sockets.
func dial(ctx context.Context, address, secure string) (message.Conn, error) {
	return workerd.Dial(ctx, address, secure)
}
