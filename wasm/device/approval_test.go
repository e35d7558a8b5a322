package device_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/device"
)

const account = "an-account"

var (
	public      = bytes.Repeat([]byte{4}, 65)
	fingerprint = bytes.Repeat([]byte{9}, device.FingerprintSize)
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBothDevicesComeToOneNumber(t *testing.T) {
	request := device.NewRequest(account, public)
	approval, err := device.NewApproval(account, public, request.Commit(), fingerprint)
	must(t, err)
	must(t, request.Take(approval.Nonce(), fingerprint))
	nonce, err := request.Nonce()
	must(t, err)
	number, err := request.Number()
	must(t, err)
	if answer, err := approval.Answer(); !errors.Is(err, device.ErrEarly) {
		t.Errorf("an answer before the number: %q, %v", answer, err)
	}
	must(t, approval.Check(nonce, number[:3]+" "+number[3:]))
	answer, err := approval.Answer()
	must(t, err)
	must(t, request.Confirm(" "+answer))
	if len(number) != device.Digits || !bytes.Equal(request.Fingerprint(), fingerprint) || !bytes.Equal(approval.Public(), public) {
		t.Error(number)
	}
}

// The service carries every word of the two, and changes one.
func TestWhatTheServiceChangesIsNoticed(t *testing.T) {
	other := func(b []byte) []byte { return bytes.Repeat([]byte{77}, len(b)) }
	same := func(b []byte) []byte { return b }
	for _, test := range []struct {
		name                                       string
		public, commit, nonce, fingerprint, reveal func([]byte) []byte
		account                                    string
		want                                       error
	}{
		{"nothing", same, same, same, same, same, account, nil},
		{"key", other, same, same, same, same, account, device.ErrForged},
		{"commitment", same, other, same, same, same, account, device.ErrForged},
		{"trusted device's nonce", same, same, other, same, same, account, device.ErrNumber},
		{"vault", same, same, same, other, same, account, device.ErrNumber},
		{"new device's nonce", same, same, same, same, other, account, device.ErrForged},
		{"account", same, same, same, same, same, "another", device.ErrForged},
	} {
		request := device.NewRequest(account, public)
		approval, err := device.NewApproval(test.account, test.public(public), test.commit(request.Commit()), fingerprint)
		must(t, err)
		must(t, request.Take(test.nonce(approval.Nonce()), test.fingerprint(fingerprint)))
		nonce, err := request.Nonce()
		must(t, err)
		number, err := request.Number()
		must(t, err)
		if err := approval.Check(test.reveal(nonce), number); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

// A service in the middle speaks with each of the two for itself, with a key of its own.
func TestAServiceInTheMiddleHasOneGuess(t *testing.T) {
	evil := bytes.Repeat([]byte{5}, 65)
	hits := 0
	for range 2000 {
		request := device.NewRequest(account, public)
		middle := device.NewRequest(account, evil)
		approval, err := device.NewApproval(account, evil, middle.Commit(), fingerprint)
		must(t, err)
		toward, err := device.NewApproval(account, public, request.Commit(), fingerprint)
		must(t, err)
		must(t, request.Take(toward.Nonce(), fingerprint))
		must(t, middle.Take(approval.Nonce(), fingerprint))
		reveal, err := middle.Nonce()
		must(t, err)
		number, err := request.Number()
		must(t, err)
		if approval.Check(reveal, number) == nil {
			hits++
		}
	}
	if hits > 1 { // 1 in 500 runs has one at all
		t.Errorf("%d of 2000 numbers agreed", hits)
	}
}

func TestTheFirstAnswerIsTheOnlyOne(t *testing.T) {
	request := device.NewRequest(account, public)
	if _, err := request.Nonce(); !errors.Is(err, device.ErrEarly) {
		t.Errorf("nonce before the answer: %v", err)
	}
	if _, err := request.Number(); !errors.Is(err, device.ErrEarly) {
		t.Errorf("number before the answer: %v", err)
	}
	nonce, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	for _, bad := range [][2][]byte{{nil, fingerprint}, {nonce, nil}, {append(nonce, 1), fingerprint}} {
		if err := request.Take(bad[0], bad[1]); !errors.Is(err, device.ErrSize) {
			t.Errorf("%v", err)
		}
	}
	must(t, request.Take(nonce, fingerprint))
	must(t, request.Take(nonce, fingerprint))
	if err := request.Take(second, fingerprint); !errors.Is(err, device.ErrForged) {
		t.Errorf("another nonce: %v", err)
	}
	if err := request.Take(nonce, second); !errors.Is(err, device.ErrForged) {
		t.Errorf("another vault: %v", err)
	}
}

func TestTheNumberMayBeWrongThreeTimes(t *testing.T) {
	request := device.NewRequest(account, public)
	approval, err := device.NewApproval(account, public, request.Commit(), fingerprint)
	must(t, err)
	must(t, request.Take(approval.Nonce(), fingerprint))
	nonce, _ := request.Nonce()
	number, _ := request.Number()
	if err := approval.Check(nil, number); !errors.Is(err, device.ErrEarly) {
		t.Errorf("before the nonce is there: %v", err)
	}
	for n, want := range []error{device.ErrNumber, device.ErrNumber, device.ErrTries, device.ErrTries} {
		typed := "12345x"
		if n == 3 {
			typed = number
		}
		if err := approval.Check(nonce, typed); !errors.Is(err, want) {
			t.Errorf("try %d: %v, want %v", n, err, want)
		}
	}
	if _, err := device.NewApproval(account, public, nil, fingerprint); !errors.Is(err, device.ErrSize) {
		t.Error(err)
	}
}

// The service can say that another device has approved. The vault that it names counts for nothing until the person has typed what only a
// trusted device shows.
func TestNoVaultIsBelievedUnconfirmed(t *testing.T) {
	request := device.NewRequest(account, public)
	if err := request.Confirm("00"); !errors.Is(err, device.ErrEarly) {
		t.Errorf("before the answer: %v", err)
	}
	approval, err := device.NewApproval(account, public, request.Commit(), fingerprint)
	must(t, err)
	must(t, request.Take(approval.Nonce(), fingerprint))
	nonce, _ := request.Nonce()
	number, _ := request.Number()
	must(t, approval.Check(nonce, number))
	answer, err := approval.Answer()
	must(t, err)
	for n, want := range []error{device.ErrNumber, device.ErrNumber, device.ErrTries, device.ErrTries} {
		typed := "1x"
		if n == 3 {
			typed = answer
		}
		if err := request.Confirm(typed); !errors.Is(err, want) {
			t.Errorf("try %d: %v, want %v", n, err, want)
		}
		if request.Fingerprint() != nil {
			t.Error("a vault is believed that nobody has confirmed")
		}
	}
	if request.TriesLeft() != 0 {
		t.Error(request.TriesLeft())
	}
}

// vector is what every implementation must come to.
type vector struct {
	Account, Public, Requester, Approver, Fingerprint, Commit, Number, Answer string // hex but for the account and the numbers
}

func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	must(t, err)
	var vectors []vector
	must(t, json.Unmarshal(data, &vectors))
	for _, v := range vectors {
		commit, number, answer := device.Compute(v.Account, unhex(t, v.Public), unhex(t, v.Requester), unhex(t, v.Approver), unhex(t, v.Fingerprint))
		if hex.EncodeToString(commit) != v.Commit || number != v.Number || answer != v.Answer {
			t.Errorf("%x %s %s, want %s %s %s", commit, number, answer, v.Commit, v.Number, v.Answer)
		}
	}
	if len(vectors) < 2 {
		t.Error("too few")
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	must(t, err)
	return b
}
