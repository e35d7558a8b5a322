package client_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestHostileServiceGetsNoProof(t *testing.T) {
	foreign := newService(t) // has stolen the record, but neither key nor seed
	tests := []struct {
		name  string
		alter func(s *service, answer *api.PasswordBeginResponse)
		want  api.Code
	}{
		{"weak stretching", func(_ *service, a *api.PasswordBeginResponse) { a.KSF.Memory, a.KSF.Time = 8, 1 }, client.CodeBadAnswer},
		{"no stretching", func(_ *service, a *api.PasswordBeginResponse) { a.KSF = api.KSF{} }, client.CodeBadAnswer},
		{"other function", func(_ *service, a *api.PasswordBeginResponse) { a.KSF.Name = "pbkdf2" }, client.CodeBadAnswer},
		{"exhausting stretching", func(_ *service, a *api.PasswordBeginResponse) { a.KSF.Memory = 1 << 30 }, client.CodeBadAnswer},
		{"KE2 of another server", func(s *service, a *api.PasswordBeginResponse) {
			foreign.Records[upn] = s.Records[upn]
			begin := in[api.PasswordBeginRequest](s.seen[len(s.seen)-1].Body)
			a.KE2 = foreign.ke2(upn, begin.KE1).(api.PasswordBeginResponse).KE2
		}, api.CodeInvalidCredentials},
		{"KE2 of garbage", func(_ *service, a *api.PasswordBeginResponse) { a.KE2 = make([]byte, 320) }, client.CodeBadAnswer},
		{"no KE2", func(_ *service, a *api.PasswordBeginResponse) { a.KE2 = nil }, client.CodeBadAnswer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newService(t)
			s.signUp(good)
			s.Alter = func(path string, answer any) any {
				if begin, ok := answer.(api.PasswordBeginResponse); ok {
					test.alter(s, &begin)
					return begin
				}
				return answer
			}
			_, err := s.client().SignIn(t.Context(), client.SignIn{UPN: upn, Password: good})
			if codeOf(t, err) != test.want {
				t.Fatal(err)
			}
			if s.asked(api.RoutePasswordFinish) {
				t.Fatal("KE3 was sent")
			}
		})
	}
}

func TestHostileRegistrationIsRefused(t *testing.T) {
	s := newService(t)
	s.KSF = api.KSF{Name: "argon2id", Time: 1, Memory: 64, Threads: 1}
	c := s.client()
	_, err := c.SignupFinish(t.Context(), client.SignupFinish{State: "signup-1", UPN: upn, Password: good})
	if codeOf(t, err) != client.CodeBadAnswer || s.asked(api.RouteSignupFinish) {
		t.Fatal(err, s.paths())
	}
}

func TestPlacesToGoAreChecked(t *testing.T) {
	for target, fine := range map[string]bool{
		"/account": true, "/oauth2/resume?flow=a": true, "https://shop.test/callback?code=1": true,
		"": false, "account": false, "//evil.test": false, "/\\evil.test": false, "\\\\evil.test": false, "http://evil.test/": false,
		"javascript:alert(1)": false, "data:text/html,x": false, "https:/evil.test": false, "https:evil.test": false,
		"https://user@evil.test/": false, "/\t/evil.test": false, "\n/account": false, "https://": false,
	} {
		s := newService(t)
		s.Alter = func(_ string, answer any) any { return api.SignoutResponse{Redirect: target} }
		if _, err := s.client().SignOut(t.Context(), ""); (err == nil) != fine {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := newService(t)
	s.Intercept = func(r client.Request) (client.Response, error, bool) {
		if r.Limit != api.MaxBody {
			t.Errorf("limit %d", r.Limit)
		}
		return client.Response{Status: 200, Body: make([]byte, r.Limit+1)}, nil, true
	}
	if _, err := s.client().Account(t.Context()); codeOf(t, err) != client.CodeBadAnswer {
		t.Fatal(err)
	}
}

// TestPasswordNeverLeaves runs every method with passwords, against a service that works and against services that fail
// in every way, and looks for the password and simple digests of it in all that was sent and said.
func TestPasswordNeverLeaves(t *testing.T) {
	failures := map[string]func(client.Request) (client.Response, error, bool){
		"working":     nil,
		"unreachable": func(client.Request) (client.Response, error, bool) { return client.Response{}, errDown, true },
		"failing":     func(client.Request) (client.Response, error, bool) { return client.Response{Status: 500}, nil, true },
		"talking": func(r client.Request) (client.Response, error, bool) {
			return client.Response{Status: 400, Body: []byte(`{"code":"bad_request","title":"no"}`)}, nil, true
		},
		"babbling": func(client.Request) (client.Response, error, bool) {
			return client.Response{Status: 200, Body: []byte("<html>")}, nil, true
		},
	}
	for name, intercept := range failures {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			s.signUp(good)
			s.Intercept = intercept
			said := everyMethod(t, s)
			for _, r := range s.seen {
				said = append(said, r.URL, string(r.Body), fmt.Sprint(r.Header))
			}
			for _, secret := range []string{good, better} {
				for _, needle := range traces(secret) {
					for _, text := range said {
						if strings.Contains(strings.ToLower(text), strings.ToLower(needle)) {
							t.Errorf("%q stands in %.200q", needle, text)
						}
					}
				}
			}
		})
	}
}

// everyMethod calls all that takes a password and returns all that was answered.
func everyMethod(t *testing.T, s *service) (said []string) {
	var stages []string
	port := client.NewPort(client.Config{Transport: s, Now: now, Progress: func(stage string) { stages = append(stages, stage) }})
	call := func(method, args string) { said = append(said, port.Call(t.Context(), method, args)) }
	call("configure", `{"base":"`+base+`"}`)
	said = append(said, port.LoadDictionary(smallAsset(t)))
	call("passwordStrength", `{"password":"`+good+`","inputs":["Ada"]}`)
	call("checkPassword", `{"password":"`+good+`","inputs":["Ada"]}`)
	call("signin", `{"upn":"`+upn+`","password":"`+good+`"}`)
	call("signin", `{"upn":"`+upn+`","password":"`+better+`"}`)
	call("changePassword", `{"old":"`+good+`","new":"`+better+`"}`)
	call("changePassword", `{"old":"`+good+`","new":"`+good+`"}`)
	call("signupFinish", `{"state":"signup-1","upn":"`+upn+`","name":"Ada","password":"`+good+`"}`)
	call("signin", `{"upn":"`+upn+`","password":{"`+good+`":1}}`)
	call(good, `{"password":"`+better+`"}`)
	return append(said, stages...)
}

// traces are the forms in which a password, or what verifies a guess of it at once, would show.
func traces(secret string) []string {
	forms := []string{secret}
	one, two, three, five := sha1.Sum([]byte(secret)), sha256.Sum256([]byte(secret)), sha512.Sum512([]byte(secret)), md5.Sum([]byte(secret))
	for _, raw := range [][]byte{[]byte(secret), one[:], two[:], three[:], five[:]} {
		forms = append(forms, hex.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw))
	}
	return append(forms, strings.ReplaceAll(secret, " ", "%20"), strings.ReplaceAll(secret, " ", "+"))
}
