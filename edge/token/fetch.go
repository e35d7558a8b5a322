package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// maxFetched is how many bytes of a document are read.
const maxFetched = 64 << 10

// errAddress says that an address is not one that the server goes to for somebody else.
var errAddress = errors.New("token: not an address of a public https site")

// fetcher is the one way in which this package reads a document at an address that an application registered: its jwks_uri, its
// sector_identifier_uri. Whoever registers an address must not learn through it what only the server can reach (OWASP: server-side
// request forgery), so the address must be https with a public name, redirects are not followed, and little is read.
//
// What a name resolves to is the transport's business: Cloudflare reaches no private network, workerd is configured for public
// addresses (edge/selfhost), and the native server refuses others when it dials.
type fetcher struct {
	transport http.RoundTripper // has a deadline of its own and follows no redirects
	local     bool              // the issuer is this machine: other names of it are fine
}

// get returns the document at an address. The caller bounds how often.
func (f fetcher) get(ctx context.Context, address, accept string) ([]byte, error) {
	if !oauth.PublicAddress(address, f.local) {
		return nil, errAddress
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errAddress
	}
	r.Header.Set("Accept", accept)
	answer, err := f.transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("token: fetch: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("token: fetch: answered %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxFetched+1))
	if err == nil && len(body) > maxFetched {
		err = errors.New("token: fetch: document is too long")
	}
	return body, err
}

// onThisMachine reports whether an issuer is for trying things out.
func onThisMachine(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && oauth.ThisMachine(u.Hostname())
}
