package slim

import (
	"encoding/hex"
	"testing"

	"github.com/bytemare/ecc"
)

// multiples of the generator (RFC 9496 appendix A.1), from 0.
var multiples = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
	"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
	"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
}

// TestCurve holds for the module as it is and, by TestEditedCurveIsTheSameCurve, for the copy.
func TestCurve(t *testing.T) {
	g := ecc.Ristretto255Sha512
	for n, want := range multiples {
		if got := hex.EncodeToString(g.Base().Multiply(g.NewScalar().SetUInt64(uint64(n))).Encode()); got != want {
			t.Errorf("%d times the base: %s, want %s", n, got, want)
		}
	}
	for range 50 {
		a, b := g.NewScalar().Random(), g.NewScalar().Random()
		ofA := g.Base().Multiply(a)
		kept := ofA.Copy()
		ab := ofA.Copy().Multiply(b)
		if !ofA.Equal(kept) || hex.EncodeToString(ofA.Encode()) != hex.EncodeToString(kept.Encode()) {
			t.Fatal("a copy is not its own")
		}
		both := a.Copy().Multiply(b)
		if !ab.Equal(g.Base().Multiply(b).Multiply(a)) || !ab.Equal(g.Base().Multiply(both)) {
			t.Fatal("a(bB), b(aB) and (ab)B differ")
		}
		sum := g.Base().Add(g.Base().Multiply(a)).Subtract(ofA) // the base again, in other coordinates
		if !sum.Multiply(both).Equal(ab) {
			t.Fatal("the base in other coordinates is another point")
		}
	}
}
