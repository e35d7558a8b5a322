//go:build !js

package vault

import (
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// filledWorld has a vault with so many records of 300 bytes in a collection, which a setting of 200 bytes comes to, and says how often its
// manifest was written.
func filledWorld(b testing.TB, records int) (w *world, manifest int64) {
	b.Helper()
	w = openWorld(b, b.TempDir(), Limits{})
	for n := 0; n < records; manifest++ {
		in := batch(theme, manifest)
		for ; n < records && len(in.Changes) < api.MaxVaultChanges; n++ {
			in.Changes = append(in.Changes, Change{ID: scattered(n), Body: random(300)})
		}
		w.push(in)
	}
	return w, manifest
}

// scattered is an id as MACs are: in no order.
func scattered(n int) []byte { return name(int(uint64(n) * 0x9e3779b97f4a7c15 >> 1)) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

var sizes = []int{100, 1000, 10_000, 100_000}

// BenchmarkPushOne changes one record of a vault of so many, the manifest with it. It must take the same at every size.
func BenchmarkPushOne(b *testing.B) {
	for _, records := range sizes {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			w, manifest := filledWorld(b, records)
			versions := make([]int64, records)
			step := records/97 | 1
			n := 0
			for b.Loop() {
				n = (n + step) % records
				in := batch(theme, manifest, Change{ID: scattered(n), Base: 1 + versions[n], Body: random(300)})
				w.push(in)
				versions[n]++
				manifest++
			}
		})
	}
}

// BenchmarkPushBatch changes 256 records of a vault of so many, and tells the time of each.
func BenchmarkPushBatch(b *testing.B) {
	for _, records := range sizes {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			w, manifest := filledWorld(b, records)
			versions := make([]int64, records)
			size := min(records, api.MaxVaultChanges)
			n := 0
			for b.Loop() {
				in := batch(theme, manifest)
				for range size {
					n = (n + 1) % records
					in.Changes = append(in.Changes, Change{ID: scattered(n), Base: 1 + versions[n], Body: random(300)})
					versions[n]++
				}
				w.push(in)
				manifest++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/record")
		})
	}
}

// BenchmarkPullNew is what a device does that has missed one change.
func BenchmarkPullNew(b *testing.B) {
	for _, records := range sizes {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			w, _ := filledWorld(b, records)
			end := w.pull(0, 0, 1)
			for end.More {
				end = w.pull(1, end.Cursor, 0)
			}
			for b.Loop() {
				if got := w.pull(1, end.Cursor-2, 0); len(got.Records) != 2 {
					b.Fatal(len(got.Records))
				}
			}
		})
	}
}

// BenchmarkPullAll is the first pull of a new device, and tells the time of each record.
func BenchmarkPullAll(b *testing.B) {
	for _, records := range sizes {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			w, _ := filledWorld(b, records)
			for b.Loop() {
				for page := w.pull(0, 0, 0); page.More; {
					page = w.pull(1, page.Cursor, 0)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
		})
	}
}
