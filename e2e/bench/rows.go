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
		b.say("beside %s", c.name)
		our, their, ratio, err := b.turns(
			func() (float64, error) { return wrk(ours.URL + "/hello") },
			func() (float64, error) { return wrk(c.address) },
		)
		if err != nil {
			return err
		}
		b.add(row{"trivial request, warm", fmt.Sprintf("%.0f/s", our), fmt.Sprintf("%s %.0f/s", c.name, their),
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
	if err != nil {
		return err
	}
	b.add(row{"password sign-in at the server, CPU", fmt.Sprintf("%.1f ms", our),
		fmt.Sprintf("scrypt N=2^14 r=16, native %.1f ms", their), fmt.Sprintf("1/%.1f", 1/ratio), "≤ 1/7", ratio*7 <= 1})
	return nil
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
	if err != nil {
		return err
	}
	b.add(row{"authorize + token, signed in", fmt.Sprintf("%.0f/s", our),
		fmt.Sprintf("plain JS Worker and object %.0f/s", their), fmt.Sprintf("%.2f", ratio), "≥ 0.50", ratio >= 0.5})
	return nil
}

// memory compares what the isolate holds after a thousand sign-ins and after ten thousand: one isolate for each, so that nothing collects
// in the second before its end.
//
// It is the isolate that must not grow. The process beside it does, from 215 to 330 MiB within some 7,000 sign-ins, and then no more: V8
// enlarges its young generation with what survives there, and until it collects, garbage keeps what it stands for in the runtime. When
// V8 may not (--max-semi-space-size=2) the process stays at 216 MiB. So its memory is shown and is not the target.
func (b *bench) memory() error {
	const few, many = 1_000, 10_000
	first, _, err := b.heldAfter(few)
	if err != nil {
		return err
	}
	last, marks, err := b.heldAfter(many)
	if err != nil {
		return err
	}
	ratio := float64(last) / float64(first)
	b.add(row{"isolate's memory after 10,000 sign-ins", fmt.Sprintf("%.1f MiB", float64(last)/(1<<20)),
		fmt.Sprintf("after 1,000: %.1f MiB (process after each 1,000: %s MiB)", float64(first)/(1<<20), strings.Join(marks, " ")),
		fmt.Sprintf("%.2f", ratio), "≤ 1.10", ratio <= 1.10})
	return nil
}

// heldAfter starts the service, has eight people sign in, and returns what the isolate holds after so many sign-ins, in bytes, and the
// process's memory after each thousand, in MiB.
func (b *bench) heldAfter(signins int) (bytes int64, marks []string, err error) {
	program, inspector, err := inspected(b.dir)
	if err != nil {
		return 0, nil, err
	}
	ours, err := b.latchkey(fmt.Sprintf("memory-%d", signins), func(o *local.Options) { o.Workerd = program })
	if err != nil {
		return 0, nil, err
	}
	defer ours.Stop()
	const clients, step = 8, 1_000
	people, browsers, upns := make([]*opaquetest.Person, clients), make([]*browser, clients), make([]string, clients)
	for i := range clients {
		if people[i], browsers[i], upns[i], err = b.member(ours, i); err != nil {
			return 0, nil, err
		}
	}
	for range signins / step {
		if err := each(clients, step/clients, func(c int) error { return arrive(browsers[c], upns[c], people[c]) }); err != nil {
			return 0, nil, err
		}
		process, err := resident(ours.PID())
		if err != nil {
			return 0, nil, err
		}
		marks = append(marks, fmt.Sprint(process>>20))
		b.say("%d of %d sign-ins: the process has %d MiB", len(marks)*step, signins, process>>20)
	}
	bytes, err = held(b.ctx, inspector)
	return bytes, marks, err
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
