package workerd_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/selfhost"
)

// gauge says how the isolate is doing.
type gauge struct{ Requests, Memory, Programs, Woken int }

func (s *site) gauge() (g gauge) {
	s.t.Helper()
	if a := s.get("/gauge"); json.Unmarshal([]byte(a.body), &g) != nil {
		s.t.Errorf("gauge: %d %s", a.status, a.body)
	}
	return g
}

// idle waits until the program has no requests.
func (s *site) idle() {
	s.t.Helper()
	for range 100 {
		if s.gauge().Requests == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("%d requests are stranded", s.gauge().Requests)
}

func TestPanicLeavesOthersUntouched(t *testing.T) {
	s, o := start(t, nil), outside(t)
	s.get("/hello")
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			if i%2 == 0 {
				if a := s.get("/panic"); a.status != 500 || !strings.Contains(a.body, `"code":"internal"`) || strings.Contains(a.body, "recovered") {
					t.Errorf("panic: %d %s", a.status, a.body)
				}
				return
			}
			if a := s.get("/fetch?url=" + o.URL + "/slow?for=300ms"); a.status != 200 {
				t.Errorf("beside a panic: %d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if g := s.gauge(); g.Programs != 1 || g.Requests != 0 {
		t.Errorf("after panics: %+v", g)
	}
	if !strings.Contains(s.log.String(), "recovered by the bridge") {
		t.Error("the panic is not in the log")
	}
}

func TestEndedProgramIsReplaced(t *testing.T) {
	s, o := start(t, nil), outside(t)
	for i, path := range []string{"/exit", "/die", "/deep?n=1000000"} {
		t.Run(strings.Trim(path, "/"), func(t *testing.T) {
			s.want(s.get("/hello"), 200, "hello\n")
			waiting := make(chan answer)
			go func() { waiting <- s.get("/fetch?url=" + o.URL + "/slow?for=5s") }()
			for range 100 {
				if s.gauge().Requests == 1 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			began := time.Now()
			for _, a := range []answer{s.get(path), <-waiting} {
				if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
					t.Errorf("in flight: %d %v %s", a.status, a.header, a.body)
				}
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("those in flight waited %v", took)
			}
			s.want(s.get("/hello"), 200, "hello\n")
			if g := s.gauge(); g.Programs != i+2 || g.Requests != 0 {
				t.Errorf("after %s: %+v", path, g)
			}
		})
	}
}

func TestProgramEndsInsideAnObject(t *testing.T) {
	s := start(t, nil)
	s.want(s.post("/add/a"), 200, "1")
	if a := s.get("/exit-in/a"); a.status != 503 && a.status != 502 {
		t.Errorf("answer is %d %s", a.status, a.body)
	}
	s.want(s.post("/add/a"), 200, "2")
}

func TestHandlerThatNeverAnswers(t *testing.T) {
	s := start(t, nil)
	s.want(s.get("/hello"), 200, "hello\n")
	if a := s.get("/never"); a.status != 500 { // the runtime's own answer
		t.Errorf("answer is %d %s", a.status, a.body)
	}
	s.want(s.get("/goexit"), 200, "")
	s.want(s.get("/hello"), 200, "hello\n")
	if g := s.gauge(); g.Programs != 1 {
		t.Errorf("it cost the program: %+v", g)
	}
}

func TestHangupsStrandNothing(t *testing.T) {
	s, o := start(t, nil), outside(t)
	s.get("/hello")
	impatient := &http.Client{Timeout: 150 * time.Millisecond, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			path := "/fetch?url=" + o.URL + "/slow?for=1s"
			if i%2 == 0 {
				path = "/mixed/hangup?url=" + o.URL + "/slow?for=1s"
			}
			r, _ := http.NewRequest("POST", s.URL+path, nil)
			if w, err := impatient.Do(r); err == nil {
				w.Body.Close()
				t.Error("answered before the client hung up")
			}
		})
	}
	all.Wait()
	s.want(s.get("/hello"), 200, "hello\n")
	s.idle()
	s.want(s.do("POST", "/mixed/after?url="+o.URL+"/echo", nil), 200, "2")
	if g := s.gauge(); g.Programs != 1 {
		t.Errorf("it cost the program: %+v", g)
	}
	s.want(s.do("GET", "/read/hangup", nil), 200, "64") // what they had begun was finished
}

func TestLargeIdleProgramIsReplaced(t *testing.T) {
	s := start(t, func(c *selfhost.Config) { c.Vars["LATCHKEY_MEMORY_LIMIT"] = "50331648" })
	o := outside(t)
	s.want(s.get("/grow?mib=1"), 200, "1")
	s.want(s.get("/grow?mib=64"), 200, "2")
	if g := s.gauge(); g.Programs != 1 || g.Memory < 64<<20 {
		t.Fatalf("before: %+v", g)
	}
	s.want(s.get("/grow?mib=1"), 200, "1")
	if g := s.gauge(); g.Programs != 2 || g.Memory > 48<<20 {
		t.Errorf("after: %+v", g)
	}
	waiting := make(chan answer)
	go func() { waiting <- s.get("/fetch?url=" + o.URL + "/slow?for=1s") }()
	for s.gauge().Requests == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	s.want(s.get("/grow?mib=64"), 200, "2")
	s.want(s.get("/grow?mib=1"), 200, "3") // not while somebody is being served
	if a := <-waiting; a.status != 200 {
		t.Errorf("in flight meanwhile: %d %s", a.status, a.body)
	}
	s.want(s.get("/grow?mib=1"), 200, "1")
	if g := s.gauge(); g.Programs != 3 {
		t.Errorf("when it was idle again: %+v", g)
	}
}
