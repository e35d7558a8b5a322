package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/edge/api"
)

// passkeyInPage is what a page does with a passkey: make one, and give a recent proof by it. It answers how far it came. Codes of problems
// are thrown.
const passkeyInPage = `(async () => {
	const post = async (route, body) => {
		const answer = await fetch(route, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
		const said = await answer.json();
		if (!answer.ok) throw new Error(said.code);
		return said;
	};
	try {
		const begun = await post("%s", {});
		const options = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(begun.options));
		const made = (await navigator.credentials.create({ publicKey: options })).toJSON();
		await post("%s", { challenge: begun.challenge, credential: JSON.stringify(made), name: "A key" });
		const sent = await post("%s", { method: begun.challenge });
		const request = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(sent.options));
		const answer = (await navigator.credentials.get({ publicKey: request })).toJSON();
		const assertion = JSON.stringify(answer);
		await post("%s", { challenge: sent.challenge, assertion });
		try {
			await post("%[4]s", { challenge: sent.challenge, assertion });
		} catch (e) {
			return "PRF " + made.clientExtensionResults.prf?.enabled + ", again: " + e.message;
		}
		return "it counts twice";
	} catch (e) {
		return e.name + ": " + e.message;
	}
})()`

// unbound lets the next page do what only the worker of ours may, which is to ask the service.
func (b *browser) unbound() {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
		return chromedp.Void{}, err
	})
}

// virtualPasskeys gives the browser an authenticator that somebody is present and verified at, unless present says otherwise.
func (b *browser) virtualPasskeys() {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		added, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: "ctap2", Ctap2version: "ctap2_1", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
				HasPrf: true, HasHmacSecret: true, AutomaticPresenceSimulation: true,
			},
		})
		b.authenticator = added.AuthenticatorID
		return chromedp.Void{}, err
	})
}

// present says whether somebody is there who touches the authenticator whenever a page asks.
func (b *browser) present(yes bool) {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		in := webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: b.authenticator, Enabled: yes}
		_, err := cdp.Call(ctx, t, webauthn.SetAutomaticPresenceSimulation, in)
		return chromedp.Void{}, err
	})
}

// TestPasskeyOfABrowser: E2, with what Chromium itself makes of the options and says in its answers.
func TestPasskeyOfABrowser(t *testing.T) {
	b := newBrowser(t)
	b.signUp(newLocal())
	b.virtualPasskeys()
	b.unbound()
	b.open(service.Issuer + "/account")
	script := fmt.Sprintf(passkeyInPage, api.RoutePasskeyBegin, api.RoutePasskeyFinish, api.RouteConfirmSend, api.RouteConfirmProve)
	if got := run(b, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)); got != "PRF true, again: code_spent" {
		t.Error(got)
	}
}
