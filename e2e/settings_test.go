package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/e2e/vaultrig"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// settings is a new person with a vault, on a device.
func settings(t *testing.T, s *local.Service) (*opaquetest.Browser, *vaultrig.Device, vault.RecoveryCode) {
	t.Helper()
	b, code := apiBrowser(s), vault.NewRecoveryCode()
	must(t, b.SignUp(newUPN(), newPerson()))
	return b, openSettings(t, b, code), code
}

func openSettings(t *testing.T, b *opaquetest.Browser, code vault.RecoveryCode) *vaultrig.Device {
	t.Helper()
	d, err := vaultrig.Open(t.Context(), b, code)
	must(t, err)
	return d
}

// TestAcknowledgedSettingsSurviveKills kills the whole service ten times while devices write. What it had said yes to before is there
// afterwards, for a device that remembers nothing.
func TestAcknowledgedSettingsSurviveKills(t *testing.T) {
	s := startOwn(t, local.Options{Plain: true, Vars: map[string]string{"LATCHKEY_SIGNUP_LIMIT": "1000/1s"}})
	const people = 3
	var written [people]atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	check := make([]func(), people)
	for i := range people {
		b, d, code := settings(t, s)
		check[i] = func() {
			fresh := openSettings(t, b, code)
			must(t, fresh.Sync(t.Context()))
			for n := range written[i].Load() {
				if got, ok := fresh.Get("kill", fmt.Sprint(n)); !ok || string(got.Value) != fmt.Sprint("value ", n) {
					t.Errorf("person %d: setting %d of %d was acknowledged and is %q", i, n, written[i].Load(), got.Value)
				}
			}
		}
		all.Go(func() { writeSettings(ctx, t, d, &written[i]) })
	}
	total := func() (n int64) {
		for i := range written {
			n += written[i].Load()
		}
		return n
	}
	for range 10 {
		for least, deadline := total()+9, time.Now().Add(patience); total() < least; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nothing is acknowledged any more")
			}
		}
		must(t, s.Restart(t.Context(), true))
	}
	stop()
	all.Wait()
	t.Logf("%d settings were acknowledged", total())
	for _, f := range check {
		f()
	}
}

// writeSettings writes one setting after another, counts what was acknowledged, and goes on after what was not.
func writeSettings(ctx context.Context, t *testing.T, d *vaultrig.Device, written *atomic.Int64) {
	for ctx.Err() == nil {
		n := written.Load()
		if err := d.Set(ctx, "kill", fmt.Sprint(n), fmt.Append(nil, "value ", n)); err != nil {
			t.Error(err)
			return
		}
		for d.Sync(ctx) != nil && ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
		}
		if ctx.Err() == nil {
			written.Add(1)
		}
	}
}

// TestNoSettingIsReadableAtTheService: A8. What was in a vault, in its history and in a vault that was put aside is neither in any object's
// database nor in what went over the wire, in any form in which bytes are written; nor is what opens it.
func TestNoSettingIsReadableAtTheService(t *testing.T) {
	s := startOwn(t, local.Options{Plain: true})
	_, d, code := settings(t, s)
	wire := d.Wire.Record()
	secrets := map[string][]byte{"the recovery code": code[:], "the recovery code as printed": []byte(code.String())}
	for i := range 3 { // three versions each
		for n := range 5 {
			collection, name, value := fmt.Sprint("sammlung-", n), fmt.Sprint("einstellung-", n), fmt.Sprintf("geheimer-wert-%d-%d", n, i)
			secrets["a collection"], secrets["a name"], secrets[fmt.Sprint("value ", n, i)] = []byte("sammlung-"), []byte("einstellung-"), []byte(value)
			must(t, d.Set(t.Context(), collection, name, []byte(value)))
		}
		must(t, d.Sync(t.Context()))
	}
	must(t, d.Delete(t.Context(), "sammlung-0", "einstellung-0"))
	gone, err := vault.PRFIdentity(make([]byte, 32))
	must(t, err)
	must(t, d.Add(t.Context(), gone.Recipient("gone")))
	must(t, d.Remove(t.Context(), "gone"))
	must(t, d.Sync(t.Context()))
	collection, id := d.IDs("sammlung-1", "einstellung-1")
	must(t, s.Stop())
	dump := read(t, s.State)
	for _, stored := range [][]byte{collection[:], id[:]} { // or the search proves nothing
		if !bytes.Contains(dump, stored) || !bytes.Contains(wire(), []byte(base64.RawURLEncoding.EncodeToString(stored))) {
			t.Errorf("%x is not found where it has to be", stored)
		}
	}
	for what, secret := range secrets {
		for form, text := range forms(secret) {
			for where, data := range map[string][]byte{"a database": dump, "the traffic": wire()} {
				if bytes.Contains(data, text) {
					t.Errorf("%s is in %s, as %s", what, where, form)
				}
			}
		}
	}
}

// forms are ways to write bytes. Those of base64 leave out what depends on what stands beside.
func forms(secret []byte) map[string][]byte {
	all := map[string][]byte{"itself": secret, "hex": []byte(hex.EncodeToString(secret)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(secret)))}
	for shift := range 3 {
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := e.EncodeToString(append(make([]byte, shift), secret...))
			all[fmt.Sprint(name, " at ", shift)] = []byte(text[(shift*8+5)/6 : len(text)-2])
		}
	}
	return all
}

// read is every file below a directory.
func read(t *testing.T, dir string) (all []byte) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	}))
	return all
}

// TestAChangeIsHeardAtOnce: a device that listens hears of what another has written, over TLS, until its session ends.
func TestAChangeIsHeardAtOnce(t *testing.T) {
	b, writer, code := settings(t, service)
	reader := openSettings(t, b, code)
	conn, err := reader.Listen(t.Context())
	must(t, err)
	defer conn.CloseNow()
	for n := range 3 {
		must(t, writer.Set(t.Context(), "live", "setting", fmt.Append(nil, n)))
		must(t, writer.Sync(t.Context()))
		began := time.Now()
		notice, err := heard(t, conn)
		if err != nil || notice.Generation != 1 || notice.Keys != 1 {
			t.Fatalf("%+v, %v", notice, err)
		}
		must(t, reader.Sync(t.Context()))
		if got, ok := reader.Get("live", "setting"); !ok || string(got.Value) != fmt.Sprint(n) || time.Since(began) > time.Second {
			t.Errorf("after %v the setting is %q", time.Since(began), got.Value)
		}
	}
	enrolled(t, b) // only a device with a key can have a connection in earnest
	must(t, b.Call(api.RouteSessionsEnd, api.SessionsEndRequest{ID: ownSession(t, b)}, new(struct{})))
	if notice, err := heard(t, conn); websocket.CloseStatus(err) != object.CloseGone {
		t.Errorf("after the end of the session: %+v, %v", notice, err)
	}
	if again, err := reader.Listen(t.Context()); err == nil {
		again.CloseNow()
		t.Error("it connects again")
	}
}

func heard(t *testing.T, conn *websocket.Conn) (n api.VaultNotice, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, text, err := conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	return n, err
}

// ownSession is the id of the browser's session.
func ownSession(t *testing.T, b *opaquetest.Browser) string {
	t.Helper()
	var list api.Sessions
	must(t, b.Call(api.RouteSessions, nil, &list))
	for _, s := range list.Sessions {
		if s.Current {
			return s.ID
		}
	}
	t.Fatalf("none of %+v", list)
	return ""
}
