package workerd_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

// TestAcknowledgedWritesSurviveKill kills workerd in the middle of writing, again and again, and looks for every write that a
// client was told of.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 5
	}
	const writers = 8
	s := start(t, nil)
	var acknowledged [writers]int
	total := 0
	for round := range kills {
		var all sync.WaitGroup
		enough := make(chan struct{}, 1000)
		for i := range writers {
			all.Go(func() { acknowledged[i] = s.writeUntilKilled(i, acknowledged[i], enough) })
		}
		for range 10 + rand.IntN(30) { // at any moment but the quiet one of the start
			<-enough
		}
		s.Kill()
		all.Wait()
		client.CloseIdleConnections()
		s.again()
		total = 0
		for i, n := range acknowledged {
			total += n
			// One write may have been made whose answer the kill cut off.
			if got, err := strconv.Atoi(s.get(fmt.Sprintf("/read/writer-%d", i)).body); err != nil || got < n || got > n+1 {
				t.Fatalf("kill %d, writer %d: %d, %v; %d were acknowledged", round+1, i, got, err, n)
			} else {
				acknowledged[i] = got
			}
		}
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", kills, total)
}

// writeUntilKilled adds one at a time and returns the last sum it was told.
func (s *site) writeUntilKilled(i, last int, written chan<- struct{}) int {
	for {
		a := s.post(fmt.Sprintf("/add/writer-%d", i))
		if a.status != 200 {
			return last
		}
		n, err := strconv.Atoi(a.body)
		if err != nil || n != last+1 {
			s.t.Errorf("writer %d: %q after %d", i, a.body, last)
			return last
		}
		last = n
		written <- struct{}{}
	}
}
