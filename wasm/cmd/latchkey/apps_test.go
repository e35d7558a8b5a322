package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const operatorKey = "an-operator-key-of-enough-length"

// service answers the operator's route the way edge/tenant does.
func service(t *testing.T, status int, answer string) (server *httptest.Server, ca string, got *[]byte) {
	t.Helper()
	got = new([]byte)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || r.URL.Path != routeApplications || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		if r.Header.Get("Authorization") != "Bearer "+operatorKey {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"code":"session_required","title":"The operator key is missing or wrong."}`)
			return
		}
		*got, _ = io.ReadAll(r.Body)
		if status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "https://elsewhere.test/")
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return server, ca, got
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// latchkey runs the command.
func latchkey(t *testing.T, environment map[string]string, in string, words ...string) (code int, out, problems string) {
	t.Helper()
	var result, complaint bytes.Buffer
	code = program{
		arguments: words, in: strings.NewReader(in), out: &result, problems: &complaint,
		environment: func(name string) (string, bool) { value, ok := environment[name]; return value, ok },
	}.run(t.Context())
	return code, result.String(), complaint.String()
}

const applications = `{"applications": [{"client_id": "shop"}]}`

func TestAppsLoadShowsWhatChanged(t *testing.T) {
	server, ca, got := service(t, 200, `{"added":["shop"],"changed":["blog"],"unchanged":["wiki","a\u001b[2Jb"],"removed":[]}`)
	path := file(t, "apps.json", applications)
	key := file(t, "key", operatorKey+"\n")
	code, out, problems := latchkey(t, nil, "", "apps", "load", path, "--service", server.URL, "--ca", ca, "--key-file", key)
	want := "+ shop\n~ blog\n= wiki\n= a?[2Jb\n1 added, 1 changed, 0 removed, 2 as before\n"
	if code != exitDone || out != want || problems != "" {
		t.Fatalf("%d\n%s\n%s", code, out, problems)
	}
	if string(*got) != `{"applications":[{"client_id":"shop"}]}` {
		t.Fatalf("sent %s", *got)
	}
	environment := map[string]string{keyVariable: operatorKey, "LATCHKEY_SERVICE": server.URL}
	code, out, _ = latchkey(t, environment, applications, "apps", "load", "--json", "--ca", ca, "-")
	if code != exitDone || !strings.HasPrefix(out, `{"added":["shop"]`) {
		t.Fatalf("%d %s", code, out)
	}
}

func TestRefusalsSayWhatHelps(t *testing.T) {
	faults := `{"code":"bad_request","title":"The file was refused.","instance":"r7",` +
		`"faults":[{"application":"shop","field":"redirect_uris","fault":"must be https"},{"fault":"is empty"}]}`
	tests := []struct {
		name   string
		status int
		answer string
		key    string
		want   []string
	}{
		{"faults of the file", 400, faults, operatorKey, []string{"The file was refused.", "request r7", "shop: redirect_uris: must be https", "  is empty"}},
		{"wrong key", 200, `{}`, "another-key", []string{"operator key is missing or wrong"}},
		{"service down", 503, ``, operatorKey, []string{"cannot be reached"}},
		{"throttled", 429, `{"code":"too_many_attempts","title":"Slow down.","retry_after":30}`, operatorKey, []string{"Slow down. Try again in 30 seconds."}},
		{"not a service", 200, `<html>`, operatorKey, []string{"does not accept"}},
		{"redirect", 307, ``, operatorKey, []string{"does not accept"}},
	}
	for _, test := range tests {
		server, ca, _ := service(t, test.status, test.answer)
		environment := map[string]string{keyVariable: test.key}
		code, out, problems := latchkey(t, environment, applications, "apps", "load", "-", "--service", server.URL, "--ca", ca)
		if code != exitFailed || out != "" {
			t.Errorf("%s: exit %d, %q", test.name, code, out)
		}
		for _, want := range test.want {
			if !strings.Contains(problems, want) {
				t.Errorf("%s: %q lacks %q", test.name, problems, want)
			}
		}
		if strings.Contains(problems, test.key) {
			t.Errorf("%s: the operator key is printed", test.name)
		}
	}
}

func TestAnUnknownAuthorityIsNamedAsSuch(t *testing.T) {
	server, _, got := service(t, 200, `{}`)
	environment := map[string]string{keyVariable: operatorKey}
	code, _, problems := latchkey(t, environment, applications, "apps", "load", "-", "--service", server.URL)
	if code != exitFailed || !strings.Contains(problems, "--ca FILE") || len(*got) > 0 {
		t.Fatalf("%d %s", code, problems)
	}
}

func TestWrongUseSendsNothing(t *testing.T) {
	server, ca, got := service(t, 200, `{}`)
	keyed := map[string]string{keyVariable: operatorKey}
	plain := strings.Replace(server.URL, "https:", "http:", 1)
	tests := []struct {
		name        string
		environment map[string]string
		in          string
		words       []string
		want        string
	}{
		{"nothing", keyed, "", nil, "say what to do"},
		{"unknown command", keyed, "", []string{"fly"}, `"fly"`},
		{"half a command", keyed, "", []string{"apps"}, "apps load FILE"},
		{"unknown half", keyed, "", []string{"apps", "fly"}, "apps load FILE"},
		{"nothing to remove", keyed, "", []string{"apps", "remove", "--service", server.URL}, "one application"},
		{"an option of another command", keyed, "", []string{"apps", "list", "--uses", "2", "--service", server.URL}, "--help"},
		{"a token for nothing", keyed, "", []string{"apps", "token", "--uses", "0", "--service", server.URL}, "--uses"},
		{"no file", keyed, "", []string{"apps", "load", "--service", server.URL}, "one file"},
		{"two files", keyed, "", []string{"apps", "load", "a", "b", "--service", server.URL}, "one file"},
		{"unknown option", keyed, "", []string{"apps", "load", "-", "--force"}, "--help"},
		{"no service", keyed, applications, []string{"apps", "load", "-"}, "--service"},
		{"http", keyed, applications, []string{"apps", "load", "-", "--service", plain}, "https"},
		{"no key", nil, applications, []string{"apps", "load", "-", "--service", server.URL, "--ca", ca}, keyVariable},
		{"key of two lines", map[string]string{keyVariable: "a\nb"}, applications, []string{"apps", "load", "-", "--service", server.URL}, "one line"},
		{"missing file", keyed, "", []string{"apps", "load", "/nowhere.json", "--service", server.URL}, "nowhere.json"},
		{"not JSON", keyed, "{\n\n]", []string{"apps", "load", "-", "--service", server.URL}, "line 3"},
		{"too large", keyed, strings.Repeat(" ", maxFile+1), []string{"apps", "load", "-", "--service", server.URL}, "256 KiB"},
		{"no authority", keyed, applications, []string{"apps", "load", "-", "--service", server.URL, "--ca", "/nowhere.pem"}, "--ca"},
	}
	for _, test := range tests {
		code, _, problems := latchkey(t, test.environment, test.in, test.words...)
		if code != exitMisused || !strings.Contains(problems, test.want) {
			t.Errorf("%s: exit %d, %q", test.name, code, problems)
		}
	}
	if len(*got) > 0 {
		t.Error("something was sent")
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, words := range [][]string{{"--help"}, {"help"}, {"apps", "--help"}, {"apps", "load", "--help"}, {"apps", "token", "--help"}} {
		if code, out, problems := latchkey(t, nil, "", words...); code != exitDone || !strings.Contains(out, "apps load") || problems != "" {
			t.Errorf("%v: %d %q", words, code, problems)
		}
	}
}
