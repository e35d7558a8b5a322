//go:build !js

package main

import (
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// That the session has ended is the service's word; it must not cost what only this computer has.
func TestAnEndedSessionDoesNotLoseUnsentSettings(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.with("dark").run("vault", "set", "editor", "theme").wants(exitDone, "", "")
	c.with("light").run("vault", "set", "editor", "theme", "--offline").wants(exitDone, "", "")
	w.must(page.EndSession(t.Context(), api.SessionsEndRequest{Others: true}))
	c.run("vault", "sync")
	if r := c.run("signout"); r.code == exitDone {
		t.Error("forgotten without --force")
	}
}
