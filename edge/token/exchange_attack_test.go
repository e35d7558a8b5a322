//go:build !js

package token_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/token"
)

// tardy are accounts that take a while to answer.
type tardy struct {
	token.Accounts
	g *rig
}

func (a tardy) GrantFacts(ctx context.Context, id string, in account.GrantIn) (account.GrantFactsOut, error) {
	a.g.wait(time.Second)
	return a.Accounts.GrantFacts(ctx, id, in)
}

// Whoever exchanges a token in the very last moment of its life would get a whole new life, again and again.
func TestExchangeDoesNotProlongATokenThatExpiresMeanwhile(t *testing.T) {
	g := withGateway(newRig(t))
	b, _ := g.signedIn("ada@id.test")
	subject := b.tokensFor(ordersAPI).AccessToken // of 300 s
	deps, mux := g.deps(), http.NewServeMux()
	deps.Accounts = tardy{deps.Accounts, g}
	token.New(deps).Mount(mux)
	g.Config.Handler = mux
	g.wait(297 * time.Second)
	if res, got := g.trade(subject); got.ExpiresIn != 2 {
		t.Errorf("two seconds before its end: %s", res.body)
	}
	g.wait(time.Second)
	res, got := g.trade(subject)
	g.refuses("at its end", "invalid_request", res, got)
}
