// Package server is the only place where the services meet: it reads the configuration, hands each service what it declares it
// needs, and stacks what every request goes through. A new feature is one package and one line here.
//
// The Worker (edge/main_js.go) and the native server (edge/main_native.go) both call New and differ only in what they hand in:
// where objects live, how requests leave, and whose signatures are fast.
package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/message"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/portal"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/recover"
	"github.com/latchkey-id/latchkey/edge/security"
	"github.com/latchkey-id/latchkey/edge/signin"
	"github.com/latchkey-id/latchkey/edge/sync"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
	"github.com/latchkey-id/latchkey/edge/token"
	"github.com/latchkey-id/latchkey/edge/trust"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// Deps is what differs between runtimes.
type Deps struct {
	Config   Config
	Host     object.Host       // where objects live
	Sockets  object.Connector  // how WebSockets get to them
	Outbound http.RoundTripper // how requests leave; must have a deadline of its own
	Dial     message.Dial      // how mail leaves over SMTP
	Native   keys.Native       // the runtime's own cryptography; nil: Go's
	Now      func() time.Time
	Log      *slog.Logger
}

// Service is the whole of Latchkey's edge.
type Service struct {
	Handler http.Handler
	Kinds   []*object.Kind // to be registered with the host
}

// parts are what the routes and the objects share.
type parts struct {
	Deps
	ring         *keys.Service
	accounts     *account.Service
	directory    *names.Service
	vaults       *vault.Service
	counters     *throttle.Service
	applications *tenant.Service
	mail         *message.Service
	box          *postbox
}

// New connects the services.
func New(d Deps) (*Service, error) {
	c := d.Config
	mail, err := message.New(message.Deps{URL: c.Mail, SMS: c.SMS, Host: d.Host, Dial: d.Dial, HTTP: d.Outbound, Now: d.Now, Log: d.Log})
	if errors.Is(err, message.ErrPhones) {
		return nil, fmt.Errorf("LATCHKEY_SMS: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("LATCHKEY_MAIL: %w", err)
	}
	ring := keys.NewService(keys.ServiceDeps{Host: d.Host, Root: c.Root, Native: d.Native, Now: d.Now, Log: d.Log})
	p := &parts{
		Deps: d, ring: ring, accounts: account.NewService(d.Host), directory: names.NewService(d.Host), vaults: vault.NewService(d.Host),
		counters: throttle.NewService(d.Host), applications: tenant.NewService(tenant.ServiceDeps{Host: d.Host, Now: d.Now}),
		mail: mail,
	}
	p.box = &postbox{keys: ring, message: mail, limits: security.Limits{Throttle: p.counters, Keys: ring}, now: d.Now, log: d.Log}
	return &Service{Handler: stack(d, p.routes()), Kinds: p.kinds()}, nil
}

// address is the client's, as the platform reports it.
func (p *parts) address(r *http.Request) string { return clientAddress(r, p.Config.AddressHeader) }

// routes mounts the services.
func (p *parts) routes() *http.ServeMux {
	c, mux := p.Config, http.NewServeMux()
	provider := token.New(token.Deps{
		Issuer: c.Issuer, Keys: p.ring, Accounts: p.accounts, Applications: p.applications, Resources: p.applications,
		Registry: p.applications, EnsureAlg: p.ring.EnsureAlg,
		Devices: device.NewService(p.Host), Address: p.address,
		Throttle: p.counters, Outbound: p.Outbound, Certificates: c.Certificates, Now: p.Now, Log: p.Log,
	})
	provider.Mount(mux)
	signin.New(signin.Deps{
		Config: signin.Config{
			Issuer: c.Issuer, DefaultDomain: c.DefaultDomain, ExtraDomains: c.ExtraDomains,
			SigninLimit: c.SigninLimit, SignupLimit: c.SignupLimit, SignupAllow: c.SignupAllow,
		},
		Names: p.directory, Accounts: p.accounts, Throttle: p.counters, Keys: p.ring, Realms: signin.Registry{Names: p.directory},
		Mail: p.box, Address: p.address, Now: p.Now, Log: p.Log,
	}).Mount(mux)
	portal.New(portal.Deps{
		Issuer: c.Issuer, Accounts: p.accounts, Applications: p.applications, Keys: p.ring, Now: p.Now, Log: p.Log,
	}).Mount(mux)
	proofs := security.New(security.Deps{
		Issuer: c.Issuer, Accounts: p.accounts, Throttle: p.counters, Keys: p.ring, Codes: codes{p.box}, Address: p.address, Now: p.Now, Log: p.Log,
	})
	proofs.Mount(mux)
	trust.New(trust.Deps{Accounts: p.accounts, Proofs: proofs, Keys: p.ring, Log: p.Log}).Mount(mux)
	recover.New(recover.Deps{
		Limit: c.SigninLimit, Phones: p.mail.Phones(), Names: p.directory, Accounts: p.accounts, Throttle: p.counters, Keys: p.ring,
		Proofs: proofs, Address: p.address, Now: p.Now, Log: p.Log,
	}).Mount(mux)
	settings := sync.New(sync.Deps{
		Vaults: p.vaults, Trust: p.accounts, Applications: p.applications, Keys: p.ring, Issuer: c.Issuer,
		Connect: listen(p.Sockets), Now: p.Now, Log: p.Log,
	})
	settings.Mount(mux)
	settings.MountApplications(mux, provider.Protected)
	tenant.Mount(mux, tenant.Deps{
		Applications: p.applications, Document: provider.Document, Local: c.local(), OperatorKey: c.OperatorKey, EnsureAlg: p.ring.EnsureAlg, Log: p.Log,
	})
	p.mail.Mount(mux)
	mux.HandleFunc("GET "+api.RouteConfiguration, func(w http.ResponseWriter, r *http.Request) {
		problem.JSON(w, api.Configuration{Issuer: c.Issuer, DefaultDomain: c.DefaultDomain, RangeService: c.RangeService, KSF: api.CurrentKSF})
	})
	mux.HandleFunc("GET "+RouteHealth, health)
	return mux
}

// kinds are the kinds of objects, with the effects that their outboxes need.
func (p *parts) kinds() []*object.Kind {
	return append([]*object.Kind{
		keys.New(keys.Deps{Root: p.Config.Root, Native: p.Native, Log: p.Log}),
		names.New(), tenant.New(), throttle.New(), device.New(), vault.New(p.Config.Vault, vault.Erasing(p.vaults)),
		account.New(account.Deps{Wait: int64(p.Config.SecurityWait / time.Second), Effects: map[string]object.Effect{
			account.TopicMail:        p.box.deliver,
			account.TopicMailTrusted: p.box.deliverTrusted,
			account.TopicNamesCommit: commitName(p.directory, p.Log),
			account.TopicDisconnect:  disconnect(p.vaults),
			account.TopicNotice:      p.box.notice,
			account.TopicLogout: token.BackChannel(token.BackChannelDeps{
				Issuer: p.Config.Issuer, Keys: p.ring, Applications: p.applications, Transport: p.Outbound, Now: p.Now, Log: p.Log,
			}),
		}}),
	}, p.mail.Kinds()...)
}

// stack puts around the routes what every request goes through, outermost last.
func stack(d Deps, mux *http.ServeMux) http.Handler {
	h := routed(d.Log, mux)
	h = ownPages(d.Config.Issuer, d.Log, h)
	h = bounded(d.Log, h)
	h = recovered(d.Log, h)
	h = logged(d.Log, d.Now, h)
	h = probed(h)
	return secure(h)
}
