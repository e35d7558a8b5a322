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

// typed is the number on a terminal, as soon as it shows one; "" when it never does.
func (c *computer) typed() string {
	for range 1000 {
		if number := shownNumber(c.tee); number != "" {
			return number
		}
		c.pace()
	}
	return ""
}

// shownNumber is what a terminal shows to be typed on another device.
func shownNumber(terminal *syncBuffer) string {
	return strings.ReplaceAll(regexp.MustCompile(`(?m)^  ([0-9]{3} ?[0-9]{3})$`).FindString(terminal.String()), " ", "")
}

// trusted is a computer that a page has approved.
func (w *world) trusted(page *tab) *computer {
	w.Helper()
	c := w.computer()
	c.run("signin").wants(exitDone, w.upn, "")
	c.approvedBy(page).wants(exitDone, "your settings are open here", "")
	return c
}

// approvedBy proves a computer by the approval of a page.
func (c *computer) approvedBy(page *tab) result {
	c.Helper()
	c.tee = &syncBuffer{}
	answered := make(chan error, 1)
	began := false
	c.wait = func() {
		if !began {
			began = true
			go func() { answered <- page.approves(c.world, c.typed) }()
		}
		select {
		case err := <-answered:
			answered <- err
			c.must(err)
		default:
		}
		c.pace()
	}
	r := c.run("trust", "--method", "approval")
	c.wait, c.tee = nil, nil
	if err := <-answered; err != nil {
		c.Fatal(err)
	}
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
				answered <- page.approves(w, func() string {
					return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, c.typed())
				})
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
			w.must(page.CheckApproval(t.Context(), waiting.Approvals[0].ID, "", false))
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
	second.tee = &syncBuffer{}
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
