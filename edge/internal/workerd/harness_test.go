package workerd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/selfhost"
)

// root is the module's directory, seen from here.
const root = "../../.."

// worker is the built test program, shared by all tests.
var worker = sync.OnceValues(func() (string, error) {
	out, err := os.MkdirTemp("", "latchkey-testworker-")
	if err != nil {
		return "", err
	}
	if err := selfhost.Build(context.Background(), root, "./edge/internal/workerd/testworker", out); err != nil {
		return out, err
	}
	main, err := os.ReadFile("testworker/test.mjs")
	if err != nil {
		return out, err
	}
	return out, os.WriteFile(filepath.Join(out, "test.mjs"), main, 0o644)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if out, _ := worker(); out != "" {
		os.RemoveAll(out)
	}
	os.Exit(code)
}

// site is a running workerd with the test program.
type site struct {
	t      testing.TB
	config selfhost.Config
	*selfhost.Server
	log *syncBuffer
}

// start runs the test program, with change made to its configuration. It fails without workerd, which the
// Makefile sees to.
func start(t testing.TB, change func(*selfhost.Config)) *site {
	t.Helper()
	out, err := worker()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, log: &syncBuffer{}}
	s.config = selfhost.Config{
		Worker: out, Main: "test.mjs", State: t.TempDir(), Address: "127.0.0.1:0", Objects: []string{"Counter", "Probe", "Vault"},
		PrivateNetwork: true, Log: s.log, Vars: map[string]string{"GREETING": "grüß dich"},
	}
	if change != nil {
		change(&s.config)
	}
	s.again()
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("workerd's log:\n%s", s.log)
		}
	})
	return s
}

// again starts the server, over what the last one has left.
func (s *site) again() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	server, err := selfhost.Start(ctx, s.config)
	if errors.Is(err, selfhost.ErrNoWorkerd) {
		s.t.Fatal("workerd is not installed: run `npm ci`")
	}
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.log)
	}
	s.Server = server
}

// client has time enough for a machine that is busy, and connections enough for all tests.
var client = &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// do makes a request; a failure of the connection is status 0.
func (s *site) do(method, path string, body io.Reader) answer {
	r, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	return s.send(r)
}

func (s *site) send(r *http.Request) answer {
	w, err := client.Do(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{w.StatusCode, w.Header, string(data)}
}

func (s *site) get(path string) answer  { return s.do(http.MethodGet, path, nil) }
func (s *site) post(path string) answer { return s.do(http.MethodPost, path, nil) }

// want checks status and body.
func (s *site) want(a answer, status int, body string) {
	s.t.Helper()
	if a.status != status || a.body != body {
		s.t.Errorf("answer is %d %q, want %d %q", a.status, a.body, status, body)
	}
}

// outside is a server on the loopback network for the Worker to call.
func outside(t testing.TB) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		io.WriteString(w, r.Method+" "+r.Header.Get("X-Sent")+" "+string(body))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		wait, _ := time.ParseDuration(r.FormValue("for"))
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) {
		for range 3 << 5 {
			w.Write(bytes.Repeat([]byte("x"), 32<<10))
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// syncBuffer takes the log of a server while a test looks at it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
