package trust

import (
	"crypto/ecdh"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/session"
)

var errName = errors.New("trust: name of a device")

func (s *Service) devices(c call, _ problem.Empty) (api.Devices, error) {
	out, err := s.Accounts.Devices(c.ctx(), c.here.Account, c.here.Ref())
	return api.Devices{Devices: out.Devices}, err
}

// enrol takes a key that others will wrap keys for, so it has to be one.
func (s *Service) enrol(c call, in api.DeviceEnrolRequest) (problem.Empty, error) {
	if len(in.Public) != api.DeviceKeyLength {
		return problem.Empty{}, account.ErrBounds
	}
	if _, err := ecdh.P256().NewPublicKey(in.Public); err != nil {
		return problem.Empty{}, problem.Because(api.CodeBadRequest, err)
	}
	name, ok := deviceName(in.Name)
	if !ok && in.Name != "" {
		return problem.Empty{}, problem.Because(api.CodeBadRequest, errName)
	}
	return problem.Empty{}, s.Accounts.Enrol(c.ctx(), c.here.Account, account.EnrolIn{Session: c.here.Ref(), Public: in.Public, Name: name})
}

func (s *Service) rename(c call, in api.DeviceRenameRequest) (problem.Empty, error) {
	name, ok := deviceName(in.Name)
	if !ok {
		return problem.Empty{}, problem.Because(api.CodeBadRequest, errName)
	}
	return problem.Empty{}, s.Accounts.RenameDevice(c.ctx(), c.here.Account, account.RenameDeviceIn{Session: c.here.Ref(), ID: in.ID, Name: name})
}

// revoke takes a device away. The one that asks is signed out by it.
func (s *Service) revoke(c call, in api.DeviceRevokeRequest) (problem.Empty, error) {
	out, err := s.Accounts.RevokeDevice(c.ctx(), c.here.Account, account.RevokeDeviceIn{Session: c.here.Ref(), ID: in.ID})
	if err == nil && out.Own {
		session.Clear(c.w)
	}
	return problem.Empty{}, err
}

// deviceName tidies what a person wants to call a device: 1 to api.MaxDeviceName code points, none of which controls the text around it.
func deviceName(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > api.MaxDeviceName {
		return "", false
	}
	return text, !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp)
	})
}
