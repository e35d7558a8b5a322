package object

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

// A device that is to hear of changes at once keeps a WebSocket (RFC 6455) connected to the object. It has nothing to say on it: one that
// speaks is cut off. What an object sends is worth nothing later, so it is not kept for who is not connected: who connects, or connects
// again, asks for what it has missed. An object that is not in use costs nothing for being listened to: the host holds the sockets.

// Bounds of sockets. Of too many the oldest ends, which may connect again. The same are in worker.mjs.
const (
	MaxSockets     = 128       // of an object
	MaxTagged      = 8         // of an object, with the same tag
	MaxNotice      = 256       // bytes of what Tx.Notify sends
	SocketLifetime = time.Hour // then it ends: whoever may still listen connects again

	// DisconnectMemory is how long a host remembers who was disconnected: longer than a request takes.
	DisconnectMemory = 2 * time.Minute
)

// How a host closes sockets (RFC 6455 section 7.4.1).
const (
	CloseAgain = 1001 // its time is over, it was the oldest of too many, or it came just after its tag's end: connect again
	CloseGone  = 1008 // disconnected by the object, or it has spoken: it may not be let in again
)

// Connector is a host that connects WebSockets to objects.
type Connector interface {
	// Connect answers a request for a WebSocket by connecting it to the named object, which need not exist yet. The caller has made sure
	// of who asks and of the Origin. The tag says whose it is, for Tx.Disconnect; neither kind nor tag may have a space or be empty.
	//
	// since is when the caller began to make sure. A socket whose tag was disconnected after that ends at once (CloseAgain): what the
	// caller saw may not be so any more.
	Connect(w http.ResponseWriter, r *http.Request, kind, name, tag string, since time.Time)
}

// Signal is what goes to an object's sockets: a text to all of them, or, when there is a tag, the end of those with the tag.
type Signal struct{ Text, Tag string }

// Signalling is the SQL of a host that is a Connector.
type Signalling interface {
	SQL
	// Signal is called at the end of a transaction and counts from its commit on. Signals of one object leave in their order.
	Signal(list []Signal)
}

// Notify sends text to every socket that is connected to the object, after the commit and only then. It is lost on those that are
// just not connected. A text that is no UTF-8 or over MaxNotice panics.
func (tx *Tx) Notify(text string) {
	if len(text) > MaxNotice || text == "" || !utf8.ValidString(text) {
		panic(fmt.Errorf("object: notice of %d bytes", len(text)))
	}
	tx.signals = append(tx.signals, Signal{Text: text})
}

// Disconnect ends the sockets that were connected to the object with the tag, after the commit and only then, and those that are about to
// be (Connector).
func (tx *Tx) Disconnect(tag string) {
	if tag != "" {
		tx.signals = append(tx.signals, Signal{Tag: tag})
	}
}
