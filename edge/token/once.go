package token

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/latchkey-id/latchkey/edge/throttle"
)

// Throttle counts what may happen only so often (edge/throttle). Each bucket lives in one object, so that two nodes cannot both
// take the last one.
type Throttle interface {
	Take(ctx context.Context, bucket string, limit throttle.Limit) (ok bool, retry time.Duration, err error)
}

// use is a kind of value that counts once, and how long a value of it could come again: as long as it would be accepted otherwise.
type use struct {
	name   string
	window time.Duration
}

var (
	useAssertion = use{"assertion", maxAssertion + 2*maxSkew}
	useProof     = use{"dpop", proofAge + 2*maxSkew}
	useObject    = use{"request-object", maxObject + 2*maxSkew}
	usePushed    = use{"pushed", 24 * time.Hour} // a flow lasts an hour after each thing that the person is asked
)

// maxSkew is how far a client's clock may be ahead. FAPI 2.0 security profile section 5.3.2.1 wants 10 to 60 seconds.
const maxSkew = 30 * time.Second

// once reports whether the value of that owner comes for the first time. Its hash is what is kept.
func (s *Service) once(ctx context.Context, u use, owner, value string) (bool, error) {
	sum := sha256.Sum256([]byte(owner + "\x00" + value))
	ok, _, err := s.throttle.Take(ctx, "once:"+u.name+":"+base64.RawURLEncoding.EncodeToString(sum[:]), throttle.Limit{Count: 1, Window: u.window})
	return ok, err
}
