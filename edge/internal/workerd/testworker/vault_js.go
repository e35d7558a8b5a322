//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/internal/workerd"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// vaultSteps is how many records of 300 bytes, which a setting of 200 comes to, one request of /vault/step writes.
const vaultSteps = 100

// vaultRoutes do with a vault, which has the largest things that the project stores and passes, what its own tests do natively.
func vaultRoutes(mux *http.ServeMux) {
	v := vault.NewService(workerd.Host{})
	begun := func(ctx context.Context, name string) error {
		k := vault.Keys{Version: 1, Ring: []byte("ring"), Wraps: []vault.Wrap{{ID: "w", Kind: api.VaultWrapPassword, Body: []byte("wrap")}}}
		_, err := v.PutKeys(ctx, name, vault.PutKeysIn{Keys: k})
		return err
	}
	mux.HandleFunc("POST /vault/facts/{name}", func(w http.ResponseWriter, r *http.Request) {
		f, err := v.Facts(r.Context(), r.PathValue("name"))
		if err != nil {
			fail(w, err)
			return
		}
		fmt.Fprint(w, f.Generation)
	})
	mux.HandleFunc("POST /vault/step/{name}", func(w http.ResponseWriter, r *http.Request) {
		base, _ := strconv.ParseInt(r.FormValue("base"), 10, 64)
		if err := step(r.Context(), v, begun, r.PathValue("name"), base); err != nil {
			fail(w, err)
		}
	})
	for path, f := range map[string]func(context.Context, *vault.Service, string) (string, error){
		"largest": largestBatch, "race": raceForVersion, "erase": eraseKept,
	} {
		mux.HandleFunc("POST /vault/"+path+"/{name}", func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("name")
			err := begun(r.Context(), name)
			var said string
			if err == nil {
				said, err = f(r.Context(), v, name)
			}
			if err != nil {
				fail(w, err)
				return
			}
			fmt.Fprint(w, said)
		})
	}
}

// eraseKept has an application keep something, erases it, and says what is there before, and what in the end.
func eraseKept(ctx context.Context, v *vault.Service, name string) (string, error) {
	a, err := v.BeginApplication(ctx, name, vault.KeyIn{Client: "shop", Key: "k1"})
	if err != nil {
		return "", err
	}
	k := vault.Keys{Version: 1, Ring: []byte("ring"), Wraps: []vault.Wrap{{ID: "k1", Kind: api.VaultWrapApplication, Body: []byte("wrap")}}}
	if _, err := v.PutKeys(ctx, a.Object(name), vault.PutKeysIn{Keys: k, First: a.Number}); err != nil {
		return "", err
	}
	before, err := v.Facts(ctx, a.Object(name))
	if err != nil {
		return "", err
	}
	if _, err := v.EraseApplication(ctx, name, vault.EraseApplicationIn{Client: "shop"}); err != nil {
		return "", err
	}
	_, again := v.BeginApplication(ctx, name, vault.KeyIn{Client: "shop", Key: "k1"})
	left, err := v.Applications(ctx, name)
	return fmt.Sprint(before.Generation, len(left), errors.Is(again, vault.ErrApplicationKey)), err
}

// step writes new records, with ids in no order as MACs are, over a manifest of version base.
func step(ctx context.Context, v *vault.Service, begun func(context.Context, string) error, name string, base int64) error {
	if base == 0 {
		if err := begun(ctx, name); err != nil {
			return err
		}
	}
	in := vault.PushIn{Generation: 1, Keys: 1, Collection: vaultID(0), Manifest: vault.Change{Base: base, Body: []byte("manifest")}}
	for range vaultSteps {
		c := vault.Change{ID: make([]byte, api.VaultIDLength), Body: make([]byte, 300)}
		rand.Read(c.ID)
		in.Changes = append(in.Changes, c)
	}
	out, err := v.Push(ctx, name, in)
	if err == nil && len(out.Conflicts) > 0 {
		err = errRefused
	}
	return err
}

func vaultID(n int) []byte { return fmt.Appendf(nil, "%016d", n) }

// batchOf has so many records, which differ, and as many bytes as a batch may have.
func batchOf(records int) vault.PushIn {
	in := vault.PushIn{Generation: 1, Keys: 1, Collection: vaultID(0), Manifest: vault.Change{Body: []byte("manifest")}}
	left := api.MaxVaultBatch - len(in.Manifest.Body)
	for i := range records {
		size := min(left/(records-i), api.MaxVaultRecord)
		in.Changes = append(in.Changes, vault.Change{ID: vaultID(i), Body: bytes.Repeat([]byte{byte(i)}, size)})
		left -= size
	}
	return in
}

// largestBatch pushes as much as goes at once, again, and in conflict with itself, and pulls it.
func largestBatch(ctx context.Context, v *vault.Service, name string) (string, error) {
	in := batchOf(api.MaxVaultChanges)
	first, err := v.Push(ctx, name, in)
	if err != nil {
		return "", err
	}
	again, err := v.Push(ctx, name, in)
	if err != nil {
		return "", err
	}
	in.Manifest.Body = []byte("another")
	refused, err := v.Push(ctx, name, in)
	if err != nil {
		return "", err
	}
	wrong, pulled := 0, 0
	for page := (vault.PullOut{More: true}); page.More; {
		if page, err = v.Pull(ctx, name, vault.PullIn{Generation: 1, Cursor: page.Cursor}); err != nil {
			return "", err
		}
		for _, r := range page.Records {
			if len(r.ID) > 0 && (pulled >= len(in.Changes) || !bytes.Equal(r.Body, in.Changes[pulled].Body)) {
				wrong++
			}
			pulled++
		}
	}
	said, err := json.Marshal(map[string]int{
		"first": int(first.Cursor), "again": int(again.Cursor), "conflicts": len(refused.Conflicts), "pulled": pulled, "wrong": wrong,
	})
	return string(said), err
}

// raceForVersion has a hundred writers write the same version, and counts those who did.
func raceForVersion(ctx context.Context, v *vault.Service, name string) (string, error) {
	won, failed := 0, error(nil)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			in := vault.PushIn{Generation: 1, Keys: 1, Collection: vaultID(0), Manifest: vault.Change{Body: fmt.Append(nil, i)}}
			out, err := v.Push(ctx, name, in)
			switch {
			case err != nil:
				failed = err
			case len(out.Conflicts) == 0:
				won++
			}
		})
	}
	all.Wait()
	return fmt.Sprint(won), failed
}
