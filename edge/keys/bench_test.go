package keys

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// This file also runs in WebAssembly. On a machine that does other things too, believe the least of many runs (-count):
//
//	GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -run '^$' -bench . ./edge/keys

type cookie struct {
	Account string `json:"a"`
	Secret  string `json:"k"`
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func joseSeal(t testing.TB, key []byte, kid, typ string, plain []byte) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key, KeyID: kid},
		(&jose.EncrypterOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	object, err := encrypter.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	return must(object.CompactSerialize())
}

var benchmark = cookie{strings.Repeat("a", 26), strings.Repeat("b", 26)}

// BenchmarkSeal and BenchmarkOpen measure us beside go-jose.
func BenchmarkSeal(b *testing.B) {
	secret := make([]byte, keyLen)
	ours := must(newSealer("kid-12345678", secret, PurposeFlow))
	expires := time.Unix(1_800_000_000, 0)
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			must(ours.seal(benchmark, expires))
		}
	})
	b.Run("go-jose", func(b *testing.B) {
		for b.Loop() {
			plain := must(json.Marshal(envelope{expires.Unix(), benchmark}))
			joseSeal(b, secret, "kid-12345678", "flow", plain)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	secret := make([]byte, keyLen)
	ours := must(newSealer("kid-12345678", secret, PurposeFlow))
	text := must(ours.seal(benchmark, time.Unix(1_800_000_000, 0)))
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			var v cookie
			must(ours.open(text, &v))
		}
	})
	b.Run("go-jose", func(b *testing.B) {
		key := derive(secret, labelSeal+string(PurposeFlow))
		for b.Loop() {
			object := must(jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM}))
			var v cookie
			if err := json.Unmarshal(must(object.Decrypt(key)), &envelope{Value: &v}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// instant is a runtime whose signatures cost nothing: what is left is the price of the token's form.
type instant struct{}

func (instant) Sign(string, []byte, []byte) ([]byte, error) { return make([]byte, 64), nil }
func (instant) Verify(string, []byte, []byte, []byte) (bool, error) {
	return true, nil
}
func (instant) Generate(alg string) ([]byte, error) { return generateGo(alg) }

func BenchmarkSign(b *testing.B) {
	m := must(generate(group{useSign, ES256}, nil))
	r := row{ID: "kid-12345678", Use: useSign, Alg: ES256}
	payload := must(json.Marshal(map[string]any{"iss": "https://login.example", "sub": strings.Repeat("a", 26), "exp": 1_800_000_000}))
	for name, native := range map[string]Native{"Go": nil, "native": instant{}} {
		k := must(newSigningKey(r, m, native))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				must(k.sign("JWT", payload))
			}
		})
	}
}
