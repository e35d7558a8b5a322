package client_test

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/client"
)

// An application writes its links itself; a page must not lead anywhere else by them.
func TestConsentKeepsOnlyLinksOverHTTPS(t *testing.T) {
	port := client.NewPort(client.Config{Base: base, Transport: newService(t), Now: now})
	port.Call(t.Context(), "configure", `{"base":"`+base+`"}`)
	answer := port.Call(t.Context(), "consent", `{"flow":"f"}`)
	if !strings.Contains(answer, `"policy_uri":"https://shop.test/privacy"`) || !strings.Contains(answer, `"tos_uri":""`) {
		t.Error(answer)
	}
	if !strings.Contains(answer, `"scopes":[]`) || !strings.Contains(answer, `"resources":[]`) {
		t.Errorf("a page would stumble: %s", answer)
	}
}
