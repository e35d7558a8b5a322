//go:build js && wasm

package workerd

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/latchkey-id/latchkey/edge/api"
)

// program is what Run was given: there is one in an instance.
var program struct {
	handler http.Handler
	objects Objects
	log     *slog.Logger
}

// Run starts the program: it calls start once with the Worker's variables and secrets, and serves what start returns for as
// long as the runtime keeps the program. It does not return; when start fails it says why in the log and exits, and the next
// request tries again.
func Run(start func(env map[string]string) (http.Handler, Objects, error)) {
	program.log = slog.New(NewLogHandler(slog.LevelInfo))
	var err error
	if program.handler, program.objects, err = start(environment()); err != nil {
		program.log.Error("the program can not start", "error", err.Error())
		os.Exit(1)
	}
	select {}
}

// environment reads the Worker's variables and secrets that are text.
func environment() map[string]string {
	data, _ := returned(hostEnv(pointer(room()), int32(len(border.room))))
	env := map[string]string{}
	for r := (frameReader{rest: data}); len(r.rest) > 0 && r.err == nil; {
		name := r.string()
		env[name] = r.string()
	}
	return env
}

// request serves a request that JavaScript has written: a bytes of its head as text, then b bytes of body, or -1 for one that stays
// outside until it is read.
//
//go:wasmexport request
func request() {
	a := arguments
	deepen()
	head := string(written(a.a))
	var body []byte
	if a.b > 0 {
		body = incoming(a.a + a.b)[a.a:]
	}
	border.large = nil
	serve(a.id, head, body, a.b < 0)
	a.leave()
}

func serve(id int32, head string, body []byte, later bool) {
	w := newResponse()
	var r *http.Request
	defer func() {
		if p := recover(); p != nil { // one request's panic must not end the program for the others
			reportPanic("request", p)
			w.problem(http.StatusInternalServerError, api.CodeInternal, instance(r))
		}
		w.finish()
		hostRespond(id, int32(w.status), pointer(w.head), int32(w.stable), int32(len(w.head)), pointer(w.body), int32(len(w.body)))
	}()
	var err error
	if r, err = parseRequest(newContext(id), head, body); err != nil {
		w.problem(http.StatusBadRequest, api.CodeBadRequest, "")
		return
	}
	if later {
		receive(r)
	}
	program.handler.ServeHTTP(w, r)
}

// instance is the request's id, for a person to quote.
func instance(r *http.Request) string {
	if r == nil {
		return ""
	}
	return r.Header.Get("Latchkey-Request")
}

func reportPanic(what string, p any) {
	program.log.LogAttrs(context.Background(), slog.LevelError, "panic",
		slog.String("in", what), slog.Any("value", p), slog.String("stack", string(debug.Stack())))
}
