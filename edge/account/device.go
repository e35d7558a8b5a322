package account

// MaxDevices is how many devices an account knows; a further one takes the place of the one not seen for longest.
const MaxDevices = 10

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
