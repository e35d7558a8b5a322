package rp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/rp"
)

func TestSignInComesBackToTheSamePage(t *testing.T) {
	s := newSite(t, nil)
	s.signIn()
	if _, body := s.get("/members/"); body != "hello Ada ada@example.com" {
		t.Errorf("members' page says %q", body)
	}
	if got := s.provider.form.Get("redirect_uri"); got != s.URL+"/auth/callback" {
		t.Errorf("redirect_uri %q", got)
	}
}

func TestRequestUsesPKCEStateAndNonce(t *testing.T) {
	s := newSite(t, nil)
	q := s.begin()
	for name, least := range map[string]int{"state": 22, "nonce": 43, "code_challenge": 43} {
		if len(q.Get(name)) < least {
			t.Errorf("%s has %d characters, want at least %d", name, len(q.Get(name)), least)
		}
	}
	if q.Get("code_challenge_method") != "S256" || q.Get("response_mode") != "form_post" {
		t.Errorf("request %v", q)
	}
}

func TestCookieIsLimitedInTime(t *testing.T) {
	s := newSite(t, func(c *rp.Config) { c.Lifetime = time.Hour })
	s.signIn()
	s.now = s.now.Add(time.Hour)
	s.begin() // fails unless the site asks for a new sign-in
}

func TestCallbackRefusesWhatWasNotBegunHere(t *testing.T) {
	s := newSite(t, nil)
	q := s.begin()
	s.provider.token = s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
	for name, form := range map[string]url.Values{
		"foreign state":   {"code": {"c"}, "state": {"AAAAAAAAAAAAAAAAAAAAAA"}},
		"no state":        {"code": {"c"}},
		"mix-up":          {"code": {"c"}, "state": {q.Get("state")}, "iss": {"https://other.example"}},
		"header in state": {"code": {"c"}, "state": {"a;b=c"}},
	} {
		if answer, _ := s.post("/auth/callback", form, nil); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", name, answer.StatusCode)
		}
	}
}

func TestMixUpByAnAnswerWithoutItsIssuer(t *testing.T) {
	for promised, want := range map[bool]int{false: http.StatusSeeOther, true: http.StatusBadRequest} {
		s := newSite(t, nil)
		s.provider.names = promised
		q := s.begin()
		s.provider.token = s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
		if answer, _ := s.post("/auth/callback", url.Values{"code": {"c"}, "state": {q.Get("state")}}, nil); answer.StatusCode != want {
			t.Errorf("promised %v: got %d, want %d", promised, answer.StatusCode, want)
		}
	}
}

func TestCallbackIsSpentByItsFirstUse(t *testing.T) {
	s := newSite(t, nil)
	q := s.begin()
	s.provider.token = s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
	form := url.Values{"code": {"c"}, "state": {q.Get("state")}}
	if answer, _ := s.post("/auth/callback", form, nil); answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("first: %d", answer.StatusCode)
	}
	if answer, _ := s.post("/auth/callback", form, nil); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("second: %d, want 400", answer.StatusCode)
	}
}

func TestIDTokenRules(t *testing.T) {
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for name, change := range map[string]func(*site, map[string]any){
		"other issuer":   func(_ *site, c map[string]any) { c["iss"] = "https://evil.example" },
		"other audience": func(_ *site, c map[string]any) { c["aud"] = "bank" },
		"two audiences":  func(_ *site, c map[string]any) { c["aud"] = []string{"shop", "bank"} },
		"other party":    func(_ *site, c map[string]any) { c["azp"] = "bank" },
		"expired":        func(s *site, c map[string]any) { c["exp"] = s.now.Add(-2 * time.Minute).Unix() },
		"from tomorrow":  func(s *site, c map[string]any) { c["iat"] = s.now.Add(24 * time.Hour).Unix() },
		"other nonce":    func(_ *site, c map[string]any) { c["nonce"] = "replayed" },
		"no nonce":       func(_ *site, c map[string]any) { delete(c, "nonce") },
		"nobody":         func(_ *site, c map[string]any) { delete(c, "sub") },
		"other at_hash":  func(_ *site, c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			q := s.begin()
			c := s.claims(q.Get("nonce"))
			change(s, c)
			s.provider.token = s.provider.sign(t, "JWT", c)
			s.refused(q)
		})
	}
	for name, key := range map[string]jose.SigningKey{
		"HS256 with the public key": {Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: []byte(strings.Repeat("k", 32)), KeyID: "k1"}},
		"another key, same id":      {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: other, KeyID: "k1"}},
		"unknown key":               {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: other, KeyID: "k2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			q := s.begin()
			s.provider.token = signWith(t, key, "JWT", s.claims(q.Get("nonce")))
			s.refused(q)
		})
	}
}

func (s *site) refused(q url.Values) {
	s.t.Helper()
	answer, body := s.post("/auth/callback", url.Values{"code": {"c"}, "state": {q.Get("state")}}, nil)
	if answer.StatusCode != http.StatusBadRequest {
		s.t.Errorf("accepted: %d to %q", answer.StatusCode, answer.Header.Get("Location"))
	}
	if strings.Contains(body, "token") {
		s.t.Errorf("the page says too much: %q", body)
	}
	if strings.Contains(s.log.String(), s.provider.token) {
		s.t.Error("the token was logged")
	}
	s.begin() // still a stranger
}

func TestOnlyEncryptedTokensOnceAKeyIsRegistered(t *testing.T) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s := newSite(t, func(c *rp.Config) { c.DecryptionKey = &jose.JSONWebKey{Key: key, KeyID: "e1"} })
	q := s.begin()
	plain := s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
	s.provider.token = plain
	s.refused(q)

	q = s.begin()
	plain = s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES_A256KW, Key: key.Public()},
		(&jose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	object, _ := encrypter.Encrypt([]byte(plain))
	s.provider.token, _ = object.CompactSerialize()
	if answer, body := s.post("/auth/callback", url.Values{"code": {"c"}, "state": {q.Get("state")}}, nil); answer.StatusCode != http.StatusSeeOther {
		t.Errorf("nested token refused: %d %s", answer.StatusCode, body)
	}
}

func TestReturnIsALocalPath(t *testing.T) {
	for _, evil := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil", "http:/evil", "/a\r\nb"} {
		s := newSite(t, nil)
		answer, _ := s.get("/auth/signin?return=" + url.QueryEscape(evil))
		to, _ := url.Parse(answer.Header.Get("Location"))
		q := to.Query()
		s.provider.token = s.provider.sign(t, "JWT", s.claims(q.Get("nonce")))
		answer, _ = s.post("/auth/callback", url.Values{"code": {"c"}, "state": {q.Get("state")}}, nil)
		if got := answer.Header.Get("Location"); got != "/" {
			t.Errorf("return=%q leads to %q", evil, got)
		}
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	good := rp.Config{Issuer: "https://login.example", ClientID: "shop", BaseURL: "https://shop.example", CookieKey: make([]byte, 32)}
	for field, change := range map[string]func(*rp.Config){
		"Issuer":    func(c *rp.Config) { c.Issuer = "http://login.example" },
		"BaseURL":   func(c *rp.Config) { c.BaseURL = "http://shop.example" },
		"ClientID":  func(c *rp.Config) { c.ClientID = "" },
		"CookieKey": func(c *rp.Config) { c.CookieKey = []byte("short") },
	} {
		c := good
		change(&c)
		if _, err := rp.New(c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: error is %v, want it to name the field", field, err)
		}
	}
}
