//go:build js && wasm

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// held keeps memory in use, so that the program grows.
var held [][]byte

func requestRoutes(mux *http.ServeMux, env map[string]string) {
	mux.HandleFunc("GET /hello", hello)
	for _, path := range []string{"/echo", "/echo/"} {
		mux.HandleFunc(path, echo)
	}
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, env["GREETING"]) })
	mux.HandleFunc("POST /api/size", size)
	mux.HandleFunc("POST /size", size)
	mux.HandleFunc("POST /operator/size", size)
	mux.HandleFunc("GET /large", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		w.Write(bytes.Repeat([]byte{'x'}, n))
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		w.WriteHeader(n)
	})
	mux.HandleFunc("GET /grow", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("mib"))
		held = append(held, make([]byte, n<<20))
		io.WriteString(w, strconv.Itoa(len(held)))
	})
}

func hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Write([]byte("hello\n"))
}

// size counts the bytes that it was sent: none of a refused body may arrive.
func size(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body)
	io.WriteString(w, strconv.FormatInt(n, 10))
}

// echo tells what the handler was given.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Add("Set-Cookie", "a=1")
	w.Header().Add("Set-Cookie", "b=2")
	w.Header().Set("X-Broken", "line\r\nInjected: yes")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "host": r.Host, "path": r.URL.Path, "raw": r.URL.EscapedPath(), "query": r.URL.RawQuery,
		"remote": r.RemoteAddr, "length": r.ContentLength, "body": string(body), "header": r.Header, "tls": r.TLS != nil,
	})
}
