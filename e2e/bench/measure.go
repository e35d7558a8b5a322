package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// latchkey starts the service, without TLS because the comparisons have none, on its core.
func (b *bench) latchkey(name string, change ...func(*local.Options)) (*local.Service, error) {
	options := local.Options{
		Dir: b.dir + "/" + name, Plain: true, Log: io.Discard,
		Vars: map[string]string{"LATCHKEY_SIGNIN_LIMIT": "1000/1s", "LATCHKEY_SIGNUP_LIMIT": "1000/1s"},
	}
	for _, f := range change {
		f(&options)
	}
	s, err := local.Start(b.ctx, options)
	if err != nil {
		return nil, err
	}
	return s, pin(s.PID(), serverCore)
}

var perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

// wrk loads one address and returns requests a second.
func wrk(address string) (float64, error) {
	out, err := exec.Command("taskset", "-c", loadCore, "wrk", "-t1", "-c32", "-d2s", address).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	m := perSecond.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// flows runs f from as many clients at once for a time and returns how many a second were done.
func flows(clients int, time1 time.Duration, f func(client int) error) (float64, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	done, began := 0, time.Now()
	for c := range clients {
		wg.Go(func() {
			for time.Since(began) < time1 {
				err := f(c)
				mu.Lock()
				if done++; err != nil && failed == nil {
					failed = err
				}
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(done) / time.Since(began).Seconds(), failed
}

// turns measures two sides in turn and returns the medians of each and of the rounds' ratios. A round is short, so that both of its
// sides meet the same machine.
func (b *bench) turns(ours, theirs func() (float64, error)) (our, their, ratio float64, err error) {
	var a, z, r []float64
	for n := range b.rounds {
		x, err := ours()
		if err != nil {
			return 0, 0, 0, err
		}
		y, err := theirs()
		if err != nil {
			return 0, 0, 0, err
		}
		b.say("round %d of %d: %.4g beside %.4g", n+1, b.rounds, x, y)
		a, z, r = append(a, x), append(z, y), append(r, x/y)
	}
	return median(a), median(z), median(r), nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// spent is the processor time per call that a process uses while f is called n times.
func spent(pid, n int, f func() error) (float64, error) {
	before, err := cpu(pid)
	if err != nil {
		return 0, err
	}
	for range n {
		if err := f(); err != nil {
			return 0, err
		}
	}
	after, err := cpu(pid)
	return float64(after-before) / float64(time.Millisecond) / float64(n), err
}

func get(address string) error {
	answer, err := http.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
