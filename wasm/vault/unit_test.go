package vault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPadmeLengths(t *testing.T) {
	for n, want := range map[int]int{0: 128, 1: 128, 128: 128, 129: 144, 200: 208, 240: 240, 241: 256, 1000: 1024, 1025: 1088, 100000: 100352, 984095: 999424} {
		if got := padded(n); got != want {
			t.Errorf("padded(%d) is %d, want %d", n, got, want)
		}
	}
	for n := minPadded; n < 1<<20; n += 37 {
		if p := padded(n); p < n || float64(p-n) > 0.12*float64(n) || padded(p) != p {
			t.Fatalf("padded(%d) is %d", n, p)
		}
	}
	if most := padded(entryFixed+MaxName+MaxValue) + overhead; most > MaxBody {
		t.Errorf("the largest setting takes %d bytes", most)
	}
}

func TestClock(t *testing.T) {
	at := time.UnixMilli(1_000_000)
	c := clock{now: func() time.Time { return at }}
	first, second := c.next(0), c.next(0)
	if first != stampAt(at) || second != first+1 {
		t.Errorf("in one millisecond: %d, then %d", first, second)
	}
	at = at.Add(-time.Hour)
	if third := c.next(0); third != second+1 {
		t.Error("the clock went back")
	}
	hour := stampAt(at.Add(time.Hour * 3))
	c.see(hour)
	if c.next(0) != hour+1 {
		t.Error("a device hours ahead was not followed")
	}
	far := stampAt(at.Add(25 * time.Hour))
	c.see(far)
	if c.next(0) != hour+2 {
		t.Error("a clock that is plainly wrong moved this one")
	}
	if over := c.next(far); over != far+1 {
		t.Error("an edit lost against the state that it replaced")
	}
	if c.next(0) != hour+4 {
		t.Error("replacing one setting moved the clock for the others")
	}
	if full := (Stamp(5)<<16 | 0xffff) + 1; full.Time() != time.UnixMilli(6) {
		t.Error("a full counter does not carry over")
	}
}

func TestOrderOfMerges(t *testing.T) {
	ascending := []*entry{
		{stamp: 1, device: ID{2}, value: []byte("z")},
		{stamp: 2, device: ID{1}, value: []byte("a")},
		{stamp: 2, device: ID{1}, value: []byte("b")},
		{stamp: 2, device: ID{1}, deleted: true},
		{stamp: 2, device: ID{2}, value: []byte("a")},
		{stamp: 3, device: ID{1}},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := a.compare(b); got > 0 != (i > j) || got < 0 != (i < j) {
				t.Errorf("%d against %d: %d", i, j, got)
			}
		}
	}
}

func TestRecoveryCodeAsPeopleTypeIt(t *testing.T) {
	code := NewRecoveryCode()
	shown := code.String()
	if groups := strings.Split(shown, "-"); len(groups) != 8 || len(groups[0]) != 7 {
		t.Fatalf("shown as %s", shown)
	}
	typed := strings.NewReplacer("-", " \n", "0", "o", "1", "l").Replace(strings.ToLower(shown))
	if got, err := ParseRecoveryCode(typed); err != nil || got != code {
		t.Errorf("%q: %v", typed, err)
	}
	for i := range shown {
		wrong := []byte(shown)
		if wrong[i] == '-' {
			continue
		}
		wrong[i] = crockfordNext(wrong[i])
		if _, err := ParseRecoveryCode(string(wrong)); !errors.Is(err, ErrRecoveryCode) {
			t.Errorf("%s: a mistake in place %d was not noticed", wrong, i)
		}
	}
	for _, wrong := range []string{"", shown[1:], shown + "0", strings.Repeat("0", 1000), "ü" + shown[2:]} {
		if _, err := ParseRecoveryCode(wrong); !errors.Is(err, ErrRecoveryCode) {
			t.Errorf("%.60q: %v", wrong, err)
		}
	}
}

func crockfordNext(c byte) byte {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	return alphabet[(strings.IndexByte(alphabet, c)+1)%len(alphabet)]
}

func TestEntriesHaveOneEncoding(t *testing.T) {
	e := entry{name: "n", value: []byte("v"), stamp: 7, device: ID{1}}
	good := e.encode()
	if _, err := decodeEntry(good); err != nil {
		t.Fatal(err)
	}
	dead := entry{name: "n", deleted: true}
	withValue := dead
	withValue.value = []byte("v")
	far := e
	far.stamp = farthest + 1
	for what, plain := range map[string][]byte{
		"longer padding":         append(append([]byte(nil), good...), 0),
		"shorter padding":        good[:len(good)-1],
		"padding that is not 0":  append(append([]byte(nil), good[:len(good)-1]...), 1),
		"nothing":                nil,
		"a tombstone's value":    withValue.encode(),
		"no name":                (&entry{}).encode(),
		"a name that is no text": (&entry{name: "\xff"}).encode(),
		"the year 10000":         far.encode(),
	} {
		if _, err := decodeEntry(plain); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestManyGenerationsAreBounded(t *testing.T) {
	r := newRing()
	for range maxGenerations - 1 {
		if err := r.rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.rotate(); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	if !r.retire(maxGenerations) || len(r.keys) != 1 || r.retire(maxGenerations) {
		t.Error("the old generations were not given up")
	}
	if _, err := r.key(1); !errors.Is(err, ErrDowngraded) {
		t.Error(err)
	}
	if _, err := r.key(maxGenerations + 1); !errors.Is(err, ErrForged) {
		t.Error(err)
	}
}

// TestLargestRingFits: as many recipients, master keys and marks as there may be.
func TestLargestRingFits(t *testing.T) {
	r := newRing()
	for i := range MaxWraps {
		to := NewApplicationKey().Identity().Recipient(fmt.Sprintf("%064d", i))
		if err := r.add(to); err != nil {
			t.Fatal(err)
		}
	}
	for range maxGivenUp + 10 {
		if err := r.rotate(); err != nil {
			t.Fatal(err)
		}
		r.retire(r.newest().generation)
	}
	for len(r.keys) < maxGenerations {
		if err := r.rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if set, err := r.pack("account"); err != nil || len(set.Ring) > MaxRing {
		t.Errorf("%d bytes, %v", len(set.Ring), err)
	}
	again, err := decodeRing(r.encode(), 1)
	if err != nil || len(again.past) != maxGivenUp || len(again.keys) != maxGenerations || len(again.recipients) != MaxWraps {
		t.Error(err)
	}
}

func TestIDsInText(t *testing.T) {
	id := NewID()
	if got, err := ParseID(id.String()); err != nil || got != id {
		t.Error(err)
	}
	for _, text := range []string{"", id.String() + "A", strings.Repeat("=", 22), strings.Repeat("_", 22), "AAAAAAAAAA\nAAAAAAAAAAA"} {
		if _, err := ParseID(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q was taken", text)
		}
	}
}
