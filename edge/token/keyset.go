package token

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/tenant"
)

const (
	keysFresh  = 10 * time.Minute // a fetched set is used without a thought
	keysStale  = time.Hour        // and for so long when its site does not answer
	keysPause  = 30 * time.Second // between two questions to one site that bring nothing new
	maxAsking  = 8                // questions at once to a site of which nothing is known yet
	maxKeySets = 128              // sets that are kept; then the oldest knowledge goes
	maxKeys    = 32               // keys of a set that are looked at
	maxTried   = 4                // keys that one signature is tried with
)

var errNoKey = errors.New("token: no key of the application made this signature")

// keySets keeps the public keys that applications publish. Requests share only finished sets and never wait for one another.
type keySets struct {
	fetcher fetcher
	now     func() time.Time

	mutex sync.Mutex // never held while waiting for anything
	known map[string]keySet
}

// keySet is what is known of one address.
type keySet struct {
	keys    []jose.JSONWebKey
	fetched time.Time // when keys were; zero: never
	asked   time.Time // when the site was last asked
	asking  int       // how often since, as long as there is no answer
}

// get returns the keys published at an address. newer asks for others than those known: the site is asked again unless that was just
// done.
func (k *keySets) get(ctx context.Context, address string, newer bool) ([]jose.JSONWebKey, error) {
	now := k.now()
	known := k.look(address, now)
	age, pause := now.Sub(known.fetched), now.Sub(known.asked)
	switch {
	case known.keys != nil && (pause < keysPause || age < keysFresh && !newer):
		return known.keys, nil
	case pause >= keysPause:
		known.asked, known.asking = now, 0
	case known.asking >= maxAsking:
		return nil, errors.New("token: keys cannot be fetched") // just tried, or being tried
	}
	known.asking++
	k.keep(address, known) // before there is an answer, so that a flood of requests is no flood of questions
	data, err := k.fetcher.get(ctx, address, "application/jwk-set+json, application/json")
	fetched := keySet{fetched: now, asked: now}
	if err == nil {
		fetched.keys, err = parseKeySet(data)
	}
	if err == nil {
		k.keep(address, fetched)
		return fetched.keys, nil
	}
	if known = k.look(address, now); known.keys != nil {
		return known.keys, nil
	}
	k.keep(address, keySet{asked: now, asking: maxAsking})
	return nil, err
}

// look returns what is known, without keys that are too old.
func (k *keySets) look(address string, now time.Time) keySet {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	set := k.known[address]
	if now.Sub(set.fetched) >= keysStale {
		set.keys = nil
	}
	return set
}

func (k *keySets) keep(address string, set keySet) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if _, has := k.known[address]; !has && len(k.known) >= maxKeySets {
		oldest := address
		for other, it := range k.known {
			if oldest == address || it.asked.Before(k.known[oldest].asked) {
				oldest = other
			}
		}
		delete(k.known, oldest)
	}
	k.known[address] = set
}

// parseKeySet reads a JWK set (RFC 7517 section 5). Keys that cannot verify anything here, private and symmetric ones included, are left out.
func parseKeySet(data []byte) ([]jose.JSONWebKey, error) {
	members, err := parseClaims(data)
	if err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(members["keys"], &raw); err != nil {
		return nil, errJWT
	}
	keys := []jose.JSONWebKey{}
	for _, one := range raw[:min(len(raw), maxKeys)] {
		var key jose.JSONWebKey
		if json.Unmarshal(one, &key) == nil && key.IsPublic() && key.Valid() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// keysOf returns the registered keys of an application.
func (s *Service) keysOf(ctx context.Context, app tenant.Application, newer bool) ([]jose.JSONWebKey, error) {
	switch {
	case app.JWKS != nil:
		return app.JWKS.Keys, nil
	case app.JWKSURI != "":
		return s.keySets.get(ctx, app.JWKSURI, newer)
	}
	return nil, errNoKey
}

// verifyFor checks that a key of the application signed j. Which one, the application says by kid; without it, each that suits
// is tried. Only the registration says where keys are.
func (s *Service) verifyFor(ctx context.Context, app tenant.Application, j jws) error {
	for _, newer := range []bool{false, true} {
		keys, err := s.keysOf(ctx, app, newer)
		if err != nil {
			return err
		}
		failed := s.tryKeys(keys, j)
		if failed == nil {
			return nil
		}
		if !errors.Is(failed, errNoKey) && j.kid != "" {
			return failed // the key is known and did not sign this
		}
		if app.JWKSURI == "" {
			break
		}
	}
	return errNoKey
}

// tryKeys looks for the key that made the signature. errNoKey: there was none to try.
func (s *Service) tryKeys(keys []jose.JSONWebKey, j jws) error {
	err, left := errNoKey, maxTried
	for _, key := range keys {
		wrong := j.kid != "" && key.KeyID != j.kid || key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != j.alg
		if wrong || !suits(j.alg, key.Key) || left == 0 {
			continue
		}
		if err = j.verify(s.keys, key.Key); err == nil {
			return nil
		}
		left--
	}
	return err
}
