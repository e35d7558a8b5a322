//go:build !js

// Package sockettest is the conformance suite of object.Connector: what every host does with the WebSockets of objects. It is a client
// over the network, because that is where a socket can be seen; the host under test serves objecttest.SocketHandler. Native's tests
// run it, and those of the bridge, against workerd.
package sockettest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-id/latchkey/edge/object"
)

const patience = 20 * time.Second // for what should happen at once, on a machine that is busy

// Host is where objecttest.SocketHandler is served.
type Host struct {
	Base  string // "http://host:port"
	Sleep func() // has objects that are not in use put to sleep, as far as the host does that
}

// Run runs the suite.
func Run(t *testing.T, h Host) {
	for name, rule := range map[string]func(*testing.T, Host){
		"a notice reaches every socket of the object, in order":    reachesAll,
		"a notice of a method that was rolled back is not sent":    rolledBack,
		"disconnecting ends the sockets with the tag and no other": disconnects,
		"who was disconnected while it was looked at is not kept":  raced,
		"a client that speaks is cut off":                          speaks,
		"the oldest of too many with a tag ends":                   tooMany,
		"sockets outlast an object that is put to sleep":           sleeps,
		"a client that hung up is in nobody's way":                 hungUp,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); rule(t, h) })
	}
}

// RunBrief runs what is for a host whose sockets live for a moment.
func RunBrief(t *testing.T, h Host) {
	began := time.Now()
	s, quiet := dial(t, h, "brief", "a"), dial(t, h, "brief", "b")
	s.wants("before", h.shout(t, "brief", "texts=before"))
	s.ends(object.CloseAgain)
	quiet.reads("before")
	quiet.ends(object.CloseAgain)
	if lived := time.Since(began); lived < 500*time.Millisecond {
		t.Errorf("they have lived for %v", lived)
	}
	again := dial(t, h, "brief", "a")
	again.wants("after", h.shout(t, "brief", "texts=after"))
}

func reachesAll(t *testing.T, h Host) {
	a, b, same, elsewhere := dial(t, h, "all", "a"), dial(t, h, "all", "b"), dial(t, h, "all", "b"), dial(t, h, "other", "a")
	h.shout(t, "all", "texts=one|zwei+zwei|drei")
	h.shout(t, "all", "texts=four")
	for _, s := range []*Socket{a, b, same} {
		for _, want := range []string{"one", "zwei zwei", "drei", "four"} {
			s.reads(want)
		}
	}
	h.shout(t, "other", "texts=its+own")
	elsewhere.reads("its own")
}

func rolledBack(t *testing.T, h Host) {
	s := dial(t, h, "back", "a")
	for _, how := range []string{"sentinel", "panic", "statement"} {
		if status := h.post(t, "back", "texts=never&disconnect=a&end="+how); status != http.StatusConflict {
			t.Errorf("%s: %d", how, status)
		}
	}
	s.wants("then", h.shout(t, "back", "texts=then"))
}

func disconnects(t *testing.T, h Host) {
	a, twin, b := dial(t, h, "gone", "a"), dial(t, h, "gone", "a"), dial(t, h, "gone", "b")
	h.shout(t, "gone", "disconnect=a")
	a.ends(object.CloseGone)
	twin.ends(object.CloseGone)
	b.wants("still", h.shout(t, "gone", "texts=still"))
	again := dial(t, h, "gone", "a")
	again.wants("again", h.shout(t, "gone", "texts=again"))
}

func raced(t *testing.T, h Host) {
	h.shout(t, "raced", "disconnect=a&texts=before")
	late, other := dial(t, h, "raced", "a?looked=10s"), dial(t, h, "raced", "b?looked=10s")
	late.ends(object.CloseAgain)
	other.wants("after", h.shout(t, "raced", "texts=after"))
	again := dial(t, h, "raced", "a")
	again.wants("again", h.shout(t, "raced", "texts=again"))
}

func speaks(t *testing.T, h Host) {
	s, other := dial(t, h, "speaks", "a"), dial(t, h, "speaks", "a")
	if err := s.conn.Write(t.Context(), websocket.MessageText, []byte("ping")); err != nil {
		t.Fatal(err)
	}
	s.ends(object.CloseGone)
	other.wants("quiet", h.shout(t, "speaks", "texts=quiet"))
}

func tooMany(t *testing.T, h Host) {
	other, first := dial(t, h, "many", "other"), dial(t, h, "many", "a")
	list := []*Socket{other}
	for range object.MaxTagged {
		time.Sleep(5 * time.Millisecond) // they are told apart by when they began
		list = append(list, dial(t, h, "many", "a"))
	}
	first.ends(object.CloseAgain)
	h.shout(t, "many", "texts=left")
	for _, s := range list {
		s.reads("left")
	}
}

func sleeps(t *testing.T, h Host) {
	a, b := dial(t, h, "sleeps", "a"), dial(t, h, "sleeps", "b")
	h.Sleep()
	h.shout(t, "sleeps", "texts=good+morning&disconnect=b")
	a.reads("good morning")
	b.reads("good morning")
	b.ends(object.CloseGone)
}

func hungUp(t *testing.T, h Host) {
	s, other := dial(t, h, "hung", "a"), dial(t, h, "hung", "a")
	_ = s.conn.CloseNow()
	for n := range 20 {
		other.wants(fmt.Sprint(n), h.shout(t, "hung", fmt.Sprint("texts=", n)))
	}
}

// Socket is a client's.
type Socket struct {
	t    *testing.T
	conn *websocket.Conn
}

func dial(t *testing.T, h Host, name, tag string) *Socket {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, h.Base+"/sockets/"+name+"/"+tag, nil)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &Socket{t, conn}
}

// reads takes the next text, which has to be this.
func (s *Socket) reads(want string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	kind, text, err := s.conn.Read(ctx)
	if err != nil || kind != websocket.MessageText || string(text) != want {
		s.t.Errorf("heard %q, %v; want %q", text, err, want)
	}
}

// wants is reads after something has been done.
func (s *Socket) wants(text string, _ int) {
	s.t.Helper()
	s.reads(text)
}

// ends waits for the end, and says how it has to be.
func (s *Socket) ends(code websocket.StatusCode) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	kind, text, err := s.conn.Read(ctx)
	if websocket.CloseStatus(err) != code {
		s.t.Errorf("heard %v %q, %v; want the end, by %d", kind, text, err, code)
	}
}

// shout has an object do something that has to succeed.
func (h Host) shout(t *testing.T, name, query string) int {
	t.Helper()
	status := h.post(t, name, query)
	if status != http.StatusOK {
		t.Fatalf("%s?%s: %d", name, query, status)
	}
	return status
}

func (h Host) post(t *testing.T, name, query string) int {
	t.Helper()
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.Base+"/sockets/"+name+"?"+form.Encode(), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
