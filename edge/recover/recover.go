// Package recover gives the owner of an account a new password for a forgotten one, by a proof that was registered before. Nobody else can:
// there is no such route for an operator.
//
//	/api/recover/begin      name, kind of proof → sealed state; a code goes out if it is the right address
//	/api/recover/prove      code, recovery code or passkey → state that is proved
//	/api/recover/password   OPAQUE registration request → response
//	/api/recover/finish     record → spend the proof, replace the record, end all sessions, sign in here, trust this device
//
// Whether there is an account of a name, and what is registered with it, shows nowhere: a name that nobody has is answered by a decoy
// object, in the same steps. Attempts are counted by client and by name before anything is sent or compared.
//
// A new password does not open the settings by itself: what did, the old password, is gone. A recovery code or a passkey that can
// do so opens them, and so do trusted devices; the answer to a proof says whether it can.
//
// edge/server mounts the service; the page /forgot calls it. It calls the account object, and edge/security for what a proof is, through the
// interfaces in Deps.
package recover

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/password"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/state"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

const (
	useRecovery state.Use = "recover"

	// How long a session lasts, as after any other sign-in.
	idle         = 12 * time.Hour
	absolute     = 24 * time.Hour
	keptIdle     = 30 * 24 * time.Hour
	keptAbsolute = 90 * 24 * time.Hour

	// Labels of MACs.
	labelName    = "latchkey/recover/name"
	labelAddress = "latchkey/recover/address"
	labelCode    = "latchkey/recover/code"

	placeHeader = "Latchkey-Place" // set by the platform
)

// lifetime is how long a recovery takes at most: a code that was sent, and as long again for the new password.
const lifetime = 2 * api.CodeLifetime * time.Second

// Names is what the service needs of names.Service.
type Names interface {
	Lookup(ctx context.Context, name string) (names.Owner, bool, error)
}

// Accounts is what the service needs of account.Service.
type Accounts interface {
	BeginRecovery(ctx context.Context, id string, in account.BeginRecoveryIn) (account.BeginRecoveryOut, error)
	RecoveryFactors(ctx context.Context, id string, in account.RecoveryFactorsIn) ([]account.Factor, error)
	ProveRecovery(ctx context.Context, id string, in account.ProveRecoveryIn) (account.ProveRecoveryOut, error)
	FinishRecovery(ctx context.Context, id string, in account.FinishRecoveryIn) (account.FinishRecoveryOut, error)
	EndSession(ctx context.Context, id string, in account.EndSessionIn) (account.EndSessionOut, error)
}

// Throttle is what the service needs of throttle.Service.
type Throttle interface {
	Take(ctx context.Context, bucket string, l throttle.Limit) (ok bool, retryAfter time.Duration, err error)
}

// Keys is what the service needs of keys.Service.
type Keys interface {
	password.Keys
	state.Sealer
}

// Proofs is what the service needs of edge/security: what a proof looks like.
type Proofs interface {
	// Normal is an address or a number as factors have it. Its error is a problem.
	Normal(how api.Proof, value string) (string, error)
	// Compose makes the message that carries a code, sealed, for account.TopicMail, and one of the same size that nobody gets. It counts
	// what the client has sent, and has the message counted when it goes out.
	Compose(r *http.Request, how api.Proof, to, language, code string) (message, nothing []byte, err error)
	// Options asks a browser for any passkey that the person has here, by a challenge that is the id of a row.
	Options(challenge string) (string, error)
	// Verify looks for the authenticator or passkey whose answer this is. It answers "" for none of them.
	Verify(ctx context.Context, how api.Proof, factors []account.Factor, challenge, code, assertion string) (factor string, counter int64, err error)
}

// Deps is what the service needs.
type Deps struct {
	Limit    throttle.Limit // recoveries begun from one client address
	Phones   bool           // codes reach phones
	KSF      api.KSF        // least parameters of new password records; zero: api.CurrentKSF
	Names    Names
	Accounts Accounts
	Throttle Throttle
	Keys     Keys
	Proofs   Proofs
	Address  func(*http.Request) string // the client's address, as the platform reports it
	Now      func() time.Time
	Log      *slog.Logger
}

// Service answers the routes of a forgotten password.
type Service struct {
	Deps
	password *password.Server
}

// New returns the service.
func New(d Deps) *Service {
	if d.KSF == (api.KSF{}) {
		d.KSF = api.CurrentKSF
	}
	return &Service{Deps: d, password: password.New(d.Keys)}
}

// Mount adds the routes to mux, which answers 405 for other methods.
func (s *Service) Mount(mux *http.ServeMux) {
	mux.Handle("POST "+api.RouteRecoverBegin, problem.Post(s.Log, s.begin))
	mux.Handle("POST "+api.RouteRecoverProve, problem.Post(s.Log, s.prove))
	mux.Handle("POST "+api.RouteRecoverPassword, problem.Post(s.Log, s.newPassword))
	mux.Handle("POST "+api.RouteRecoverFinish, problem.Post(s.Log, s.finish))
}

// recovery is what the browser carries from step to step. The truth about it is in the account object. Its members have the same length for
// known and unknown names.
type recovery struct {
	Object    string    `json:"o"` // account or decoy, padded
	Challenge string    `json:"c"` // id of the row there
	Kind      api.Proof `json:"k"`
	Proved    int       `json:"p"` // 1: Challenge is what finish spends
	Language  string    `json:"l"`
	Flow      string    `json:"f"`
}

func (s *Service) seal(ctx context.Context, r recovery) (string, error) {
	return state.Seal(ctx, s.Keys, useRecovery, r, s.Now().Add(lifetime))
}

// open reads a state that is proved, or is not.
func (s *Service) open(ctx context.Context, sealed string, proved int) (recovery, error) {
	r, err := state.Open[recovery](ctx, s.Keys, useRecovery, sealed)
	if err == nil && r.Proved != proved {
		err = problem.New(api.CodeBadRequest)
	}
	return r, err
}
