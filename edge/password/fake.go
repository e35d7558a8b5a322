package password

import (
	"context"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Labels of the MACs that fake records are made of.
const (
	labelIdentifier = "latchkey/password/fake/identifier"
	labelMasking1   = "latchkey/password/fake/masking/1"
	labelMasking2   = "latchkey/password/fake/masking/2"
	labelKSF        = "latchkey/password/fake/ksf"
)

var identifiers = base32.StdEncoding.WithPadding(base32.NoPadding)

// Fake is the credential of a name that nobody has (RFC 9807 section 10.9). It follows from the name and a key of the key ring, so
// asking twice gives the same OPRF evaluation, as it would for a real record; the client's public key is one for the whole
// deployment, whose private key nobody has. The identifier is as long as an account's id. Compute it for known names too:
// that it is cheap must not show either.
func (s *Server) Fake(ctx context.Context, name string) (Credential, error) {
	r, err := s.load(ctx)
	if err != nil {
		return Credential{}, err
	}
	var parts [3][]byte
	for i, label := range []string{labelIdentifier, labelMasking1, labelMasking2} {
		if parts[i], err = s.keys.MAC(ctx, label, []byte(name)); err != nil {
			return Credential{}, fmt.Errorf("password: fake: %w", err)
		}
	}
	return Credential{
		Identifier: strings.ToLower(identifiers.EncodeToString(parts[0][:16])),
		Record:     slices.Concat(r.fakePublicKey, parts[1], parts[2], make([]byte, EnvelopeLength)),
	}, nil
}

// FakeKSF is what the fake record of a name says it was made with: one of the parameter sets that real records have, the same
// for the same name. With one set in use it is that one; while older records wait for their owner's next sign-in, giving only
// the present set to unknown names would tell them from those. sets must not be empty.
func (s *Server) FakeKSF(ctx context.Context, name string, sets []api.KSF) (api.KSF, error) {
	mac, err := s.keys.MAC(ctx, labelKSF, []byte(name))
	if err != nil {
		return api.KSF{}, fmt.Errorf("password: fake: %w", err)
	}
	return sets[int(mac[0])%len(sets)], nil
}
