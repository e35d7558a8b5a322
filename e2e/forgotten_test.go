package e2e

import (
	"testing"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
)

// recovers sets a new password by a code to an address, in a browser that nobody knows.
func recovers(t *testing.T, upn, former string) (*opaquetest.Browser, *opaquetest.Person) {
	t.Helper()
	b, owner := apiBrowser(service), opaquetest.NewPerson("a password of the owner's own")
	var begun api.RecoverBegun
	must(t, b.Call(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: upn, Kind: api.ProofEmail, Value: upn}, &begun))
	code := ""
	if !waitFor(func() bool { code = mailedCode(t, upn); return code != former }) {
		t.Fatal("no code came")
	}
	wantProblem(t, b.Call(api.RouteRecoverProve, api.RecoverProveRequest{State: begun.State, Code: former}, new(struct{})), api.CodeWrong)
	var proved api.RecoverProved
	must(t, b.Call(api.RouteRecoverProve, api.RecoverProveRequest{State: begun.State, Code: code}, &proved))
	request, err := owner.Registration()
	must(t, err)
	var answer api.RegistrationResponse
	must(t, b.Call(api.RouteRecoverPassword, api.RecoverPasswordRequest{State: proved.State, Request: request}, &answer))
	record, err := owner.Record(answer.Response, answer.KSF)
	must(t, err)
	var done api.RecoverFinished
	finish := api.RecoverFinishRequest{State: proved.State, Record: record, KSF: answer.KSF}
	must(t, b.Call(api.RouteRecoverFinish, finish, &done))
	if !done.Trusted || proved.Keeps {
		t.Errorf("%+v %+v", proved, done)
	}
	wantProblem(t, b.Call(api.RouteRecoverFinish, finish, &done), api.CodeExpired)
	return b, owner
}

// TestAForgottenPasswordByMail: A10, on the runtime. The owner proves the address, and whoever knew the old password is out.
func TestAForgottenPasswordByMail(t *testing.T) {
	first := apiBrowser(service)
	state, upn := beginWithCode(t, first)
	former := mailedCode(t, upn)
	must(t, first.Call(api.RouteSignupCode, api.SignupCodeRequest{State: state.State, Code: former}, &state))
	old := newPerson()
	must(t, first.FinishSignUp(state, old))

	b, owner := recovers(t, upn, former)
	wantProblem(t, first.Call(api.RouteAccount, nil, &api.Account{}), api.CodeSessionRequired)
	if err := apiBrowser(service).SignIn(upn, old); err == nil {
		t.Error("the old password signs in")
	}
	must(t, apiBrowser(service).SignIn(upn, owner))
	if s := stands(t, b); !s.Trusted || s.Approval {
		t.Errorf("%+v", s)
	}
	wantProblem(t, b.Call(api.RouteVaultKeys, struct{}{}, new(struct{})), api.CodeVaultMissing)
}

// TestAForgottenPasswordTellsNoNames: a name that nobody has is answered as one that somebody has.
func TestAForgottenPasswordTellsNoNames(t *testing.T) {
	for _, kind := range []api.Proof{api.ProofEmail, api.ProofTOTP, api.ProofRecovery} {
		known := newUPN()
		must(t, apiBrowser(service).SignUp(known, newPerson()))
		value := map[bool]string{true: "eve@example.com"}[kind == api.ProofEmail]
		for what, name := range map[string]string{"a name": known, "a name that nobody has": newUPN()} {
			b := apiBrowser(service)
			var begun api.RecoverBegun
			if err := b.Call(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: name, Kind: kind, Value: value}, &begun); err != nil {
				t.Fatalf("%s, %s: %v", what, kind, err)
			}
			in := api.RecoverProveRequest{State: begun.State, Code: "000000", Recovery: make([]byte, api.RecoveryProofSize)}
			for left := api.CodeTries - 1; left > 0; left-- { // the last one spends it
				if p := wantProblem(t, b.Call(api.RouteRecoverProve, in, new(struct{})), api.CodeWrong); p.TriesLeft != left {
					t.Errorf("%s, %s: %d tries left, want %d", what, kind, p.TriesLeft, left)
				}
			}
			wantProblem(t, b.Call(api.RouteRecoverProve, in, new(struct{})), api.CodeSpent)
		}
	}
}
