package webauthn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/webauthn"
)

func TestRegisterThenAssertWithEachAlgorithm(t *testing.T) {
	for _, alg := range webauthn.Algorithms {
		a := newAuthenticator(t, alg)
		got, err := webauthn.Register(a.register(want, nil), want)
		if err != nil {
			t.Fatalf("%d: %v", alg, err)
		}
		if !bytes.Equal(got.ID, a.id) || !bytes.Equal(got.Key, a.cose) || !got.PRF || got.Counter != 0 {
			t.Errorf("%d: %+v", alg, got)
		}
		answer := a.assert(t, want, nil)
		id, user, err := webauthn.Which(answer)
		if err != nil || id != b64(a.id) || string(user) != "account" {
			t.Errorf("%d: %q %q %v", alg, id, user, err)
		}
		if counter, err := webauthn.Assert(answer, got.Key, want); err != nil || counter != 1 {
			t.Errorf("%d: %d %v", alg, counter, err)
		}
		other := newAuthenticator(t, alg)
		if _, err := webauthn.Assert(other.assert(t, want, nil), got.Key, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("%d: another passkey's signature: %v", alg, err)
		}
	}
}

// TestRefused goes through the steps of sections 7.1 and 7.2 that a response can fail.
func TestRefused(t *testing.T) {
	a := newAuthenticator(t, -7)
	other := func(change func(*webauthn.Want)) webauthn.Want {
		w := want
		change(&w)
		return w
	}
	for rule, w := range map[string]webauthn.Want{
		"another challenge":     other(func(w *webauthn.Want) { w.Challenge = []byte("another") }),
		"another origin":        other(func(w *webauthn.Want) { w.Origin = "https://login.test.evil" }),
		"an origin with a port": other(func(w *webauthn.Want) { w.Origin = "https://login.test:8443" }),
		"another relying party": other(func(w *webauthn.Want) { w.RPID = "test" }),
	} {
		if _, err := webauthn.Register(a.register(w, nil), want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("registration, %s: %v", rule, err)
		}
		if _, err := webauthn.Assert(a.assert(t, w, nil), a.cose, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("assertion, %s: %v", rule, err)
		}
	}
	for rule, more := range map[string]map[string]any{
		"the other ceremony's type": {"type": "webauthn.other"},
		"in a frame":                {"crossOrigin": true},
		"under another page":        {"topOrigin": "https://evil.test"},
		"challenge is no string":    {"challenge": 7},
	} {
		if _, err := webauthn.Register(a.register(want, more), want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("registration, %s: %v", rule, err)
		}
		if _, err := webauthn.Assert(a.assert(t, want, more), a.cose, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("assertion, %s: %v", rule, err)
		}
	}
	for rule, flags := range map[string]byte{
		"nobody present": 0x44, "nobody verified": 0x41, "backed up and not eligible": 0x55, "no credential": 0x05, "extensions that are not there": 0xc5,
	} {
		b := *a
		b.flags = flags
		if _, err := webauthn.Register(b.register(want, nil), want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("registration, %s: %v", rule, err)
		}
	}
	for rule, flags := range map[string]byte{"nobody present": 0x04, "nobody verified": 0x01, "backed up and not eligible": 0x15, "a credential": 0x45} {
		if _, err := webauthn.Assert(a.assertFlags(t, want, nil, flags), a.cose, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("assertion, %s: %v", rule, err)
		}
	}
	empty := other(func(w *webauthn.Want) { w.Challenge = nil })
	if _, err := webauthn.Assert(a.assert(t, empty, nil), a.cose, empty); !errors.Is(err, webauthn.ErrInvalid) {
		t.Error("no challenge at all")
	}
}

