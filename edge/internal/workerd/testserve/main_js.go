//go:build js && wasm

// Testserve is what the bridge is measured beside: the same handler under workers.Serve, which starts a program for every
// request. testdata/bench/serve.mjs is the Worker around it.
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
