package vault_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

const benchSettings, benchSize = 10000, 200

// BenchmarkSealAndOpen is the target of the first sync: 10,000 settings of 200 bytes.
func BenchmarkSealAndOpen(b *testing.B) {
	seal, open := vault.Sealer(account)
	value := make([]byte, benchSize)
	b.SetBytes(benchSettings * benchSize)
	for b.Loop() {
		for i := range benchSettings {
			if err := open(int64(i)+1, seal(int64(i)+1, "a setting", value)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkFirstSync is all that a new device does with 10,000 settings, without the network: pages, checks, root, its own copy.
func BenchmarkFirstSync(b *testing.B) {
	p, one := newPerson(b)
	for i := range benchSettings {
		ok(b, one.Set(ctx, "many", fmt.Sprint(i), make([]byte, benchSize)))
	}
	ok(b, one.Sync(ctx))
	b.SetBytes(benchSettings * benchSize)
	for b.Loop() {
		p.open(b, p.password)
	}
}

// BenchmarkOneChange is a change among 10,000 settings, made on one device and taken by another.
func BenchmarkOneChange(b *testing.B) {
	p, one := newPerson(b)
	for i := range benchSettings {
		ok(b, one.Set(ctx, "many", fmt.Sprint(i), make([]byte, benchSize)))
	}
	ok(b, one.Sync(ctx))
	two := p.open(b, p.password)
	before, n := p.store.pushed, 0
	for b.Loop() {
		n++
		ok(b, one.Set(ctx, "many", "0", fmt.Appendf(make([]byte, benchSize-12), "%12d", n)), one.Sync(ctx), two.Sync(ctx))
	}
	b.ReportMetric(float64(p.store.pushed-before)/float64(n), "sealed-B/op")
}
