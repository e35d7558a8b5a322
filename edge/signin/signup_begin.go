package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
)

const useSignup state.Use = "signup"

// signup is what a sign-up carries from step to step. The truth about it is in the account object; only what is needed to reach
// it and what never changes is here. Its members have the same length whether the address has an account or not.
type signup struct {
	Account  string         `json:"a"` // id of the account to be
	UPN      string         `json:"n"`
	Kind     api.SignupKind `json:"t"`
	Language string         `json:"l"`
	Decoy    int            `json:"d"` // 1: the address has an account
}

// signupBegin opens a sign-up: it sends a code to the person's own address, or reserves a new one.
func (s *Service) signupBegin(w http.ResponseWriter, r *http.Request, in api.SignupBeginRequest) (api.SignupState, error) {
	var none api.SignupState
	name, err := parseUPN(in.UPN)
	if err != nil {
		return none, err
	}
	if err := checkFlow(in.Flow); err != nil {
		return none, err
	}
	if err := s.checkSignupName(r.Context(), in.Kind, name); err != nil {
		return none, err
	}
	if out, found, err := s.resume(r, in.Kind, name.text); found || err != nil {
		return out, err
	}
	if err := s.mayCreate(r); err != nil {
		return none, err
	}
	up := signup{Account: account.NewID(), UPN: name.text, Kind: in.Kind, Language: language(in.Language)}
	begin := s.reserveNew
	if in.Kind == api.SignupEmail {
		begin = s.sendFirstCode
	}
	if err := begin(r.Context(), &up); err != nil {
		return none, err
	}
	now := s.Now()
	sealed, err := state.Seal(r.Context(), s.Keys, useSignup, up, now.Add(signupLifetime))
	if err != nil {
		return none, err
	}
	out := api.SignupState{State: sealed, UPN: up.UPN, Expires: now.Add(signupLifetime).Unix()}
	if in.Kind == api.SignupEmail {
		out.NeedsCode, out.Expires = true, now.Unix()+api.CodeLifetime
	} else {
		remember(w, sealed)
	}
	return out, nil
}

// checkSignupName refuses names that a personal account cannot have. Our own domain is for new addresses only, whose local
// parts follow rules; an address of a registered domain belongs to the organisation, which makes its accounts itself.
func (s *Service) checkSignupName(ctx context.Context, kind api.SignupKind, name upn) error {
	switch kind {
	case api.SignupNew:
		if name.domain != s.Config.DefaultDomain {
			return fmt.Errorf("%w: of another domain", problem.New(api.CodeNameInvalid))
		}
		if err := names.ValidLocal(name.local); err != nil {
			return problem.Because(api.CodeNameInvalid, err)
		}
		return nil
	case api.SignupEmail:
		at, err := s.realmOf(ctx, name.domain)
		if err != nil {
			return err
		}
		if at.registered || name.domain == s.Config.DefaultDomain {
			return fmt.Errorf("%w: not the person's own", problem.New(api.CodeNameInvalid))
		}
		return nil
	}
	return fmt.Errorf("%w: kind %q", problem.New(api.CodeBadRequest), kind)
}

// reserveNew holds a new address for as long as the sign-up may take. That it is taken has to be said.
func (s *Service) reserveNew(ctx context.Context, up *signup) error {
	token, err := s.Names.Reserve(ctx, up.UPN, names.Owner{Kind: names.Account, ID: up.Account}, signupLifetime)
	if errors.Is(err, names.ErrTaken) {
		return problem.Because(api.CodeNameTaken, err)
	}
	if err != nil {
		return err
	}
	return s.Accounts.BeginSignup(ctx, up.Account, account.BeginSignupIn{
		UPN: up.UPN, NameToken: token, TTL: int64(signupLifetime / time.Second),
	})
}

// sendFirstCode begins the proof of the person's own address. If it has an account already, all is done as if it had none, but the
// mail says so and no code is right. The name is claimed at the end, when the address is proved.
func (s *Service) sendFirstCode(ctx context.Context, up *signup) error {
	_, taken, err := s.Names.Lookup(ctx, up.UPN)
	if err != nil {
		return err
	}
	up.Decoy = bit(taken)
	hash, mail, err := s.composeCode(ctx, *up)
	if err != nil {
		return err
	}
	return s.Accounts.BeginSignup(ctx, up.Account, account.BeginSignupIn{
		UPN: up.UPN, Email: up.UPN, Owned: true, Decoy: taken,
		CodeHash: hash, Mail: mail, TTL: int64(signupLifetime / time.Second),
	})
}

// composeCode makes a new code and the mail that carries it, or the mail that goes to an address that has an account.
func (s *Service) composeCode(ctx context.Context, up signup) (hash []byte, mail json.RawMessage, err error) {
	if err := s.mayMail(ctx, up.UPN); err != nil {
		return nil, nil, err
	}
	code := newCode()
	if hash, err = s.codeHash(ctx, up.Account, code); err != nil {
		return nil, nil, err
	}
	if up.Decoy == 1 {
		mail, err = s.Mail.Compose(ctx, LetterExists, up.UPN, up.Language, "")
	} else {
		mail, err = s.Mail.Compose(ctx, LetterCode, up.UPN, up.Language, code)
	}
	return hash, mail, err
}
