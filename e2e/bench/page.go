package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// corePage is a page of the site in Chromium.
type corePage struct{ ctx context.Context }

// call calls the client core as the page's own scripts do, in the page's worker.
func (p *corePage) call(method string, arguments map[string]any, out any) error {
	in, err := json.Marshal(arguments)
	if err != nil {
		return err
	}
	script := fmt.Sprintf(`(async () => {
		const core = performance.getEntriesByType("resource").find(({ name }) => /\/assets\/core\.\w+\.js$/.test(name)).name;
		try {
			return JSON.stringify({ ok: await (await import(core)).call(%q, %s ?? {}) });
		} catch (problem) {
			return JSON.stringify({ problem: problem.code ?? String(problem) });
		}
	})()`, method, in)
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		return err
	}
	answer := struct {
		OK      any
		Problem string
	}{OK: out}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	if answer.Problem != "" {
		return fmt.Errorf("%s: %s", method, answer.Problem)
	}
	return nil
}

// read reads the vault anew. The page reads by itself too, and only one may.
func (p *corePage) read() (err error) {
	for range 100 {
		if err = p.call("repairVault", nil, new(any)); err == nil || !strings.HasSuffix(err.Error(), "vault_in_use") {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// fill makes an account with 10,000 settings on the sign-up page, and goes to the page of settings.
func (p *corePage) fill(issuer string) error {
	const upn = "page@" + local.DefaultDomain
	var state struct{ State string }
	settings := make([]map[string]any, manySettings)
	for i := range settings {
		settings[i] = map[string]any{"collection": fmt.Sprint("c", i%10), "name": fmt.Sprint("setting ", i), "value": printable()}
	}
	text, err := json.Marshal(map[string]any{"format": "latchkey-settings-1", "account": "", "exported": "", "settings": settings})
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return chromedp.Do(p.ctx, chromedp.Navigate(issuer+"/signup")) },
		func() error {
			return p.call("signupBegin", map[string]any{"kind": "new", "upn": upn, "language": "en"}, &state)
		},
		func() error { return p.call("loadDictionary", nil, new(any)) }, // as the page does before it judges a password
		func() error {
			return p.call("signupFinish", map[string]any{"state": state.State, "upn": upn, "name": "Ada", "password": longPassword}, new(any))
		},
		func() error { return p.call("trust", map[string]any{}, new(any)) },
		func() error { return p.call("importSettings", map[string]any{"text": string(text)}, new(any)) },
		func() error { return p.call("syncSettings", map[string]any{}, new(any)) },
		func() error { return chromedp.Do(p.ctx, chromedp.Navigate(issuer+"/settings")) },
		func() error { return p.call("vaultStatus", nil, new(any)) }, // so that there is a worker
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// printable is a value of settingBytes that can stand in a file.
func printable() string {
	return fmt.Sprintf("%x", value())[:settingBytes]
}
