package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// routes answers requests to the operator's routes by "METHOD path?query", and remembers the last body.
func routes(t *testing.T, answers map[string]string) (environment map[string]string, ca string, body *string) {
	t.Helper()
	body = new(string)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.Method+" "+r.URL.RequestURI()]
		if !known || r.Header.Get("Authorization") != "Bearer "+operatorKey {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		data, _ := io.ReadAll(r.Body)
		if *body = string(data); answer == "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	ca = file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return map[string]string{keyVariable: operatorKey, "LATCHKEY_SERVICE": server.URL}, ca, body
}

func TestAppsListGoesThroughAllPages(t *testing.T) {
	environment, ca, _ := routes(t, map[string]string{
		"GET /operator/applications?after=":     `{"applications":[{"client_id":"shop","name":"Hinge \u001b[2J","kind":"web"}],"next":"shop"}`,
		"GET /operator/applications?after=shop": `{"applications":[{"client_id":"dynamic.x","name":"X","kind":"native","dynamic":true}]}`,
	})
	code, out, problems := latchkey(t, environment, "", "apps", "list", "--ca", ca)
	if want := "  shop  web  Hinge ?[2J\n* dynamic.x  native  X\n"; code != exitDone || out != want || problems != "" {
		t.Errorf("%d %q %s", code, out, problems)
	}
	code, out, _ = latchkey(t, environment, "", "apps", "list", "--json", "--ca", ca)
	if code != exitDone || strings.Count(out, "client_id") != 2 {
		t.Errorf("%d %s", code, out)
	}
}

func TestAppsTokenPrintsTheTokenAlone(t *testing.T) {
	environment, ca, body := routes(t, map[string]string{
		"POST /operator/initial-access-tokens": `{"id":"i1","token":"secret-token","uses":3,"expires_in":7200}`,
		"GET /operator/initial-access-tokens":  `{"tokens":[{"id":"i1","note":"demo","uses":3,"expires":1800000000}]}`,
	})
	code, out, problems := latchkey(t, environment, "", "apps", "token", "--uses", "3", "--expires", "2h", "--note", "demo", "--resource", "https://api.example/", "--ca", ca)
	if code != exitDone || out != "secret-token\n" || !strings.Contains(problems, "id i1, good for 3 registrations in 2h0m0s") {
		t.Errorf("%d %q %q", code, out, problems)
	}
	if want := `{"uses":3,"expires_in":7200,"note":"demo","resources":["https://api.example/"]}`; *body != want {
		t.Errorf("sent %s", *body)
	}
	code, out, _ = latchkey(t, environment, "", "apps", "tokens", "--ca", ca)
	if code != exitDone || out != "i1  3 until 2027-01-15T08:00:00Z  demo\n" {
		t.Errorf("%d %q", code, out)
	}
}

func TestAppsRemoveAndRevoke(t *testing.T) {
	environment, ca, _ := routes(t, map[string]string{
		"DELETE /operator/applications/dynamic.x":                       "",
		"DELETE /operator/initial-access-tokens/i1":                     `{"applications":[]}`,
		"DELETE /operator/initial-access-tokens/i1?applications=true":   `{"applications":["dynamic.x"]}`,
		"DELETE /operator/applications/..%2Finitial-access-tokens%2Fi1": "",
	})
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"remove", "dynamic.x"}, "- dynamic.x\n"},
		{[]string{"revoke", "i1"}, "revoked i1\n"},
		{[]string{"revoke", "i1", "--applications"}, "- dynamic.x\nrevoked i1\n"},
		{[]string{"remove", "../initial-access-tokens/i1"}, "- ../initial-access-tokens/i1\n"},
	} {
		code, out, problems := latchkey(t, environment, "", append(append([]string{"apps"}, c.words...), "--ca", ca)...)
		if code != exitDone || out != c.want {
			t.Errorf("%v: %d %q %s", c.words, code, out, problems)
		}
	}
}
