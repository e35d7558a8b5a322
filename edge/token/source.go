package token

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// source is how the parameters of an authorization request came here, which decides what they are worth.
type source struct {
	Pushed bool   // by the authenticated application itself (RFC 9126)
	Signed bool   // by the application's key (RFC 9101)
	ID     string // of the pushed request, to be used up when it is answered
	Object string // jti of the request object, to be used up when the request is found good
}

// resolve returns the parameters of an authorization request that count: those of the request itself, those that were pushed before,
// or those of a request object. Of the address nothing but client_id is looked at besides (RFC 9101 section 6.3, RFC 9126 section 4).
func (s *Service) resolve(r *http.Request, p oauth.Params) (oauth.Params, source, error) {
	switch {
	case p.Has("request") && p.Has("request_uri"):
		return p, source{}, oauth.ErrInvalidRequest.With("request and request_uri exclude each other")
	case p.Has("request_uri"):
		q, err := s.openPushed(r.Context(), p.Get("request_uri"), p.Get("client_id"))
		if err != nil {
			return p, source{}, err
		}
		p, err = oauth.MakeParams(q.Params)
		return p, source{Pushed: true, Signed: q.Signed, ID: q.ID}, err
	case p.Has("request"):
		app, err := s.application(r.Context(), p.Get("client_id"))
		if errors.Is(err, oauth.ErrInvalidClient) {
			err = oauth.ErrUnknownClient.From(err)
		}
		if err != nil {
			return p, source{}, err
		}
		p, id, err := s.openObject(r.Context(), app, p.Get("request"))
		return p, source{Signed: true, Object: id}, err
	}
	return p, source{}, nil
}
