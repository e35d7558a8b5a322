package signin

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/latchkey-id/latchkey/edge/api"
)

// codes is how many different codes there are.
var codes = new(big.Int).Exp(big.NewInt(10), big.NewInt(api.CodeDigits), nil)

// newCode makes a code of api.CodeDigits decimal digits, each as likely as any other.
func newCode() string {
	n, err := rand.Int(rand.Reader, codes)
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return fmt.Sprintf("%0*d", api.CodeDigits, n)
}

// validCode reports whether a person can have been sent code.
func validCode(code string) bool {
	if len(code) != api.CodeDigits {
		return false
	}
	for _, c := range []byte(code) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// codeHash is what the account object keeps of a code: a MAC, because six digits can be tried, over the sign-up as well, so that
// the rows of two sign-ups cannot be compared.
func (s *Service) codeHash(ctx context.Context, accountID, code string) ([]byte, error) {
	return s.Keys.MAC(ctx, labelCode, []byte(accountID+" "+code))
}
