//go:build !js

package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestSignInWithABrowser(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.run("whoami").wants(exitSignIn, "", "latchkey signin")
	c.run("signin").wants(exitDone, w.upn, "files for you alone")
	if all := w.sessions(); len(all) != 2 || all[0].Device != "latchkey on lovelace" && all[1].Device != "latchkey on lovelace" {
		t.Errorf("the browser shows %+v", all)
	}
	r := c.run("whoami", "--json").wants(exitDone, "", "")
	var who identity
	if err := json.Unmarshal([]byte(r.out), &who); err != nil || who.UPN != w.upn || who.Service != w.server.URL || who.Account == "" {
		t.Errorf("%+v, %v", who, err)
	}
	c.extra["LATCHKEY_SERVICE"] = "" // the one of the last sign-in is meant
	c.run("whoami").wants(exitDone, w.upn, "")
	c.run("signout").wants(exitDone, "signed out", "")
	if all := w.sessions(); len(all) != 1 {
		t.Errorf("after signing out: %+v", all)
	}
	c.extra["LATCHKEY_SERVICE"] = w.server.URL
	c.run("whoami").wants(exitSignIn, "", "")
	left := 0
	_ = filepath.WalkDir(c.home, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			left++
		}
		return nil
	})
	if left != 0 {
		t.Errorf("%d files are left", left)
	}
}

// Who ends the session in a browser ends it.
func TestASessionThatWasEndedElsewhere(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.run("signin").wants(exitDone, w.upn, "")
	w.must(w.browser.Call(api.RouteSessionsEnd, api.SessionsEndRequest{Others: true}, &struct{}{}))
	c.run("whoami").wants(exitSignIn, "", "latchkey signin")
	c.run("signout").wants(exitDone, "", "")
}

func TestSignInWithACode(t *testing.T) {
	w := newWorld(t)
	for name, words := range map[string][]string{"asked for": {"signin", "--device-code"}, "without a browser": {"signin"}} {
		c := w.computer()
		c.browse = func(context.Context, string) error { return errNoBrowser }
		var problems syncBuffer
		answered := false
		c.wait = func() {
			if answered {
				return
			}
			answered = true
			code := regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`).FindString(problems.String())
			var shown api.DeviceResponse
			w.must(w.browser.Call(api.RouteDevice, api.DeviceRequest{Code: code}, &shown))
			if shown.Application != "Latchkey command line" {
				t.Errorf("%s: the page shows %+v", name, shown)
			}
			w.must(w.browser.Call(api.RouteDeviceAnswer, api.DeviceAnswerRequest{State: shown.State, Allow: true}, &struct{}{}))
		}
		c.tee = &problems
		c.run(words...).wants(exitDone, w.upn, "exactly this code")
	}
}

func TestANoInTheBrowser(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.browse = func(_ context.Context, address string) error {
		go func() {
			if res, err := http.Get(w.opens(w.browser, address, false)); err == nil {
				res.Body.Close()
			}
		}()
		return nil
	}
	c.run("signin").wants(exitFailed, "", "not allowed")
	c.run("whoami").wants(exitSignIn, "", "")
}

// Code injection: an answer without this sign-in's state, by another name of this computer or of another service is none.
func TestTheLoopbackTakesOnlyItsOwnAnswer(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.browse = func(_ context.Context, address string) error {
		go func() {
			back := w.opens(w.browser, address, true)
			for rule, other := range map[string]string{
				"another state": regexp.MustCompile(`state=[^&]*`).ReplaceAllString(back, "state=x"),
				"no state":      regexp.MustCompile(`&?state=[^&]*`).ReplaceAllString(back, ""),
				"another name":  strings.Replace(back, "127.0.0.1", "localhost", 1),
				"another path":  strings.Replace(back, "/callback", "/", 1),
			} {
				if res, err := http.Get(other); err == nil {
					if res.Body.Close(); res.StatusCode != http.StatusNotFound {
						t.Errorf("%s: %d", rule, res.StatusCode)
					}
				}
			}
			if res, err := http.Post(back, "text/plain", nil); err == nil {
				if res.Body.Close(); res.StatusCode != http.StatusNotFound {
					t.Errorf("POST: %d", res.StatusCode)
				}
			}
			res, err := http.Get(back)
			if err != nil || res.Header.Get("Content-Security-Policy") == "" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v %v", res, err)
			}
		}()
		return nil
	}
	c.run("signin").wants(exitDone, w.upn, "")
	mixed := w.computer() // mix-up: another issuer's answer with this sign-in's state
	mixed.browse = func(_ context.Context, address string) error {
		go func() {
			back := w.opens(w.browser, address, true)
			if res, err := http.Get(regexp.MustCompile(`iss=[^&]*`).ReplaceAllString(back, "iss=https%3A%2F%2Fevil.test")); err == nil {
				res.Body.Close()
			}
		}()
		return nil
	}
	mixed.run("signin").wants(exitFailed, "", "evil.test")
}

// What lies on the disk shows neither session nor device, and is nobody else's to read.
func TestCookiesAreKeptSealed(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	files := 0
	err := filepath.WalkDir(c.home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "__Host") || strings.Contains(string(data), w.upn) {
			t.Errorf("%s can be read", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestSignInIsForHTTPSOnly(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	plain := strings.Replace(w.server.URL, "https:", "http:", 1)
	c.run("signin", "--service", plain).wants(exitMisused, "", "https")
	c.extra["LATCHKEY_CA"] = ""
	c.run("signin", "--device-code").wants(exitFailed, "", "--ca FILE")
	c.run("signin", "--fast").wants(exitMisused, "", "--help")
	c.run("signin", "now").wants(exitMisused, "", "latchkey signin")
	c.extra["LATCHKEY_SERVICE"] = ""
	c.run("whoami").wants(exitMisused, "", "--service")
	for _, words := range [][]string{{"signin", "--help"}, {"signout", "--help"}, {"whoami", "--help"}} {
		c.run(words...).wants(exitDone, "Exit status", "")
	}
}
