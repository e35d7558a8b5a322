package workerd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object/objecttest"
)

func TestRequestsInterleave(t *testing.T) {
	s, o := start(t, nil), outside(t)
	s.get("/hello")
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for range 2 {
				path := fmt.Sprintf("/mixed/own-%d?url=%s", i, url.QueryEscape(o.URL+"/slow?for=50ms"))
				if a := s.post(path); a.status != 200 {
					t.Errorf("%d: %d %s", i, a.status, a.body)
				}
			}
			s.want(s.get(fmt.Sprintf("/read/own-%d", i)), 200, "4")
		})
	}
	all.Wait()
	s.want(s.get("/read/shared"), 200, strconv.Itoa(64*2*2))
	if g := s.gauge(); g.Programs != 1 || g.Requests != 0 {
		t.Errorf("afterwards: %+v", g)
	}
}

func TestMethodsRollBack(t *testing.T) {
	s := start(t, nil)
	s.want(s.post("/add/a"), 200, "1")
	if a := s.get("/refuse/a"); a.status != http.StatusConflict || !strings.Contains(a.body, "counter: refused") {
		t.Errorf("sentinel: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/broken/a", "/stuck/a"} {
		if a := s.get(path); a.status != http.StatusBadGateway || !strings.Contains(a.body, "object: internal error") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	s.want(s.get("/read/a"), 200, "1")
	if g := s.gauge(); g.Programs != 1 {
		t.Errorf("it cost the program: %+v", g)
	}
}

func TestIntegersInSQL(t *testing.T) {
	s := start(t, nil)
	for n, want := range map[int64]string{
		0: "0 integer", -1: "-1 integer", 1 << 32: "4294967296 integer", -1<<53 + 1: "-9007199254740991 integer",
		1 << 53: "9007199254740992 integer", -1 << 53: "-9007199254740992 integer", 1795000000: "1795000000 integer",
	} {
		s.want(s.get(fmt.Sprintf("/types/a?n=%d", n)), 200, want)
	}
	for _, n := range []int64{1<<53 + 1, -1<<53 - 1, 1 << 62} {
		if a := s.get(fmt.Sprintf("/types/a?n=%d", n)); a.status != 502 {
			t.Errorf("%d was not refused: %d %s", n, a.status, a.body)
		}
	}
}

func TestEffectsAreDelivered(t *testing.T) {
	s := start(t, nil)
	var tries atomic.Int32
	done := make(chan struct{})
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == 1 {
			close(done)
		}
	}))
	defer o.Close()
	s.want(s.get("/later/a?url="+o.URL), 200, "0")
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was delivered")
	}
	time.Sleep(300 * time.Millisecond)
	if tries.Load() != 1 {
		t.Errorf("delivered %d times", tries.Load())
	}
	s.idle()
}

// TestConformance runs the suite that the native host passes on Durable Objects.
func TestConformance(t *testing.T) {
	s, o := start(t, nil), outside(t)
	pause := url.QueryEscape(o.URL + "/slow?for=200ms")
	run := func(t *testing.T, suite string, cases []objecttest.Case) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				if suite == "cases" {
					t.Parallel() // most of their time is waiting for alarms
				}
				prefix := url.QueryEscape(suite[:1] + c.Name)
				if suite != "cases" {
					prefix = "restart"
				}
				a := s.post(fmt.Sprintf("/conformance/%s/%s?prefix=%s&pause=%s", suite, url.PathEscape(c.Name), prefix, pause))
				var result objecttest.Result
				if err := json.Unmarshal([]byte(a.body), &result); err != nil || !result.Passed {
					t.Errorf("%d %s\n%s", a.status, a.body, strings.Join(result.Log, "\n"))
				}
			})
		}
	}
	t.Run("cases", func(t *testing.T) { run(t, "cases", objecttest.Cases) })
	run(t, "before", objecttest.Before)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	s.config.Vars["VERSION"] = "2"
	s.again()
	run(t, "after", objecttest.After)
}
