//go:build js && wasm

package workerd

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"runtime"
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

// job is a request on its way to a goroutine.
type job struct {
	id   int32
	head string
	body []byte
}

// crew are goroutines that wait for a request. A new one would begin each time with a stack that has to grow, and be moved, before
// a handler has what it needs.
var crew []chan job

const maxCrew = 64

// request takes a request that JavaScript has written: its head as text, then its body.
//
//go:wasmexport request
func request(id, headLen, bodyLen int32) {
	j := job{id: id, head: string(written(headLen))}
	if bodyLen > 0 {
		j.body = incoming(headLen + bodyLen)[headLen:]
	}
	border.large = nil
	var jobs chan job
	if n := len(crew); n > 0 {
		jobs, crew = crew[n-1], crew[:n-1]
	} else {
		jobs = make(chan job, 1)
		go work(jobs)
	}
	jobs <- j // there is room: whoever is in the crew has none
	runtime.Gosched()
}

// work serves requests until the crew is full.
func work(jobs chan job) {
	for {
		j := <-jobs
		serve(j.id, j.head, j.body)
		if len(crew) >= maxCrew {
			return
		}
		crew = append(crew, jobs)
	}
}

func serve(id int32, head string, body []byte) {
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
