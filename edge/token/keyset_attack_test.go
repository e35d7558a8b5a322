package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// site is where keys are published. What comes in while it thinks does so before it answers.
type site struct {
	visits int
	body   string
	think  func()
}

func (s *site) RoundTrip(*http.Request) (*http.Response, error) {
	if s.visits++; s.think != nil {
		s.think()
	}
	if s.body == "" {
		return nil, errors.New("nobody is there")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

const oneKey = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"%s","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

// Refetch storms: keys that nobody knows, named by anybody, must not make us flood the site of an application, or somebody else's that
// stands in a registration.
func TestUnknownKeysMakeNoFloodOfQuestions(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	there := &site{body: fmt.Sprintf(oneKey, "a")}
	k := &keySets{fetcher: fetcher{transport: there}, now: func() time.Time { return now }, known: map[string]keySet{}}
	ask := func() (kid string) {
		keys, err := k.get(context.Background(), "https://keys.example.com/", true)
		if err == nil && len(keys) == 1 {
			kid = keys[0].KeyID
		}
		return kid
	}
	// all come before the site has answered for the first time
	there.think = func() { ask() }
	if ask(); there.visits != maxAsking {
		t.Errorf("asked %d times at once", there.visits)
	}
	// then what is known will do for those who come meanwhile
	there.body, there.visits = fmt.Sprintf(oneKey, "b"), 0
	there.think = func() {
		for range 20 {
			if kid := ask(); kid != "a" {
				t.Errorf("meanwhile: %q", kid)
			}
		}
	}
	now = now.Add(keysPause)
	if kid := ask(); kid != "b" || there.visits != 1 {
		t.Errorf("%q after %d questions", kid, there.visits)
	}
	// but not keys of long ago: they may have been taken back
	there.body, there.visits, now = fmt.Sprintf(oneKey, "c"), 0, now.Add(keysStale)
	there.think = func() {
		if kid := ask(); kid == "b" {
			t.Error("meanwhile a key of an hour ago was good")
		}
	}
	if kid := ask(); kid != "c" || there.visits != maxAsking {
		t.Errorf("%q after %d questions", kid, there.visits)
	}
	// one question fails after another was answered
	now = now.Add(keysPause)
	there.think = func() { there.body = "" }
	if kid := ask(); kid != "c" {
		t.Errorf("a failure took away what was known: %q", kid)
	}
}

// Whoever may register many addresses pushes out the oldest knowledge, not all of it.
func TestManyAddressesDoNotForgetAll(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	there := &site{body: fmt.Sprintf(oneKey, "a")}
	k := &keySets{fetcher: fetcher{transport: there}, now: func() time.Time { return now }, known: map[string]keySet{}}
	for i := range 3 * maxKeySets {
		now = now.Add(time.Second)
		if _, err := k.get(context.Background(), fmt.Sprintf("https://keys%d.example.com/", i), false); err != nil {
			t.Fatal(err)
		}
		if want := min(i+1, maxKeySets); len(k.known) != want {
			t.Fatalf("%d sets after %d", len(k.known), i)
		}
	}
	if k.known["https://keys300.example.com/"].keys == nil {
		t.Error("a new one was forgotten before the old ones")
	}
}
