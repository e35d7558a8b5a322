package signin

import "github.com/latchkey-id/latchkey/edge/api"

// Step is what a person has to do next.
type Step string

// The steps, in the order that Next asks for them.
const (
	StepUpstream     Step = "upstream"      // sign in at the provider of a federated domain
	StepProveAddress Step = "prove_address" // enter the code that was sent to the address of a new account
	StepPassword     Step = "password"      // prove the password; at sign-up, choose one
	StepUpgrade      Step = "upgrade"       // signed in: make the password record again with stronger parameters
	StepDone         Step = "done"          // signed in, nothing is missing
)

// Facts is what is known of a person on the way to a session.
type Facts struct {
	Realm          api.Realm // of the name's domain
	AddressPending bool      // sign-up: the address is the person's own and not proved yet
	Password       bool      // the password was proved, or chosen, on this way
	KSF            api.KSF   // of the record it was proved against or is chosen with
}

// Policy is what has to hold for a session.
type Policy struct {
	KSF api.KSF // password records below this are made again
}

// Next says what is missing. What proves who somebody is comes before what depends on knowing it: steps to come (second
// factor, proof of a new device, forced change, consent) take their places between StepPassword and StepDone, each with its
// fact and its policy here.
func Next(f Facts, p Policy) Step {
	switch {
	case f.Realm == api.RealmFederated:
		return StepUpstream
	case f.AddressPending:
		return StepProveAddress
	case !f.Password:
		return StepPassword
	case f.KSF.Below(p.KSF):
		return StepUpgrade
	default:
		return StepDone
	}
}
