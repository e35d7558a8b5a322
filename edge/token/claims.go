package token

import (
	"encoding/json"
	"slices"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// Limits of the claims parameter, in bytes: as it comes, and as it is kept in a cookie and with the code.
const (
	maxClaimsParameter = 4096
	maxClaimsKept      = 1024
)

// claimScopes says which scope value covers a claim that may be asked for by name (OpenID Connect Core 1.0 section 5.4). What an
// application did not register the scope for, it does not get by another way.
var claimScopes = map[string]string{
	"name": oauth.ScopeProfile, "preferred_username": oauth.ScopeProfile, "updated_at": oauth.ScopeProfile,
	"email": oauth.ScopeEmail, "email_verified": oauth.ScopeEmail,
}

// wishes are what a claims parameter asks for (Core section 5.5).
type wishes struct {
	Userinfo map[string]*struct{} `json:"userinfo,omitempty"` // claims by name, with null, as the parameter itself has them
	IDToken  map[string]*struct{} `json:"id_token,omitempty"`

	subject string   // the person it must be (section 5.5.1)
	acr     []string // levels, best first
	mustACR bool     // one of them, or nothing (section 5.5.1.1)
}

// wish is one member of it. Values of other claims than sub and acr would not change an answer, so they are not looked at.
type wish struct {
	essential bool
	values    []string
}

var errClaims = oauth.ErrInvalidRequest.With("claims is not an object of claims requests")

// parseWishes reads a claims parameter, "" included. Claims that are not known are ignored; what is not of the form of
// section 5.5 is ErrInvalidRequest. allowed are the scope values that the application registered.
func parseWishes(text string, allowed []string) (wishes, error) {
	var w wishes
	if text == "" {
		return w, nil
	}
	if len(text) > maxClaimsParameter {
		return w, oauth.ErrInvalidRequest.With("claims is longer than 4096 bytes")
	}
	all, err := parseClaims([]byte(text))
	if err != nil {
		return w, errClaims
	}
	if w.Userinfo, err = w.place(all["userinfo"], allowed, false); err != nil {
		return w, err
	}
	w.IDToken, err = w.place(all["id_token"], allowed, true)
	return w, err
}

// place reads the wishes for one of the two places.
func (w *wishes) place(raw json.RawMessage, allowed []string, idToken bool) (map[string]*struct{}, error) {
	if raw == nil || string(raw) == "null" {
		return nil, nil
	}
	members, err := parseClaims(raw)
	if err != nil {
		return nil, errClaims
	}
	var names map[string]*struct{}
	for name, value := range members {
		one, err := parseWish(name, value)
		if err != nil {
			return nil, err
		}
		switch scope, known := claimScopes[name]; {
		case name == "sub" && len(one.values) == 1:
			if w.subject != "" && w.subject != one.values[0] {
				return nil, oauth.ErrInvalidRequest.With("claims names two people")
			}
			w.subject = one.values[0]
		case name == "acr" && idToken:
			w.acr, w.mustACR = one.values, one.essential && len(one.values) > 0
		case known && slices.Contains(allowed, scope):
			if names == nil {
				names = map[string]*struct{}{}
			}
			names[name] = nil
		}
	}
	return names, nil
}

// parseWish reads null or an object; value and values are read of sub and acr, where they are strings.
func parseWish(name string, raw json.RawMessage) (wish, error) {
	var one wish
	if string(raw) == "null" {
		return one, nil
	}
	members, err := parseClaims(raw)
	if err != nil {
		return one, errClaims
	}
	if members.has("essential") && json.Unmarshal(members["essential"], &one.essential) != nil {
		return one, errClaims
	}
	if name != "sub" && name != "acr" {
		return one, nil
	}
	if members.has("values") && json.Unmarshal(members["values"], &one.values) != nil {
		return one, errClaims
	}
	value, ok := members.optional("value")
	if !ok {
		return one, errClaims
	}
	if value != "" {
		one.values = []string{value}
	}
	return one, nil
}

// kept is what later steps need of w: the names alone, in the form of the parameter, "" for none.
func (w wishes) kept() (string, error) {
	if w.Userinfo == nil && w.IDToken == nil {
		return "", nil
	}
	text, err := json.Marshal(w)
	if err == nil && len(text) > maxClaimsKept {
		err = oauth.ErrInvalidRequest.With("claims asks for too much")
	}
	return string(text), err
}

// scopes are the scope values that cover the claims asked for by name.
func (w wishes) scopes() oauth.Scope {
	var covering oauth.Scope
	for _, place := range []map[string]*struct{}{w.Userinfo, w.IDToken} {
		for name := range place {
			if scope := claimScopes[name]; !covering.Has(scope) {
				covering = append(covering, scope)
			}
		}
	}
	slices.Sort(covering)
	return covering
}
