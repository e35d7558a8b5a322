// Package client is the client core: every call that the browser or the command line makes to edge/api, and the
// order of the steps in each. Pages show state and collect input; what is sent, checked and refused is decided here.
//
// It has no network of its own: a Transport, one method, carries requests (fetch in the browser, net/http natively, a
// recorder in tests). It refuses every base URL that is not https, bounds every answer before it parses it, and believes
// nothing an answer says that would weaken the person: stretching parameters, upgrades, where to go next.
//
// Passwords come in as arguments, are turned into bytes that are wiped after use, and never appear in a request, a
// result, an error or a log. Errors are *api.Problem, with the codes of edge/api and the few of problem.go.
package client

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/device"
	"github.com/latchkey-id/latchkey/wasm/password"
)

// Stages of a call that a page may show. A page adds its own for the time before the client core has arrived ("loading").
const (
	StageSending = "sending" // waiting for the service
	StageHashing = "hashing" // stretching the password: a second or so of work on this device
)

// Config is what a Client needs.
type Config struct {
	Base      string // https://host of the service, with a port if it is not 443, without a path
	Transport Transport
	Now       func() time.Time
	Progress  func(stage string) // nil: nobody is interested. Called on the goroutine of the call, must return at once

	Keystore Keystore    // nil: this device keeps nothing, and settings stay closed
	Live     Live        // nil: changes of other devices are asked for now and then
	Event    func(Event) // nil: nobody is interested. Must return at once
}

// Event is something that happened without anybody having asked for it.
type Event struct {
	Changed []string `json:"changed,omitempty"` // collections in which other devices changed something
	Network string   `json:"network,omitempty"` // paused, running
}

// Client calls one service. Its methods may be called by many goroutines.
type Client struct {
	base      string
	transport Transport
	now       func() time.Time
	progress  func(stage string)
	keys      Keystore
	live      Live
	event     func(Event)
	vaults    vaults

	mu            sync.Mutex // never held over I/O
	meter         *password.Meter
	configuration *api.Configuration
	signups       map[string]string           // state of a running sign-up → UPN
	requests      map[string]*device.Request  // approvals that this program asked for
	approvals     map[string]*device.Approval // approvals that this program answers
	recoveries    map[string]recovery         // state of a proof → what it was
}

// New returns a client of the service at c.Base. Error: CodeInsecure.
func New(c Config) (*Client, error) {
	base, err := ParseBase(c.Base)
	if err != nil {
		return nil, err
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	if c.Event == nil {
		c.Event = func(Event) {}
	}
	return &Client{
		keys: c.Keystore, live: c.Live, event: c.Event, vaults: newVaults(),
		base: base, transport: c.Transport, now: c.Now, progress: c.Progress,
		meter:   password.NewMeter(password.MeterConfig{Now: c.Now}),
		signups: map[string]string{}, requests: map[string]*device.Request{}, approvals: map[string]*device.Approval{},
		recoveries: map[string]recovery{},
	}, nil
}

// UseDictionary gives the password meter its words (password.ParseDictionary). Until then no new password is accepted.
func (c *Client) UseDictionary(d *password.Dictionary) {
	meter := password.NewMeter(password.MeterConfig{Dictionary: d, Now: c.now})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meter = meter
}

func (c *Client) currentMeter() *password.Meter {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.meter
}

// Configuration returns what the service says about itself. It is asked once.
func (c *Client) Configuration(ctx context.Context) (api.Configuration, error) {
	c.mu.Lock()
	known := c.configuration
	c.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	var answer api.Configuration
	if err := c.get(ctx, api.RouteConfiguration, &answer); err != nil {
		return api.Configuration{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.configuration = &answer
	return answer, nil
}
