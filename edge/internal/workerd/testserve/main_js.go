//go:build js && wasm

// Command testserve is what the bridge is measured beside: the handler that testworker has as BARE under workers.Serve, which starts a
// program for every request. `go run github.com/syumai/workers/cmd/workers-assets-gen -mode=go -o DIR` writes the Worker around it,
// which expects it as DIR/app.wasm.
package main

import (
	"net/http"

	"github.com/syumai/workers"
)

func main() {
	workers.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte("hello\n"))
	}))
}
