package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/e2e/opaquetest"
)

const longPassword = "correct horse battery staple bench"

// request measures a trivial one: the same handler in one warm program, under workers.Serve, and the least that JavaScript can do.
func (b *bench) request() error {
	ours, err := b.startBridge()
	if err != nil {
		return err
	}
	defer ours.Stop()
	plain, err := startPlain(b.ctx, b.dir, "hello")
	if err != nil {
		return err
	}
	defer plain.Stop()
	serve, err := b.startServe()
	if err != nil {
		return err
	}
	defer serve.Stop()
	for _, c := range []struct {
		name, address, format, target string
		least                         float64
	}{
		{"plain JS Worker", plain.URL, "%.2f", "≥ 0.50", 0.5},
		{"workers.Serve", serve.URL, "%.1f", "≥ 30", 30},
	} {
		our, their, ratio, err := b.turns(
			func() (float64, error) { return wrk(ours.URL + "/hello") },
			func() (float64, error) { return wrk(c.address) },
		)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, row{"trivial request, warm", fmt.Sprintf("%.0f/s", our), fmt.Sprintf("%s %.0f/s", c.name, their),
			fmt.Sprintf(c.format, ratio), c.target, ratio >= c.least})
	}
	return nil
}

// signin measures the server's processor time of both steps of a password sign-in beside one scrypt check.
func (b *bench) signin() error {
	ours, err := b.latchkey("signin")
	if err != nil {
		return err
	}
	defer ours.Stop()
	person, browser, upn, err := b.member(ours, 0)
	if err != nil {
		return err
	}
	plain, err := startPlain(b.ctx, b.dir, "scrypt")
	if err != nil {
		return err
	}
	defer plain.Stop()
	for range 500 { // let the runtime's compiler settle: it is at work on other threads of the same process for some seconds
		if err := arrive(browser, upn, person); err != nil {
			return err
		}
	}
	our, their, ratio, err := b.turns(
		func() (float64, error) {
			return spent(ours.PID(), 100, func() error { return arrive(browser, upn, person) })
		},
		func() (float64, error) { return spent(plain.PID(), 20, func() error { return get(plain.URL) }) },
	)
	b.rows = append(b.rows, row{"password sign-in at the server, CPU", fmt.Sprintf("%.1f ms", our),
		fmt.Sprintf("scrypt N=2^14 r=16, native %.1f ms", their), fmt.Sprintf("1/%.1f", 1/ratio), "≤ 1/7", ratio*7 <= 1})
	return err
}

// arrive signs in as somebody does who is not signed in, in a browser that has been here before.
func arrive(w *browser, upn string, p *opaquetest.Person) error {
	delete(w.Cookies, "__Host-session")
	return w.SignIn(upn, p)
}

// codeflow measures authorize and token for people who are signed in.
func (b *bench) codeflow() error {
	ours, err := b.latchkey("codeflow")
	if err != nil {
		return err
	}
	defer ours.Stop()
	file, err := json.Marshal(map[string]any{"applications": []any{map[string]any{
		"client_id": clientID, "name": "Bench", "client_secret": ours.Secrets.ShopSecret, "redirect_uris": []string{redirectURI},
	}}})
	if err != nil {
		return err
	}
	if err := ours.Load(b.ctx, file); err != nil {
		return err
	}
	plain, err := startPlain(b.ctx, b.dir, "flow", "Code")
	if err != nil {
		return err
	}
	defer plain.Stop()
	const clients = 8
	members, strangers := make([]*browser, clients), make([]*browser, clients)
	for i := range clients {
		if _, members[i], _, err = b.member(ours, i); err != nil {
			return err
		}
		strangers[i] = newBrowser(plain.URL, "", "secret")
	}
	our, their, ratio, err := b.turns(
		func() (float64, error) {
			return flows(clients, 2*time.Second, func(c int) error { return members[c].codeFlow() })
		},
		func() (float64, error) {
			return flows(clients, 2*time.Second, func(c int) error { return strangers[c].plainFlow(c) })
		},
	)
	b.rows = append(b.rows, row{"authorize + token, signed in", fmt.Sprintf("%.0f/s", our),
		fmt.Sprintf("plain JS Worker and object %.0f/s", their), fmt.Sprintf("%.2f", ratio), "≥ 0.50", ratio >= 0.5})
	return err
}

// memory watches the isolate's memory over ten thousand sign-ins.
func (b *bench) memory() error {
	ours, err := b.latchkey("memory")
	if err != nil {
		return err
	}
	defer ours.Stop()
	const clients, total, step = 8, 10_000, 1_000
	people, browsers, upns := make([]*opaquetest.Person, clients), make([]*browser, clients), make([]string, clients)
	for i := range clients {
		if people[i], browsers[i], upns[i], err = b.member(ours, i); err != nil {
			return err
		}
	}
	var marks []string
	var first, last int64
	for n := step; n <= total; n += step {
		if err := each(clients, step/clients, func(c int) error { return arrive(browsers[c], upns[c], people[c]) }); err != nil {
			return err
		}
		if last, err = resident(ours.PID()); err != nil {
			return err
		}
		if n == step {
			first = last
		}
		marks = append(marks, fmt.Sprint(last>>20))
	}
	ratio := float64(last) / float64(first)
	b.rows = append(b.rows, row{"memory after 10,000 sign-ins", fmt.Sprintf("%d MiB", last>>20),
		fmt.Sprintf("after each 1,000: %s MiB", strings.Join(marks, " ")), fmt.Sprintf("%.2f", ratio), "≤ 1.10", ratio <= 1.10})
	return nil
}

// member makes an account and returns who can sign in to it, in a browser that is signed in.
func (b *bench) member(s *local.Service, n int) (*opaquetest.Person, *browser, string, error) {
	p, upn := opaquetest.NewPerson(longPassword), fmt.Sprintf("bench-%d-%d@%s", n, time.Now().UnixNano()%1e9, local.DefaultDomain)
	w := newBrowser(s.URL, s.Issuer, s.Secrets.ShopSecret)
	if err := w.SignUp(upn, p); err != nil {
		return nil, nil, "", err
	}
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" {
		return nil, nil, "", fmt.Errorf("%q", s.URL)
	}
	return p, w, upn, nil
}

// each calls f n times for each of the clients, which run at once.
func each(clients, n int, f func(client int) error) error {
	errs := make(chan error, clients)
	for c := range clients {
		go func() {
			for range n {
				if err := f(c); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var all error
	for range clients {
		all = errors.Join(all, <-errs)
	}
	return all
}
