package workerd_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const mib = 1 << 20

// push sends a large body.
func (s *site) push(who, query string, body io.Reader, size int64) answer {
	r, err := http.NewRequest(http.MethodPost, s.URL+"/vault/push"+query, body)
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	r.ContentLength = size // -1: chunked
	r.Header.Set("Authorization", who)
	r.Header.Set("Content-Type", "application/json")
	return s.send(r)
}

func (s *site) pushBytes(who, query string, size int64) answer {
	return s.push(who, query, bytes.NewReader(make([]byte, size)), size)
}

// hold begins a push that never ends, and returns what hangs up.
func (s *site) hold(size int64) (hangUp func()) {
	s.t.Helper()
	body, feed := io.Pipe()
	var gone sync.WaitGroup
	gone.Go(func() { s.push("good", "", body, size) })
	if _, err := feed.Write(make([]byte, 100<<10)); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		feed.CloseWithError(io.ErrUnexpectedEOF)
		gone.Wait()
	}
}

// refused waits until a push of 6 MiB is refused, or is not.
func (s *site) refused(want bool) (last answer) {
	s.t.Helper()
	for range 200 {
		if last = s.pushBytes("good", "", 6*mib); (last.status == http.StatusServiceUnavailable) == want {
			return last
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Errorf("a push of 6 MiB: %d %s", last.status, last.body)
	return last
}

func TestStrangersLargeBodiesTakeNoMemory(t *testing.T) {
	s := start(t, nil)
	s.get("/hello")
	before := s.gauge()
	var all sync.WaitGroup
	for range 48 {
		all.Go(func() {
			if a := s.pushBytes("bad", "", 6*mib); a.status != http.StatusUnauthorized {
				t.Errorf("a stranger's push: %d %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if after := s.gauge(); after.Memory-before.Memory > 4*mib || after.Programs != 1 || after.Requests != 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	s.want(s.pushBytes("good", "", 6*mib), 200, strconv.Itoa(6*mib))
	r, _ := http.NewRequest(http.MethodPost, s.URL+"/vault/push", bytes.NewReader(make([]byte, mib)))
	r.Header.Set("Authorization", "bad")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // in which an access token is looked for
	if a := s.send(r); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: %d %s", a.status, a.body)
	}
}

func TestLargeBodiesShareBoundedMemory(t *testing.T) {
	s := start(t, nil)
	hangUp := s.hold(6 * mib)
	a := s.refused(true)
	if a.header.Get("Retry-After") != "1" || !strings.Contains(a.body, `"code":"unavailable"`) {
		t.Errorf("refusal is %v %s", a.header, a.body)
	}
	s.want(s.push("good", "", bytes.NewReader(make([]byte, 64<<10)), 64<<10), 200, strconv.Itoa(64<<10))
	s.want(s.pushBytes("good", "", mib), 200, strconv.Itoa(mib))
	if a := s.push("good", "", bytes.NewReader(make([]byte, mib)), -1); a.status != http.StatusServiceUnavailable {
		t.Errorf("a body of unknown length: %d %s", a.status, a.body)
	}
	hangUp()
	s.refused(false)
	s.want(s.push("good", "", bytes.NewReader(make([]byte, mib)), -1), 200, strconv.Itoa(mib))
	for _, chunked := range []bool{true, false} {
		size := int64(6*mib + 1)
		body := io.MultiReader(bytes.NewReader(make([]byte, size)))
		if chunked {
			size = -1
		}
		if a := s.push("good", "", body, size); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("too large, chunked %v: %d %s", chunked, a.status, a.body)
		}
	}
	s.idle()
}

// Whatever becomes of a request, what its body took is free again afterwards, and not before it has been answered.
func TestALargeBodysRoomIsFreedOnEveryWay(t *testing.T) {
	s, o := start(t, nil), outside(t)
	for _, then := range []string{"", "panic", "exit"} {
		for range 3 {
			a := s.pushBytes("good", "?then="+then, 6*mib)
			if want := map[string]int{"": 200, "panic": 500, "exit": 503}[then]; a.status != want {
				t.Errorf("%q: %d %s, want %d", then, a.status, a.body, want)
			}
		}
		s.refused(false)
	}
	for range 3 {
		hangUp := s.hold(6 * mib)
		s.refused(true)
		s.get("/exit") // the program ends while a body comes in
		hangUp()
		s.refused(false)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		s.want(s.pushBytes("good", "?then=wait&url="+url.QueryEscape(o.URL+"/slow?for=2s"), 6*mib), 200, strconv.Itoa(6*mib))
	})
	for s.gauge().Requests == 0 {
		time.Sleep(20 * time.Millisecond)
	}
	s.refused(true)
	waiting.Wait()
	s.refused(false)
	s.idle()
}
