package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// userinfoClaims is the answer (OpenID Connect Core 1.0 section 5.3.2). It has an issuer and an audience when it is signed, and no exp,
// so that it cannot be taken for an ID token.
type userinfoClaims struct {
	Issuer   string `json:"iss,omitempty"`
	Subject  string `json:"sub"`
	Audience string `json:"aud,omitempty"`
	personal
}

// ExpiresAt says that it does not.
func (userinfoClaims) ExpiresAt() int64 { return 0 }

// userinfo is the UserInfo endpoint (OpenID Connect Core 1.0 section 5.3), a resource protected by an access token (RFC 6750, RFC 9449).
func (s *Service) userinfo(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	app, claims, err := s.userinfoOf(w, r)
	if err == nil {
		err = s.writeUserinfo(w, r, app, claims)
	}
	if err != nil {
		s.errors.Bearer(w, r, err)
	}
}

func (s *Service) userinfoOf(w http.ResponseWriter, r *http.Request) (tenant.Application, userinfoClaims, error) {
	a, err := s.admit(w, r, oauth.ScopeOpenID)
	if err != nil {
		return a.app, userinfoClaims{}, err
	}
	claims, err := s.userinfoClaims(r.Context(), a)
	return a.app, claims, err
}

// admitted is an access token for this service that came with a request, the application that it was issued to, and its grant.
type admitted struct {
	access
	app   tenant.Application
	facts account.GrantFactsOut
}

// admit reads the access token of a request and checks that it is a person's, for this service and for scope, that who brings it has
// what it is bound to, and that its grant is still there. Its errors are those of RFC 6750 section 3.1.
func (s *Service) admit(w http.ResponseWriter, r *http.Request, scope string) (admitted, error) {
	var a admitted
	token, err := bearer(w, r)
	if err != nil {
		return a, err
	}
	if a.access, err = s.openAccess(r.Context(), token); err != nil {
		return a, err
	}
	if a.Account == "" || len(a.Audience) > 0 || a.Actor != nil { // a token for an API is none for us (RFC 9700 section 2.3)
		return a, oauth.ErrInvalidToken.With("the access token is for another resource")
	}
	if !oauth.Words(a.Scope).Has(scope) {
		return a, oauth.ErrInsufficientScope.With("the access token does not have the scope that this needs")
	}
	a.app, err = s.applications.Application(r.Context(), a.Client)
	if errors.Is(err, tenant.ErrUnknownApplication) {
		return a, oauth.ErrInvalidToken.From(err)
	}
	if err == nil {
		err = s.checkBinding(w, r, a.app, token, a.Binding)
	}
	if err != nil {
		return a, err
	}
	a.facts, err = s.accounts.GrantFacts(r.Context(), a.Account, account.GrantIn{GrantID: a.Grant})
	if errors.Is(err, account.ErrGrant) {
		err = oauth.ErrInvalidToken.From(err)
	}
	return a, err
}

// userinfoClaims are the claims that a token is good for.
func (s *Service) userinfoClaims(ctx context.Context, a admitted) (userinfoClaims, error) {
	named, err := keptWishes(a.facts.ClaimsRequest)
	if err != nil {
		return userinfoClaims{}, err
	}
	if whole := (target{}).within(a.facts.Scope); len(oauth.Words(a.Scope)) < len(oauth.Words(whole)) {
		named.Userinfo = nil // whoever asked for a token with less meant it
	}
	sub, err := s.subject(ctx, a.app, a.Account)
	return userinfoClaims{Subject: sub, personal: personalOf(a.facts.Claims, a.Scope, named.Userinfo)}, err
}

// writeUserinfo answers in the form that the application registered: JSON, or a JWT that is signed, encrypted or both (Core
// section 5.3.2).
func (s *Service) writeUserinfo(w http.ResponseWriter, r *http.Request, app tenant.Application, claims userinfoClaims) error {
	if app.UserinfoAlg == "" && app.UserinfoEncryptionAlg == "" {
		oauth.WriteJSON(w, http.StatusOK, claims)
		return nil
	}
	var body, cty string
	if app.UserinfoAlg != "" {
		claims.Issuer, claims.Audience = s.issuer, app.ClientID
		signed, err := s.keys.Sign(r.Context(), app.UserinfoAlg, "JWT", claims)
		if err != nil {
			return fmt.Errorf("token: userinfo: %w", err)
		}
		body, cty = signed, "JWT"
	} else {
		plain, err := json.Marshal(claims)
		if err != nil {
			return fmt.Errorf("token: userinfo: %w", err)
		}
		body, cty = string(plain), "json"
	}
	if app.UserinfoEncryptionAlg != "" {
		var err error
		body, err = encryptTo(app, app.UserinfoEncryptionAlg, app.UserinfoEncryptionEnc, "JWT", cty, body)
		if err != nil {
			return err
		}
	}
	oauth.NoStore(w)
	w.Header().Set("Content-Type", "application/jwt")
	io.WriteString(w, body)
	return nil
}

// bearer finds the access token: in the header or, on a POST, in the form, and in one of them only (RFC 6750 section 2). Never in the
// address (section 5.3). A body of another type is not looked at when there is a header: only a form can have a token (section 2.2).
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	var form oauth.Params
	header := r.Header.Values("Authorization")
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	isForm := strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
	if r.Method == http.MethodPost && (isForm || media != "" && len(header) == 0) {
		var err error
		if form, err = oauth.FormParams(w, r); err == nil {
			err = form.Single()
		}
		if err != nil {
			return "", err
		}
	}
	switch {
	case len(header) > 1, len(header) == 1 && form.Has("access_token"):
		return "", oauth.ErrInvalidRequest.With("more than one access token")
	case form.Has("access_token"):
		return form.Get("access_token"), nil
	case len(header) == 0:
		return "", oauth.ErrNoToken
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	if !strings.EqualFold(scheme, "Bearer") && !underDPoP(r) {
		return "", oauth.ErrNoToken
	}
	if token = strings.TrimLeft(token, " "); token == "" {
		return "", oauth.ErrInvalidRequest.With("the access token is missing")
	}
	return token, nil
}
