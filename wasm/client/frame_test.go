package client_test

import (
	"bytes"
	"maps"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestFramesComeToWhatWasSaved(t *testing.T) {
	kept := map[string][]byte{}
	for _, changes := range []map[string][]byte{
		{"a": []byte("1"), "b": {}, "": []byte("no key")}, {"a": nil, "c": []byte("3")}, {}, {"never": nil, "b": []byte("2")},
	} {
		if err := client.ApplyFrame(kept, client.EncodeFrame(changes)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]byte{"b": []byte("2"), "c": []byte("3"), "": []byte("no key")}
	if !maps.EqualFunc(kept, want, bytes.Equal) {
		t.Errorf("%q", kept)
	}
}

func FuzzApplyFrame(f *testing.F) {
	f.Add(client.EncodeFrame(map[string][]byte{"a": []byte("1"), "b": nil}))
	f.Add([]byte{0, 0, 0, 1, 'a', 0, 0, 0, 9, 'x'})
	f.Fuzz(func(t *testing.T, frame []byte) {
		kept := map[string][]byte{}
		if client.ApplyFrame(kept, frame) != nil {
			return
		}
		again := map[string][]byte{}
		if err := client.ApplyFrame(again, client.EncodeFrame(kept)); err != nil || !maps.EqualFunc(kept, again, bytes.Equal) {
			t.Errorf("%q, %q, %v", kept, again, err)
		}
	})
}
