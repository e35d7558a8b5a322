package tenant

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// RouteInitialTokens is where an operator makes initial access tokens.
const RouteInitialTokens = "/operator/initial-access-tokens"

// What an initial access token is good for when its operator does not say.
const (
	defaultInitialUses = 1
	defaultInitialLife = time.Hour
)

// InitialTokenRequest asks for an initial access token.
type InitialTokenRequest struct {
	Uses      int64  `json:"uses"`       // registrations, 1 to MaxInitialUses; not given: 1
	ExpiresIn int64  `json:"expires_in"` // seconds, up to MaxInitialLife; not given: an hour
	Note      string `json:"note"`       // for the operator, up to 128 bytes
	Terms
}

// NewInitialToken is the answer: the token itself, this one time.
type NewInitialToken struct {
	ID      string `json:"id"`
	Token   string `json:"token"` // bearer token of POST /oauth2/register
	Uses    int64  `json:"uses"`
	Expires int64  `json:"expires_in"` // seconds
}

// InitialTokenList are the tokens that are good for another registration.
type InitialTokenList struct {
	Tokens []InitialToken `json:"tokens"`
}

// NewSecret returns 32 random bytes as text, and the hash to keep of it.
func NewSecret() (secret string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, HashSecret(secret)
}

// HashSecret is what is kept of a secret of NewSecret: its SHA-256. A plain hash will do because the secret is random and long.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// NewDynamicID returns a client id for an application that registers itself.
func NewDynamicID() string { return dynamicPrefix + randomID() }

// randomID is 26 small letters and digits: 128 random bits.
func randomID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

func (d Deps) addToken(w http.ResponseWriter, r *http.Request) (any, error) {
	in, err := problem.Decode[InitialTokenRequest](w, r)
	if err != nil {
		return nil, err
	}
	if in.Uses == 0 {
		in.Uses = defaultInitialUses
	}
	life := time.Duration(in.ExpiresIn) * time.Second
	if in.ExpiresIn == 0 {
		life = defaultInitialLife
	}
	if in.ExpiresIn < 0 || in.ExpiresIn > int64(MaxInitialLife/time.Second) { // as given: the product may have come round
		return nil, Faults{{Field: "expires_in", Fault: "is not 1 to 7776000 seconds"}}
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	token, hash := NewSecret()
	out := NewInitialToken{ID: randomID(), Token: token, Uses: in.Uses, Expires: int64(life / time.Second)}
	err = d.Applications.AddInitialToken(r.Context(), AddInitialTokenIn{ID: out.ID, Hash: hash, Note: in.Note, Uses: in.Uses, Life: life, Terms: in.Terms})
	if errors.Is(err, ErrTooMany) {
		return nil, Faults{{Fault: "there are a hundred initial access tokens already: revoke some"}}
	}
	if err != nil {
		return nil, err
	}
	d.Log.InfoContext(r.Context(), "initial access token made", "request", r.Header.Get(problem.RequestHeader), "id", out.ID, "uses", out.Uses)
	return out, nil
}

func (in InitialTokenRequest) check() error {
	faults := in.Terms.faults()
	if in.Uses < 1 || in.Uses > MaxInitialUses {
		faults = append(faults, Fault{Field: "uses", Fault: "is not 1 to 1000"})
	}
	if len(in.Note) > maxNote || strings.ContainsFunc(in.Note, unprintable) {
		faults = append(faults, Fault{Field: "note", Fault: "is not up to 128 printable characters"})
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

func (d Deps) listTokens(_ http.ResponseWriter, r *http.Request) (any, error) {
	tokens, err := d.Applications.InitialTokens(r.Context())
	return InitialTokenList{tokens}, err
}

func (d Deps) revokeToken(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := strings.TrimPrefix(r.URL.Path, RouteInitialTokens+"/")
	if !validClientID(id) {
		return nil, problem.New(api.CodeNotFound)
	}
	in := RevokeInitialTokenIn{ID: id, Applications: r.URL.Query().Get("applications") == "true"}
	out, err := d.Applications.RevokeInitialToken(r.Context(), in)
	if err != nil {
		return nil, err
	}
	d.Log.InfoContext(r.Context(), "initial access token revoked", "request", r.Header.Get(problem.RequestHeader), "id", id, "removed", out.Applications)
	return out, nil
}
