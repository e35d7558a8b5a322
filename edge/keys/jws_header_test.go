package keys

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A header nested thousands deep is refused before it is decoded. go-jose would decode it, which shows that the bound decides.
func TestHeaderIsBoundedBeforeItIsDecoded(t *testing.T) {
	const deep = 3000
	header := `{"alg":"ES256","kid":"k","x":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`
	token := base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30." + strings.Repeat("A", 86)
	if _, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256}); err != nil {
		t.Fatalf("go-jose refuses it by itself: %v", err)
	}
	if kid, ok := signedBy(token, "JWT"); ok {
		t.Errorf("read as signed by %q", kid)
	}
}
