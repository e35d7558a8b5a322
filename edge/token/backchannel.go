package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

const (
	logoutEvent    = "http://schemas.openid.net/event/backchannel-logout"
	logoutLifetime = 2 * time.Minute // Back-Channel Logout 1.0 section 4 recommends at most two
	maxLogoutReply = 4 << 10         // bytes that are read of an application's answer
)

// BackChannelDeps is what telling applications needs.
type BackChannelDeps struct {
	Issuer       string
	Keys         logoutKeys
	Applications Applications
	Transport    http.RoundTripper // has a deadline of its own and follows no redirects
	Now          func() time.Time
	Log          *slog.Logger
}

// logoutKeys are the methods of Keys that a logout token needs.
type logoutKeys interface {
	signer
	macer
}

// logoutClaims are the claims of a logout token (Back-Channel Logout 1.0 section 2.4). It must not have a nonce.
type logoutClaims struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	Issued   int64               `json:"iat"`
	Expires  int64               `json:"exp"`
	ID       string              `json:"jti"` // the same on every try, so that the application can drop repeats
	Session  string              `json:"sid"`
	Events   map[string]struct{} `json:"events"`
}

// BackChannel delivers account.TopicLogout: it posts a logout token to one application (Back-Channel Logout 1.0 section 2.5). An error
// means "again later"; what will not get better (the application is gone, or answers that it will not have the token) is logged
// and over.
func BackChannel(d BackChannelDeps) object.Effect {
	return func(ctx context.Context, delivery object.Delivery) error {
		var to account.Logout
		if err := json.Unmarshal(delivery.Payload, &to); err != nil {
			return fmt.Errorf("token: logout payload: %w", err)
		}
		app, err := d.Applications.Application(ctx, to.ClientID)
		if errors.Is(err, tenant.ErrUnknownApplication) {
			return nil
		}
		if err != nil {
			return err
		}
		// the registration of today decides, not the one at sign-in, so that an operator can take an address away
		if !oauth.PublicAddress(app.BackchannelLogoutURI, onThisMachine(d.Issuer)) {
			return nil
		}
		sub, err := subjectOf(ctx, d.Keys, app, to.Sub)
		if err != nil {
			return err
		}
		sid, err := sessionOf(ctx, d.Keys, app, to.SID)
		if err != nil {
			return err
		}
		now := d.Now()
		token, err := signFor(ctx, d.Keys, app, "logout+jwt", logoutClaims{
			Issuer: d.Issuer, Subject: sub, Audience: app.ClientID, Issued: now.Unix(), Expires: now.Add(logoutLifetime).Unix(),
			ID: delivery.ID, Session: sid, Events: map[string]struct{}{logoutEvent: {}},
		})
		if err != nil {
			return err
		}
		return d.post(ctx, app.ClientID, app.BackchannelLogoutURI, token)
	}
}

// post sends the token and judges the answer: 200 and 204 are success (section 2.8).
func (d BackChannelDeps) post(ctx context.Context, clientID, address, token string) error {
	body := url.Values{"logout_token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("token: logout of %s: %w", clientID, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := d.Transport.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("token: logout of %s: %w", clientID, err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxLogoutReply))
	switch status := answer.StatusCode; {
	case status == http.StatusOK || status == http.StatusNoContent:
		return nil
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500:
		return fmt.Errorf("token: logout of %s: answered %d", clientID, status)
	default: // a redirect is not followed: nobody registered where it leads
		d.Log.WarnContext(ctx, "application refused a logout token", "client", clientID, "status", status)
		return nil
	}
}
