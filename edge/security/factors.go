package security

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// list shows addresses and numbers in full on trusted devices only: elsewhere the password alone would tell them.
func (s *Service) list(c call) (api.Security, error) {
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	if err != nil {
		return api.Security{}, err
	}
	out := api.Security{Factors: []api.Factor{}, Waiting: known.Waiting, Confirmed: known.Confirmed, Phones: s.Codes.Phones()}
	for _, f := range known.Factors {
		one := api.Factor{ID: f.ID, Kind: f.Kind, Name: f.Name, Created: f.Created, Used: f.Used, PRF: f.PRF}
		if f.Kind == api.ProofEmail || f.Kind == api.KindPhone {
			one.Value = f.Value
			if !known.Trusted {
				one.Value = hint(f)
			}
		}
		out.Factors = append(out.Factors, one)
	}
	return out, nil
}

// hint is what reminds the owner of a factor, and tells others little.
func hint(f account.Factor) string {
	switch f.Kind {
	case api.ProofEmail:
		local, domain, _ := strings.Cut(f.Value, "@")
		_, size := utf8.DecodeRuneInString(local)
		return local[:size] + "…@" + domain
	case api.KindPhone:
		return f.Value[:3] + " … " + f.Value[len(f.Value)-2:]
	case api.ProofPasskey:
		return f.Name
	}
	return ""
}

func (s *Service) addEmail(c call, in api.EmailAddRequest) (api.SecuritySent, error) {
	return s.addTarget(c, api.ProofEmail, in.Address, in.Language)
}

func (s *Service) addPhone(c call, in api.PhoneAddRequest) (api.SecuritySent, error) {
	by, err := channel(in.Channel)
	if err != nil {
		return api.SecuritySent{}, err
	}
	return s.addTarget(c, by, in.Number, in.Language)
}

// addTarget has a code sent to what is to be a factor.
func (s *Service) addTarget(c call, by api.Proof, value, language string) (api.SecuritySent, error) {
	to, err := s.Normal(by, value)
	if err != nil {
		return api.SecuritySent{}, err
	}
	known, err := s.Accounts.Security(c.ctx(), c.here.Account, c.here.Ref())
	switch { // who may not add it uses up none of the messages to it either, which may be somebody else's
	case err != nil:
		return api.SecuritySent{}, err
	case !known.Trusted:
		return api.SecuritySent{}, account.ErrUntrusted
	case s.Now().Unix() >= known.Confirmed:
		return api.SecuritySent{}, account.ErrUnconfirmed
	}
	begin := account.BeginChallengeIn{Session: c.here.Ref(), ID: account.NewID(), Purpose: account.PurposeAdd, Kind: by, Value: to}
	out, err := s.sendCode(c, ShareAdd, begin, to, language)
	return api.SecuritySent{Challenge: out.Challenge, Expires: out.Expires}, err
}

func (s *Service) verify(c call, in api.FactorVerifyRequest) (problem.Empty, error) {
	hash, err := s.codeHash(c.ctx(), in.Challenge, in.Code)
	if err != nil {
		return problem.Empty{}, err
	}
	return s.add(c, account.ProveIn{Challenge: in.Challenge, Hash: hash})
}

// add ends what was begun with account.PurposeAdd.
func (s *Service) add(c call, in account.ProveIn) (problem.Empty, error) {
	in.Session, in.Purpose = c.here.Ref(), account.PurposeAdd
	if in.Challenge == "" {
		return problem.Empty{}, problem.New(api.CodeBadRequest)
	}
	out, err := s.Accounts.Prove(c.ctx(), c.here.Account, in)
	if err == nil {
		err = outcome(out, api.CodeWrong)
	}
	return problem.Empty{}, err
}

func (s *Service) putRecovery(c call, in api.RecoveryPutRequest) (problem.Empty, error) {
	if len(in.Verifier) != api.RecoveryProofSize {
		return problem.Empty{}, problem.New(api.CodeBadRequest)
	}
	return problem.Empty{}, s.Accounts.PutRecovery(c.ctx(), c.here.Account, account.PutRecoveryIn{
		Session: c.here.Ref(), ID: account.NewID(), Hash: account.Hash(string(in.Verifier)), Language: language(in.Language),
	})
}

func (s *Service) remove(c call, in api.FactorRemoveRequest) (api.FactorRemoved, error) {
	out, err := s.Accounts.RemoveFactor(c.ctx(), c.here.Account, account.RemoveFactorIn{
		Session: c.here.Ref(), ID: in.ID, Waiting: account.NewID(), Language: language(in.Language),
	})
	return api.FactorRemoved{Waiting: out.Waiting}, err
}

func (s *Service) undo(c call, in api.SecurityUndoRequest) (problem.Empty, error) {
	return problem.Empty{}, s.Accounts.UndoWaiting(c.ctx(), c.here.Account, account.UndoWaitingIn{Session: c.here.Ref(), ID: in.ID})
}

func (s *Service) wait(c call, in api.TrustWaitRequest) (api.SecurityWaiting, error) {
	return s.Accounts.WaitTrust(c.ctx(), c.here.Account, account.WaitTrustIn{
		Session: c.here.Ref(), ID: account.NewID(), Language: language(in.Language),
	})
}

// confirm takes a proof of the password that edge/portal gave to this very session.
func (s *Service) confirm(c call, in api.ConfirmRequest) (api.Confirmed, error) {
	proof, err := password.OpenProof(c.ctx(), s.Keys, in.Proof)
	if err != nil {
		return api.Confirmed{}, err
	}
	if proof.Account != c.here.Account || proof.Session != c.here.ID || proof.Upgrade {
		return api.Confirmed{}, problem.New(api.CodeExpired)
	}
	out, err := s.Accounts.Confirm(c.ctx(), c.here.Account, account.ConfirmIn{Session: c.here.Ref(), ProofHash: account.Hash(proof.Secret)})
	return api.Confirmed{Until: out.Until}, err
}

// factorName tidies what a person calls a passkey: 1 to api.MaxFactorName code points, none of which controls the text around it.
func factorName(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > api.MaxFactorName {
		return "", false
	}
	return text, !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp)
	})
}
