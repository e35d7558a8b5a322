//go:build js && wasm

// Command testworker is the program that the tests of the bridge run on workerd: a route or an object's method for each rule of the
// runtime that the bridge keeps.
package main

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/vault"
)

func main() {
	workerd.Run(func(env map[string]string) (http.Handler, workerd.Objects, error) {
		if env["BARE"] != "" { // to measure the bridge and nothing else
			return http.HandlerFunc(hello), nil, nil
		}
		log := slog.New(workerd.NewLogHandler(slog.LevelInfo))
		mux := http.NewServeMux()
		requestRoutes(mux, env)
		deathRoutes(mux)
		outboundRoutes(mux)
		objectRoutes(mux)
		conformanceRoutes(mux)
		vaultRoutes(mux)
		mux.Handle("/sockets/", objecttest.SocketHandler(workerd.Host{}, workerd.Host{}))
		version, _ := strconv.Atoi(env["VERSION"])
		kinds := objecttest.Kinds(objecttest.Options{Version: version, Host: func() object.Host { return workerd.Host{} }})
		settings := vault.New(vault.Limits{}, vault.Erasing(vault.NewService(workerd.Host{})))
		return mux, object.NewDispatcher(time.Now, log, append(kinds, counter(), settings)...), nil
	})
}

// fail answers with an error's text: the tests look for it.
func fail(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadGateway) }
