package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lib "github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/password"
)

const (
	base     = "https://latchkey.test"
	ranges   = "https://ranges.test/range/"
	upn      = "ada@example.org"
	good     = "purple tractors eat lightly"
	better   = "seventeen umbrellas sang tuesday"
	breached = "correct horse battery staple"
)

// cheap is the least a client accepts, so that tests stay quick; dearer is what the policy is raised to.
var (
	cheap  = api.KSF{Name: "argon2id", Time: 2, Memory: 19 << 10, Threads: 1}
	dearer = api.KSF{Name: "argon2id", Time: 3, Memory: 19 << 10, Threads: 1}
)

func now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// service answers like the edge, with a real OPAQUE server behind it, and records all that reaches it. The exported
// fields make it hostile or broken.
type service struct {
	t      testing.TB
	server *lib.Server

	KSF       api.KSF                                               // named in registrations
	Records   map[string]stored                                     // by UPN
	Upgrade   bool                                                  // offer an upgrade after sign-in
	Range     string                                                // answer of the range service
	RangeDown bool                                                  //
	Intercept func(r client.Request) (client.Response, error, bool) // answers before anything else
	Alter     func(path string, answer any) any                     // changes what would be answered
	mu        sync.Mutex                                            //
	seen      []client.Request                                      //
	pending   map[string]*lib.ServerOutput                          // state → what KE3 must hold
}

type stored struct {
	record []byte
	ksf    api.KSF
}

