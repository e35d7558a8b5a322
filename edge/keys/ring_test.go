//go:build !js

package keys

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

func read(t *testing.T, host object.Host, algs ...string) []row {
	t.Helper()
	out, err := readRing.Call(context.Background(), host, Ring, readIn{algs})
	if err != nil {
		t.Fatal(err)
	}
	return out.Keys
}

func TestFirstTouchMakesExactlyOneSet(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	ids := make([][]string, 32)
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			out, err := readRing.Call(context.Background(), host, Ring, readIn{})
			if err != nil {
				t.Error(err)
			}
			for _, k := range out.Keys {
				ids[i] = append(ids[i], k.ID)
			}
		})
	}
	wait.Wait()
	for _, got := range ids {
		if len(got) != len(always) || !slices.Equal(got, ids[0]) {
			t.Fatalf("%v, want %d keys, the same for all", got, len(always))
		}
	}
}

func TestAlgorithmsComeWhenAskedForAndStay(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	read(t, host, EdDSA, EdDSA)
	var algs []string
	for _, k := range read(t, host) {
		if k.Use == useSign {
			algs = append(algs, k.Alg)
		}
	}
	if !slices.Equal(algs, []string{ES256, EdDSA}) {
		t.Errorf("%v", algs)
	}
	if _, err := readRing.Call(context.Background(), host, Ring, readIn{[]string{"HS256"}}); !errors.Is(err, ErrAlg) {
		t.Errorf("HS256: %v", err)
	}
}

// material of every form in which a key might have leaked into a file.
func forms(secret []byte) [][]byte {
	return [][]byte{secret, []byte(hex.EncodeToString(secret)), []byte(strings.ToUpper(hex.EncodeToString(secret))),
		[]byte(base64.StdEncoding.EncodeToString(secret)), []byte(base64.RawURLEncoding.EncodeToString(secret))}
}

func TestDatabaseHasNoKeyInClear(t *testing.T) {
	dir, c, root := t.TempDir(), newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, dir, c, root, nil)
	rows := read(t, host, EdDSA)
	var dump []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		dump = append(dump, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets := 0
	for _, r := range rows {
		if !bytes.Contains(dump, r.Sealed[:24]) {
			t.Fatalf("the dump lacks key %s: it was not all read", r.ID)
		}
		m, err := r.open(root)
		if err != nil {
			t.Fatal(err)
		}
		parts := [][]byte{m.Private, m.Public, m.Secret}
		if m.Private != nil { // the bare scalar as well
			parts = append(parts, m.Private[len(m.Private)-32:])
			if r.Alg == ES256 {
				parts = append(parts, m.Private[36:68])
			}
		}
		if m.OPAQUE != nil {
			parts = append(parts, m.OPAQUE.Private, m.OPAQUE.Seed)
		}
		for _, part := range parts {
			for _, form := range forms(part) {
				if len(part) > 0 && bytes.Contains(dump, form) {
					t.Errorf("key %s (%s %s) is in the database in clear", r.ID, r.Use, r.Alg)
				}
			}
			if len(part) > 0 {
				secrets++
			}
		}
	}
	if secrets < 10 {
		t.Errorf("only %d secrets were looked for", secrets)
	}
}

