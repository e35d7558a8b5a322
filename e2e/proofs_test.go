package e2e

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/webauthn/webauthntest"
)

// proof is a second proof that somebody has, as a test gives it.
type proof struct {
	t       *testing.T
	kind    api.Proof
	to      string // address or number
	former  string // the code that went there last
	secret  []byte // of an authenticator, or what a recovery code proves itself by
	step    int64  // of the authenticator's next code
	passkey *webauthntest.Passkey
}

// adds registers the proof on a trusted device.
func (p *proof) adds(b *opaquetest.Browser) {
	p.t.Helper()
	none := new(struct{})
	var sent api.SecuritySent
	switch p.kind {
	case api.ProofEmail:
		must(p.t, b.Call(api.RouteEmailAdd, api.EmailAddRequest{Address: p.to}, &sent))
	case api.ProofSMS, api.ProofCall:
		must(p.t, b.Call(api.RoutePhoneAdd, api.PhoneAddRequest{Number: p.to, Channel: string(p.kind)}, &sent))
	case api.ProofTOTP:
		var begun api.TOTPBegun
		must(p.t, b.Call(api.RouteTOTPBegin, none, &begun))
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(begun.Secret)
		must(p.t, err)
		p.secret = secret
		must(p.t, b.Call(api.RouteTOTPFinish, api.TOTPFinishRequest{ID: begun.ID, Code: p.code()}, none))
	case api.ProofPasskey:
		var begun api.PasskeyBegun
		must(p.t, b.Call(api.RoutePasskeyBegin, none, &begun))
		made := p.passkey.Create(p.t, begun.Options)
		must(p.t, b.Call(api.RoutePasskeyFinish, api.PasskeyFinishRequest{Challenge: begun.Challenge, Credential: made, Name: "key ring"}, none))
	case api.ProofRecovery:
		must(p.t, b.Call(api.RouteRecoveryPut, api.RecoveryPutRequest{Verifier: p.secret}, none))
	}
	if sent.Challenge != "" {
		must(p.t, b.Call(api.RouteFactorVerify, api.FactorVerifyRequest{Challenge: sent.Challenge, Code: p.code()}, none))
	}
}

// code is the one that went out just now, or that the authenticator shows.
func (p *proof) code() (code string) {
	p.t.Helper()
	if p.kind == api.ProofTOTP {
		h := hmac.New(sha1.New, p.secret)
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(p.step)))
		sum := h.Sum(nil)
		p.step++
		return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:])&(1<<31-1)%1_000_000)
	}
	if !waitFor(func() bool { code = mailedCode(p.t, p.to); return code != p.former }) {
		p.t.Fatalf("no code for %s", p.to)
	}
	p.former = code
	return code
}

// trusts makes the device of a browser trusted.
func (p *proof) trusts(b *opaquetest.Browser) {
	p.t.Helper()
	methods := stands(p.t, b).Methods
	at := slices.IndexFunc(methods, func(m api.TrustMethod) bool { return m.Kind == p.kind })
	if at < 0 {
		p.t.Fatalf("%+v", methods)
	}
	given := api.TrustProveRequest{Method: methods[at].ID}
	var sent api.TrustSent
	send := api.TrustSendRequest{Method: methods[at].ID, Channel: string(p.kind)}
	switch p.kind {
	case api.ProofTOTP:
		given.Code = p.code()
	case api.ProofRecovery:
		given.Recovery = p.secret
	case api.ProofPasskey:
		must(p.t, b.Call(api.RouteTrustSend, send, &sent))
		given = api.TrustProveRequest{Challenge: sent.Challenge, Assertion: p.passkey.Get(p.t, sent.Options)}
	default:
		must(p.t, b.Call(api.RouteTrustSend, send, &sent))
		given = api.TrustProveRequest{Challenge: sent.Challenge, Code: p.code()}
	}
	var state api.TrustState
	must(p.t, b.Call(api.RouteTrustProve, given, &state))
	if !state.Trusted {
		p.t.Errorf("%+v", state)
	}
}

// recovers proves the account in a browser that nobody knows.
func (p *proof) recovers(upn string) (proved api.RecoverProved) {
	p.t.Helper()
	b := apiBrowser(service)
	var begun api.RecoverBegun
	must(p.t, b.Call(api.RouteRecoverBegin, api.RecoverBeginRequest{UPN: upn, Kind: p.kind, Value: p.to}, &begun))
	given := api.RecoverProveRequest{State: begun.State}
	switch p.kind {
	case api.ProofRecovery:
		given.Recovery = p.secret
	case api.ProofPasskey:
		given.Assertion = p.passkey.Get(p.t, begun.Options)
	default:
		given.Code = p.code()
	}
	must(p.t, b.Call(api.RouteRecoverProve, given, &proved))
	wantProblem(p.t, b.Call(api.RouteRecoverProve, given, &proved), api.CodeSpent)
	return proved
}

// TestEachProofTrustsADeviceAndRecoversAnAccount: A7, A9 and A10, on the runtime: registered on the account's first device, given on
// another one, and given for a forgotten password.
func TestEachProofTrustsADeviceAndRecoversAnAccount(t *testing.T) {
	for kind, keeps := range map[api.Proof]bool{
		api.ProofEmail: false, api.ProofSMS: false, api.ProofCall: false, api.ProofTOTP: false, api.ProofPasskey: true, api.ProofRecovery: true,
	} {
		t.Run(string(kind), func(t *testing.T) {
			now := time.Now()
			if into := now.Unix() % 30; kind == api.ProofTOTP && into > 20 {
				time.Sleep(time.Duration(30-into) * time.Second) // three codes in a row, all good now
			}
			p := &proof{t: t, kind: kind, step: time.Now().Unix()/30 - 1}
			switch kind {
			case api.ProofEmail:
				p.to = newLocal() + "@example.com"
			case api.ProofSMS, api.ProofCall:
				p.to = fmt.Sprintf("+4930%09d", now.UnixNano()%1_000_000_000)
			case api.ProofPasskey:
				p.passkey = webauthntest.New(t, service.Issuer, hostOf(service.Issuer))
			case api.ProofRecovery:
				p.secret = make([]byte, api.RecoveryProofSize)
				rand.Read(p.secret)
			}
			upn, owner, first, second := newUPN(), newPerson(), apiBrowser(service), apiBrowser(service)
			must(t, first.SignUp(upn, owner))
			p.adds(first)
			must(t, second.SignIn(upn, owner))
			p.trusts(second)
			var list api.Devices
			must(t, second.Call(api.RouteDevices, struct{}{}, &list))
			if at := slices.IndexFunc(list.Devices, func(d api.Device) bool { return d.Current }); list.Devices[at].Proof != kind {
				t.Errorf("%+v", list)
			}
			if proved := p.recovers(upn); proved.UPN != upn || proved.Keeps != keeps {
				t.Errorf("%+v", proved)
			}
		})
	}
}

func hostOf(origin string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(origin, "https://"), ":")
	return host
}