func newService(t testing.TB) *service {
	t.Helper()
	suite := api.Suite()
	server, err := suite.Server()
	if err != nil {
		t.Fatal(err)
	}
	private, public := suite.KeyGen()
	err = server.SetKeyMaterial(&lib.ServerKeyMaterial{
		PrivateKey: private, PublicKeyBytes: public.Encode(), OPRFGlobalSeed: suite.GenerateOPRFSeed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &service{t: t, server: server, KSF: cheap, Records: map[string]stored{}, pending: map[string]*lib.ServerOutput{}}
}

// client returns a client of s with a small dictionary.
func (s *service) client() *client.Client {
	s.t.Helper()
	c, err := client.New(client.Config{Base: base, Transport: s, Now: now})
	if err != nil {
		s.t.Fatal(err)
	}
	c.UseDictionary(smallDictionary(s.t))
	return c
}

func smallAsset(t testing.TB) []byte {
	t.Helper()
	var asset bytes.Buffer
	lists := map[string][]string{password.ListPasswords: {"123456", "password", "qwerty"}, "english": {"the", "horse", "battery"}}
	if err := password.WriteDictionary(&asset, lists); err != nil {
		t.Fatal(err)
	}
	return asset.Bytes()
}

func smallDictionary(t testing.TB) *password.Dictionary {
	t.Helper()
	d, err := password.ParseDictionary(smallAsset(t))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// signUp puts a record for upn in place, through the client.
func (s *service) signUp(secret string) {
	s.t.Helper()
	c := s.client()
	state, err := c.SignupBegin(s.t.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.SignupFinish(s.t.Context(), client.SignupFinish{State: state.State, Name: "Ada", Password: secret}); err != nil {
		s.t.Fatal(err)
	}
}

var errDown = errors.New("dial tcp 192.0.2.1:443: no route to host")

func (s *service) Do(_ context.Context, r client.Request) (client.Response, error) {
	s.mu.Lock()
	s.seen = append(s.seen, client.Request{Method: r.Method, URL: r.URL, Header: maps.Clone(r.Header), Body: bytes.Clone(r.Body), Anonymous: r.Anonymous})
	s.mu.Unlock()
	if s.Intercept != nil {
		if response, err, taken := s.Intercept(r); taken {
			return response, err
		}
	}
	if strings.HasPrefix(r.URL, ranges) {
		if s.RangeDown {
			return client.Response{}, errDown
		}
		return client.Response{Status: 200, Body: []byte(s.Range)}, nil
	}
	path := strings.TrimPrefix(r.URL, base)
	handle, known := routes[r.Method+" "+path]
	if !known {
		return s.json(http.StatusNotFound, api.Problem{Code: api.CodeNotFound, Status: http.StatusNotFound})
	}
	answer := handle(s, r.Body)
	if s.Alter != nil {
		answer = s.Alter(path, answer)
	}
	if p, ok := answer.(*api.Problem); ok {
		return s.json(p.Status, p)
	}
	return s.json(http.StatusOK, answer)
}

func (s *service) json(status int, v any) (client.Response, error) {
	body, err := json.Marshal(v)
	return client.Response{Status: status, Body: body}, err
}

var invalid = &api.Problem{Code: api.CodeInvalidCredentials, Title: "no", Status: http.StatusUnauthorized}

var routes = map[string]func(s *service, body []byte) any{
	"GET " + api.RouteConfiguration: func(s *service, _ []byte) any {
		return api.Configuration{Issuer: base, DefaultDomain: "latchkey.test", RangeService: ranges, KSF: s.KSF}
	},
	"POST " + api.RouteDiscover: func(_ *service, body []byte) any {
		return api.DiscoverResponse{Realm: api.RealmManaged, UPN: strings.ToLower(in[api.DiscoverRequest](body).UPN)}
	},
	"POST " + api.RoutePasswordBegin: func(s *service, body []byte) any {
		request := in[api.PasswordBeginRequest](body)
		return s.ke2(request.UPN, request.KE1)
	},
	"POST " + api.RoutePasswordFinish: func(s *service, body []byte) any {
		request := in[api.PasswordFinishRequest](body)
		if !s.proved(request.State, request.KE3) {
			return invalid
		}
		answer := api.PasswordFinishResponse{Redirect: "/oauth2/resume?flow=" + request.Flow}
		if s.Upgrade {
			answer.UpgradeProof = "upgrade-proof"
		}
		return answer
	},
	"POST " + api.RouteSignupBegin: func(_ *service, body []byte) any {
		request := in[api.SignupBeginRequest](body)
		return api.SignupState{State: "signup-1", UPN: request.UPN, NeedsCode: request.Kind == api.SignupEmail, Expires: now().Unix() + 600}
	},
	"POST " + api.RouteSignupResend: func(*service, []byte) any { return api.SignupState{State: "signup-2", UPN: upn, NeedsCode: true} },
	"POST " + api.RouteSignupCode: func(_ *service, body []byte) any {
		if in[api.SignupCodeRequest](body).Code != "123456" {
			return &api.Problem{Code: api.CodeWrong, Status: http.StatusBadRequest, TriesLeft: 4}
		}
		return api.SignupState{State: "signup-3", UPN: upn}
	},
	"POST " + api.RouteSignupPassword: func(s *service, body []byte) any { return s.evaluate(in[api.SignupPasswordRequest](body).Request) },
	"POST " + api.RouteSignupFinish: func(s *service, body []byte) any {
		request := in[api.SignupFinishRequest](body)
		s.Records[upn] = stored{request.Record, request.KSF}
		return api.SignupFinishResponse{Redirect: "/account"}
	},
	"GET " + api.RouteAccount: func(*service, []byte) any { return api.Account{ID: "id", UPN: upn, Name: "Ada Lovelace"} },
	"GET " + api.RouteSessions: func(*service, []byte) any {
		return api.Sessions{Sessions: []api.Session{{ID: "s1", Device: "Firefox on Linux", Current: true}}}
	},
	"POST " + api.RouteSessionsEnd: func(*service, []byte) any { return struct{}{} },
	"GET " + api.RouteApplications: func(*service, []byte) any {
		return api.Applications{Applications: []api.Application{{ID: "prints", Name: "Photo prints"}}}
	},
	"POST " + api.RouteApplicationRemove: func(*service, []byte) any { return struct{}{} },
	"GET " + api.RouteApps: func(*service, []byte) any {
		return api.Apps{Apps: []api.App{
			{Name: "Prints", URL: "https://prints.test/go?iss=x"}, {Name: "Plain", URL: "http://prints.test"},
			{Name: "Script", URL: "javascript:alert(1)"}, {Name: "Path", URL: "/signout"}, {Name: "Other", URL: "https://a@evil.test"},
		}}
	},
	"POST " + api.RouteReauthBegin: func(s *service, body []byte) any { return s.ke2(upn, in[api.ReauthBeginRequest](body).KE1) },
	"POST " + api.RouteReauthFinish: func(s *service, body []byte) any {
		request := in[api.ReauthFinishRequest](body)
		if !s.proved(request.State, request.KE3) {
			return invalid
		}
		return api.ReauthFinishResponse{Proof: "reauth-proof"}
	},
	"POST " + api.RouteChangeBegin: func(s *service, body []byte) any { return s.evaluate(in[api.ChangeBeginRequest](body).Request) },
	"POST " + api.RouteChangeFinish: func(s *service, body []byte) any {
		request := in[api.ChangeFinishRequest](body)
		if (request.Proof == "upgrade-proof") != request.Upgrade {
			return &api.Problem{Code: api.CodeExpired, Status: http.StatusGone}
		}
		s.Records[upn] = stored{request.Record, request.KSF}
		return struct{}{}
	},
	"POST " + api.RouteDevice: func(_ *service, body []byte) any {
		switch in[api.DeviceRequest](body).Code {
		case "WDJB-MJHT":
			return api.DeviceResponse{State: "device-1", Code: "WDJB-MJHT", Application: "TV"}
		case "SIGN-INNN":
			return api.DeviceResponse{SignIn: "/signin?flow=f", State: "never"}
		case "EVIL-EVIL":
			return api.DeviceResponse{SignIn: "javascript:alert(1)"}
		}
		return &api.Problem{Code: api.CodeDeviceUnknown, Status: http.StatusNotFound}
	},
	"POST " + api.RouteDeviceAnswer: func(_ *service, body []byte) any {
		if request := in[api.DeviceAnswerRequest](body); request.State != "device-1" || !request.Allow {
			return &api.Problem{Code: api.CodeExpired, Status: http.StatusGone}
		}
		return struct{}{}
	},
	"POST " + api.RouteConsent: func(_ *service, body []byte) any {
		if in[api.ConsentRequest](body).Flow != "f" {
			return &api.Problem{Code: api.CodeExpired, Status: http.StatusGone}
		}
		return api.Consent{Application: "Shop", PolicyURI: "https://shop.test/privacy", TOSURI: "javascript:alert(1)", Seen: "s"}
	},
	"POST " + api.RouteConsentDecide: func(_ *service, body []byte) any {
		switch request := in[api.ConsentDecision](body); {
		case request.Flow != "f" || request.Seen != "s":
			return &api.Problem{Code: api.CodeExpired, Status: http.StatusGone}
		case !request.Allow:
			return api.ConsentDecided{Redirect: "//evil.test/"}
		}
		return api.ConsentDecided{Redirect: "/oauth2/resume?flow=f"}
	},
	"POST " + api.RouteSignout: func(_ *service, body []byte) any {
		return api.SignoutResponse{FrontChannel: []string{"https://shop.test/logout", "javascript:alert(1)"}, Redirect: "/signout"}
	},
}

// in decodes strictly: the client may send nothing that edge/api does not know, but for the flow of a sign-out.
func in[T any](body []byte) (v T) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

func (s *service) evaluate(request []byte) any {
	parsed, err := s.server.Deserialize.RegistrationRequest(request)
	if err != nil {
		s.t.Error(err)
		return invalid
	}
	response, err := s.server.RegistrationResponse(parsed, []byte(upn), nil)
	if err != nil {
		s.t.Error(err)
		return invalid
	}
	return api.RegistrationResponse{Response: response.Serialize(), KSF: s.KSF}
}

func (s *service) ke2(name string, ke1 []byte) any {
	known, found := s.Records[name]
	if !found {
		s.t.Errorf("no record for %s", name)
		return invalid
	}
	record, err := s.server.Deserialize.RegistrationRecord(known.record)
	if err != nil {
		s.t.Error(err)
		return invalid
	}
	first, err := s.server.Deserialize.KE1(ke1)
	if err != nil {
		s.t.Error(err)
		return invalid
	}
	second, out, err := s.server.GenerateKE2(first, &lib.ClientRecord{CredentialIdentifier: []byte(upn), RegistrationRecord: record})
	if err != nil {
		s.t.Error(err)
		return invalid
	}
	s.pending["state"] = out
	return api.PasswordBeginResponse{State: "state", KE2: second.Serialize(), KSF: known.ksf}
}

func (s *service) proved(state string, ke3 []byte) bool {
	out, open := s.pending[state]
	delete(s.pending, state)
	proof, err := s.server.Deserialize.KE3(ke3)
	return open && err == nil && s.server.LoginFinish(proof, out.ClientMAC) == nil
}

// paths lists what was asked, in order.
func (s *service) paths() []string {
	var paths []string
	for _, r := range s.seen {
		paths = append(paths, strings.TrimPrefix(r.URL, base))
	}
	return paths
}

func (s *service) asked(path string) bool { return slices.Contains(s.paths(), path) }

// codeOf returns the code of a problem, "" for nil.
func codeOf(t testing.TB, err error) api.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		t.Fatalf("%T is not a problem: %v", err, err)
	}
	return p.Code
}
