package account

import (
	"bytes"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// The methods on devices and their trust. A session is on one device; what the device may do, all of its sessions may.
var (
	Devices      = object.Method[SessionRef, DevicesOut]{Kind: KindName, Name: "devices"}
	TrustFacts   = object.Method[SessionRef, TrustFactsOut]{Kind: KindName, Name: "trust_facts"}
	Enrol        = object.Method[EnrolIn, None]{Kind: KindName, Name: "enrol"}
	RenameDevice = object.Method[RenameDeviceIn, None]{Kind: KindName, Name: "rename_device"}
	RevokeDevice = object.Method[RevokeDeviceIn, RevokeDeviceOut]{Kind: KindName, Name: "revoke_device"}
)

// DevicesOut lists the devices, trusted ones first, last used first.
type DevicesOut struct {
	Devices []api.Device `json:"devices"`
}

// TrustFactsOut is where the device of a session stands. All is false when the account does not know it.
type TrustFactsOut struct {
	Device   string `json:"device"` // id, "" when the account does not know it
	Trusted  bool   `json:"trusted"`
	Enrolled bool   `json:"enrolled"`
	Approval bool   `json:"approval"` // another device is trusted and enrolled
}

// EnrolIn gives the device of the session its key. The first device of an account that never trusted one, and has nothing to prove anything
// by, is trusted with it. That is an account of before there was trust: nobody knows which device made it, so one with so much as the address
// that was proved at its sign-up wants a proof, as for any second device.
type EnrolIn struct {
	Session SessionRef `json:"session"`
	Public  []byte     `json:"public"` // api.DeviceKeyLength bytes
	Name    string     `json:"name"`   // "": as it is
}

// RenameDeviceIn gives a device another name.
type RenameDeviceIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
	Name    string     `json:"name"` // up to api.MaxDeviceName code points
}

// RevokeDeviceIn removes a device. Its sessions end as EndSession ends them, and with them all grants that were made on it, also those
// that are good offline and those of sessions that have ended: what was on the device must be worth nothing.
type RevokeDeviceIn struct {
	Session SessionRef `json:"session"`
	ID      string     `json:"id"`
}

// RevokeDeviceOut says whether the asking session has ended with it.
type RevokeDeviceOut struct {
	Own bool `json:"own"`
}

// Disconnect is the payload of TopicDisconnect: connections of a device to the account's vault are to be cut, as its session has ended. If it
// has another one, it may connect again.
type Disconnect struct {
	Device string `json:"device"`
}

// deviceOf is the one gate to everything that needs a device. It checks the session first. ErrSession; ErrDevice when the session is of
// before devices were noted or its device was forgotten.
func deviceOf(tx *object.Tx, ref SessionRef) (device, error) {
	s, err := checkSession(tx, ref)
	if err != nil {
		return device{}, err
	}
	d, found := loadDevice(tx, s.device)
	if !found {
		return device{}, ErrDevice
	}
	return d, nil
}

// trustedDeviceOf is deviceOf, and ErrUntrusted unless the device is trusted.
func trustedDeviceOf(tx *object.Tx, ref SessionRef) (device, error) {
	d, err := deviceOf(tx, ref)
	if err == nil && d.Trusted == 0 {
		err = ErrUntrusted
	}
	return d, err
}

// trustDevice makes a device trusted, by a proof that was given on it just now. One that is trusted stays as it is. What it asked other
// devices for is answered by this. ErrDevice; ErrDevices when the account trusts as many as it may.
func trustDevice(tx *object.Tx, id string, how api.Proof) error {
	d, found := loadDevice(tx, id)
	if !found {
		return ErrDevice
	}
	if d.Trusted > 0 {
		return nil
	}
	now := tx.Now()
	var n int
	if tx.Row(`SELECT count(*) FROM device WHERE trusted > 0 AND expires > ?`, now).Scan(&n); n >= api.MaxTrusted {
		return ErrDevices
	}
	tx.Exec(`UPDATE device SET trusted = ?, proof = ? WHERE id = ?`, now, string(how), id)
	tx.Exec(`UPDATE account SET trusted = ? WHERE trusted = 0`, now)
	tx.Exec(`DELETE FROM approval WHERE device = ? AND state IN (`+openStates+`)`, id)
	return nil
}

// trustFirst is trustDevice for an account that never had a trusted device, and nothing for others.
func trustFirst(tx *object.Tx, id string) error {
	var since int64
	if tx.Row(`SELECT trusted FROM account`).Scan(&since); since > 0 {
		return nil
	}
	return trustDevice(tx, id, api.ProofFirst)
}

