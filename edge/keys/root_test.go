package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// rootConfig makes a root key of the given id.
func rootConfig(id string) string {
	var secret [keyLen]byte
	rand.Read(secret[:])
	return id + ":" + base64.RawURLEncoding.EncodeToString(secret[:])
}

func parseRoot(t testing.TB, config string) Root {
	t.Helper()
	root, err := ParseRoot(config)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestParseRoot(t *testing.T) {
	a, b := rootConfig("a"), rootConfig("b-2")
	secret := strings.TrimPrefix(a, "a:")
	for _, c := range []struct{ rule, config, want string }{
		{"one", a, ""},
		{"two, the first seals", a + "," + b, ""},
		{"white space after commas", a + ", " + b, ""},
		{"none", "", "no root key is set"},
		{"no id", secret, `is not "id:key"`},
		{"empty id", ":" + secret, `is not "id:key"`},
		{"upper-case id", "A:" + secret, `is not "id:key"`},
		{"an entry is empty", a + ",", "root key 2"},
		{"too short", "a:" + secret[:42], "(a) is not 32 bytes"},
		{"too long", "a:" + secret + "A", "(a) is not 32 bytes"},
		{"padding", "a:" + secret + "=", "(a) is not 32 bytes"},
		{"stray bits at the end", "a:" + strings.Repeat("A", 42) + "B", "(a) is not 32 bytes"},
		{"no random bytes", "a:" + strings.Repeat("A", 43), "is not random"},
		{"the same id twice", a + "," + rootConfig("a"), "has the id"},
		{"too many", strings.Join([]string{rootConfig("a"), rootConfig("b"), rootConfig("c"), rootConfig("d"), rootConfig("e"),
			rootConfig("f"), rootConfig("g"), rootConfig("h"), rootConfig("i")}, ","), "more than 8"},
		{"oversized", strings.Repeat("a", 1025), "longer than 1024"},
	} {
		root, err := ParseRoot(c.config)
		if c.want == "" {
			if err != nil || root.first() != "a" {
				t.Errorf("%s: %v, %v", c.rule, root, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		} else if strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: the error repeats key material", c.rule)
		}
	}
}

func TestRootShowsNoSecret(t *testing.T) {
	config := rootConfig("a")
	root := parseRoot(t, config)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "root", root, "deps", fmt.Sprintf("%+v", Deps{Root: root}))
	for _, text := range []string{root.String(), fmt.Sprint(root), fmt.Sprintf("%#v", root), fmt.Sprintf("%+v", root), log.String()} {
		if !strings.Contains(text, "root keys a") || len(text) > 300 || strings.Contains(text, config[2:20]) {
			t.Errorf("%s", text)
		}
	}
}

func TestRowOpensOnlyAsItWasSealed(t *testing.T) {
	config := rootConfig("a")
	root := parseRoot(t, config)
	sealed := row{ID: "k", Use: useMAC, Alg: algMAC, Starts: 7}
	if err := sealed.seal(root, material{Secret: []byte("secret")}); err != nil {
		t.Fatal(err)
	}
	if m, err := sealed.open(root); err != nil || string(m.Secret) != "secret" {
		t.Fatalf("%v, %v", m, err)
	}
	for _, c := range []struct {
		rule   string
		change func(r *row)
		root   string
		want   error
	}{
		{"another id", func(r *row) { r.ID = "l" }, config, ErrTampered},
		{"another use", func(r *row) { r.Use = useSign }, config, ErrTampered},
		{"another algorithm", func(r *row) { r.Alg = ES256 }, config, ErrTampered},
		{"another start", func(r *row) { r.Starts++ }, config, ErrTampered},
		{"a changed byte", func(r *row) { r.Sealed[len(r.Sealed)-1] ^= 1 }, config, ErrTampered},
		{"a changed nonce", func(r *row) { r.Sealed[0] ^= 1 }, config, ErrTampered},
		{"cut off", func(r *row) { r.Sealed = r.Sealed[:20] }, config, ErrTampered},
		{"empty", func(r *row) { r.Sealed = nil }, config, ErrTampered},
		{"a root key that is not there", func(r *row) { r.Root = "b" }, config, ErrRoot},
		{"another root key", func(r *row) {}, rootConfig("b"), ErrRoot},
		{"another root key with the same id", func(r *row) {}, rootConfig("a"), ErrTampered},
		{"relabelled to another root key", func(r *row) { r.Root = "b" }, config + "," + strings.Replace(config, "a:", "b:", 1), ErrTampered},
	} {
		r := sealed
		r.Sealed = bytes.Clone(sealed.Sealed)
		c.change(&r)
		_, err := r.open(parseRoot(t, c.root))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.rule, err, c.want)
		}
	}
	if _, err := sealed.open(Root{}); !errors.Is(err, ErrRoot) {
		t.Errorf("zero root: %v", err)
	}
	if err := sealed.seal(Root{}, material{}); !errors.Is(err, ErrRoot) {
		t.Errorf("zero root seals: %v", err)
	}
}

func FuzzParseRoot(f *testing.F) {
	f.Add(rootConfig("a") + "," + rootConfig("b"))
	f.Fuzz(func(t *testing.T, config string) {
		root, err := ParseRoot(config)
		if err != nil {
			return
		}
		if len(root.keys) == 0 || len(root.keys) > maxRoots || root.first() == "" {
			t.Errorf("accepted %q as %v", config, root)
		}
		r := row{ID: "k"}
		if err := r.seal(root, material{}); err != nil {
			t.Errorf("cannot seal: %v", err)
		}
		if _, err := r.open(root); err != nil {
			t.Errorf("cannot open: %v", err)
		}
	})
}
