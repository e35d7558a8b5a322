package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/device"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// RouteDevice is the device authorization endpoint (RFC 8628 section 3.1); pageDevice is where a person answers.
const (
	RouteDevice = "/oauth2/device_authorization"
	pageDevice  = "/device"
)

// Labels of the MACs by which user codes and networks are known.
const (
	labelUserCode = "latchkey/device/code"
	labelNetwork  = "latchkey/device/network"
)

// deviceBegins bounds the requests that come from one address for applications that cannot authenticate.
var deviceBegins = throttle.Limit{Count: 60, Window: 10 * time.Minute}

// errManyDevices is slow_down where no interval was agreed on yet, so with the status that says the same (RFC 6585 section 4).
var errManyDevices = &oauth.Error{Code: "slow_down", Status: http.StatusTooManyRequests, Description: "too many devices ask from this network"}

// newCodes is how often a code that is in use is replaced. With a million requests waiting one code in 25,000 is in use.
const newCodes = 3

// Devices keeps the requests of devices (edge/device).
type Devices interface {
	Begin(ctx context.Context, key []byte, r device.Request) error
	Look(ctx context.Context, key []byte) (device.Request, error)
	Decide(ctx context.Context, key []byte, p device.Person, permit string) error
	Poll(ctx context.Context, in device.PollIn) (device.PollOut, error)
}

// deviceCode is what a device code means.
type deviceCode struct {
	Key    []byte `json:"u"` // of the request
	Secret string `json:"k"`
}

// deviceAnswer is the answer of the endpoint (RFC 8628 section 3.2).
type deviceAnswer struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	Link       string `json:"verification_uri_complete"`
	Expires    int64  `json:"expires_in"` // seconds
	Interval   int64  `json:"interval"`   // seconds
}

// deviceAuthorization is the device authorization endpoint (RFC 8628 section 3.1).
func (s *Service) deviceAuthorization(w http.ResponseWriter, r *http.Request) {
	answer, err := s.beginDevice(w, r)
	if err != nil {
		s.errors.JSON(w, r, err)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, answer)
}

func (s *Service) beginDevice(w http.ResponseWriter, r *http.Request) (deviceAnswer, error) {
	p, err := oauth.FormParams(w, r)
	if err == nil {
		err = p.Single()
	}
	if err != nil {
		return deviceAnswer{}, err
	}
	c, err := s.authenticate(r, p)
	if err != nil {
		return deviceAnswer{}, err
	}
	if !c.MayUse(tenant.GrantDevice) || c.Profile == tenant.ProfileFAPI2 { // the profile knows no other way than a redirect
		return deviceAnswer{}, oauth.ErrUnauthorizedClient.With("this application is not registered for the grant")
	}
	network, err := s.network(r)
	if err == nil {
		err = s.mayBegin(r.Context(), c, network)
	}
	if err != nil {
		return deviceAnswer{}, err
	}
	asked, err := s.deviceRequest(w, r, c, p, network)
	if err != nil {
		return deviceAnswer{}, err
	}
	return s.keepDevice(r.Context(), asked)
}

// mayBegin takes one from what may come from a network. An application that authenticates answers for itself.
func (s *Service) mayBegin(ctx context.Context, c client, network []byte) error {
	if c.Method != tenant.AuthNone {
		return nil
	}
	ok, _, err := s.throttle.Take(ctx, "device-begin:"+fmt.Sprintf("%x", network), deviceBegins)
	if err == nil && !ok {
		err = errManyDevices
	}
	return err
}

// network is the MAC of the network that a request comes from.
func (s *Service) network(r *http.Request) ([]byte, error) {
	return s.keys.MAC(r.Context(), labelNetwork, []byte(throttle.ClientPrefix(s.address(r))))
}

// deviceRequest reads what the device asks for. A DPoP proof is not needed here (RFC 9449 knows none at this endpoint); one that is
// there binds the device code to its key.
func (s *Service) deviceRequest(w http.ResponseWriter, r *http.Request, c client, p oauth.Params, network []byte) (device.Request, error) {
	q := &request{ClientID: c.ClientID, Type: typeCode}
	if err := s.parseScope(r.Context(), c.Application, q, p); err != nil {
		return device.Request{}, err
	}
	asked := device.Request{
		ClientID: c.ClientID, Scope: q.Scope.String(), Resources: q.Resources, Network: network, Place: r.Header.Get(placeHeader),
	}
	if len(r.Header.Values(proofHeader)) > 0 {
		bound, err := s.bind(w, r, c)
		if err != nil {
			return device.Request{}, err
		}
		asked.Binding = bound.JKT
	}
	return asked, nil
}

// placeHeader says where a request comes from. The bridge to the runtime sets it and strips what a client sent.
const placeHeader = "Latchkey-Place"

// keepDevice finds a code for a request and keeps it.
func (s *Service) keepDevice(ctx context.Context, asked device.Request) (deviceAnswer, error) {
	secret := account.NewSecret()
	asked.SecretHash = account.Hash(secret)
	for try := 1; ; try++ {
		code := device.NewCode()
		key, err := s.codeKey(ctx, code)
		if err != nil {
			return deviceAnswer{}, err
		}
		err = s.devices.Begin(ctx, key, asked)
		if errors.Is(err, device.ErrTaken) && try < newCodes {
			continue
		}
		if err != nil {
			return deviceAnswer{}, err
		}
		return s.deviceAnswer(ctx, code, deviceCode{key, secret})
	}
}

// codeKey is how a user code is known to the object: a MAC, because eight letters could be found from a plain hash.
func (s *Service) codeKey(ctx context.Context, code string) ([]byte, error) {
	return s.keys.MAC(ctx, labelUserCode, []byte(code))
}

func (s *Service) deviceAnswer(ctx context.Context, code string, d deviceCode) (deviceAnswer, error) {
	sealed, err := s.keys.Seal(ctx, keys.PurposePairing, d, s.now().Add((device.Lifetime+device.Grace)*time.Second))
	if err != nil {
		return deviceAnswer{}, fmt.Errorf("token: seal device code: %w", err)
	}
	shown := device.FormatCode(code)
	return deviceAnswer{
		DeviceCode: sealed, UserCode: shown, Page: s.issuer + pageDevice,
		Link:    s.issuer + pageDevice + "?" + url.Values{"user_code": {shown}}.Encode(),
		Expires: device.Lifetime, Interval: device.Interval,
	}, nil
}
