package objecttest

import (
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

type shoutIn struct {
	Texts      []string `json:"texts"`
	Disconnect string   `json:"disconnect"` // tag
	End        string   `json:"end"`
}

var shout = object.Method[shoutIn, struct{}]{Kind: KindName, Name: "shout"}

func doShout(tx *object.Tx, in shoutIn) (struct{}, error) {
	for _, text := range in.Texts {
		tx.Notify(text)
	}
	tx.Disconnect(in.Disconnect)
	return struct{}{}, end(tx, in.End)
}

// SocketHandler is what sockettest talks to, on whichever host:
//
//	GET  /sockets/NAME/TAG   connects to the object of that name, after a look at who asks that took as long as ?looked=, a duration
//	POST /sockets/NAME       has it send the texts of the query, disconnect the tag in it, and end in the way that it says
func SocketHandler(h object.Host, c object.Connector) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sockets/{name}/{tag}", func(w http.ResponseWriter, r *http.Request) {
		since := time.Now().Add(time.Second) // what came before is not asked about
		if looked, err := time.ParseDuration(r.FormValue("looked")); err == nil {
			since = time.Now().Add(-looked)
		}
		c.Connect(w, r, KindName, r.PathValue("name"), r.PathValue("tag"), since)
	})
	mux.HandleFunc("POST /sockets/{name}", func(w http.ResponseWriter, r *http.Request) {
		in := shoutIn{Texts: strings.FieldsFunc(r.FormValue("texts"), func(c rune) bool { return c == '|' }), Disconnect: r.FormValue("disconnect"), End: r.FormValue("end")}
		if _, err := shout.Call(r.Context(), h, r.PathValue("name"), in); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	return mux
}
