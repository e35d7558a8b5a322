package rp_test

import (
	"net/http"
	"net/url"
	"testing"
)

const event = "http://schemas.openid.net/event/backchannel-logout"

func (s *site) logoutClaims() map[string]any {
	return map[string]any{
		"iss": s.provider.URL, "aud": "shop", "sub": "person", "sid": "sid-1", "jti": "1", "iat": s.now.Unix(),
		"exp": s.now.Unix() + 120, "events": map[string]any{event: map[string]any{}},
	}
}

func TestBackChannelLogoutEndsTheSession(t *testing.T) {
	for name, drop := range map[string]string{"by session": "", "by subject": "sid"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			s.signIn()
			c := s.logoutClaims()
			delete(c, drop)
			form := url.Values{"logout_token": {s.provider.sign(t, "logout+jwt", c)}}
			if answer, body := s.post("/auth/backchannel-logout", form, nil); answer.StatusCode != http.StatusOK {
				t.Fatalf("got %d %s", answer.StatusCode, body)
			}
			s.begin()
		})
	}
}

func TestBackChannelLogoutTokenRules(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"nonce":           func(c map[string]any) { c["nonce"] = "n" },
		"no event":        func(c map[string]any) { delete(c, "events") },
		"other event":     func(c map[string]any) { c["events"] = map[string]any{"x": map[string]any{}} },
		"event no object": func(c map[string]any) { c["events"] = map[string]any{event: "yes"} },
		"no jti":          func(c map[string]any) { delete(c, "jti") },
		"nobody":          func(c map[string]any) { delete(c, "sub"); delete(c, "sid") },
		"for another":     func(c map[string]any) { c["aud"] = "bank" },
		"from another":    func(c map[string]any) { c["iss"] = "https://evil.example" },
		"expired":         func(c map[string]any) { c["exp"] = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			s.signIn()
			c := s.logoutClaims()
			change(c)
			form := url.Values{"logout_token": {s.provider.sign(t, "logout+jwt", c)}}
			if answer, _ := s.post("/auth/backchannel-logout", form, nil); answer.StatusCode != http.StatusBadRequest {
				t.Errorf("got %d, want 400", answer.StatusCode)
			}
			if answer, _ := s.get("/members/"); answer.StatusCode != http.StatusOK {
				t.Error("the session ended all the same")
			}
		})
	}
}

// An ID token carries the same issuer, audience and subject; its type keeps it from ending sessions, and the other way round.
func TestAnIDTokenIsNoLogoutToken(t *testing.T) {
	s := newSite(t, nil)
	s.signIn()
	form := url.Values{"logout_token": {s.provider.sign(t, "JWT", s.logoutClaims())}}
	if answer, _ := s.post("/auth/backchannel-logout", form, nil); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("got %d, want 400", answer.StatusCode)
	}
}

func TestFrontChannelLogoutEndsOnlyTheNamedSession(t *testing.T) {
	s := newSite(t, nil)
	s.signIn()
	iss := url.QueryEscape(s.provider.URL)
	for _, path := range []string{"?iss=" + iss, "?sid=sid-1", "?iss=https://evil.example&sid=sid-1"} {
		if answer, _ := s.get("/auth/frontchannel-logout" + path); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", path, answer.StatusCode)
		}
	}
	if answer, _ := s.get("/members/"); answer.StatusCode != http.StatusOK {
		t.Fatal("ended by a malformed call")
	}
	s.get("/auth/frontchannel-logout?iss=" + iss + "&sid=sid-1")
	s.begin()
}

func TestSignOutTakesOnlyTheSitesOwnPages(t *testing.T) {
	s := newSite(t, nil)
	s.signIn()
	for name, header := range map[string]map[string]string{
		"nothing":     nil,
		"other site":  {"Origin": "https://evil.example"},
		"opaque":      {"Origin": "null"},
		"other fetch": {"Sec-Fetch-Site": "cross-site"},
	} {
		if answer, _ := s.post("/auth/signout", nil, header); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, answer.StatusCode)
		}
	}
	answer, _ := s.post("/auth/signout", nil, map[string]string{"Origin": s.URL})
	to, _ := url.Parse(answer.Header.Get("Location"))
	if to.Path != "/logout" || to.Query().Get("id_token_hint") == "" || to.Query().Get("client_id") != "shop" {
		t.Errorf("sent to %q", to)
	}
	s.begin()
}
