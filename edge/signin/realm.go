package signin

import (
	"context"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// Realms knows the domains that organisations have registered.
type Realms interface {
	// Lookup says where the names of a domain sign in. known is false for a domain that no organisation has registered. redirect is
	// where the browser goes, for RealmFederated only.
	Lookup(ctx context.Context, domain string) (realm api.Realm, redirect string, known bool, err error)
}

// Registry is the Realms of the names objects: a domain is registered under "domain:" + domain. All domains there are managed.
type Registry struct{ Names Names }

// Lookup implements Realms.
func (r Registry) Lookup(ctx context.Context, domain string) (api.Realm, string, bool, error) {
	owner, found, err := r.Names.Lookup(ctx, "domain:"+domain)
	return api.RealmManaged, "", found && owner.Kind == names.Domain, err
}

// specialUse are top-level domains under which no public mail domain can exist: RFC 6761 section 6, RFC 6762 (local), RFC 7686
// (onion), RFC 9476 (alt) and ICANN's reservation of internal.
var specialUse = []string{"alt", "example", "internal", "invalid", "local", "localhost", "onion", "test"}

// realm is what is known of a name's domain.
type realm struct {
	api.Realm
	redirect   string
	registered bool // by an organisation
}

// realmOf says where a domain's names sign in, or the problem CodeDomainUnknown.
//
// A personal account may have the person's own e-mail address, so any public domain may have names here, and asking which do
// would tell who has an account. Hence every domain is managed that could be a mail domain. Unknown is only what cannot have
// names: a sub-domain of the service's own, which an organisation would have had to register, and domains that do not exist on
// the public Internet. That catches the mistakes worth catching (a bare or internal host name, an organisation's name
// misspelt) and tells nothing about people.
func (s *Service) realmOf(ctx context.Context, domain string) (realm, error) {
	own := s.Config.DefaultDomain
	if domain == own || slices.Contains(s.Config.ExtraDomains, domain) {
		return realm{Realm: api.RealmManaged}, nil
	}
	at, redirect, known, err := s.Realms.Lookup(ctx, domain)
	switch {
	case err != nil:
		return realm{}, err
	case known:
		return realm{Realm: at, redirect: redirect, registered: true}, nil
	case strings.HasSuffix(domain, "."+own) || !public(domain):
		return realm{}, problem.New(api.CodeDomainUnknown)
	}
	return realm{Realm: api.RealmManaged}, nil
}

// public reports whether a domain can exist in the public DNS: at least two labels, none of the special-use domains at the top.
func public(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && !slices.Contains(specialUse, domain[dot+1:])
}
