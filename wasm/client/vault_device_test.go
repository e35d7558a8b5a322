package client_test

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestIdsHaveOneForm(t *testing.T) {
	for range 100 {
		if id := account.NewID(); !client.ValidID(id) {
			t.Errorf("%q is refused", id)
		}
	}
	for _, id := range []string{
		"", "password", "x/y", strings.Repeat("a", 25), strings.Repeat("a", 27), strings.Repeat("a", 25) + "b", strings.Repeat("A", 26),
		strings.Repeat("a", 24) + "/0", strings.Repeat("a", 25) + "\n", strings.Repeat("1", 26), strings.Repeat("a", 1<<20),
	} {
		if client.ValidID(id) {
			t.Errorf("%.30q is taken", id)
		}
	}
}
