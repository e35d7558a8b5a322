package signin

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Labels of the MACs that stand for names and addresses where they are only counted.
const (
	labelName    = "latchkey/signin/name"
	labelAddress = "latchkey/signin/address"
	labelMail    = "latchkey/signin/mail"
	labelCode    = "latchkey/signup/code"
)

// mailLimits is how many mails of ours go to one address, whoever asks. They bound what its owner has to put up with, and, with
// api.CodeTries for each mail, what strangers can guess together: a hundred of a million codes a day. Who uses them up slows the
// owner down.
var mailLimits = []struct {
	what  string
	limit throttle.Limit
}{
	{"mail", throttle.Limit{Count: 10, Window: time.Hour}}, // first, so that what it refuses does not count for the day
	{"mail-day", throttle.Limit{Count: 20, Window: 24 * time.Hour}},
}

// begunPerAccount is how many sign-ups may be begun for each account that the limit allows: people mistype and give up.
const begunPerAccount = 10

// limited takes one from the client's count of what is being done. What counts the client (its address, of IPv6 the first 64 bits) is
// kept as a MAC.
func (s *Service) limited(r *http.Request, what string, l throttle.Limit, code api.Code) error {
	bucket, err := s.clientBucket(r, what)
	if err != nil {
		return err
	}
	ok, wait, err := s.Throttle.Take(r.Context(), bucket, l)
	if err == nil && !ok {
		err = problem.Retry(code, wait)
	}
	return err
}

func (s *Service) clientBucket(r *http.Request, what string) (string, error) {
	return s.bucket(r.Context(), labelAddress, what, throttle.ClientPrefix(s.Address(r)))
}

func (s *Service) bucket(ctx context.Context, label, what, who string) (string, error) {
	mac, err := s.Keys.MAC(ctx, label, []byte(who))
	if err != nil {
		return "", err
	}
	return what + ":" + hex.EncodeToString(mac[:16]), nil
}

// mayMail takes one from the mails that may go to an address.
func (s *Service) mayMail(ctx context.Context, to string) error {
	for _, l := range mailLimits {
		bucket, err := s.bucket(ctx, labelMail, l.what, to)
		if err != nil {
			return err
		}
		ok, wait, err := s.Throttle.Take(ctx, bucket, l.limit)
		if err != nil {
			return err
		}
		if !ok {
			return problem.Retry(api.CodeTooManyAttempts, wait)
		}
	}
	return nil
}

// mayCreate answers CodeSignupLimit when the client has created its accounts for now, before it goes through a sign-up in vain. The
// count itself is taken when an account is made; sign-ups begun have a larger limit of their own.
func (s *Service) mayCreate(r *http.Request) error {
	if s.Config.SignupAllow.Contains(s.Address(r)) {
		return nil
	}
	bucket, err := s.clientBucket(r, "signup")
	if err != nil {
		return err
	}
	ok, wait, err := s.Throttle.Peek(r.Context(), bucket, s.Config.SignupLimit)
	if err != nil {
		return err
	}
	if !ok {
		return problem.Retry(api.CodeSignupLimit, wait)
	}
	begun := s.Config.SignupLimit
	begun.Count = min(begun.Count*begunPerAccount, throttle.MaxCount)
	return s.limited(r, "signup-begin", begun, api.CodeTooManyAttempts)
}

// countAccount takes one from the client's accounts. giveBack undoes it, when the account was not made after all.
func (s *Service) countAccount(r *http.Request) (giveBack func(), err error) {
	if s.Config.SignupAllow.Contains(s.Address(r)) {
		return func() {}, nil
	}
	bucket, err := s.clientBucket(r, "signup")
	if err != nil {
		return nil, err
	}
	ok, wait, err := s.Throttle.Take(r.Context(), bucket, s.Config.SignupLimit)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, problem.Retry(api.CodeSignupLimit, wait)
	}
	return func() {
		if err := s.Throttle.Give(r.Context(), bucket); err != nil {
			s.Log.WarnContext(r.Context(), "a count could not be given back", "error", err)
		}
	}, nil
}
