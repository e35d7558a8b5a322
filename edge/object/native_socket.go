//go:build !js

package object

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	socketQueue = 16               // notices that wait for a slow client; one that is slower ends, and may connect again
	socketWrite = 10 * time.Second // to take one
)

// sockets are those of all objects of a host.
type sockets struct {
	mu     sync.Mutex // never held over I/O
	closed bool
	of     map[key][]*socket // oldest first
	gone   map[tagged]time.Time
	all    sync.WaitGroup
}

// tagged are the sockets of an object that have the same tag.
type tagged struct {
	key
	tag string
}

// socket is one WebSocket. Who ends it says how in end, which has room for the first who does.
type socket struct {
	conn  *websocket.Conn
	tag   string
	texts chan string
	end   chan websocket.StatusCode
}

var _ Connector = (*Native)(nil)

// Connect implements Connector. The socket outlives the request.
func (n *Native) Connect(w http.ResponseWriter, r *http.Request, kind, name, tag string, since time.Time) {
	s := &socket{tag: tag, texts: make(chan string, socketQueue), end: make(chan websocket.StatusCode, 1)}
	k := key{kind, name}
	kept := n.sockets.add(k, s, since)                                                      // before the client knows that it is connected, so that it hears of all that happens from then on
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the caller has looked at the Origin
	switch {
	case err != nil && kept: // it has answered
		n.sockets.remove(k, s)
		n.sockets.all.Done()
		return
	case err != nil:
		return
	case !kept:
		_ = conn.Close(CloseAgain, "")
		return
	}
	s.conn = conn
	go func() {
		defer n.sockets.all.Done()
		defer n.sockets.remove(k, s)
		s.run(n.lifetime)
	}()
}

// run sends until somebody ends the socket.
func (s *socket) run(lifetime time.Duration) {
	ctx, hungUp := context.WithCancel(context.Background())
	defer hungUp()
	go s.listen(ctx, hungUp)
	over := time.NewTimer(lifetime)
	defer over.Stop()
	for {
		select {
		case text := <-s.texts:
			if s.write(ctx, text) != nil {
				_ = s.conn.CloseNow()
				return
			}
		case code := <-s.end:
			_ = s.conn.Close(code, "")
			return
		case <-over.C:
			_ = s.conn.Close(CloseAgain, "")
			return
		case <-ctx.Done():
			_ = s.conn.CloseNow()
			return
		}
	}
}

// listen waits for the client to hang up, or to speak.
func (s *socket) listen(ctx context.Context, hungUp func()) {
	if _, _, err := s.conn.Reader(ctx); err != nil {
		hungUp()
		return
	}
	s.close(CloseGone)
}

func (s *socket) write(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, []byte(text))
}

func (s *socket) close(code websocket.StatusCode) {
	select {
	case s.end <- code:
	default: // it is ending
	}
}

// add keeps a socket, unless its tag was disconnected since, and ends the oldest of too many.
func (ss *sockets) add(k key, s *socket, since time.Time) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if gone, was := ss.gone[tagged{k, s.tag}]; ss.closed || was && !since.After(gone) {
		return false
	}
	if ss.of == nil {
		ss.of = map[key][]*socket{}
	}
	var same []*socket
	for _, o := range ss.of[k] {
		if o.tag == s.tag {
			same = append(same, o)
		}
	}
	if len(same) >= MaxTagged {
		same[0].close(CloseAgain)
	} else if len(ss.of[k]) >= MaxSockets {
		ss.of[k][0].close(CloseAgain)
	}
	ss.of[k] = append(ss.of[k], s)
	ss.all.Add(1)
	return true
}

func (ss *sockets) remove(k key, s *socket) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	var left []*socket
	for _, o := range ss.of[k] {
		if o != s {
			left = append(left, o)
		}
	}
	if ss.of[k] = left; left == nil {
		delete(ss.of, k)
	}
}

// signal sends what a transaction that has been committed wants sent. It waits for nobody.
func (ss *sockets) signal(k key, list []Signal, now time.Time) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for _, signal := range list {
		if signal.Tag != "" {
			ss.forget(tagged{k, signal.Tag}, now)
		}
		for _, s := range ss.of[k] {
			switch {
			case signal.Tag != "":
				if s.tag == signal.Tag {
					s.close(CloseGone)
				}
			case len(s.texts) == cap(s.texts):
				s.close(CloseAgain)
			default:
				s.texts <- signal.Text // only this sends, under the lock
			}
		}
	}
}

// forget remembers that a tag was disconnected, and of others no longer than is of use.
func (ss *sockets) forget(t tagged, now time.Time) {
	if ss.gone == nil {
		ss.gone = map[tagged]time.Time{}
	}
	for other, at := range ss.gone {
		if now.Sub(at) > DisconnectMemory {
			delete(ss.gone, other)
		}
	}
	ss.gone[t] = now
}

// close ends all sockets and waits until they have.
func (ss *sockets) close() {
	ss.mu.Lock()
	ss.closed = true
	for _, list := range ss.of {
		for _, s := range list {
			s.close(CloseAgain)
		}
	}
	ss.mu.Unlock()
	ss.all.Wait()
}
