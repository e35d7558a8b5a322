package client

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/password"
)

// Port is the client core as a page reaches it: one call of a method name and JSON, one answer in JSON. main_js.go
// exports it; everything it does can be tested without a browser.
type Port struct {
	config Config

	mu     sync.Mutex
	client *Client // nil until configured
}

// NewPort returns a port. c.Base may be empty: the page names it with "configure".
func NewPort(c Config) *Port { return &Port{config: c} }

// args are the arguments of every method; each reads its own.
type args struct {
	Base     string         `json:"base"`
	Flow     string         `json:"flow"`
	UPN      string         `json:"upn"`
	Kind     api.SignupKind `json:"kind"`
	Language string         `json:"language"`
	State    string         `json:"state"`
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	Password string         `json:"password"`
	Keep     bool           `json:"keep"`
	Inputs   []string       `json:"inputs"`
	ID       string         `json:"id"`
	Others   bool           `json:"others"`
	Old      string         `json:"old"`
	New      string         `json:"new"`
	Allow    bool           `json:"allow"`
	Seen     string         `json:"seen"`

	vaultArgs
}

// done is the result of a method that has none.
type done struct{}

// methods are what a page can call. Their names and arguments are described in site/src/docs/protocol.md.
var methods = map[string]func(ctx context.Context, c *Client, a args) (any, error){
	"configuration": func(ctx context.Context, c *Client, _ args) (any, error) { return c.Configuration(ctx) },
	"discover":      func(ctx context.Context, c *Client, a args) (any, error) { return c.Discover(ctx, a.Flow, a.UPN) },
	"signin": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.SignIn(ctx, SignIn{Flow: a.Flow, UPN: a.UPN, Password: a.Password, Keep: a.Keep})
	},
	"signupBegin": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.SignupBegin(ctx, api.SignupBeginRequest{Flow: a.Flow, Kind: a.Kind, UPN: a.UPN, Language: a.Language})
	},
	"signupResend": func(ctx context.Context, c *Client, a args) (any, error) { return c.SignupResend(ctx, a.State) },
	"signupCode": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.SignupCode(ctx, api.SignupCodeRequest{State: a.State, Code: a.Code})
	},
	"signupFinish": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.SignupFinish(ctx, SignupFinish{Flow: a.Flow, State: a.State, UPN: a.UPN, Name: a.Name, Password: a.Password, Keep: a.Keep})
	},
	"passwordStrength": func(_ context.Context, c *Client, a args) (any, error) {
		return c.PasswordStrength(a.Password, a.Inputs), nil
	},
	"checkPassword": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.CheckPassword(ctx, a.Password, a.Inputs)
	},
	"changePassword": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.ChangePassword(ctx, a.Old, a.New)
	},
	"account":  func(ctx context.Context, c *Client, _ args) (any, error) { return c.Account(ctx) },
	"sessions": func(ctx context.Context, c *Client, _ args) (any, error) { return c.Sessions(ctx) },
	"endSession": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.EndSession(ctx, api.SessionsEndRequest{ID: a.ID, Others: a.Others})
	},
	"applications": func(ctx context.Context, c *Client, _ args) (any, error) { return c.Applications(ctx) },
	"removeApplication": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.RemoveApplication(ctx, a.ID)
	},
	"apps":   func(ctx context.Context, c *Client, _ args) (any, error) { return c.Apps(ctx) },
	"device": func(ctx context.Context, c *Client, a args) (any, error) { return c.Device(ctx, a.Code) },
	"answerDevice": func(ctx context.Context, c *Client, a args) (any, error) {
		return done{}, c.AnswerDevice(ctx, a.State, a.Allow)
	},
	"consent": func(ctx context.Context, c *Client, a args) (any, error) { return c.Consent(ctx, a.Flow) },
	"decideConsent": func(ctx context.Context, c *Client, a args) (any, error) {
		return c.DecideConsent(ctx, api.ConsentDecision{Flow: a.Flow, Seen: a.Seen, Allow: a.Allow})
	},
	"signout": func(ctx context.Context, c *Client, a args) (any, error) { return c.SignOut(ctx, a.Flow) },
}

// methodOf finds a method; nil when there is none.
func methodOf(name string) func(ctx context.Context, c *Client, a args) (any, error) {
	for _, some := range []map[string]func(context.Context, *Client, args) (any, error){
		methods, passkeyMethods, trustMethods, settingMethods, keptMethods, securityMethods, recoverMethods,
	} {
		if run, known := some[name]; known {
			return run
		}
	}
	return nil
}

// Call runs method with a JSON object of arguments and returns {"ok": …} or {"problem": …}. It never panics.
func (p *Port) Call(ctx context.Context, method, arguments string) string {
	return answer(func() (any, error) {
		var a args
		if strings.TrimSpace(arguments) != "" && json.Unmarshal([]byte(arguments), &a) != nil {
			return nil, problem(api.CodeBadRequest, "The arguments are not what this method takes.")
		}
		if method == "configure" {
			return done{}, p.configure(a.Base)
		}
		run := methodOf(method)
		if run == nil {
			return nil, problem(api.CodeBadRequest, "There is no such method.")
		}
		client, err := p.configured()
		if err != nil {
			return nil, err
		}
		return run(ctx, client, a)
	})
}

// LoadDictionary gives the password meter its dictionary asset. It answers like Call; the result counts the words.
func (p *Port) LoadDictionary(asset []byte) string {
	return answer(func() (any, error) {
		client, err := p.configured()
		if err != nil {
			return nil, err
		}
		dictionary, err := password.ParseDictionary(asset)
		if err != nil {
			return nil, badAnswer(200)
		}
		client.UseDictionary(dictionary)
		return map[string]int{"words": dictionary.Words()}, nil
	})
}

// configure names the service. It may be repeated; what an earlier one loaded is forgotten.
func (p *Port) configure(base string) error {
	config := p.config
	config.Base = base
	client, err := New(config)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
	return nil
}

func (p *Port) configured() (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client == nil {
		return nil, problem(api.CodeBadRequest, "Name the service with configure first.")
	}
	return p.client, nil
}

// answer puts the outcome of run into JSON. A panic becomes CodeInternal; its value may hold anything and is dropped.
func answer(run func() (any, error)) (text string) {
	defer func() {
		if recover() != nil {
			text = encode(map[string]any{"problem": problem(api.CodeInternal, "The client core failed.")})
		}
	}()
	result, err := run()
	if err == nil {
		return encode(map[string]any{"ok": result})
	}
	if a, ok := errors.AsType[*Accusation](err); ok {
		return encode(map[string]any{"problem": a})
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		return encode(map[string]any{"problem": r})
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return encode(map[string]any{"problem": p})
	}
	return encode(map[string]any{"problem": problem(api.CodeInternal, "The client core failed.")})
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return `{"problem":{"code":"internal","title":"The client core failed."}}`
	}
	return string(text)
}
