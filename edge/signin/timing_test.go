//go:build !js

package signin_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/account"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/password/passwordtest"
	"github.com/latchkey-id/latchkey/edge/throttle"
)

// BenchmarkKnownAndUnknownNames shows how long the first step of a sign-in takes for a name with an account and for one
// without, asked in turn: the distributions should lie on each other. It asserts nothing; a machine's moods are no bug.
//
//	go test -run '^$' -bench KnownAndUnknown -benchtime 2000x ./edge/signin
func BenchmarkKnownAndUnknownNames(b *testing.B) {
	w := worldOfAda(b)
	w.config.Lock = account.LockPolicy{Tries: 1 << 30, First: 1, Max: 1, Forget: 1}
	w.config.SigninLimit = throttle.Limit{Count: throttle.MaxCount, Window: time.Minute}
	handler := w.handler()
	ke1 := passwordtest.Begin(b, goodPass).KE1
	took := map[string][]time.Duration{}
	ask := func(upn string) {
		w.pass(time.Second) // nobody is throttled
		body, err := json.Marshal(api.PasswordBeginRequest{UPN: upn, KE1: ke1})
		must(b, err)
		r := httptest.NewRequestWithContext(b.Context(), "POST", api.RoutePasswordBegin, bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		began := time.Now()
		handler.ServeHTTP(answer, r)
		took[upn] = append(took[upn], time.Since(began))
		if answer.Code != 200 {
			b.Fatalf("%s: %s", upn, answer.Body)
		}
	}
	for range 20 { // warm both
		ask(ada)
		ask("nobody@example.org")
	}
	clear(took)
	for b.Loop() {
		ask(ada)
		ask("nobody@example.org")
	}
	for upn, what := range map[string]string{ada: "known", "nobody@example.org": "unknown"} {
		d := took[upn]
		slices.Sort(d)
		for _, at := range []struct {
			name string
			part float64
		}{{"p10", 0.1}, {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}} {
			b.ReportMetric(float64(d[int(at.part*float64(len(d)-1))].Microseconds()), what+"-"+at.name+"-µs")
		}
	}
}
