package workerd_test

import "testing"

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
