//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

var suites = map[string][]objecttest.Case{
	"cases": objecttest.Cases, "before": objecttest.Before, "after": objecttest.After,
}

// conformanceRoutes runs one case of the conformance suite a request. The address in pause answers after a while: only I/O
// lets time go by here.
func conformanceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /conformance/{suite}/{name}", func(w http.ResponseWriter, r *http.Request) {
		env := &objecttest.Env{
			Ctx: r.Context(), Host: workerd.Host{}, Now: time.Now, Prefix: r.FormValue("prefix"),
			Pause: func(ctx context.Context) error {
				_, err := get(ctx, r.FormValue("pause"), workerd.Transport{})
				return err
			},
		}
		for _, c := range suites[r.PathValue("suite")] {
			if c.Name == r.PathValue("name") {
				json.NewEncoder(w).Encode(objecttest.Report(env, []objecttest.Case{c})[0])
				return
			}
		}
		http.NotFound(w, r)
	})
}
