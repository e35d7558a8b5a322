//go:build !js

package keys

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Line breaks count in the length of a part and not in what it decodes to: a nonce that is too short would reach a cipher that panics,
// and a token would have any number of spellings.
func TestLineBreaksInATokenAreRefused(t *testing.T) {
	s, c := newService(t)
	sealed := must(s.Seal(t.Context(), PurposeState, cookie{"ann", "s3cret"}, c.Now().Add(time.Hour)))
	signed := must(s.Sign(t.Context(), ES256, "JWT", claims{Subject: "ann"}))
	for _, mark := range []string{"\n", "\r", "\r\n\r\n"} {
		for part := range 5 {
			for _, shorter := range []bool{false, true} {
				parts := strings.Split(sealed, ".")
				if shorter && len(parts[part]) > len(mark) {
					parts[part] = parts[part][len(mark):]
				}
				parts[part] = mark + parts[part]
				if err := s.Open(t.Context(), PurposeState, strings.Join(parts, "."), &cookie{}); !errors.Is(err, ErrSealed) {
					t.Errorf("%q in part %d: %v", mark, part, err)
				}
			}
		}
		for part := range 3 {
			parts := strings.Split(signed, ".")
			parts[part] = parts[part][:4] + mark + parts[part][4:]
			if err := s.Verify(t.Context(), strings.Join(parts, "."), "JWT", &claims{}); !errors.Is(err, ErrToken) {
				t.Errorf("%q in part %d of a signed one: %v", mark, part, err)
			}
		}
	}
}
