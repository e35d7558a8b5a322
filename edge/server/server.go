// Package server is the only place where the services meet: it reads the configuration, hands each service what it declares it
// needs, and stacks what every request goes through. A new feature is one package and one line here.
//
// The Worker (edge/main_js.go) and the native server (edge/main_native.go) both call New and differ only in what they hand in:
// where objects live, how requests leave, and whose signatures are fast.
package server

import (
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

// New connects the services.
func New(d Deps) (*Service, error) {
	c := d.Config
	ring := keys.NewService(keys.ServiceDeps{Host: d.Host, Root: c.Root, Native: d.Native, Now: d.Now, Log: d.Log})
	accounts := account.NewService(d.Host)
	directory := names.NewService(d.Host)
	vaults := vault.NewService(d.Host)
	counters := throttle.NewService(d.Host)
	applications := tenant.NewService(tenant.ServiceDeps{Host: d.Host, Now: d.Now})
	mail, err := message.New(message.Deps{URL: c.Mail, Host: d.Host, Dial: d.Dial, HTTP: d.Outbound, Now: d.Now, Log: d.Log})
	if err != nil {
		return nil, fmt.Errorf("LATCHKEY_MAIL: %w", err)
	}
	box := &postbox{keys: ring, message: mail, now: d.Now, log: d.Log}
	address := func(r *http.Request) string { return clientAddress(r, c.AddressHeader) }

	mux := http.NewServeMux()
	provider := token.New(token.Deps{
		Issuer: c.Issuer, Keys: ring, Accounts: accounts, Applications: applications, Resources: applications,
		Registry: applications, EnsureAlg: ring.EnsureAlg,
		Devices: device.NewService(d.Host), Address: address,
		Throttle: counters, Outbound: d.Outbound, Certificates: c.Certificates, Now: d.Now, Log: d.Log,
	})
	provider.Mount(mux)
	signin.New(signin.Deps{
		Config: signin.Config{
			DefaultDomain: c.DefaultDomain, ExtraDomains: c.ExtraDomains,
			SigninLimit: c.SigninLimit, SignupLimit: c.SignupLimit, SignupAllow: c.SignupAllow,
		},
		Names: directory, Accounts: accounts, Throttle: counters, Keys: ring, Realms: signin.Registry{Names: directory},
		Mail: box, Address: address, Now: d.Now, Log: d.Log,
	}).Mount(mux)
	portal.New(portal.Deps{
		Issuer: c.Issuer, Accounts: accounts, Applications: applications, Keys: ring, Now: d.Now, Log: d.Log,
	}).Mount(mux)
	trust.New(trust.Deps{Accounts: accounts, Keys: ring, Log: d.Log}).Mount(mux)
	sync.New(sync.Deps{Vaults: vaults, Trust: accounts, Keys: ring, Issuer: c.Issuer, Connect: listen(d.Sockets), Log: d.Log}).Mount(mux)
	tenant.Mount(mux, tenant.Deps{
		Applications: applications, Document: provider.Document, Local: c.local(), OperatorKey: c.OperatorKey, EnsureAlg: ring.EnsureAlg, Log: d.Log,
	})
	mail.Mount(mux)
	mux.HandleFunc("GET "+api.RouteConfiguration, func(w http.ResponseWriter, r *http.Request) {
		problem.JSON(w, api.Configuration{Issuer: c.Issuer, DefaultDomain: c.DefaultDomain, RangeService: c.RangeService, KSF: api.CurrentKSF})
	})
	mux.HandleFunc("GET "+RouteHealth, health)

	kinds := []*object.Kind{
		keys.New(keys.Deps{Root: c.Root, Native: d.Native, Log: d.Log}),
		names.New(), tenant.New(), throttle.New(), device.New(), vault.New(c.Vault),
		account.New(account.Deps{Effects: map[string]object.Effect{
			account.TopicMail:        box.deliver,
			account.TopicNamesCommit: commitName(directory, d.Log),
			account.TopicDisconnect:  disconnect(vaults),
			account.TopicLogout: token.BackChannel(token.BackChannelDeps{
				Issuer: c.Issuer, Keys: ring, Applications: applications, Transport: d.Outbound, Now: d.Now, Log: d.Log,
			}),
		}}),
	}
	return &Service{Handler: stack(d, mux), Kinds: append(kinds, mail.Kinds()...)}, nil
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
