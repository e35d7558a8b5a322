package problem

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// decoders are the bodies that routes take.
var decoders = []func(*testing.T, string){
	decodes[api.DiscoverRequest], decodes[api.PasswordBeginRequest], decodes[api.PasswordFinishRequest],
	decodes[api.SignupBeginRequest], decodes[api.SignupState], decodes[api.SignupCodeRequest],
	decodes[api.SignupPasswordRequest], decodes[api.SignupFinishRequest],
	decodes[api.SessionsEndRequest], decodes[api.ReauthBeginRequest], decodes[api.ReauthFinishRequest],
	decodes[api.ChangeBeginRequest], decodes[api.ChangeFinishRequest],
	decodes[api.CommandLineRequest],
	decodes[api.DeviceEnrolRequest], decodes[api.DeviceRenameRequest], decodes[api.DeviceRevokeRequest], decodes[api.TrustSendRequest],
	decodes[api.TrustProveRequest], decodes[api.ApprovalBeginRequest], decodes[api.ApprovalPollRequest], decodes[api.ApprovalTakeRequest],
	decodes[api.ApprovalLookRequest], decodes[api.ApprovalDecideRequest],
	decodes[api.RecoverBeginRequest], decodes[api.RecoverProveRequest], decodes[api.RecoverPasswordRequest], decodes[api.RecoverFinishRequest],
	decodes[api.VaultPullRequest], decodes[api.VaultPushRequest], decodes[api.VaultKeysPutRequest],
	decodes[api.VaultResetRequest], decodes[api.VaultRestoreRequest], decodes[api.VaultHistoryRequest], decodes[api.VaultEraseRequest],
	decodes[api.VaultApplicationPullRequest], decodes[api.VaultApplicationEraseRequest],
}

// decodes holds that a body is taken and means the same when written again, or is refused with a problem.
func decodes[T any](t *testing.T, body string) {
	decode := func(body string) (T, error) {
		r := httptest.NewRequest("POST", "/api/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return Decode[T](httptest.NewRecorder(), r)
	}
	once, err := decode(body)
	if err != nil {
		var p *api.Problem
		if !errors.As(err, &p) || p.Code != api.CodeBadRequest && p.Code != api.CodeTooLarge {
			t.Errorf("%T: %v", once, err)
		}
		return
	}
	if len(body) > api.MaxBody {
		t.Errorf("%T: took %d bytes", once, len(body))
	}
	first, err := json.Marshal(once)
	if err != nil {
		t.Fatalf("%T: %v", once, err)
	}
	twice, err := decode(string(first))
	if err != nil {
		t.Fatalf("%T: %s is not taken again: %v", once, first, err)
	}
	if second, _ := json.Marshal(twice); string(second) != string(first) {
		t.Errorf("%T: %s became %s", once, first, second)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, decode := range decoders {
			decode(t, body)
		}
	})
}
