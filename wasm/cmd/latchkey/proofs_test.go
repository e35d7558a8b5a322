//go:build !js

package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// codes are those in the mails to an address, oldest first.
func (w *world) codes(address string) (codes []string) {
	w.Helper()
	w.must(w.native.Wake(w.Context()))
	r, err := http.NewRequest(http.MethodGet, w.server.URL+"/operator/outbox", nil)
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+operatorKey)
	r.Header.Set("Accept", "application/json")
	answer, err := w.server.Client().Do(r)
	w.must(err)
	defer answer.Body.Close()
	var box struct {
		Messages []struct{ To, Text string } `json:"messages"`
	}
	w.must(json.NewDecoder(answer.Body).Decode(&box))
	for _, m := range box.Messages {
		if code := sixDigits.FindString(m.Text); m.To == address && code != "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// newCode waits for a code that is none of the old ones.
func (c *computer) newCode(address string, old []string) string {
	c.Helper()
	for range 500 {
		for _, code := range c.codes(address) {
			if !strings.Contains(strings.Join(old, " "), code) {
				return code
			}
		}
		c.pace()
	}
	c.Errorf("no mail to %s", address)
	return ""
}

// ownerOf makes an account of an address of the person's own.
func (w *world) ownerOf(address string) *tab {
	w.Helper()
	t := w.newTab()
	begun, err := t.SignupBegin(w.Context(), api.SignupBeginRequest{Kind: api.SignupEmail, UPN: address, Language: "en"})
	w.must(err)
	proved, err := t.SignupCode(w.Context(), api.SignupCodeRequest{State: begun.State, Code: w.codes(address)[0]})
	w.must(err)
	_, err = t.SignupFinish(w.Context(), client.SignupFinish{State: proved.State, UPN: address, Name: "Ada Lovelace", Password: goodPassword})
	w.must(err)
	w.upn = address
	w.browser = opaquetest.NewBrowser(w.server.URL, w.server.URL, t.http)
	w.browser.HTTP.Jar = t.http.Jar
	return t
}

// A second proof without another device: a code proves the computer, and the password then opens the settings. It is never sent.
func TestACodeByMailAndThePasswordOpenTheSettings(t *testing.T) {
	w := newWorld(t)
	page := w.ownerOf("grace@example.org")
	w.must(page.SetSetting(t.Context(), client.Setting{Collection: "editor", Name: "theme", Value: "dark"}))
	w.must(page.SyncSettings(t.Context(), true))
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	old := w.codes("grace@example.org")
	lines := []func() string{
		func() string { return "000000" },
		func() string { return c.newCode("grace@example.org", old) },
		func() string { return "not the password" },
		func() string { return goodPassword },
	}
	c.answers = func() string {
		if len(lines) == 0 {
			return ""
		}
		next := lines[0]
		lines = lines[1:]
		return next() + "\n"
	}
	r := c.run("trust", "--method", "email").wants(exitDone, "your settings are open here", "tries are left")
	if strings.Contains(r.problems, goodPassword) || strings.Contains(r.out, goodPassword) {
		t.Error("it shows the password")
	}
	c.run("vault", "get", "editor", "theme").wants(exitDone, "dark", "")
}

func TestTheRecoveryCodeOpensTheSettings(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	code, err := page.NewRecoveryCode(t.Context())
	w.must(err)
	w.must(page.KeepRecoveryCode(t.Context(), code, "en"))
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	c.with("nonsense\n"+strings.ToLower(code)+"\n").run("trust", "--method", "recovery").wants(exitDone, "your settings are open here", "typing mistake")
	c.with("x").run("vault", "set", "a", "b").wants(exitDone, "", "")
	c.run("trust").wants(exitDone, "open", "")
}

// authenticator is the code of a moment (RFC 6238, with the defaults that apps have).
func authenticator(t *testing.T, secret string, now time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(secret, " ", "")))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/30)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func TestAnAuthenticatorProvesAComputer(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	if _, err := page.Confirm(t.Context(), goodPassword); err != nil {
		t.Fatal(err)
	}
	begun, err := page.TOTPBegin(t.Context())
	w.must(err)
	w.must(page.TOTPFinish(t.Context(), api.TOTPFinishRequest{ID: begun.ID, Code: authenticator(t, begun.Secret, time.Now())}))
	w.ahead.Store(31) // a code counts once
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	code := authenticator(t, begun.Secret, time.Now().Add(31*time.Second))
	c.with(code[:3]+" "+code[3:]+"\n"+goodPassword+"\n").run("trust", "--method", "totp").wants(exitDone, "your settings are open here", "authenticator")
	c.run("devices").wants(exitDone, "trusted by totp", "")
}

// Who has nothing to prove it by asks, and waits.
func TestAComputerThatWaitsToBeTrusted(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	c.run("trust", "--method", "waiting").wants(exitFailed, "", "another way") // the page is trusted
	all, err := page.Devices(t.Context())
	w.must(err)
	for _, d := range all.Devices {
		if d.Current {
			w.must(page.RevokeDevice(t.Context(), d.ID))
		}
	}
	c.run("trust", "--method", "waiting").wants(exitUntrusted, "", "trusted from")
	w.ahead.Add(8 * 24 * 3600)
	w.must(w.native.Wake(t.Context()))
	c.with(goodPassword+"\n").run("trust").wants(exitDone, "your settings are open here", "")
}
