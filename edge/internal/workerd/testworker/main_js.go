//go:build js && wasm

// Testworker is the program that the tests of the bridge run on workerd.
package main

import (
	"net/http"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
)

func main() {
	workerd.Run(func(env map[string]string) (http.Handler, workerd.Objects, error) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Write([]byte("hello\n"))
		})
		mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
			r.Write(w)
			w.Write([]byte("\nremote " + r.RemoteAddr + "\n"))
		})
		mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("x") })
		mux.HandleFunc("GET /killed", func(http.ResponseWriter, *http.Request) { go panic("y") })
		return mux, nil, nil
	})
}
