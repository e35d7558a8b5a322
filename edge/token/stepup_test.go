package token

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/edge/oauth"
)

// A session below the level that is asked for leads to the sign-in once. Whoever comes back no higher gets an answer if the level was a
// wish, and an error if it was not (RFC 9470 section 5).
func TestStepUpAsksOnceAndThenSaysSo(t *testing.T) {
	var asks *pending
	for _, test := range []struct {
		name  string
		q     request
		level string
		ask   bool
		want  error
	}{
		{"reached", request{ACR: []string{acrMulti}, MustACR: true}, acrMulti, false, nil},
		{"one of several", request{ACR: []string{acrMulti, acrSingle}, MustACR: true}, acrSingle, false, nil},
		{"below, not asked yet", request{ACR: []string{acrMulti}}, acrSingle, true, nil},
		{"below, not asked yet, essential", request{ACR: []string{acrMulti}, MustACR: true}, acrSingle, true, nil},
		{"below after signing in again", request{ACR: []string{acrMulti}, Asked: true}, acrSingle, false, nil},
		{"below after signing in again, essential", request{ACR: []string{acrMulti}, Asked: true, MustACR: true}, acrSingle, false, oauth.ErrUnmetAuthentication},
	} {
		err := test.q.stepUp(test.level)
		if errors.As(err, &asks) != test.ask || !test.ask && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
