package token

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// readRegistration shows an application its registration (RFC 7592 section 2.1).
func (s *Service) readRegistration(w http.ResponseWriter, r registration) error {
	known, err := s.registry.Registration(r.Context(), r.manages())
	if err != nil {
		return err
	}
	return s.writeRegistration(w, http.StatusOK, known, r.token, "")
}

// updateRegistration replaces all metadata, and the registration access token with it (RFC 7592 section 2.2).
func (s *Service) updateRegistration(w http.ResponseWriter, r registration) error {
	known, err := s.registry.Registration(r.Context(), r.manages())
	if err != nil {
		return err
	}
	data, err := readDocument(w, r.Request)
	if err != nil {
		return err
	}
	old, secret, hash := known.Application, "", known.Application.SecretHash
	if hash == nil { // from now on it may need one
		secret, hash = tenant.NewSecret()
	}
	terms := tenant.Terms{Resources: old.Resources, Introspects: old.Introspects, Exchange: old.Exchange}
	request, err := tenant.ParseRegistration(data, old.ClientID, hash, terms)
	switch {
	case err != nil:
		return err
	case request.ClientID != old.ClientID:
		return oauth.ErrClientMetadata.With("client_id is not the one of this address")
	case request.ClientSecret != "" && !old.CheckSecret(request.ClientSecret):
		return oauth.ErrClientMetadata.With("client_secret is not the present one; leave it out")
	case !old.KeepsSubjects(request.Application):
		return oauth.ErrClientMetadata.With("subject_type and the host of pairwise subjects cannot change; register another application")
	}
	if err := s.examine(r.Context(), request.Application); err != nil {
		return err
	}
	management, next := tenant.NewSecret()
	done, err := s.registry.Update(r.Context(), tenant.UpdateIn{ManageIn: r.manages(), Next: next, Application: request.Application})
	if err != nil {
		return err
	}
	if done.Application.SecretHash == nil {
		secret = ""
	}
	return s.writeRegistration(w, http.StatusOK, done, management, secret)
}

// unregister forgets an application (RFC 7592 section 2.3). Its tokens end with it: whoever is asked about one looks the application up.
func (s *Service) unregister(w http.ResponseWriter, r registration) error {
	if err := s.registry.Unregister(r.Context(), r.manages()); err != nil {
		return err
	}
	s.log.InfoContext(r.Context(), "application unregistered itself", "client", r.clientID)
	oauth.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// documentNames are what members of the operator's file are called in a registration document.
var documentNames = map[string]string{"name": "client_name", "kind": "application_type", "scopes": "scope", "encryption_key": "jwks",
	"exchange": "grant_types", "response_modes": "response_types"}

// refusal is the error of RFC 7591 section 3.2.2 for what cannot be registered. Faults name the member and say what to do, which only
// whoever sent the document sees.
func refusal(err error) error {
	if errors.Is(err, tenant.ErrStatement) {
		return oauth.ErrSoftwareStatement.From(err)
	}
	if errors.Is(err, tenant.ErrTooMany) {
		return oauth.ErrUnavailable.With("there are too many applications; ask the operator").From(err)
	}
	faults, ok := errors.AsType[tenant.Faults](err)
	if !ok || len(faults) == 0 {
		return err
	}
	e := oauth.ErrClientMetadata
	if faults[0].Field == "redirect_uris" {
		e = oauth.ErrRegisteredURI
	}
	field := faults[0].Field
	if name := documentNames[field]; name != "" {
		field = name
	}
	return e.With(plain(strings.TrimSpace(field + " " + faults[0].Fault))).From(err)
}

// maxDescription bounds an error_description that is made of what a client sent, in bytes.
const maxDescription = 300

// plain leaves of a text what may stand in an error_description (RFC 6749 section 5.2).
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < 0x20 || r > 0x7e || r == '\\':
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), maxDescription)]
}
