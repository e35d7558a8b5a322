package account

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// MaxDevices is how many devices an account knows without trusting them; a further one takes the place of the one not seen for
	// longest. Those that it trusts (api.MaxTrusted) make way for nobody.
	MaxDevices = 10
	// DeviceLifetime is how long a device is known after its last sign-in, in seconds.
	DeviceLifetime = 365 * day
)

// DeviceRef is a browser's claim to be a known device.
type DeviceRef struct {
	ID         string `json:"id"`
	SecretHash []byte `json:"secret_hash"` // Hash of the secret in the device cookie
}

// NewDevice is a browser or a command line to know again. Known devices have a lock bucket of their own; what a trusted one may do beside,
// trust.go says.
type NewDevice struct {
	ID         string         `json:"id"`             // NewID
	SecretHash []byte         `json:"secret_hash"`    // Hash of a NewSecret
	Label      string         `json:"label"`          // "Firefox on Linux", cut to 128 bytes
	Kind       api.DeviceKind `json:"kind,omitempty"` // "": a browser
}

// device is a row.
type device struct{ api.Device }

func (d device) enrolled() bool { return len(d.Public) > 0 }

// knownDevice is the id of the device if ref is right, else "". It runs one statement in every case.
func knownDevice(tx *object.Tx, ref *DeviceRef) string {
	if ref == nil {
		ref = &DeviceRef{}
	}
	var hash []byte
	var expires int64
	found := tx.Row(`SELECT secret_hash, expires FROM device WHERE id = ?`, ref.ID).Scan(&hash, &expires)
	if !found || tx.Now().Unix() >= expires || subtle.ConstantTimeCompare(hash, ref.SecretHash) != 1 {
		return ""
	}
	return ref.ID
}

// arriveOn notes a sign-in on a known device, "" for none, or on a new one, which counts when there is one: it is the one that the browser
// will show from now on. It returns the id of the device.
func arriveOn(tx *object.Tx, known string, fresh *NewDevice, place string) string {
	if fresh != nil {
		rememberDevice(tx, *fresh, place)
		return fresh.ID
	}
	now := tx.Now().Unix()
	tx.Exec(`UPDATE device SET seen = ?, expires = ?, place = ? WHERE id = ?`, now, now+DeviceLifetime, clip(place), known)
	return known
}

// rememberDevice adds a device and forgets untrusted ones beyond MaxDevices.
func rememberDevice(tx *object.Tx, d NewDevice, place string) {
	for row := range tx.Rows(`SELECT id FROM device WHERE trusted = 0 ORDER BY seen DESC, id LIMIT -1 OFFSET ?`, MaxDevices-1) {
		var id string
		row.Scan(&id)
		forget(tx, id)
	}
	if d.Kind == "" {
		d.Kind = api.DeviceBrowser
	}
	now := tx.Now().Unix()
	tx.Exec(`INSERT INTO device (id, secret_hash, label, seen, expires, kind, place, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.SecretHash, clip(d.Label), now, now+DeviceLifetime, string(d.Kind), clip(place), now)
	wakeBy(tx, now+DeviceLifetime)
}

// forget removes a device, its bucket and its part in approvals. A device that waits for one that it would answer hears that it is denied.
func forget(tx *object.Tx, id string) {
	tx.Exec(`DELETE FROM device WHERE id = ?`, id)
	tx.Exec(`DELETE FROM bucket WHERE id = ?`, "device:"+id)
	tx.Exec(`DELETE FROM approval WHERE device = ?`, id)
	tx.Exec(`UPDATE approval SET state = ? WHERE approver = ? AND state IN (`+openStates+`)`, string(api.ApprovalDenied), id)
}

const deviceColumns = `d.id, d.kind, d.label, d.place, d.created, d.trusted, d.proof, d.public,
	max(d.seen, coalesce((SELECT max(s.last_used) FROM session s WHERE s.device_id = d.id), 0))`

// into are where deviceColumns go.
func (d *device) into() []any {
	return []any{&d.ID, (*string)(&d.Kind), &d.Name, &d.Place, &d.Created, &d.Trusted, (*string)(&d.Proof), (*[]byte)(&d.Public), &d.LastUsed}
}

// loadDevice reads a device, unless it has not been seen for too long.
func loadDevice(tx *object.Tx, id string) (d device, found bool) {
	found = tx.Row(`SELECT `+deviceColumns+` FROM device d WHERE d.id = ? AND d.expires > ?`, id, tx.Now()).Scan(d.into()...)
	return d, found
}
