//go:build js && wasm

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func deathRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("recovered by the bridge") })
	mux.HandleFunc("GET /exit", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	// /die panics where no recover of the bridge's can reach, while the request itself waits.
	mux.HandleFunc("GET /die", func(http.ResponseWriter, *http.Request) {
		go panic("nobody recovers this")
		select {}
	})
	mux.HandleFunc("GET /goexit", func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	// /never waits for something that does not come.
	mux.HandleFunc("GET /never", func(http.ResponseWriter, *http.Request) { select {} })
	mux.HandleFunc("GET /deep", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		if r.FormValue("json") == "" {
			deep(w, n)
			return
		}
		var v any
		if err := json.Unmarshal([]byte(strings.Repeat("[", n)+strings.Repeat("]", n)), &v); err != nil {
			fail(w, err)
			return
		}
		io.WriteString(w, "deep")
	})
}

// deep needs a stack that grows, and moves, many times.
func deep(w http.ResponseWriter, n int) int {
	var frame [16]int
	if n == 0 {
		w.Write([]byte("deep"))
		return 0
	}
	frame[n%16] = n
	return deep(w, n-1) + frame[n%16]
}
