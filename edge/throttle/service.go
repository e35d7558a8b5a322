package throttle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Service finds the object of a bucket. It is safe for concurrent use.
type Service struct{ host object.Host }

// NewService returns a Service that calls objects through host.
func NewService(host object.Host) *Service { return &Service{host} }

// locate returns the object of a bucket, "000" to "fff", and the key of the bucket in it.
func locate(bucket string) (shard string, key []byte) {
	sum := sha256.Sum256([]byte(bucket))
	return hex.EncodeToString(sum[:2])[:3], sum[:]
}

// Take takes one from the bucket if fewer than limit.Count were taken within the last limit.Window. If not, retryAfter is the time
// after which it will be possible, if nobody else takes it: more than 0, at most limit.Window. Start a bucket's text with what
// is counted, "signup:192.0.2.1/32". A bucket should always be used with the same limit.
func (s *Service) Take(ctx context.Context, bucket string, limit Limit) (ok bool, retryAfter time.Duration, err error) {
	return s.call(ctx, bucket, takeIn{Limit: limit})
}

// Peek says what Take would, and takes nothing.
func (s *Service) Peek(ctx context.Context, bucket string, limit Limit) (ok bool, retryAfter time.Duration, err error) {
	return s.call(ctx, bucket, takeIn{Limit: limit, Peek: true})
}

func (s *Service) call(ctx context.Context, bucket string, in takeIn) (bool, time.Duration, error) {
	if err := in.Limit.check(); err != nil {
		return false, 0, err
	}
	shard, key := locate(bucket)
	in.Key = key
	out, err := take.Call(ctx, s.host, shard, in)
	return out.OK, out.Retry, err
}

// Give undoes the newest Take of the bucket, for what turned out not to count. Of an empty bucket it does nothing.
func (s *Service) Give(ctx context.Context, bucket string) error {
	shard, key := locate(bucket)
	_, err := give.Call(ctx, s.host, shard, key)
	return err
}
