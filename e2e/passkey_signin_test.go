package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/edge/api"
)

// TestAPasskeySignsInAndOpensTheSettings: E2, A8, A16. In a browser that nobody knows: no name, no password, no second proof, and the settings are
// there.
func TestAPasskeySignsInAndOpensTheSettings(t *testing.T) {
	for _, test := range []struct {
		name   string
		signIn func(b *browser)
	}{
		{"chosen among the names", func(b *browser) { b.open(service.Issuer + "/signin") }}, // the virtual authenticator chooses at once
		{"by the button", func(b *browser) {
			b.before(`PublicKeyCredential.isConditionalMediationAvailable = async () => false`)
			b.open(service.Issuer + "/signin")
			b.screenshot("signin-passkey")
			b.click("#passkey")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newToken(t, api.ProofPasskey)
			one, _ := p.owner()
			two := p.elsewhere(one)
			test.signIn(two)
			two.at(service.Issuer + "/account")
			two.settled()
			two.shows("theme", "dark")
		})
	}
}

// TestAPasskeyThatNobodyHasSaysSo: the authenticator has one still, and no account does.
func TestAPasskeyThatNobodyHasSaysSo(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	b.before(`PublicKeyCredential.isConditionalMediationAvailable = async () => false;
		const response = { clientDataJSON: "AAAA", authenticatorData: "AAAA", signature: "AAAA", userHandle: "AAAA" };
		const credential = { id: "AAAA", rawId: "AAAA", type: "public-key", response, clientExtensionResults: {} };
		navigator.credentials.get = async () => ({ getClientExtensionResults: () => ({}), toJSON: () => credential });`)
	b.open(service.Issuer + "/signin")
	b.click("#passkey")
	if says := b.see(`[data-step="name"] .notice`); !strings.HasPrefix(says, "Nobody can be signed in with this passkey.") {
		t.Errorf("the page says %q", says)
	}
	b.screenshot("signin-passkey-unknown")
}

// before runs a script in every page before its own.
func (b *browser) before(script string) {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return chromedp.Void{}, err
	})
}