func TestRootKeyCanBeReplaced(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	oldKey, newKey := rootConfig("old"), rootConfig("new")
	ctx := context.Background()
	session := func(config string) (*object.Native, *Service) {
		root := parseRoot(t, config)
		host := ringHost(t, dir, c, root, nil)
		return host, front(host, c, root, nil)
	}
	host, s := session(oldKey)
	sealed, err := s.Seal(ctx, PurposeSession, "hello", c.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	opaque, _ := s.OPAQUE(ctx)
	host.Close()

	host, s = session(newKey)
	var v string
	if err := s.Open(ctx, PurposeSession, sealed, &v); !errors.Is(err, ErrRoot) || !strings.Contains(err.Error(), "LATCHKEY_ROOT_KEY") {
		t.Errorf("without the old key: %v", err)
	}
	host.Close()

	host, s = session(newKey + "," + oldKey)
	if err := s.Open(ctx, PurposeSession, sealed, &v); err != nil || v != "hello" {
		t.Fatalf("with both: %v", err)
	}
	for _, r := range read(t, host) {
		if r.Root != "new" {
			t.Errorf("key %s is still sealed under %s", r.ID, r.Root)
		}
	}
	host.Close()

	_, s = session(newKey)
	if err := s.Open(ctx, PurposeSession, sealed, &v); err != nil || v != "hello" {
		t.Errorf("with the new one alone: %v", err)
	}
	if again, err := s.OPAQUE(ctx); err != nil || again.ID != opaque.ID || !bytes.Equal(again.Seed, opaque.Seed) {
		t.Errorf("OPAQUE keys changed: %v", err)
	}
}

func TestResealAlsoByAlarm(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	oldKey, newKey := rootConfig("old"), rootConfig("new")
	host := ringHost(t, dir, c, parseRoot(t, oldKey), nil)
	read(t, host)
	host.Close()
	root := parseRoot(t, newKey+","+oldKey)
	host = ringHost(t, dir, c, root, nil)
	c.Pass(2 * day)
	if err := host.Wake(context.Background()); err != nil {
		t.Fatal(err)
	}
	host.Close()
	// A host that can only open what the alarm resealed.
	for _, r := range read(t, ringHost(t, dir, c, parseRoot(t, newKey), nil)) {
		if r.Root != "new" {
			t.Errorf("key %s is sealed under %s", r.ID, r.Root)
		}
	}
}

// tampering changes rows on their way to the front, as somebody with the database could.
type tampering struct {
	object.Host
	change func(rows []row)
}

func (h tampering) Call(ctx context.Context, kind, name, method string, _ []byte) ([]byte, error) {
	out, err := h.Host.Call(ctx, kind, name, method, []byte("{}")) // an answer in JSON, which can be changed
	if err != nil {
		return nil, err
	}
	var o readOut
	if err := json.Unmarshal(out, &o); err != nil {
		return nil, err
	}
	h.change(o.Keys)
	return json.Marshal(o)
}

func TestTamperedRowIsDetected(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	host := ringHost(t, "", c, root, nil)
	for rule, change := range map[string]func(rows []row){
		"box changed":   func(rows []row) { rows[0].Sealed[30] ^= 1 },
		"boxes swapped": func(rows []row) { rows[0].Sealed, rows[1].Sealed = rows[1].Sealed, rows[0].Sealed },
		"start moved":   func(rows []row) { rows[2].Starts -= 1000 },
		"use changed":   func(rows []row) { rows[3].Use = useMAC },
	} {
		s := front(tampering{host, change}, c, root, nil)
		if _, err := s.JWKS(context.Background()); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestOPAQUEKeysFitTheSuite(t *testing.T) {
	s, _ := newService(t)
	k, err := s.OPAQUE(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	server, err := api.Suite().Server()
	if err != nil {
		t.Fatal(err)
	}
	private, err := server.Deserialize.DecodePrivateKey(k.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	public := api.Suite().AKE.Group().Base().Multiply(private).Encode()
	if !bytes.Equal(public, k.PublicKey) || len(k.Seed) != 64 || bytes.Equal(k.FakePublicKey, k.PublicKey) || k.ID == "" {
		t.Errorf("%s: public key fits %v, seed of %d bytes", k.ID, bytes.Equal(public, k.PublicKey), len(k.Seed))
	}
	if _, err := server.Deserialize.DecodePublicKey(k.FakePublicKey); err != nil {
		t.Errorf("fake public key: %v", err)
	}
}

func TestRingLogsNoSecret(t *testing.T) {
	c, root := newClock(), parseRoot(t, rootConfig("a"))
	var log lockedBuffer
	host, err := object.NewNative(object.NativeConfig{Now: c.Now, Log: log.logger()}, New(Deps{Root: root, Log: log.logger()}))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	rows := read(t, host)
	if !strings.Contains(log.String(), "keys: rotated") {
		t.Error("making keys was not logged")
	}
	for _, r := range rows {
		m, _ := r.open(root)
		for _, secret := range [][]byte{m.Private, m.Secret} {
			for _, form := range append(forms(secret), []byte(fmt.Sprint(secret))) {
				if len(secret) > 0 && strings.Contains(log.String(), string(form)) {
					t.Errorf("key %s is in the log", r.ID)
				}
			}
		}
	}
}
