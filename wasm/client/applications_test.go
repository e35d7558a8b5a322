package client_test

import (
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/client"
)

// An operator or an application wrote the address; a page must not lead anywhere else by it.
func TestAppsOpenOverHTTPSOnly(t *testing.T) {
	port := client.NewPort(client.Config{Base: base, Transport: newService(t), Now: now})
	port.Call(t.Context(), "configure", `{"base":"`+base+`"}`)
	answer := port.Call(t.Context(), "apps", `{}`)
	if !strings.Contains(answer, `"url":"https://prints.test/go?iss=x"`) || strings.Count(answer, `"url"`) != 1 {
		t.Error(answer)
	}
	answer = port.Call(t.Context(), "applications", `{}`)
	if !strings.Contains(answer, `"scopes":[]`) || !strings.Contains(answer, `"resources":[]`) {
		t.Errorf("a page would stumble: %s", answer)
	}
}