func TestRegistrationsOutOfForm(t *testing.T) {
	a := newAuthenticator(t, -7)
	good := a.attested(want.RPID)
	long := *a
	long.id = make([]byte, 1024)
	extended := *a
	extended.flags |= 0x80
	extended.extra = join(head(5, 1), tstr("credProtect"), integer(2))
	if _, err := webauthn.Register(extended.register(want, nil), want); err != nil {
		t.Errorf("extensions: %v", err)
	}
	withObject := func(object []byte) string {
		return response(a.id, map[string]any{"clientDataJSON": b64(client("webauthn.create", want, nil)), "attestationObject": b64(object)})
	}
	indefinite := attestation(good)
	indefinite[0] = 0xbf
	for rule, text := range map[string]string{
		"no JSON":             "passkey",
		"too long":            strings.Repeat(" ", 40<<10),
		"another type":        strings.Replace(a.register(want, nil), "public-key", "password", 1),
		"another id":          strings.Replace(a.register(want, nil), `"id":"`, `"id":"AA`, 1),
		"long id":             long.register(want, nil),
		"cut off":             withObject(attestation(good[:len(good)-1])),
		"something follows":   withObject(append(attestation(good), 0)),
		"data after the key":  withObject(attestation(append(slices.Clone(good), 0))),
		"no authData":         withObject(join(head(5, 1), tstr("fmt"), tstr("none"))),
		"authData twice":      withObject(join(head(5, 2), tstr("authData"), bstr(good), tstr("authData"), bstr(good))),
		"indefinite length":   withObject(indefinite),
		"deep":                withObject(join(head(5, 2), tstr("x"), bytes.Repeat(head(4, 1), 100), integer(0), tstr("authData"), bstr(good))),
		"a length of 2^63":    withObject([]byte{0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0}),
		"a map of 2^32 pairs": withObject([]byte{0xbb, 0, 0, 0, 1, 0, 0, 0, 0}),
	} {
		if _, err := webauthn.Register(text, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

func TestKeysOutOfForm(t *testing.T) {
	p256, rsa := newAuthenticator(t, -7), newAuthenticator(t, -257)
	off := slices.Clone(p256.cose)
	off[len(off)-1] ^= 1
	for rule, key := range map[string][]byte{
		"off the curve":     off,
		"alg of another":    bytes.Replace(p256.cose, join(integer(3), integer(-7)), join(integer(3), integer(-8)), 1),
		"alg that is none":  bytes.Replace(p256.cose, join(integer(3), integer(-7)), join(integer(3), integer(-9)), 1),
		"another curve":     bytes.Replace(p256.cose, join(integer(-1), integer(1)), join(integer(-1), integer(2)), 1),
		"label twice":       bytes.Replace(p256.cose, join(integer(-1), integer(1)), join(integer(1), integer(2)), 1),
		"small RSA":         join(head(5, 4), integer(1), integer(3), integer(3), integer(-257), integer(-1), bstr(bytes.Repeat([]byte{0xff}, 128)), integer(-2), bstr([]byte{1, 0, 1})),
		"even RSA exponent": bytes.Replace(rsa.cose, bstr([]byte{1, 0, 1}), bstr([]byte{1, 0, 0}), 1),
		"no map":            integer(7),
		"empty":             {},
	} {
		b := *p256
		b.cose = key
		if _, err := webauthn.Register(b.register(want, nil), want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("%s: %v", rule, err)
		}
		if _, err := webauthn.Assert(b.assert(t, want, nil), key, want); !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("assertion, %s: %v", rule, err)
		}
	}
}

func TestOptionsAskForVerificationAndPRF(t *testing.T) {
	var made struct {
		RP                     struct{ ID string }
		User                   struct{ ID, Name string }
		Challenge              string
		PubKeyCredParams       []struct{ Alg int }
		ExcludeCredentials     []struct{ ID, Type string }
		AuthenticatorSelection struct{ UserVerification string }
		Extensions             struct{ PRF *struct{} }
	}
	text := webauthn.CreationOptions(webauthn.Creation{
		RPID: "login.test", RPName: "Login", User: "account", Name: "ada@login.test", Challenge: want.Challenge, Exclude: []string{"AA"},
	})
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	if made.RP.ID != "login.test" || made.User.ID != b64([]byte("account")) || made.Challenge != b64(want.Challenge) || len(made.PubKeyCredParams) != 3 ||
		made.ExcludeCredentials[0].ID != "AA" || made.AuthenticatorSelection.UserVerification != "required" || made.Extensions.PRF == nil {
		t.Errorf("%s", text)
	}
	if text := webauthn.RequestOptions("login.test", want.Challenge, nil); !strings.Contains(text, `"allowCredentials":[]`) ||
		!strings.Contains(text, `"userVerification":"required"`) {
		t.Errorf("%s", text)
	}
}

// FuzzRegister: whatever comes in the attestation object, it is refused without a panic, or is a credential with a key that Assert takes.
func FuzzRegister(f *testing.F) {
	for _, alg := range []int{-7, -8} {
		a := newAuthenticator(f, alg)
		f.Add(attestation(a.attested(want.RPID)))
	}
	f.Add([]byte{0xa1, 0x68})
	said := b64(client("webauthn.create", want, nil))
	f.Fuzz(func(t *testing.T, object []byte) {
		for _, id := range [][]byte{{1}, fuzzID(object)} {
			text := response(id, map[string]any{"clientDataJSON": said, "attestationObject": b64(object)})
			got, err := webauthn.Register(text, want)
			if err != nil {
				if !errors.Is(err, webauthn.ErrInvalid) {
					t.Errorf("%v", err)
				}
				continue
			}
			if !bytes.Equal(got.ID, id) || len(got.Key) == 0 || len(got.Key) > 1024 {
				t.Errorf("%+v", got)
			}
		}
	})
}

// fuzzID is where the credential id would be in an object of ours.
func fuzzID(object []byte) []byte {
	if i := bytes.Index(object, []byte{0, 20}); i >= 0 && len(object) >= i+22 {
		return object[i+2 : i+22]
	}
	return []byte{1}
}

// FuzzAssert: no bytes are a signature.
func FuzzAssert(f *testing.F) {
	a := newAuthenticator(f, -7)
	f.Add(a.assert(f, want, nil), a.cose)
	f.Fuzz(func(t *testing.T, text string, key []byte) {
		_, _, _ = webauthn.Which(text)
		if _, err := webauthn.Assert(text, key, want); err != nil && !errors.Is(err, webauthn.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
}
