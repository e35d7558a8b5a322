//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/object"
)

var (
	add    = object.Method[int, int]{Kind: "counter", Name: "add"}
	read   = object.Method[string, int]{Kind: "counter", Name: "read"}
	refuse = object.Method[string, int]{Kind: "counter", Name: "refuse"}
	broken = object.Method[string, int]{Kind: "counter", Name: "broken"}
	stuck  = object.Method[string, int]{Kind: "counter", Name: "stuck"}
	types  = object.Method[int64, string]{Kind: "counter", Name: "types"}
	exit   = object.Method[string, int]{Kind: "counter", Name: "exit-in"}
	later  = object.Method[string, int]{Kind: "counter", Name: "later"}

	errRefused = object.NewError("counter: refused")
)

// counter is a kind of objects with a number in each.
func counter() *object.Kind {
	k := &object.Kind{
		Name:       "counter",
		Migrations: []string{`CREATE TABLE counter (n INTEGER NOT NULL) STRICT; INSERT INTO counter VALUES (0)`},
		Effects: map[string]object.Effect{"get": func(ctx context.Context, d object.Delivery) error {
			_, err := get(ctx, strings.Trim(string(d.Payload), `"`), workerd.Transport{})
			return err
		}},
	}
	object.Handle(k, add, func(tx *object.Tx, by int) (n int, err error) {
		tx.Row(`UPDATE counter SET n = n + CAST(? AS INTEGER) RETURNING n`, by).Scan(&n)
		return n, nil
	})
	object.Handle(k, read, func(tx *object.Tx, _ string) (n int, err error) {
		tx.Row(`SELECT n FROM counter`).Scan(&n)
		return n, nil
	})
	object.Handle(k, refuse, func(tx *object.Tx, _ string) (int, error) {
		tx.Exec(`UPDATE counter SET n = 1000`)
		return 0, errRefused
	})
	object.Handle(k, broken, func(tx *object.Tx, _ string) (int, error) {
		tx.Exec(`UPDATE counter SET n = 1000`)
		panic("in a method")
	})
	object.Handle(k, exit, func(tx *object.Tx, _ string) (int, error) {
		tx.Exec(`UPDATE counter SET n = 1000`)
		os.Exit(3)
		return 0, nil
	})
	object.Handle(k, stuck, func(tx *object.Tx, _ string) (int, error) {
		tx.Exec(`UPDATE counter SET n = 1000`)
		select {}
	})
	object.Handle(k, types, func(tx *object.Tx, n int64) (string, error) {
		var back int64
		var kind string
		tx.Exec(`UPDATE counter SET n = ?`, n)
		tx.Row(`SELECT n, typeof(n) FROM counter`).Scan(&back, &kind)
		return fmt.Sprint(back, " ", kind), nil
	})
	object.Handle(k, later, func(tx *object.Tx, url string) (int, error) {
		tx.Later("get", url)
		return 0, nil
	})
	return k
}

func objectRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /add/{name}", func(w http.ResponseWriter, r *http.Request) {
		by, _ := strconv.Atoi(r.FormValue("by"))
		answer(w)(add.Call(r.Context(), workerd.Host{}, r.PathValue("name"), max(by, 1)))
	})
	for _, m := range []object.Method[string, int]{read, refuse, broken, stuck, exit, later} {
		mux.HandleFunc("/"+m.Name+"/{name}", func(w http.ResponseWriter, r *http.Request) {
			answer(w)(m.Call(r.Context(), workerd.Host{}, r.PathValue("name"), r.FormValue("url")))
		})
	}
	mux.HandleFunc("GET /types/{name}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.ParseInt(r.FormValue("n"), 10, 64)
		text, err := types.Call(r.Context(), workerd.Host{}, r.PathValue("name"), n)
		if err != nil {
			fail(w, err)
		}
		io.WriteString(w, text)
	})
	mux.HandleFunc("POST /mixed/{name}", mixed)
}

func answer(w http.ResponseWriter) func(n int, err error) {
	return func(n int, err error) {
		switch {
		case errors.Is(err, errRefused):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			fail(w, err)
		default:
			io.WriteString(w, strconv.Itoa(n))
		}
	}
}

// mixed does I/O of all kinds: calls of an object of its own and of one that everybody calls, and fetches beside them.
func mixed(w http.ResponseWriter, r *http.Request) {
	var failed error
	var all sync.WaitGroup
	all.Go(func() { _, failed = get(r.Context(), r.FormValue("url"), workerd.Transport{Timeout: 30 * time.Second}) })
	for range 2 {
		if _, err := add.Call(r.Context(), workerd.Host{}, "shared", 1); err != nil {
			fail(w, err)
			return
		}
		if _, err := add.Call(r.Context(), workerd.Host{}, r.PathValue("name"), 1); err != nil {
			fail(w, err)
			return
		}
	}
	all.Wait()
	if failed != nil {
		fail(w, failed)
		return
	}
	answer(w)(read.Call(r.Context(), workerd.Host{}, r.PathValue("name"), ""))
}
