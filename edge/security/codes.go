package security

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// Labels of MACs.
const (
	labelCode   = "latchkey/security/code"
	labelTarget = "latchkey/security/target"
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
func (s *Service) sendCode(c call, share Share, in account.BeginChallengeIn, to, lang string) (out api.TrustSent, err error) {
	phone := in.Kind != api.ProofEmail
	if phone && !s.Codes.Phones() {
		return out, problem.New(api.CodePhonesOff)
	}
	client, err := s.limits.Client(c.ctx(), s.Address(c.r))
	if err == nil {
		err = s.limits.Message(c.ctx(), share, client, phone, to)
	}
	if err != nil {
		return out, err
	}
	code, lang := newCode(), language(lang)
	if in.Hash, err = s.codeHash(c.ctx(), in.ID, code); err != nil {
		return out, err
	}
	if !phone {
		if in.Mail, err = s.Codes.Compose(c.ctx(), "", in.Kind, to, lang, code); err != nil {
			return out, err
		}
	}
	if out, err = s.begin(c, in); err != nil || !phone {
		return out, err
	}
	return out, s.Codes.Send(c.ctx(), in.ID, in.Kind, to, lang, code)
}

// Normal is an address or a number as factors have it. Its error is a problem.
func (s *Service) Normal(by api.Proof, value string) (string, error) {
	if by == api.ProofEmail {
		name, _, _, err := names.NormalizeUPN(value)
		if err != nil {
			return "", problem.Because(api.CodeAddressInvalid, err)
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
