package account

import (
	"crypto/subtle"

	"github.com/latchkey-id/latchkey/edge/object"
)

const (
	// MaxDevices is how many devices an account knows; a further one takes the place of the one not seen for longest.
	MaxDevices = 10
	// DeviceLifetime is how long a device is known after its last sign-in, in seconds.
	DeviceLifetime = 365 * day
)

// DeviceRef is a browser's claim to be a known device.
type DeviceRef struct {
	ID         string `json:"id"`
	SecretHash []byte `json:"secret_hash"` // Hash of the secret in the device cookie
}

// NewDevice is a browser to know again. Known devices have a lock bucket of their own, nothing more.
type NewDevice struct {
	ID         string `json:"id"`          // NewID
	SecretHash []byte `json:"secret_hash"` // Hash of a NewSecret
	Label      string `json:"label"`       // "Firefox on Linux", cut to 128 bytes
}

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

func sawDevice(tx *object.Tx, id string) {
	now := tx.Now().Unix()
	tx.Exec(`UPDATE device SET seen = ?, expires = ? WHERE id = ?`, now, now+DeviceLifetime, id)
}

// rememberDevice adds a device and forgets those beyond MaxDevices, with their buckets.
func rememberDevice(tx *object.Tx, d *NewDevice) {
	if d == nil {
		return
	}
	for row := range tx.Rows(`SELECT id FROM device ORDER BY seen DESC, id LIMIT -1 OFFSET ?`, MaxDevices-1) {
		var id string
		row.Scan(&id)
		tx.Exec(`DELETE FROM device WHERE id = ?`, id)
		tx.Exec(`DELETE FROM bucket WHERE id = ?`, "device:"+id)
	}
	now := tx.Now().Unix()
	tx.Exec(`INSERT INTO device (id, secret_hash, label, seen, expires) VALUES (?, ?, ?, ?, ?)`,
		d.ID, d.SecretHash, clip(d.Label), now, now+DeviceLifetime)
	wakeBy(tx, now+DeviceLifetime)
}
