package e2e

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

const freshPassword = "quiet harbour 71 lantern sprocket"

// replaces sets a new password on the page for a forgotten one, and returns what the page says about the settings.
func (p *token) replaces(b *browser, upn string) string {
	p.t.Helper()
	b.open(service.Issuer + "/recover")
	b.fill("#username", upn)
	b.click(`[data-step="name"] button.primary`)
	b.click(`input[name="way"][value="` + string(p.kind) + `"]`)
	b.screenshot("recover-way")
	b.click(`[data-step="way"] button.primary`)
	if p.to != "" {
		b.fill("#value", p.to)
		b.click(`[data-step="value"] button.primary`)
	}
	p.gives(b)
	b.see("#password-heading")
	says := b.see("#password-lead")
	b.fill("#new-password", freshPassword)
	b.screenshot("recover-password-" + string(p.kind))
	b.click(`[data-step="password"] button.primary`)
	b.at(service.Issuer + "/account")
	return says
}

// sealed waits until My settings says that nothing here opens them.
func (b *browser) sealed() {
	b.t.Helper()
	b.open(service.Issuer + "/settings")
	b.see("#unlock")
	if got := b.see("#gate-heading"); got != "Open your settings on this device" {
		b.t.Errorf("the page says %q", got)
	}
	b.hides()
}

// TestAForgottenPasswordWithWhatOpensTheSettings: A10. The recovery code, and a passkey that can, give a new password and the settings.
func TestAForgottenPasswordWithWhatOpensTheSettings(t *testing.T) {
	for _, kind := range []api.Proof{api.ProofRecovery, api.ProofPasskey} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newToken(t, kind)
			one, upn := p.owner()
			two := p.elsewhere(one)
			if says := p.replaces(two, upn); !strings.HasPrefix(says, "Your settings stay.") {
				t.Errorf("the page says %q", says)
			}
			two.settled()
			two.shows("theme", "dark")
			if kind == api.ProofRecovery { // the other one is the same browser
				one.open(service.Issuer + "/account")
				one.at(service.Issuer + "/signin")
			}
		})
	}
}

// TestAForgottenPasswordOnATrustedBrowser: A10. A code by mail gives no key, but this browser has one.
func TestAForgottenPasswordOnATrustedBrowser(t *testing.T) {
	t.Parallel()
	p := newToken(t, api.ProofEmail)
	b, upn := p.owner()
	p.replaces(b, upn)
	b.settled()
	b.shows("theme", "dark")
}

// TestAPasskeyOpensSealedSettings: A8, A10. After a code by mail the settings stay sealed, and a passkey opens them without a password.
func TestAPasskeyOpensSealedSettings(t *testing.T) {
	t.Parallel()
	key := newToken(t, api.ProofPasskey)
	one, upn := key.owner()
	mail := newToken(t, api.ProofEmail)
	mail.registers(one)
	two := key.elsewhere(one)
	mail.replaces(two, upn)
	two.sealed()
	two.click("#by-passkey")
	two.see("#list-heading")
	two.shows("theme", "dark")
}
