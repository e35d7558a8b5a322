package vault

import (
	"bytes"
	"testing"
)

func FuzzEntry(f *testing.F) {
	f.Fuzz(func(t *testing.T, plain []byte) {
		e, err := decodeEntry(plain)
		if err == nil && !bytes.Equal(e.encode(), plain) {
			t.Errorf("%x has a second encoding", plain)
		}
	})
}

// FuzzBody: nothing but what was sealed opens, and only where it belongs.
func FuzzBody(f *testing.F) {
	aead := box(make([]byte, keySize), labelRecord)
	p := recordPlace("a", ID{1}, ID{2}, 3)
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := generationOf(body); err == nil {
			if plain, err := open(aead, body, p); err == nil {
				t.Errorf("%x opens to %x", body, plain)
			}
		}
		sealed := seal(aead, 7, make([]byte, 24), body, p)
		if len(sealed) > MaxBody {
			return
		}
		if g, err := generationOf(sealed); err != nil || g != 7 {
			t.Errorf("generation %d, %v", g, err)
		}
		if plain, err := open(aead, sealed, p); err != nil || !bytes.Equal(plain, body) {
			t.Errorf("%x does not open: %v", body, err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Fuzz(func(t *testing.T, plain []byte) {
		s, err := decodeSummary(plain)
		if err == nil && !bytes.Equal(s.encode(), plain) {
			t.Errorf("%x has a second encoding", plain)
		}
	})
}

func FuzzRing(f *testing.F) {
	f.Fuzz(func(t *testing.T, plain []byte) {
		r, err := decodeRing(plain, 1)
		if err == nil && !bytes.Equal(r.encode(), plain) {
			t.Errorf("%x has a second encoding", plain)
		}
	})
}

// FuzzWrap: a wrap opens for its identity, account, version, kind and id, or not at all.
func FuzzWrap(f *testing.F) {
	i := identityOf(f, KindPRF, make([]byte, 32))
	f.Fuzz(func(t *testing.T, body []byte) {
		if key, err := i.unwrap(Wrap{"a", KindPRF, body}, "account", 1); err == nil {
			t.Errorf("%x opens to %x", body, key)
		}
		set := KeySet{Version: 1, Ring: body, Wraps: []Wrap{{"a", KindPRF, body}}}
		if _, _, err := set.unpack("account", []*Identity{i}); err == nil {
			t.Errorf("%x is a ring", body)
		}
	})
}

func FuzzRecoveryCode(f *testing.F) {
	f.Fuzz(func(t *testing.T, typed []byte) {
		code, err := ParseRecoveryCode(string(typed))
		if err != nil {
			return
		}
		if again, err := ParseRecoveryCode(code.String()); err != nil || again != code {
			t.Errorf("%q: %v", typed, err)
		}
	})
}

// FuzzMemory: a device's own storage may be damaged in any way.
func FuzzMemory(f *testing.F) {
	f.Fuzz(func(t *testing.T, kept []byte) {
		if s, err := decodeKeysSeen(kept); err == nil && !bytes.Equal(s.encode(), kept) {
			t.Errorf("%x has a second encoding", kept)
		}
		if set, err := decodeKeySet(kept); err == nil {
			set.check()
		}
		v := &Vault{local: newLocal(make([]byte, keySize), "a"), shelves: map[ID]*shelf{}}
		for _, what := range []string{memoryManifest, memoryHeld, memoryPending} {
			key := what + ID{1}.String() + "/" + ID{2}.String()
			if v.recall(key, kept) == nil {
				t.Errorf("%x is taken for %s", kept, key)
			}
			v.recall(key, v.local.seal(key, kept))
		}
		v.recall(string(kept), kept)
	})
}

func FuzzID(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		if id, err := ParseID(string(text)); err == nil && id.String() != string(text) {
			t.Errorf("%q has a second encoding", text)
		}
	})
}
