package names

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Shards is the number of objects that names are spread over. It can never change: names would be looked for in the wrong one.
const Shards = 64

// Service finds the object of a name. It is safe for concurrent use.
type Service struct{ host object.Host }

// NewService returns a Service that calls objects through host.
func NewService(host object.Host) *Service { return &Service{host} }

// shard returns the name of the object that knows about a name: "00" to "3f".
func shard(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%02x", sum[0]%Shards)
}

// Lookup returns the owner of a committed name. A name that is only reserved is not found. Names compare byte by byte:
// normalise first (NormalizeUPN). One that is empty or over MaxName is not found.
func (s *Service) Lookup(ctx context.Context, name string) (Owner, bool, error) {
	if !within(name, MaxName) {
		return Owner{}, false, nil
	}
	o, err := lookup.Call(ctx, s.host, shard(name), name)
	return o, err == nil && o != Owner{}, err
}

// Reserve keeps a free name for owner until ttl (1 s to MaxTTL) has passed, and returns the token that Renew, Commit and
// Release ask for. Of any number of callers at once exactly one gets it; the others get ErrTaken.
func (s *Service) Reserve(ctx context.Context, name string, owner Owner, ttl time.Duration) (token string, err error) {
	token = rand.Text()
	if _, err := s.call(ctx, reserve, claim{Name: name, Owner: owner, Token: token, TTL: ttl}); err != nil {
		return "", err
	}
	return token, nil
}

// Renew has a reservation last for at least ttl from now. It fails with ErrLost when somebody else has the name. A name
// that is committed stays so.
func (s *Service) Renew(ctx context.Context, name, token string, ttl time.Duration) error {
	_, err := s.call(ctx, renew, claim{Name: name, Token: token, TTL: ttl})
	return err
}

// Commit makes a reservation last for ever. It can be repeated. One that has expired can be committed while nobody else has
// taken the name, for about a week; after that, and when somebody has, it fails with ErrLost.
func (s *Service) Commit(ctx context.Context, name, token string) error {
	_, err := s.call(ctx, commit, claim{Name: name, Token: token})
	return err
}

// Release gives a reservation up. It can be repeated, and does nothing to a committed name or somebody else's reservation.
func (s *Service) Release(ctx context.Context, name, token string) error {
	_, err := s.call(ctx, release, claim{Name: name, Token: token})
	return err
}

func (s *Service) call(ctx context.Context, m object.Method[claim, struct{}], c claim) (struct{}, error) {
	if err := c.check(); err != nil {
		return struct{}{}, err
	}
	return m.Call(ctx, s.host, shard(c.Name), c)
}
