package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// applications lists what applications may do for the person.
func (s *Service) applications(w http.ResponseWriter, r *http.Request) (api.Applications, error) {
	here, err := s.here(r)
	if err != nil {
		return api.Applications{}, err
	}
	found, err := s.Accounts.Consents(r.Context(), here.Account, here.Ref())
	if err != nil {
		return api.Applications{}, refused(w, err)
	}
	out := api.Applications{Applications: []api.Application{}}
	for _, c := range found.Consents {
		one, err := s.application(r.Context(), c)
		if err != nil {
			return api.Applications{}, err
		}
		out.Applications = append(out.Applications, one)
	}
	return out, nil
}

// application puts what is registered to what the account knows.
func (s *Service) application(ctx context.Context, c account.Consent) (api.Application, error) {
	app, err := s.Applications.Application(ctx, c.ClientID)
	if err != nil && !errors.Is(err, tenant.ErrUnknownApplication) {
		return api.Application{}, err
	}
	scope := oauth.Words(c.Scope)
	out := api.Application{
		ID: c.ClientID, Name: app.Name, Verified: err == nil && !app.Dynamic, Agreed: c.Agreed,
		Scopes: scope.Within(oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOffline, oauth.ScopeSettings),
		Since:  c.Since, LastUsed: c.LastUsed, Offline: c.Offline, Resources: []api.ConsentResource{},
	}
	if app.Owns(app.ClientURI, app.RedirectURIs...) && !(app.Dynamic && app.MayUse(tenant.GrantDevice)) { // a device proves no host
		out.Host = hostOf(app.ClientURI)
	}
	for _, identifier := range c.Resources {
		to, err := s.Applications.Resource(ctx, identifier)
		if err != nil && !errors.Is(err, tenant.ErrUnknownResource) {
			return out, err
		}
		if to.Name == "" {
			to.Name = identifier
		}
		out.Resources = append(out.Resources, api.ConsentResource{Name: to.Name, Scopes: scope.Within(to.Scopes...)})
	}
	return out, nil
}

// removeApplication takes from an application all that it may do. One that may do nothing is no failure.
func (s *Service) removeApplication(w http.ResponseWriter, r *http.Request, in api.ApplicationRemoveRequest) (problem.Empty, error) {
	here, err := s.here(r)
	if err != nil {
		return problem.Empty{}, err
	}
	err = s.Accounts.RevokeConsent(r.Context(), here.Account, account.RevokeConsentIn{Session: here.Ref(), ClientID: in.ID})
	return problem.Empty{}, refused(w, err)
}

// apps lists what the person may open: the operator's applications that are for this person, and those that registered themselves and
// that the person agreed to.
func (s *Service) apps(w http.ResponseWriter, r *http.Request) (api.Apps, error) {
	here, err := s.here(r)
	if err != nil {
		return api.Apps{}, err
	}
	ctx := r.Context()
	who, err := s.Accounts.Profile(ctx, here.Account, here.Ref())
	if err != nil {
		return api.Apps{}, refused(w, err)
	}
	all, err := s.Applications.Applications(ctx)
	if err != nil {
		return api.Apps{}, err
	}
	own, err := s.selfRegistered(ctx, here.Account, here.Ref())
	if err != nil {
		return api.Apps{}, refused(w, err)
	}
	out := api.Apps{Apps: []api.App{}}
	for _, app := range slices.Concat(all, own) {
		place := s.opens(app)
		if place == "" || app.AssignmentRequired && !account.Assigned(who.UPN, app.AssignedTo) {
			continue
		}
		out.Apps = append(out.Apps, api.App{Name: app.Name, Host: hostOf(place), URL: place})
	}
	slices.SortStableFunc(out.Apps, func(a, b api.App) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out, nil
}

// selfRegistered are the applications that registered themselves and that the person agreed to.
func (s *Service) selfRegistered(ctx context.Context, id string, ref account.SessionRef) ([]tenant.Application, error) {
	found, err := s.Accounts.Consents(ctx, id, ref)
	if err != nil {
		return nil, err
	}
	var out []tenant.Application
	for _, c := range found.Consents {
		app, err := s.Applications.Application(ctx, c.ClientID)
		if err != nil && !errors.Is(err, tenant.ErrUnknownApplication) {
			return nil, err
		}
		if c.Agreed && app.Dynamic {
			out = append(out, app)
		}
	}
	return out, nil
}

// opens is where an application begins: where it signs in by itself, told who is asked (OpenID Connect Core 1.0 section 4), or else
// its home page; "" for neither. Who the person is, it learns by signing in and not from the address.
func (s *Service) opens(app tenant.Application) string {
	if app.InitiateLoginURI == "" {
		return httpsOnly(app.ClientURI)
	}
	u, err := url.Parse(httpsOnly(app.InitiateLoginURI))
	if err != nil || u.Host == "" {
		return ""
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "iss=" + url.QueryEscape(s.Issuer)
	return u.String()
}

func httpsOnly(address string) string {
	if strings.HasPrefix(address, "https://") {
		return address
	}
	return ""
}

// hostOf is the host of an https address, "" for any other.
func hostOf(address string) string {
	u, err := url.Parse(httpsOnly(address))
	if err != nil {
		return ""
	}
	return u.Host
}