// disconnect sees to it that live connections of a device end. Only trusted devices with a key can have any.
func disconnect(tx *object.Tx, id string) {
	var one int
	if id != "" && tx.Row(`SELECT 1 FROM device WHERE id = ? AND trusted > 0 AND length(public) > 0`, id).Scan(&one) {
		tx.Later(TopicDisconnect, Disconnect{Device: id})
	}
}

func trustFacts(tx *object.Tx, ref SessionRef) (TrustFactsOut, error) {
	s, err := checkSession(tx, ref)
	if err != nil || s.device == "" {
		return TrustFactsOut{}, err
	}
	var out TrustFactsOut
	tx.Row(`SELECT id, trusted > 0, length(public) > 0,
		EXISTS (SELECT 1 FROM device o WHERE o.id <> d.id AND o.trusted > 0 AND length(o.public) > 0 AND o.expires > ?)
		FROM device d WHERE id = ? AND expires > ?`, tx.Now(), s.device, tx.Now()).
		Scan(&out.Device, &out.Trusted, &out.Enrolled, &out.Approval)
	return out, nil
}

func listDevices(tx *object.Tx, ref SessionRef) (DevicesOut, error) {
	out := DevicesOut{Devices: []api.Device{}}
	here, err := checkSession(tx, ref)
	if err != nil {
		return out, err
	}
	for row := range tx.Rows(`SELECT `+deviceColumns+` AS used FROM device d WHERE d.expires > ?
		ORDER BY d.trusted = 0, used DESC, d.created DESC, d.id`, tx.Now()) {
		var d device
		row.Scan(d.into()...)
		d.Current = d.ID == here.device
		out.Devices = append(out.Devices, d.Device)
	}
	return out, nil
}

func enrol(tx *object.Tx, in EnrolIn) (None, error) {
	if err := new(bounds).ref(in.Session).public(in.Public).deviceName(in.Name, 0).err(); err != nil {
		return None{}, err
	}
	d, err := deviceOf(tx, in.Session)
	if err != nil {
		return None{}, err
	}
	if in.Name == "" {
		in.Name = d.Name
	}
	same := bytes.Equal(d.Public, in.Public)
	switch {
	case same && in.Name == d.Name:
		return None{}, nil
	case !same && d.enrolled() && d.Trusted > 0:
		return None{}, ErrEnrolled
	case !same: // it asked for the approval of another key
		tx.Exec(`UPDATE approval SET state = ? WHERE device = ? AND state IN (`+openStates+`)`, string(api.ApprovalDenied), d.ID)
	}
	tx.Exec(`UPDATE device SET public = ?, label = ? WHERE id = ?`, in.Public, in.Name, d.ID)
	if len(loadFactors(tx)) > 0 {
		return None{}, nil
	}
	return None{}, trustFirst(tx, d.ID)
}

func renameDevice(tx *object.Tx, in RenameDeviceIn) (None, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).deviceName(in.Name, 1).err(); err != nil {
		return None{}, err
	}
	here, err := deviceOf(tx, in.Session)
	if err != nil {
		return None{}, err
	}
	if here.ID != in.ID && here.Trusted == 0 {
		return None{}, ErrUntrusted
	}
	var one int
	if !tx.Row(`UPDATE device SET label = ? WHERE id = ? RETURNING 1`, in.Name, in.ID).Scan(&one) {
		return None{}, ErrGone
	}
	return None{}, nil
}

func revokeDevice(tx *object.Tx, in RevokeDeviceIn) (RevokeDeviceOut, error) {
	if err := new(bounds).ref(in.Session).id(in.ID).err(); err != nil {
		return RevokeDeviceOut{}, err
	}
	here, err := checkSession(tx, in.Session)
	if err != nil {
		return RevokeDeviceOut{}, err
	}
	own := in.ID == here.device
	if d, _ := loadDevice(tx, here.device); !own && d.Trusted == 0 {
		return RevokeDeviceOut{}, ErrUntrusted
	}
	disconnect(tx, in.ID) // once, and not again for each of its sessions
	forget(tx, in.ID)
	tx.Exec(`DELETE FROM access_grant WHERE device_id = ?`, in.ID)
	for row := range tx.Rows(`SELECT id FROM session WHERE device_id = ?`, in.ID) {
		var id string
		row.Scan(&id)
		end(tx, id)
	}
	return RevokeDeviceOut{Own: own}, nil
}

func (b *bounds) public(key []byte) *bounds {
	return b.check(len(key) == api.DeviceKeyLength && key[0] == 4)
}

func (b *bounds) deviceName(name string, least int) *bounds {
	return b.text(name, least, 4*api.MaxDeviceName).check(utf8.RuneCountInString(name) <= api.MaxDeviceName)
}
