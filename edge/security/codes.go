package security

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Labels of MACs.
const (
	labelCode   = "latchkey/security/code"
	labelTarget = "latchkey/security/target"
)

// rangeDigits are as many of a number as its owner's country and network have, with the "+". Messages to numbers that begin alike are
// counted together: who earns by messages to numbers of their own has whole ranges of them.
const rangeDigits = 7

// limits of messages, besides those of the account object: to one address or number, to a range of numbers, and for one client.
var (
	targetLimits = []throttle.Limit{{Count: 10, Window: time.Hour}, {Count: 20, Window: 24 * time.Hour}}
	rangeLimit   = throttle.Limit{Count: 30, Window: time.Hour}
	clientLimit  = throttle.Limit{Count: 30, Window: time.Hour}
)

var errCode = problem.New(api.CodeBadRequest)

// validCode reports whether a person can have got code.
func validCode(code string) bool {
	return len(code) == api.CodeDigits && strings.Trim(code, "0123456789") == ""
}

// codeHash is what the account object keeps of a code: a MAC, because six digits can be tried, over the challenge as well, which is one
// account's and one session's.
func (s *Service) codeHash(ctx context.Context, challenge, code string) ([]byte, error) {
	if !validCode(code) {
		return nil, errCode
	}
	return s.Keys.MAC(ctx, labelCode, []byte(challenge+" "+code))
}

func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return fmt.Sprintf("%0*d", api.CodeDigits, n)
}

// begin opens a challenge that needs no message.
func (s *Service) begin(c call, in account.BeginChallengeIn) (api.TrustSent, error) {
	out, err := s.Accounts.BeginChallenge(c.ctx(), c.here.Account, in)
	if err == nil && out.RetryAfter > 0 {
		err = problem.Retry(api.CodeLocked, time.Duration(out.RetryAfter)*time.Second)
	}
	if err != nil {
		return api.TrustSent{}, err
	}
	return api.TrustSent{Challenge: in.ID, Expires: out.Expires}, nil
}

// sendCode opens a challenge whose code goes to an address or a number. A phone is told at once, so that the person hears when nothing
// reaches it; mail waits in the outbox.
func (s *Service) sendCode(c call, in account.BeginChallengeIn, to, lang string) (out api.TrustSent, err error) {
	phone := in.Kind != api.ProofEmail
	if phone && !s.Codes.Phones() {
		return out, problem.New(api.CodePhonesOff)
	}
	if err := s.limited(c.r, phone, to); err != nil {
		return out, err
	}
	code, lang := newCode(), language(lang)
	if in.Hash, err = s.codeHash(c.ctx(), in.ID, code); err != nil {
		return out, err
	}
	if !phone {
		if in.Mail, err = s.Codes.Compose(c.ctx(), in.Kind, to, lang, code); err != nil {
			return out, err
		}
	}
	if out, err = s.begin(c, in); err != nil || !phone {
		return out, err
	}
	return out, s.Codes.Send(c.ctx(), in.ID, in.Kind, to, lang, code)
}

// limited takes one from what may go to an address or a number, and from what the client may have sent.
func (s *Service) limited(r *http.Request, phone bool, to string) error {
	if err := s.take(r.Context(), "client", throttle.ClientPrefix(s.Address(r)), clientLimit); err != nil {
		return err
	}
	if phone {
		if err := s.take(r.Context(), "range", to[:min(rangeDigits, len(to))], rangeLimit); err != nil {
			return err
		}
	}
	for i, l := range targetLimits {
		if err := s.take(r.Context(), fmt.Sprint("target", i), to, l); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) take(ctx context.Context, what, who string, l throttle.Limit) error {
	mac, err := s.Keys.MAC(ctx, labelTarget, []byte(who))
	if err != nil {
		return err
	}
	ok, wait, err := s.Throttle.Take(ctx, "security-"+what+":"+hex.EncodeToString(mac[:16]), l)
	if err == nil && !ok {
		err = problem.Retry(api.CodeTooManyAttempts, wait)
	}
	return err
}

// Normal is an address or a number as factors have it. Its error is a problem.
func (s *Service) Normal(by api.Proof, value string) (string, error) {
	if by == api.ProofEmail {
		name, _, _, err := names.NormalizeUPN(value)
		if err != nil {
			return "", because(api.CodeAddressInvalid, err)
		}
		return name, nil
	}
	number := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()./\u00a0", r) {
			return -1
		}
		return r
	}, value)
	if !api.ValidPhone(number) {
		return "", problem.New(api.CodePhoneInvalid)
	}
	return number, nil
}

// language lets through what can be a BCP 47 tag.
func language(tag string) string {
	if len(tag) > 35 || strings.Trim(strings.ToLower(tag), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	return tag
}
