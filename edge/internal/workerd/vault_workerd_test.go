package workerd_test

import (
	"fmt"
	"testing"
	"time"
)

// The largest batch of a vault crosses from Go to an object, into its database and back, whole, and leaves the program its memory.
func TestTheLargestCallPasses(t *testing.T) {
	s := start(t, nil)
	for _, name := range []string{"a", "b", "c"} {
		s.want(s.post("/vault/largest/"+name), 200, `{"again":257,"conflicts":257,"first":257,"pulled":257,"wrong":0}`)
	}
	g := s.gauge()
	t.Logf("afterwards: %+v", g)
	if g.Memory > 100<<20 {
		t.Errorf("the program has taken %d MiB", g.Memory>>20)
	}
}

func TestAWriterOfAHundredWinsAVersion(t *testing.T) {
	s := start(t, nil)
	s.want(s.post("/vault/race/a"), 200, "1")
}

// What an application keeps is erased in its own object, by the outbox of the person's.
func TestErasingReachesTheObjectOfAnApplication(t *testing.T) {
	s := start(t, nil)
	s.want(s.post("/vault/erase/ada"), 200, "1 0 true")
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		found := s.post("/vault/facts/ada.1")
		if found.body == "0" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("its vault is there: %s", found.body)
		}
	}
}

// BenchmarkVaultStep fills a vault on workerd, and tells what a record takes of a request that writes a hundred, by how many the vault has.
func BenchmarkVaultStep(b *testing.B) {
	const each = 100 // records of a request
	s := start(b, nil)
	for round := 0; b.Loop(); round++ {
		took := map[int]time.Duration{}
		counted := map[int]int{}
		for n := 0; n < 102_000; n += each {
			began := time.Now()
			s.want(s.post(fmt.Sprintf("/vault/step/%d?base=%d", round, n/each)), 200, "")
			for _, size := range []int{100, 1000, 10_000, 100_000} {
				if n >= size && n < size+max(size/50, 5*each) {
					took[size] += time.Since(began)
					counted[size] += each
				}
			}
		}
		for size, d := range took {
			b.ReportMetric(float64(d.Microseconds())/float64(counted[size]), fmt.Sprintf("µs/record@%d", size))
		}
	}
}
