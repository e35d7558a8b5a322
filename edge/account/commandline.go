package account

import (
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// OpenSession makes a session from a grant.
var OpenSession = object.Method[OpenSessionIn, OpenSessionOut]{Kind: KindName, Name: "open_session"}

// OpenSessionIn spends a grant and makes a session in its place, once: whoever brings its token again hears ErrGrant, as for a grant that
// has expired, whose session has ended, or that is not exactly this application's for exactly this scope. The new session stands by
// itself; when and how the person signed in is what the grant's session says.
type OpenSessionIn struct {
	GrantID  string     `json:"grant_id"`
	ClientID string     `json:"client_id"`
	Scope    string     `json:"scope"`
	Session  NewSession `json:"session"` // AMR is ignored
	// Known is the command line that is asking, if it was here before; Device takes its place when it is not known. What a browser knows is
	// worth nothing here: the trust in it is not a command line's.
	Known  *DeviceRef `json:"known,omitempty"`
	Device NewDevice  `json:"device"`
}

// OpenSessionOut says whether the device was known. When not, it is Device.
type OpenSessionOut struct {
	Known bool `json:"known,omitempty"`
}

func openSession(tx *object.Tx, in OpenSessionIn) (OpenSessionOut, error) {
	if err := new(bounds).id(in.GrantID).session(in.Session).device(&in.Device).err(); err != nil {
		return OpenSessionOut{}, err
	}
	g, found := loadGrant(tx, in.GrantID)
	if !found || g.clientID != in.ClientID || g.scope != in.Scope {
		return OpenSessionOut{}, ErrGrant
	}
	deleteGrant(tx, in.GrantID) // before anything is made from it
	known, fresh := knownCommandLine(tx, in.Known), &in.Device
	if known != "" {
		fresh = nil
	}
	in.Session.AMR = g.amr
	insertSession(tx, in.Session, arriveOn(tx, known, fresh, in.Session.Place))
	tx.Exec(`UPDATE session SET auth_time = ? WHERE id = ?`, g.authTime, in.Session.ID)
	return OpenSessionOut{Known: known != ""}, nil
}

// knownCommandLine is knownDevice for command lines alone.
func knownCommandLine(tx *object.Tx, ref *DeviceRef) string {
	id, kind := knownDevice(tx, ref), ""
	if tx.Row(`SELECT kind FROM device WHERE id = ?`, id).Scan(&kind); kind != string(api.DeviceCommandLine) {
		return ""
	}
	return id
}
