//go:build js && wasm

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/problem"
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
	mux.HandleFunc("POST /vault/push", push)
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
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		problem.Write(w, r, slog.Default(), problem.Unreadable(err))
		return
	}
	io.WriteString(w, strconv.FormatInt(n, 10))
}

// push takes a large body from who may send one, and then does as the query says.
func push(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "good" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		problem.Write(w, r, slog.Default(), problem.Unreadable(err))
		return
	}
	switch r.FormValue("then") {
	case "panic":
		panic("with a body")
	case "exit":
		os.Exit(1)
	case "wait":
		get(r.Context(), r.FormValue("url"), workerd.Transport{})
	}
	io.WriteString(w, strconv.Itoa(len(body)))
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
