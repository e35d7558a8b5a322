package client_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestProblemDocumentsAreReadAndBounded(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   api.Problem
	}{
		{"ours", 429, `{"type":"urn:latchkey:problem:locked","title":"Wait","status":429,"instance":"r1","code":"locked","retry_after":30}`,
			api.Problem{Code: api.CodeLocked, Status: 429, Instance: "r1", RetryAfter: 30}},
		{"tries", 400, `{"code":"code_wrong","tries_left":3}`, api.Problem{Code: api.CodeWrong, Status: 400, TriesLeft: 3}},
		{"the status line counts", 401, `{"code":"expired","status":200}`, api.Problem{Code: api.CodeExpired, Status: 401}},
		{"out of bounds", 429, `{"code":"locked","retry_after":99999999999,"tries_left":-4}`, api.Problem{Code: api.CodeLocked, Status: 429, RetryAfter: 7 * 24 * 3600}},
		{"newer code", 400, `{"code":"something_new"}`, api.Problem{Code: "something_new", Status: 400}},
		{"code that is none", 400, `{"code":"<script>"}`, api.Problem{Code: client.CodeBadAnswer, Status: 400}},
		{"proxy's page", 502, `<html>bad gateway</html>`, api.Problem{Code: api.CodeUnavailable, Status: 502}},
		{"our crash", 500, ``, api.Problem{Code: api.CodeInternal, Status: 500}},
		{"proxy's limit", 429, ``, api.Problem{Code: api.CodeTooManyAttempts, Status: 429}},
		{"too large", 413, ``, api.Problem{Code: api.CodeTooLarge, Status: 413}},
		{"redirect", 302, ``, api.Problem{Code: client.CodeBadAnswer, Status: 302}},
	}
	for _, test := range tests {
		p := client.DecodeProblem(test.status, []byte(test.body))
		if p.Title == "" && !strings.HasPrefix(test.body, "{") {
			t.Errorf("%s: no title", test.name)
		}
		p.Title, p.Type = "", ""
		if *p != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, *p, test.want)
		}
	}
}

func FuzzDecodeProblem(f *testing.F) {
	f.Add(429, []byte(`{"code":"locked","title":"Wait","retry_after":30,"instance":"x"}`))
	f.Add(500, []byte(`{"code":`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		p := client.DecodeProblem(status, body)
		if p.Code == "" || p.Status != status || len(p.Title) > 300 || len(p.Instance) > 300 || p.RetryAfter < 0 || p.TriesLeft < 0 {
			t.Fatalf("%+v", p)
		}
	})
}

func TestPortAnswersInJSONWhateverHappens(t *testing.T) {
	s := newService(t)
	port := client.NewPort(client.Config{Transport: s, Now: now})
	if got := codeIn(t, port.Call(t.Context(), "account", `{}`)); got != api.CodeBadRequest {
		t.Errorf("before configure: %s", got)
	}
	if got := codeIn(t, port.LoadDictionary(smallAsset(t))); got != api.CodeBadRequest {
		t.Errorf("dictionary before configure: %s", got)
	}
	if got := codeIn(t, port.Call(t.Context(), "configure", `{"base":"http://latchkey.test"}`)); got != client.CodeInsecure {
		t.Errorf("http: %s", got)
	}
	if got := codeIn(t, port.Call(t.Context(), "configure", `{"base":"`+base+`"}`)); got != "" {
		t.Fatal(got)
	}
	for _, test := range []struct {
		method, args string
		want         api.Code
	}{
		{"account", ``, ""}, {"account", `{}`, ""}, {"sessions", `{}`, ""}, {"endSession", `{"id":"s1"}`, ""}, {"configuration", `{}`, ""},
		{"discover", `{"upn":"ada@example.org"}`, ""}, {"signupBegin", `{"kind":"new","upn":"ada@example.org"}`, ""},
		{"signupResend", `{"state":"signup-1"}`, ""}, {"signupCode", `{"state":"signup-1","code":"1"}`, api.CodeWrong}, {"signout", `{}`, ""},
		{"device", `{"code":"WDJB-MJHT"}`, ""}, {"device", `{"code":"x"}`, api.CodeDeviceUnknown},
		{"device", `{"code":"` + strings.Repeat("x", 65) + `"}`, api.CodeDeviceUnknown},
		{"device", `{"code":"SIGN-INNN"}`, ""}, {"device", `{"code":"EVIL-EVIL"}`, client.CodeBadAnswer},
		{"answerDevice", `{"state":"device-1","allow":true}`, ""}, {"answerDevice", `{"state":"device-1"}`, api.CodeExpired},
		{"applications", `{}`, ""}, {"removeApplication", `{"id":"prints"}`, ""}, {"apps", `{}`, ""},
		{"consent", `{"flow":"f"}`, ""}, {"consent", `{"flow":"other"}`, api.CodeExpired},
		{"decideConsent", `{"flow":"f","seen":"s","allow":true}`, ""}, {"decideConsent", `{"flow":"f","seen":"t"}`, api.CodeExpired},
		{"decideConsent", `{"flow":"f","seen":"s"}`, client.CodeBadAnswer},
		{"nothing", `{}`, api.CodeBadRequest}, {"account", `[`, api.CodeBadRequest}, {"account", `[]`, api.CodeBadRequest},
		{"signin", `{"upn":"` + upn + `","password":""}`, api.CodeInvalidCredentials},
	} {
		if got := codeIn(t, port.Call(t.Context(), test.method, test.args)); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.method, test.args, got, test.want)
		}
	}
	if got := codeIn(t, port.LoadDictionary([]byte("x"))); got != client.CodeBadAnswer {
		t.Errorf("bad dictionary: %s", got)
	}
	s.Intercept = func(client.Request) (client.Response, error, bool) { panic("secret") }
	if text := port.Call(t.Context(), "account", `{}`); codeIn(t, text) != api.CodeInternal || strings.Contains(text, "secret") {
		t.Error(text)
	}
}

func TestRefusalsCarryTheirVerdict(t *testing.T) {
	s := newService(t)
	port := client.NewPort(client.Config{Transport: s, Now: now})
	port.Call(t.Context(), "configure", `{"base":"`+base+`"}`)
	port.LoadDictionary(smallAsset(t))
	text := port.Call(context.Background(), "signupFinish", `{"state":"x","password":"short"}`)
	var answer struct {
		Problem struct {
			Code    string
			Verdict struct {
				Reason      string
				Suggestions []string
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	if p := answer.Problem; p.Code != "password_refused" || p.Verdict.Reason != "too_short" || len(p.Verdict.Suggestions) == 0 {
		t.Fatal(text)
	}
}

// codeIn reads the problem's code out of an answer that must hold either a result or a problem.
func codeIn(t *testing.T, text string) api.Code {
	t.Helper()
	var answer struct {
		OK      json.RawMessage `json:"ok"`
		Problem *api.Problem    `json:"problem"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || (answer.OK == nil) == (answer.Problem == nil) {
		t.Fatalf("%q: %v", text, err)
	}
	if answer.Problem == nil {
		return ""
	}
	return answer.Problem.Code
}
