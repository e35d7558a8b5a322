package account

import "github.com/latchkey-id/latchkey/edge/object"

// The methods that end sessions.
var (
	EndSession = object.Method[EndSessionIn, EndSessionOut]{Kind: KindName, Name: "end_session"}
	EndOthers  = object.Method[SessionRef, None]{Kind: KindName, Name: "end_others"}
)

// EndSessionIn ends a session of the account.
type EndSessionIn struct {
	Session SessionRef `json:"session"` // the asking session
	ID      string     `json:"id"`      // the one to end, "" for the asking one
}

// EndSessionOut tells what is left to do. Back-channel logouts are in the outbox (TopicLogout).
type EndSessionOut struct {
	Ended bool `json:"ended"` // false: there was no such session
	// FrontChannel has the front-channel logout URIs of the applications that were signed in to, in the order of
	// signing in; only when the asking session itself ended, since no other browser can load them. The caller adds iss and sid.
	FrontChannel []FrontChannel `json:"front_channel"`
}

// FrontChannel is the page of an application that a browser loads when it has signed out (Front-Channel Logout 1.0 section 2).
type FrontChannel struct {
	ClientID string `json:"client_id"`
	URI      string `json:"uri"`
}

// Logout is the payload of TopicLogout: one application to tell that a session has ended (OpenID Connect Back-Channel Logout
// 1.0 section 2.4). It comes at least once.
type Logout struct {
	Sub                  string `json:"sub"`
	SID                  string `json:"sid"`
	ClientID             string `json:"client_id"`
	BackchannelLogoutURI string `json:"backchannel_logout_uri"`
}

func endSession(tx *object.Tx, in EndSessionIn) (EndSessionOut, error) {
	out := EndSessionOut{FrontChannel: []FrontChannel{}}
	if _, err := checkSession(tx, in.Session); err != nil {
		return out, err
	}
	if in.ID == "" {
		in.ID = in.Session.ID
	}
	own := in.ID == in.Session.ID
	if own {
		out.FrontChannel = frontChannel(tx, in.ID)
	}
	out.Ended = end(tx, in.ID)
	return out, nil
}

func endOthers(tx *object.Tx, ref SessionRef) (None, error) {
	if _, err := checkSession(tx, ref); err != nil {
		return None{}, err
	}
	endAllBut(tx, ref.ID)
	return None{}, nil
}

func frontChannel(tx *object.Tx, session string) []FrontChannel {
	out := []FrontChannel{}
	for row := range tx.Rows(`SELECT client_id, frontchannel FROM participant WHERE session = ? AND frontchannel <> ''
		ORDER BY since, client_id`, session) {
		var page FrontChannel
		row.Scan(&page.ClientID, &page.URI)
		out = append(out, page)
	}
	return out
}

func endAllBut(tx *object.Tx, keep string) {
	for row := range tx.Rows(`SELECT id FROM session WHERE id <> ?`, keep) {
		var id string
		row.Scan(&id)
		end(tx, id)
	}
}

// end ends a session: it and all that was issued under it is gone, and a logout for each of its applications is in the outbox. Grants
// with offline_access stay, as that is what the person agreed to (OpenID Connect Back-Channel Logout 1.0 section 2.7), and so do the
// spent codes that would revoke them when replayed.
// It reports whether there was such a session that had not run out already.
func end(tx *object.Tx, session string) bool {
	var expires int64
	var device string
	if !tx.Row(`DELETE FROM session WHERE id = ? RETURNING expires, device_id`, session).Scan(&expires, &device) {
		return false
	}
	disconnect(tx, device)
	for row := range tx.Rows(`SELECT client_id, backchannel FROM participant WHERE session = ? AND backchannel <> ''
		ORDER BY since, client_id`, session) {
		out := Logout{Sub: tx.Name(), SID: session}
		row.Scan(&out.ClientID, &out.BackchannelLogoutURI)
		tx.Later(TopicLogout, out)
	}
	tx.Exec(`DELETE FROM access_grant WHERE session = ? AND offline = 0`, session)
	tx.Exec(`DELETE FROM code WHERE session = ? AND access_grant NOT IN (SELECT id FROM access_grant)`, session)
	for _, table := range []string{"participant", "proof", "challenge"} {
		tx.Exec(`DELETE FROM `+table+` WHERE session = ?`, session)
	}
	tx.Exec(`DELETE FROM bucket WHERE id = ?`, "session:"+session)
	return expires > tx.Now().Unix()
}
