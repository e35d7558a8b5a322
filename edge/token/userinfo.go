package token

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// userinfoClaims is the answer (OpenID Connect Core 1.0 section 5.3.2).
type userinfoClaims struct {
	Subject string `json:"sub"`
	personal
}

// userinfo is the UserInfo endpoint (OpenID Connect Core 1.0 section 5.3), a resource protected by a bearer token (RFC 6750).
func (s *Service) userinfo(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	claims, err := s.userinfoOf(w, r)
	if err != nil {
		s.errors.Bearer(w, r, err)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, claims)
}

func (s *Service) userinfoOf(w http.ResponseWriter, r *http.Request) (userinfoClaims, error) {
	token, err := bearer(w, r)
	if err != nil {
		return userinfoClaims{}, err
	}
	a, err := s.openAccess(r.Context(), token)
	if err != nil {
		return userinfoClaims{}, err
	}
	if err := s.checkBinding(w, r, token, a.Binding); err != nil {
		return userinfoClaims{}, err
	}
	if a.Account == "" || len(a.Audience) > 0 { // a token for an API is none for us (RFC 9700 section 2.3)
		return userinfoClaims{}, oauth.ErrInvalidToken.With("the access token is for another resource")
	}
	app, err := s.applications.Application(r.Context(), a.Client)
	if errors.Is(err, tenant.ErrUnknownApplication) {
		return userinfoClaims{}, oauth.ErrInvalidToken.From(err)
	}
	if err != nil {
		return userinfoClaims{}, err
	}
	sub, err := s.subject(r.Context(), app, a.Account)
	if err != nil {
		return userinfoClaims{}, err
	}
	out, err := s.accounts.Userinfo(r.Context(), a.Account, account.UserinfoIn{GrantID: a.Grant})
	if errors.Is(err, account.ErrGrant) {
		return userinfoClaims{}, oauth.ErrInvalidToken.From(err)
	}
	return userinfoClaims{Subject: sub, personal: personalOf(out.Claims)}, err
}

// bearer finds the access token: in the header or, on a POST, in the form, and in one of them only (RFC 6750 section 2). Never in the
// address (section 5.3).
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	var form oauth.Params
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "" {
		var err error
		if form, err = oauth.FormParams(w, r); err == nil {
			err = form.Single()
		}
		if err != nil {
			return "", err
		}
	}
	header := r.Header.Values("Authorization")
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
