//go:build !js

package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

func isEarly(err error) bool {
	p, ok := errors.AsType[*api.Problem](err)
	return ok && p.Code == client.CodeNumberEarly
}

// typed is the number that a terminal shows to be typed on another device; "" when it never does.
func (c *computer) typed() string { return c.shows(`^  ([0-9]{3} ?[0-9]{3})$`) }

// shows waits until a line of the terminal matches, and returns what it shows there, without spaces.
func (c *computer) shows(line string) string {
	want := regexp.MustCompile(`(?m)` + line)
	for range 1000 {
		if found := want.FindStringSubmatch(c.tee.String()); found != nil {
			return strings.ReplaceAll(found[1], " ", "")
		}
		c.pace()
	}
	return ""
}

// trusted is a computer that a page has approved.
func (w *world) trusted(page *tab) *computer {
	w.Helper()
	c := w.computer()
	c.run("signin").wants(exitDone, w.upn, "")
	c.approvedBy(page).wants(exitDone, "your settings are open here", "")
	return c
}

// approvedBy proves a computer by the approval of a page, and types there what the page shows.
func (c *computer) approvedBy(page *tab) result {
	c.Helper()
	return c.approvedWith(page, func(given string) string { return given })
}

func (c *computer) approvedWith(page *tab, typed func(given string) string) result {
	c.Helper()
	c.tee = &syncBuffer{}
	given := make(chan string, 1)
	began := false
	c.wait = func() {
		if !began {
			began = true
			go func() {
				answer, err := page.approves(c.world, c.typed)
				if err != nil {
					c.Error(err)
				}
				given <- answer
			}()
		}
		c.pace()
	}
	answer := ""
	c.answers = func() string {
		if answer == "" {
			answer = <-given
		}
		return typed(answer) + "\n"
	}
	r := c.run("trust", "--method", "approval")
	c.wait, c.tee, c.answers = nil, nil, nil
	return r
}

func TestAComputerIsApprovedByAPage(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.computer()
	c.run("trust").wants(exitSignIn, "", "")
	c.run("signin").wants(exitDone, "grace@id.test", "")
	c.run("trust", "--status").wants(exitUntrusted, "not trusted", "latchkey trust")
	c.run("vault", "list").wants(exitUntrusted, "", "latchkey trust")
	c.approvedBy(page).wants(exitDone, "your settings are open here", "")
	c.run("trust", "--status").wants(exitDone, "open", "")
	c.run("devices").wants(exitDone, "* ", "").wants(exitDone, "latchkey on lovelace  trusted by approval", "")
}

// The service says that another device has accepted the number. Nothing opens unless the person has seen it there.
func TestAnApprovalThatNobodySawOpensNothing(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	for _, typed := range []string{"", "x"} {
		c := w.computer()
		c.run("signin").wants(exitDone, "", "")
		c.approvedWith(page, func(string) string { return typed }).wants(exitFailed, "", "Your settings stay shut here")
		c.run("trust", "--status").wants(exitDone, "your settings are locked here", "")
		c.run("vault", "list").wants(exitUntrusted, "", "")
	}
}

// Number matching: a wrong number hands nothing over.
func TestAWrongNumberHandsNothingOver(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	c.tee = &syncBuffer{}
	answered := make(chan error, 1)
	began := false
	c.wait = func() {
		if !began {
			began = true
			go func() {
				_, err := page.approves(w, func() string {
					return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, c.typed())
				})
				answered <- err
			}()
			return
		}
		select {
		case err := <-answered:
			if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != client.CodeNumberWrong {
				t.Errorf("%v", err)
			}
			waiting, err := page.Approvals(t.Context())
			w.must(err)
			_, err = page.CheckApproval(t.Context(), waiting.Approvals[0].ID, "", false)
			w.must(err)
		default:
			c.pace()
		}
	}
	c.run("trust", "--method", "approval").wants(exitFailed, "", "refused")
	c.wait = nil
	c.run("trust", "--status").wants(exitUntrusted, "", "")
}

func TestAComputerApprovesAnother(t *testing.T) {
	w := newWorld(t)
	first := w.trusted(w.owner("grace@id.test"))
	second := w.computer()
	second.run("signin").wants(exitDone, "", "")
	first.run("approve").wants(exitMissing, "", "no device is waiting")
	first.tee, second.tee = &syncBuffer{}, &syncBuffer{}
	second.answers = func() string { return first.shows(`^  ([0-9]{2})$`) + "\n" }
	done := make(chan result, 1)
	began := false
	second.wait = func() {
		if !began {
			began = true
			first.run("approve", "list").wants(exitDone, "latchkey on lovelace", "")
			go func() {
				first.answers = func() string { return second.typed() + "\n" }
				done <- first.run("approve")
			}()
		}
		second.pace()
	}
	second.run("trust", "--method", "approval").wants(exitDone, "your settings are open here", "")
	second.wait = nil
	(<-done).wants(exitDone, "approved", "Number that it shows")
}

// Whoever is revoked is signed out at once.
func TestARevokedComputerIsSignedOut(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	first, second := w.trusted(page), w.trusted(page)
	all, err := page.Devices(t.Context())
	w.must(err)
	var own string
	for _, d := range all.Devices {
		if d.Kind == api.DeviceCommandLine {
			own = d.ID
		}
	}
	first.run("devices", "rename", own, "old laptop").wants(exitDone, "old laptop", "")
	first.run("devices", "rename", "zzzz", "x").wants(exitMissing, "", "latchkey devices")
	list := first.run("devices", "--json").wants(exitDone, `"current":true`, "").out
	if strings.Contains(list, `"name":"old laptop","last_used"`) == strings.Contains(list, "nothing") {
		t.Error(list)
	}
	codes := map[int]int{}
	first.run("devices", "revoke", own).wants(exitDone, "revoked", "")
	codes[first.run("whoami").code]++
	codes[second.run("whoami").code]++
	if codes[exitDone] != 1 || codes[exitSignIn] != 1 {
		t.Errorf("%v", codes)
	}
}

// Signing out takes the computer off the devices, and what it had for the settings with it.
func TestSigningOutLeavesNoDevice(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.run("signout").wants(exitDone, "signed out", "")
	all, err := page.Devices(t.Context())
	if err != nil || len(all.Devices) != 1 {
		t.Errorf("%+v, %v", all.Devices, err)
	}
	c.run("signin").wants(exitDone, "", "")
	c.run("trust", "--status").wants(exitUntrusted, "", "")
	c.run("vault", "list", "--offline").wants(exitUntrusted, "", "")
}

// Without anything to prove it by, a computer stays what it is, and says what would help.
func TestAComputerThatNothingCanProve(t *testing.T) {
	w := newWorld(t)
	c := w.computer()
	c.run("signin").wants(exitDone, "", "")
	c.run("trust").wants(exitUntrusted, "", "add a phone")
	c.run("trust", "--method", "sms").wants(exitMisused, "", "sms")
	c.run("approve", "list").wants(exitUntrusted, "", "")
}
