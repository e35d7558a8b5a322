package signin

import (
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

func TestNext(t *testing.T) {
	weak := api.KSF{Name: "argon2id", Time: 2, Memory: 19 << 10, Threads: 1}
	policy := Policy{KSF: api.CurrentKSF}
	for _, c := range []struct {
		rule  string
		facts Facts
		want  Step
	}{
		{"a managed name proves its password", Facts{Realm: api.RealmManaged}, StepPassword},
		{"a federated name goes upstream", Facts{Realm: api.RealmFederated}, StepUpstream},
		{"a federated name never proves a password here", Facts{Realm: api.RealmFederated, Password: true, KSF: api.CurrentKSF}, StepUpstream},
		{"an own address is proved before a password is chosen", Facts{Realm: api.RealmManaged, AddressPending: true}, StepProveAddress},
		{"a chosen password does not replace the proof", Facts{Realm: api.RealmManaged, AddressPending: true, Password: true, KSF: api.CurrentKSF}, StepProveAddress},
		{"a record of the policy is enough", Facts{Realm: api.RealmManaged, Password: true, KSF: api.CurrentKSF}, StepDone},
		{"a weaker record is made again", Facts{Realm: api.RealmManaged, Password: true, KSF: weak}, StepUpgrade},
		{"a stronger record stays", Facts{Realm: api.RealmManaged, Password: true, KSF: api.KSF{Name: "argon2id", Time: 4, Memory: 128 << 10, Threads: 4}}, StepDone},
	} {
		if got := Next(c.facts, policy); got != c.want {
			t.Errorf("%s: %s, want %s", c.rule, got, c.want)
		}
	}
}
