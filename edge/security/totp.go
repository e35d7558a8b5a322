package security

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

const (
	labelTOTP  = "latchkey/security/totp/1"
	secretSize = 20 // bytes, as RFC 4226 section 4 recommends
	period     = 30 // seconds
	skew       = 1  // time steps before and after the present one (RFC 6238 section 5.2)
)

// secretOf is the secret of an authenticator, which is kept nowhere.
func (s *Service) secretOf(ctx context.Context, factor string) ([]byte, error) {
	mac, err := s.Keys.MAC(ctx, labelTOTP, []byte(factor))
	if err != nil {
		return nil, err
	}
	return mac[:secretSize], nil
}

// totp is the code of a time step (RFC 6238 section 4.2, RFC 4226 section 5.3): all that authenticators know.
func totp(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & (1<<31 - 1) % 1_000_000
	return fmt.Sprintf("%0*d", api.CodeDigits, n)
}

// step returns the time step of the code that an authenticator shows, if it is one of now. The account object sees to it that each
// counts once.
func (s *Service) step(ctx context.Context, factor, code string) (step int64, ok bool, err error) {
	if !validCode(code) {
		return 0, false, errCode
	}
	secret, err := s.secretOf(ctx, factor)
	if err != nil {
		return 0, false, err
	}
	now := s.Now().Unix() / period
	for at := now - skew; at <= now+skew; at++ {
		if subtle.ConstantTimeCompare([]byte(totp(secret, at)), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok, nil
}

func (s *Service) beginTOTP(c call, _ problem.Empty) (api.TOTPBegun, error) {
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return api.TOTPBegun{}, err
	}
	begin := account.BeginChallengeIn{Session: c.here.Ref(), ID: account.NewID(), Purpose: account.PurposeAdd, Kind: api.ProofTOTP}
	if _, err := s.begin(c, begin); err != nil {
		return api.TOTPBegun{}, err
	}
	secret, err := s.secretOf(c.ctx(), begin.ID)
	if err != nil {
		return api.TOTPBegun{}, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	uri := "otpauth://totp/" + url.PathEscape(s.host+":"+known.UPN) + "?secret=" + text + "&issuer=" + url.QueryEscape(s.host) +
		"&algorithm=SHA1&digits=6&period=30"
	return api.TOTPBegun{ID: begin.ID, Secret: text, URI: uri}, nil
}

func (s *Service) finishTOTP(c call, in api.TOTPFinishRequest) (problem.Empty, error) {
	step, ok, err := s.step(c.ctx(), in.ID, in.Code)
	if err != nil {
		return problem.Empty{}, err
	}
	return s.add(c, account.ProveIn{Challenge: in.ID, Verified: ok, Counter: step})
}
