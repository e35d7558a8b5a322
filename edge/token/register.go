package token

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// RouteRegister is the registration endpoint (RFC 7591 section 3). Under it, by client id, each application that registered itself has
// its configuration endpoint (RFC 7592 section 2).
const RouteRegister = "/oauth2/register"

// Registry is where applications register themselves (edge/tenant).
type Registry interface {
	Terms(ctx context.Context, hash []byte) (tenant.Terms, error)
	Register(ctx context.Context, in tenant.RegisterIn) (tenant.Registered, error)
	Registration(ctx context.Context, in tenant.ManageIn) (tenant.Registered, error)
	Update(ctx context.Context, in tenant.UpdateIn) (tenant.Registered, error)
	Unregister(ctx context.Context, in tenant.ManageIn) error
}

// mountRegistry adds the endpoints of dynamic registration.
func (s *Service) mountRegistry(mux *http.ServeMux) {
	mux.HandleFunc("POST "+RouteRegister, s.registers(s.register))
	mux.HandleFunc("OPTIONS "+RouteRegister, preflight)
	mux.HandleFunc("GET "+RouteRegister+"/{id}", s.registers(s.readRegistration))
	mux.HandleFunc("PUT "+RouteRegister+"/{id}", s.registers(s.updateRegistration))
	mux.HandleFunc("DELETE "+RouteRegister+"/{id}", s.registers(s.unregister))
}

// registrationEndpoint is the endpoint as discovery names it, "" when there is none.
func (s *Service) registrationEndpoint() string {
	if s.registry == nil {
		return ""
	}
	return s.issuer + RouteRegister
}

// registration is a request to one of them: the bearer token, and the client id of the address.
type registration struct {
	*http.Request
	token    string
	clientID string
}

// manages is what the configuration endpoint asks for before anything else.
func (r registration) manages() tenant.ManageIn {
	return tenant.ManageIn{ClientID: r.clientID, Management: tenant.HashSecret(r.token)}
}

// registers finds the bearer token, which is in the header and nowhere else, and answers. A token that is missing or wrong is an error of
// RFC 6750, all others are of RFC 7591 section 3.2.2.
func (s *Service) registers(answer func(w http.ResponseWriter, r registration) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		anyOrigin(w)
		header := r.Header.Values("Authorization")
		scheme, token, _ := strings.Cut(strings.Join(header, ","), " ")
		err := error(oauth.ErrNoToken)
		if len(header) == 1 && strings.EqualFold(scheme, "Bearer") && token != "" {
			err = answer(w, registration{r, strings.TrimLeft(token, " "), strings.TrimPrefix(r.URL.Path, RouteRegister+"/")})
		}
		switch {
		case err == nil:
		case errors.Is(err, tenant.ErrInitialToken), errors.Is(err, tenant.ErrManagement):
			s.errors.Bearer(w, r, oauth.ErrInvalidToken.From(err))
		case errors.Is(err, oauth.ErrNoToken):
			s.errors.Bearer(w, r, err)
		default:
			s.errors.JSON(w, r, refusal(err))
		}
	}
}

// register keeps an application that shows an initial access token.
func (s *Service) register(w http.ResponseWriter, r registration) error {
	ctx, token := r.Context(), tenant.HashSecret(r.token)
	terms, err := s.registry.Terms(ctx, token) // before anything of a stranger's is read or fetched
	if err != nil {
		return err
	}
	data, err := readDocument(w, r.Request)
	if err != nil {
		return err
	}
	secret, hash := tenant.NewSecret()
	request, err := tenant.ParseRegistration(data, tenant.NewDynamicID(), hash, terms)
	if err == nil {
		err = s.examine(ctx, request.Application)
	}
	if err != nil {
		return err
	}
	management, managementHash := tenant.NewSecret()
	done, err := s.registry.Register(ctx, tenant.RegisterIn{Token: token, Management: managementHash, Application: request.Application})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "application registered itself", "client", done.Application.ClientID)
	if done.Application.SecretHash == nil {
		secret = ""
	}
	return s.writeRegistration(w, http.StatusCreated, done, management, secret)
}

// readDocument reads a bounded JSON body.
func readDocument(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, oauth.ErrClientMetadata.With("Content-Type must be application/json")
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, tenant.MaxRegistration))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, oauth.ErrTooLarge
	}
	if err != nil {
		return nil, oauth.ErrClientMetadata.With("body cannot be read").From(err)
	}
	return data, nil
}

// examine checks what the text of a registration alone does not show, and makes ready for it. The only address that is gone to is that
// of the sector (OpenID Connect Registration 1.0 section 5).
func (s *Service) examine(ctx context.Context, app tenant.Application) error {
	if faults := app.Hosts(s.fetcher.local); len(faults) > 0 {
		return faults
	}
	if app.SectorURI != "" {
		data, err := s.sector(ctx, app.SectorURI)
		if errors.Is(err, errBusy) {
			return err
		}
		if err != nil {
			return oauth.ErrClientMetadata.With("sector_identifier_uri cannot be fetched").From(err)
		}
		if err := app.CheckSector(data); err != nil {
			return err
		}
	}
	for _, alg := range app.Algs() {
		if err := s.ensureAlg(ctx, alg); err != nil {
			return err
		}
	}
	return nil
}

// sectorLimit bounds how often a registration makes us visit one host: the initial access token is not used up by a registration that
// fails, so who has one could otherwise aim us at somebody.
var sectorLimit = throttle.Limit{Count: 20, Window: 10 * time.Minute}

var errBusy = oauth.ErrUnavailable.With("sector_identifier_uri was fetched too often; try again later")

func (s *Service) sector(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	ok, _, err := s.throttle.Take(ctx, "sector:"+strings.ToLower(u.Hostname()), sectorLimit)
	if err == nil && !ok {
		err = errBusy
	}
	if err != nil {
		return nil, err
	}
	return s.Document(ctx, address)
}

// Document fetches the JSON document at an address that somebody registers, from public hosts only.
func (s *Service) Document(ctx context.Context, address string) ([]byte, error) {
	return s.fetcher.get(ctx, address, "application/json")
}

// writeRegistration answers with everything that is registered (RFC 7591 section 3.2.1, RFC 7592 section 3). The client secret is shown
// when it is made and never again: only its hash is kept.
func (s *Service) writeRegistration(w http.ResponseWriter, status int, r tenant.Registered, management, secret string) error {
	members, err := r.Application.Metadata()
	if err != nil {
		return err
	}
	members["client_id_issued_at"] = r.Created
	members["registration_client_uri"] = s.issuer + RouteRegister + "/" + r.Application.ClientID
	members["registration_access_token"] = management
	if secret != "" {
		members["client_secret"], members["client_secret_expires_at"] = secret, 0 // 0: never
	}
	oauth.WriteJSON(w, status, members)
	return nil
}
