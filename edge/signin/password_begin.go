package signin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/state"
)

const useAttempt state.Use = "signin"

// attempt is what a sign-in carries from KE1 to KE3. Its members have the same length for known and unknown names.
type attempt struct {
	Object string    `json:"o"` // account or decoy, padded
	ID     string    `json:"i"` // of the attempt's row there
	Known  int       `json:"k"` // 1: there is an account
	Device int       `json:"d"` // 1: the account knows this browser
	MAC    api.Bytes `json:"m"` // what KE3 must be
	KSF    api.KSF   `json:"p"` // of the record
	Flow   string    `json:"f"`
}

// passwordBegin answers a KE1. What an outsider can drive up is counted first (client, name), the curve comes last; a known and
// an unknown name take the same steps.
func (s *Service) passwordBegin(_ http.ResponseWriter, r *http.Request, in api.PasswordBeginRequest) (api.PasswordBeginResponse, error) {
	var none api.PasswordBeginResponse
	name, err := parseUPN(in.UPN)
	if err != nil {
		return none, err
	}
	if err := checkFlow(in.Flow); err != nil {
		return none, err
	}
	if len(in.KE1) != password.KE1Length {
		return none, fmt.Errorf("%w: KE1 of %d bytes", problem.New(api.CodeBadRequest), len(in.KE1))
	}
	if err := s.limited(r, "signin", s.Config.SigninLimit, api.CodeTooManyAttempts); err != nil {
		return none, err
	}
	a := attempt{ID: account.NewID(), Flow: in.Flow}
	credential, err := s.beginAttempt(r, name.text, &a)
	if err != nil {
		return none, err
	}
	answer, err := s.password.Login(r.Context(), in.KE1, credential)
	if errors.Is(err, password.ErrMessage) {
		return none, problem.Because(api.CodeBadRequest, err)
	}
	if err != nil {
		return none, err
	}
	a.MAC = answer.MAC
	sealed, err := state.Seal(r.Context(), s.Keys, useAttempt, a, s.Now().Add(attemptLifetime))
	return api.PasswordBeginResponse{State: sealed, KE2: answer.KE2, KSF: a.KSF}, err
}

// beginAttempt counts the attempt at a name and returns the credential to answer it with: the account's, or the fake one that is
// computed in either case. It fills in what a carries.
func (s *Service) beginAttempt(r *http.Request, name string, a *attempt) (password.Credential, error) {
	ctx := r.Context()
	var none password.Credential
	who, err := s.locate(ctx, name)
	if err != nil {
		return none, err
	}
	devices, err := session.ReadDevices(ctx, s.Keys, r)
	if err != nil {
		return none, err
	}
	begin := account.BeginSigninIn{Name: who.digest, Attempt: a.ID, Policy: s.Config.Lock}
	if device, known := devices.Of(who.object); known {
		begin.Device = device.Ref()
	}
	begun, err := s.Accounts.BeginSignin(ctx, who.object, begin)
	if err != nil {
		return none, err
	}
	if begun.Locked {
		return none, problem.Retry(api.CodeLocked, time.Duration(begun.RetryAfter)*time.Second)
	}
	fake, err := s.password.Fake(ctx, name)
	if err != nil {
		return none, err
	}
	ksf, err := s.password.FakeKSF(ctx, name, s.ksfs)
	if err != nil {
		return none, err
	}
	a.Object, a.KSF, a.Device = pad(who.object), ksf, bit(begun.KnownDevice)
	if !begun.Found {
		return fake, nil
	}
	a.KSF, a.Known = begun.KSF, 1
	return password.Credential{Identifier: who.object, Record: begun.Record}, nil
}

// whereabouts is the object that answers for a name.
type whereabouts struct {
	object string // of the account, or a decoy
	digest string // of the name
}

// locate finds the object for a name: one look-up and one MAC, whatever comes out.
func (s *Service) locate(ctx context.Context, name string) (whereabouts, error) {
	owner, found, err := s.Names.Lookup(ctx, name)
	if err != nil {
		return whereabouts{}, err
	}
	mac, err := s.Keys.MAC(ctx, labelName, []byte(name))
	if err != nil {
		return whereabouts{}, err
	}
	w := whereabouts{object: account.DecoyID(mac), digest: hex.EncodeToString(mac[1:17])}
	if found && owner.Kind == names.Account {
		w.object = owner.ID
	}
	return w, nil
}

// accountIDLength is the length of an account's id; pad brings a decoy's to it.
const accountIDLength = 26

func pad(id string) string { return fmt.Sprintf("%-*s", accountIDLength, id) }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
