//go:build !js

package keys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestSealedValueOpensForItsPurposeOnly(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	for p := range purposes {
		sealed, err := s.Seal(ctx, p, cookie{"ann", "s3cret"}, c.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(sealed, ".") != 4 || strings.Contains(sealed, "ann") {
			t.Errorf("%s: not a compact JWE: %s", p, sealed)
		}
		for q := range purposes {
			var v cookie
			err := s.Open(ctx, q, sealed, &v)
			if q == p && (err != nil || v != cookie{"ann", "s3cret"}) {
				t.Errorf("%s: %v, %+v", p, err, v)
			}
			if q != p && (!errors.Is(err, ErrSealed) || v != cookie{}) {
				t.Errorf("%s opened as %s: %v, %+v", p, q, err, v)
			}
		}
	}
}

// Even with its header rewritten a value stays bound: purposes of one group have different keys.
func TestPurposeIsNotOnlyAHeader(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	sealed := must(s.Seal(ctx, PurposeCode, 1, c.Now().Add(time.Hour)))
	header, rest, _ := strings.Cut(sealed, ".")
	raw := strings.Replace(mustDecode(header), "code", "access", 1)
	var v int
	err := s.Open(ctx, PurposeAccess, base64.RawURLEncoding.EncodeToString([]byte(raw))+"."+rest, &v)
	if !errors.Is(err, ErrSealed) {
		t.Errorf("%v", err)
	}
	ring := s.current.Load()
	e := ring.active(group{useShort, encA256GCM}, c.Now())
	a, b := e.sealers[PurposeCode], e.sealers[PurposeAccess]
	nonce := make([]byte, nonceLen)
	if string(a.aead.Seal(nil, nonce, nil, nil)) == string(b.aead.Seal(nil, nonce, nil, nil)) {
		t.Error("two purposes have the same key")
	}
}

func TestSealedValueExpires(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	sealed := must(s.Seal(ctx, PurposeState, 1, c.Now().Add(2*time.Minute)))
	var v int
	c.Pass(2*time.Minute - time.Second)
	if err := s.Open(ctx, PurposeState, sealed, &v); err != nil {
		t.Errorf("a second early: %v", err)
	}
	c.Pass(time.Second)
	if err := s.Open(ctx, PurposeState, sealed, &v); !errors.Is(err, ErrExpired) {
		t.Errorf("on time: %v", err)
	}
}

// A version that wrote JSON may have made them a minute ago.
func TestCompactPurposesOpenWhatWasSealedAsJSON(t *testing.T) {
	s, c := newService(t)
	must(s.Seal(t.Context(), PurposeAccess, 1, c.Now().Add(time.Hour)))
	e := s.current.Load().active(group{useShort, encA256GCM}, c.Now())
	for p := range compacted {
		before := *e.sealers[p]
		before.compact = false
		sealed := must(before.seal(cookie{"ann", "s3cret"}, c.Now().Add(time.Hour)))
		var v cookie
		if err := s.Open(t.Context(), p, sealed, &v); err != nil || v != (cookie{"ann", "s3cret"}) {
			t.Errorf("%s: %v, %+v", p, err, v)
		}
	}
}

func TestCompactPurposesRefuseWhatIsOfAnotherType(t *testing.T) {
	s, c := newService(t)
	for p := range compacted {
		sealed := must(s.Seal(t.Context(), p, cookie{"ann", "s3cret"}, c.Now().Add(time.Hour)))
		var v struct{ Name, Secret, More string }
		if err := s.Open(t.Context(), p, sealed, &v); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestNothingButAnEnvelopeIsDecoded(t *testing.T) {
	whole := must((&sealer{compact: true}).encode(cookie{"ann", "s3cret"}, 7))
	for n := range whole {
		if _, err := decode(whole[:n], new(cookie)); err == nil {
			t.Errorf("the first %d of %d bytes are taken for the whole", n, len(whole))
		}
	}
	for _, text := range []string{"", "{", "[]", "null", "1", "12345678", "123456789"} {
		if _, err := decode([]byte(text), new(cookie)); err == nil {
			t.Errorf("%q is taken for an envelope", text)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	for _, r := range []struct {
		rule    string
		purpose Purpose
		value   any
		life    time.Duration
		want    error
	}{
		{"no purpose", "", 1, time.Hour, ErrPurpose},
		{"unknown purpose", "admin", 1, time.Hour, ErrPurpose},
		{"a session of 90 days", PurposeSession, 1, 90 * day, nil},
		{"a longer one", PurposeSession, 1, 90*day + time.Second, ErrLife},
		{"a device of a year", PurposeDevice, 1, 365 * day, nil},
		{"a flow of a week", PurposeFlow, 1, 7 * day, ErrLife},
		{"what fits no cookie", PurposeFlow, strings.Repeat("a", 3200), time.Hour, ErrSize},
	} {
		sealed, err := s.Seal(ctx, r.purpose, r.value, c.Now().Add(r.life))
		if !errors.Is(err, r.want) || len(sealed) > MaxSealed {
			t.Errorf("%s: %v, want %v", r.rule, err, r.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s, c := newService(t)
	ctx := context.Background()
	good := must(s.Seal(ctx, PurposeSession, cookie{"ann", "x"}, c.Now().Add(time.Hour)))
	parts := strings.Split(good, ".")
	with := func(i int, part string) string {
		p := append([]string{}, parts...)
		p[i] = part
		return strings.Join(p, ".")
	}
	header := func(old, new string) string {
		return with(0, base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(mustDecode(parts[0]), old, new, 1))))
	}
	flip := func(part string) string { // changes the first character
		return string(map[bool]byte{true: 'B', false: 'A'}[part[0] == 'A']) + part[1:]
	}
	for rule, text := range map[string]string{
		"nothing":               "",
		"dots":                  "....",
		"no dot":                parts[0],
		"header alone":          parts[0] + ".",
		"three parts":           strings.Join(parts[:3], "."),
		"six parts":             good + ".",
		"an encrypted key":      with(1, "AAAA"),
		"another nonce":         with(2, flip(parts[2])),
		"a short nonce":         with(2, parts[2][1:]),
		"another text":          with(3, flip(parts[3])),
		"no text":               with(3, ""),
		"another tag":           with(4, flip(parts[4])),
		"a short tag":           with(4, parts[4][:10]),
		"no tag":                with(4, ""),
		"unknown key":           header(`"kid":"`, `"kid":"AAAA`),
		"zip":                   header(`{`, `{"zip":"DEF",`),
		"crit":                  header(`{`, `{"crit":["exp"],`),
		"another enc":           header("A256GCM", "A128GCM"),
		"another alg":           header("dir", "A256KW"),
		"white space in header": header(`{`, `{ `),
		"white space around":    good + "\n",
		"not base64":            with(3, "*"+parts[3]),
		"oversized":             with(3, strings.Repeat("A", MaxSealed)),
		"a signed token":        must(s.Sign(ctx, ES256, "session", claims{})),
	} {
		var v cookie
		if err := s.Open(ctx, PurposeSession, text, &v); !errors.Is(err, ErrSealed) || v != (cookie{}) {
			t.Errorf("%s: %v, %+v", rule, err, v)
		}
	}
	other, _ := newService(t)
	if err := other.Open(ctx, PurposeSession, good, &cookie{}); !errors.Is(err, ErrSealed) {
		t.Errorf("another deployment's: %v", err)
	}
}

// What we write is a JWE like any other.
func TestSealedValuesAreCompactJWE(t *testing.T) {
	secret := make([]byte, keyLen)
	ours := must(newSealer("kid-12345678", secret, PurposeFlow))
	key := derive(secret, labelSeal+string(PurposeFlow))
	text := must(ours.seal("hello", time.Unix(1_800_000_000, 0)))
	object, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := object.Decrypt(key)
	if err != nil || string(plain) != `{"exp":1800000000,"v":"hello"}` || object.Header.KeyID != "kid-12345678" {
		t.Errorf("go-jose reads %s, %v", plain, err)
	}
	theirs := joseSeal(t, key, "kid-12345678", "flow", plain)
	var v string
	if expires, err := ours.open(theirs, &v); err != nil || v != "hello" || expires.Unix() != 1_800_000_000 {
		t.Errorf("we read %q, %v", v, err)
	}
}

func TestMAC(t *testing.T) {
	s, c := newService(t)
	other, _ := newService(t)
	ctx := context.Background()
	a := must(s.MAC(ctx, "names", []byte("ann")))
	if len(a) != 32 {
		t.Errorf("%d bytes", len(a))
	}
	for rule, b := range map[string][]byte{
		"other label":            must(s.MAC(ctx, "addresses", []byte("ann"))),
		"other data":             must(s.MAC(ctx, "names", []byte("bob"))),
		"label that runs over":   must(s.MAC(ctx, "name", []byte("sann"))),
		"data that runs over":    must(s.MAC(ctx, "namesa", []byte("nn"))),
		"another deployment's":   must(other.MAC(ctx, "names", []byte("ann"))),
		"nothing under the same": must(s.MAC(ctx, "names", nil)),
	} {
		if string(a) == string(b) {
			t.Errorf("%s: the same", rule)
		}
	}
	c.Pass(400 * day)
	if b := must(s.MAC(ctx, "names", []byte("ann"))); string(a) != string(b) {
		t.Error("another one after 400 days")
	}
	for _, label := range []string{"", strings.Repeat("a", 256)} {
		if _, err := s.MAC(ctx, label, nil); err == nil {
			t.Errorf("label of %d bytes accepted", len(label))
		}
	}
}

func FuzzOpen(f *testing.F) {
	s, c := newService(f)
	ctx := context.Background()
	good := must(s.Seal(ctx, PurposeSession, cookie{"ann", "x"}, c.Now().Add(time.Hour)))
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		var v json.RawMessage
		if err := s.Open(ctx, PurposeSession, text, &v); err == nil && text != good {
			t.Errorf("opened %q", text)
		}
	})
}

func FuzzVerify(f *testing.F) {
	s, _ := newService(f)
	ctx := context.Background()
	f.Add(must(s.Sign(ctx, ES256, "JWT", claims{Subject: "ann"})))
	f.Fuzz(func(t *testing.T, text string) {
		var v claims // an ECDSA signature can be rewritten without the key, what it signs cannot
		if err := s.Verify(ctx, text, "JWT", &v); err == nil && v.Subject != "ann" {
			t.Errorf("verified %q", text)
		}
	})
}
