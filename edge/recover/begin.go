package recover

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// begin opens a recovery. A known and an unknown name, a right and a wrong address take the same steps.
func (s *Service) begin(_ http.ResponseWriter, r *http.Request, in api.RecoverBeginRequest) (api.RecoverBegun, error) {
	var none api.RecoverBegun
	ctx := r.Context()
	name, _, _, err := names.NormalizeUPN(in.UPN)
	if err != nil {
		return none, problem.Because(api.CodeInvalidUPN, err)
	}
	begin := account.BeginRecoveryIn{ID: account.NewID(), Kind: in.Kind}
	if err := s.checkBegin(in, &begin); err != nil {
		return none, err
	}
	if err := s.limited(r); err != nil {
		return none, err
	}
	object, err := s.locate(r, name, &begin)
	if err != nil {
		return none, err
	}
	at := recovery{Object: fmt.Sprintf("%-26s", object), Challenge: begin.ID, Kind: in.Kind, Language: language(in.Language), Flow: in.Flow}
	if err := s.message(r, at, &begin); err != nil {
		return none, err
	}
	begun, err := s.Accounts.BeginRecovery(ctx, object, begin)
	if err != nil {
		return none, err
	}
	if begun.RetryAfter > 0 {
		return none, problem.Retry(api.CodeLocked, time.Duration(begun.RetryAfter)*time.Second)
	}
	out := api.RecoverBegun{Expires: begun.Expires}
	if in.Kind == api.ProofPasskey {
		if out.Options, err = s.Proofs.Options(begin.ID); err != nil {
			return none, err
		}
	}
	out.State, err = s.seal(ctx, at)
	return out, err
}

// checkBegin takes the kinds that there are, with a value where there is one.
func (s *Service) checkBegin(in api.RecoverBeginRequest, begin *account.BeginRecoveryIn) (err error) {
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(in.Flow); in.Flow != "" && (err != nil || len(raw) != 16 || len(in.Flow) != 22) {
		return fmt.Errorf("%w: flow id", problem.New(api.CodeBadRequest))
	}
	switch in.Kind {
	case api.ProofEmail, api.ProofSMS, api.ProofCall:
		if in.Kind != api.ProofEmail && !s.Phones {
			return problem.New(api.CodePhonesOff)
		}
		begin.Value, err = s.Proofs.Normal(in.Kind, in.Value)
		return err
	case api.ProofTOTP, api.ProofPasskey, api.ProofRecovery:
		if in.Value == "" {
			return nil
		}
	}
	return fmt.Errorf("%w: kind of proof", problem.New(api.CodeBadRequest))
}

// message makes the code of a kind that has one.
func (s *Service) message(r *http.Request, at recovery, begin *account.BeginRecoveryIn) (err error) {
	if begin.Value == "" {
		return nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	code := fmt.Sprintf("%0*d", api.CodeDigits, n)
	if begin.Hash, err = s.codeHash(r.Context(), at, code); err != nil {
		return err
	}
	begin.Mail, begin.Nothing, err = s.Proofs.Compose(r, at.Kind, begin.Value, at.Language, code)
	return err
}

// codeHash is what the account object keeps of a code: a MAC, because six digits can be tried, over the challenge as well.
func (s *Service) codeHash(ctx context.Context, at recovery, code string) ([]byte, error) {
	return s.Keys.MAC(ctx, labelCode, []byte(at.Challenge+" "+code))
}

// locate finds the object that answers for a name, and fills in what it counts by: one look-up and one MAC, whatever comes out.
func (s *Service) locate(r *http.Request, name string, begin *account.BeginRecoveryIn) (object string, err error) {
	ctx := r.Context()
	owner, found, err := s.Names.Lookup(ctx, name)
	if err != nil {
		return "", err
	}
	mac, err := s.Keys.MAC(ctx, labelName, []byte(name))
	if err != nil {
		return "", err
	}
	object, begin.Name = account.DecoyID(mac), hex.EncodeToString(mac[1:17])
	if found && owner.Kind == names.Account {
		object = owner.ID
	}
	devices, err := session.ReadDevices(ctx, s.Keys, r)
	if device, known := devices.Of(object); known {
		begin.Device = device.Ref()
	}
	return object, err
}

// limited takes one from what the client may begin.
func (s *Service) limited(r *http.Request) error {
	mac, err := s.Keys.MAC(r.Context(), labelAddress, []byte(throttle.ClientPrefix(s.Address(r))))
	if err != nil {
		return err
	}
	ok, wait, err := s.Throttle.Take(r.Context(), "recover:"+hex.EncodeToString(mac[:16]), s.Limit)
	if err == nil && !ok {
		err = problem.Retry(api.CodeTooManyAttempts, wait)
	}
	return err
}

// language lets through what can be a BCP 47 tag.
func language(tag string) string {
	if len(tag) > 35 {
		return ""
	}
	for _, c := range []byte(tag) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return ""
		}
	}
	return tag
}
