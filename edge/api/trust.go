package api

// Routes of a person's devices. A device is a browser or a command line that has signed in, as it knows itself by its cookie; it is
// trusted once a second proof was given on it. All take a live session, or answer CodeSessionRequired. CodeDeviceForgotten says that the
// account does not know the device of the session any more: signing in on it again makes it known.
const (
	RouteDevices       = "/api/devices"        // {} → Devices
	RouteDevicesEnrol  = "/api/devices/enrol"  // DeviceEnrolRequest → {}
	RouteDevicesRename = "/api/devices/rename" // DeviceRenameRequest → {}
	RouteDevicesRevoke = "/api/devices/revoke" // DeviceRevokeRequest → {}

	RouteTrust      = "/api/trust"       // {} → TrustState
	RouteTrustSend  = "/api/trust/send"  // TrustSendRequest → TrustSent
	RouteTrustProve = "/api/trust/prove" // TrustProveRequest → TrustState

	RouteApprovalBegin  = "/api/trust/approval/begin"   // on the new device: ApprovalBeginRequest → ApprovalBegun
	RouteApprovalPoll   = "/api/trust/approval/poll"    // on the new device: ApprovalPollRequest → ApprovalPolled
	RouteApprovals      = "/api/trust/approvals"        // on a trusted one: {} → Approvals
	RouteApprovalTake   = "/api/trust/approvals/take"   // on a trusted one: ApprovalTakeRequest → {}
	RouteApprovalLook   = "/api/trust/approvals/look"   // on a trusted one: ApprovalLookRequest → Approval
	RouteApprovalDecide = "/api/trust/approvals/decide" // on a trusted one: ApprovalDecideRequest → {}
)

// Limits of devices and approvals.
const (
	DeviceKeyLength   = 65  // bytes of a device's public key: an uncompressed point of P-256 (SEC 1 section 2.3.3)
	MaxDeviceName     = 64  // Unicode code points
	MaxTrusted        = 25  // trusted devices of an account; a further one is CodeTooManyDevices
	ApprovalLifetime  = 600 // seconds
	MaxApprovals      = 3   // of an account that wait at once; a further one is CodeLocked
	ApprovalCommit    = 32  // bytes of a commitment
	ApprovalNonce     = 32  // bytes of either device's nonce
	ApprovalVaultSize = 32  // bytes of what says which vault it is
)

// DeviceKind says what a device is.
type DeviceKind string

const (
	DeviceBrowser     DeviceKind = "browser" // a browser
	DeviceCommandLine DeviceKind = "cli"     // latchkey on a computer
)

// Device is a device of the account.
type Device struct {
	ID       string     `json:"id"`
	Kind     DeviceKind `json:"kind"`
	Name     string     `json:"name"`      // "Firefox on Linux", or what its owner calls it
	Place    string     `json:"place"`     // of its last sign-in: "Berlin, DE", or "" when the platform does not say
	Created  int64      `json:"created"`   // its first sign-in
	LastUsed int64      `json:"last_used"` // within five minutes
	Trusted  int64      `json:"trusted"`   // since when; 0: it is not
	Proof    Proof      `json:"proof"`     // by which it became so, "" while it is not
	Current  bool       `json:"current"`   // it is the asking one
	Public   Bytes      `json:"public"`    // its key, DeviceKeyLength bytes; empty until it enrols
}

// Proof is what made a device trusted.
type Proof string

const (
	ProofFirst    Proof = "first"    // the account was made on it, or it was the first to enrol and there was nothing to prove by
	ProofEmail    Proof = "email"    // a code to an address
	ProofSMS      Proof = "sms"      // a code to a phone, written
	ProofCall     Proof = "call"     // a code to a phone, spoken
	ProofTOTP     Proof = "totp"     // an authenticator's code (RFC 6238)
	ProofPasskey  Proof = "passkey"  // a passkey
	ProofRecovery Proof = "recovery" // the printed recovery code
	ProofApproval Proof = "approval" // a trusted device
	ProofWaiting  Proof = "waiting"  // nobody undid it while it waited
)

// Devices lists all devices, trusted ones first, last used first. A wrap for a device that is not here, or has another key, is of one that
// was revoked: remove it from the vault's keys.
type Devices struct {
	Devices []Device `json:"devices"`
}

// DeviceEnrolRequest gives the asking device its key. Asked again with the same key it does nothing. A trusted device that has another key
// already is CodeDeviceEnrolled: revoke it and sign in again. On any other a new key takes the place of the old one, and its requests for
// approval, which were for that one, are denied.
type DeviceEnrolRequest struct {
	Public Bytes  `json:"public"` // DeviceKeyLength bytes
	Name   string `json:"name"`   // what to call it; "": leave the name
}

// DeviceRenameRequest gives a device another name, on a trusted device or the device itself; CodeDeviceUntrusted. CodeNotFound when there is no such device.
type DeviceRenameRequest struct {
	ID   string `json:"id"`
	Name string `json:"name"` // 1 to MaxDeviceName code points
}

// DeviceRevokeRequest removes a device: its sessions end and its tokens with them. It takes a trusted device or the device itself, and a
// password alone does not do it; CodeDeviceUntrusted. A device that is not there was revoked already.
type DeviceRevokeRequest struct {
	ID string `json:"id"`
}

// TrustState is where a device stands.
type TrustState struct {
	Device   string        `json:"device"` // its id, "" when the account does not know it any more
	Trusted  bool          `json:"trusted"`
	Enrolled bool          `json:"enrolled"` // it has given its key
	Methods  []TrustMethod `json:"methods"`  // second proofs that can be given here
	Approval bool          `json:"approval"` // there is another trusted device with a key, which can approve
}

// TrustMethod is a second proof that the person has registered.
type TrustMethod struct {
	ID   string `json:"id"`
	Kind Proof  `json:"kind"` // email, sms, call, totp, passkey or recovery
	Hint string `json:"hint"` // "a…@example.org", "+49 … 42", the name of a passkey
}

// TrustSendRequest has a code sent, or the challenge of a passkey made.
type TrustSendRequest struct {
	Method   string `json:"method"`
	Channel  string `json:"channel,omitempty"`  // of a phone: sms or call
	Language string `json:"language,omitempty"` // BCP 47; of the message
}

// TrustSent is a challenge under way.
type TrustSent struct {
	Challenge string `json:"challenge"`
	Expires   int64  `json:"expires"`
	Options   string `json:"options,omitempty"` // of a passkey: PublicKeyCredentialRequestOptionsJSON (Web Authentication Level 3 section 5.1.10)
}

// TrustProveRequest answers a challenge, or proves by a method that has none. CodeWrong with TriesLeft, CodeSpent.
type TrustProveRequest struct {
	Challenge string `json:"challenge,omitempty"`
	Method    string `json:"method,omitempty"`
	Code      string `json:"code,omitempty"`      // of a message or an authenticator
	Recovery  Bytes  `json:"recovery,omitempty"`  // what the device derived from the recovery code
	Assertion string `json:"assertion,omitempty"` // of a passkey: AuthenticationResponseJSON
}

// ApprovalBeginRequest asks the trusted devices to approve this one, which is enrolled. A request of the same device that still waits makes
// way. CodeApprovalNone when there is no trusted device to ask, CodeDeviceTrusted when this one is trusted already.
type ApprovalBeginRequest struct {
	Commit Bytes `json:"commit"` // to this device's nonce, ApprovalCommit bytes
}

// ApprovalBegun names the request.
type ApprovalBegun struct {
	ID      string `json:"id"`
	Expires int64  `json:"expires"`
}

// ApprovalStatus says how far an approval is.
type ApprovalStatus string

const (
	ApprovalWaiting  ApprovalStatus = "waiting"  // for a trusted device
	ApprovalTaken    ApprovalStatus = "taken"    // a trusted device has shown its nonce
	ApprovalRevealed ApprovalStatus = "revealed" // and the new one the nonce it had committed itself to
	ApprovalApproved ApprovalStatus = "approved" // the new device is trusted
	ApprovalDenied   ApprovalStatus = "denied"   // by a trusted device, or by what became of either device
	ApprovalExpired  ApprovalStatus = "expired"  // or there never was one
)

// ApprovalPollRequest asks how far it is. Once it is taken it brings the nonce.
type ApprovalPollRequest struct {
	ID     string `json:"id"`
	Reveal Bytes  `json:"reveal,omitempty"` // ApprovalNonce bytes, when it is taken; once
}

// ApprovalPolled is how far it is.
type ApprovalPolled struct {
	State       ApprovalStatus `json:"state"`
	Nonce       Bytes          `json:"nonce"`       // of the trusted device, once it is taken
	Fingerprint Bytes          `json:"fingerprint"` // of the vault that it opens, once it is taken
}

// Approvals lists what waits for an answer, newest first.
type Approvals struct {
	Approvals []Approval `json:"approvals"`
}

// Approval is a device that asks to be trusted.
type Approval struct {
	ID      string         `json:"id"`
	Device  Device         `json:"device"`
	Commit  Bytes          `json:"commit"`
	Created int64          `json:"created"`
	Expires int64          `json:"expires"`
	State   ApprovalStatus `json:"state"`
	Mine    bool           `json:"mine"`   // it was taken on the asking device
	Reveal  Bytes          `json:"reveal"` // the nonce of the commitment, once it is there
}

// ApprovalTakeRequest begins to answer. One device can: any other, and the same one with another nonce, hears CodeApprovalTaken. CodeExpired
// when nobody waits any more.
type ApprovalTakeRequest struct {
	ID          string `json:"id"`
	Nonce       Bytes  `json:"nonce"`       // ApprovalNonce bytes
	Fingerprint Bytes  `json:"fingerprint"` // ApprovalVaultSize bytes, of the vault that the asking device opens
}

// ApprovalLookRequest asks for one approval. CodeExpired when nobody waits any more.
type ApprovalLookRequest struct {
	ID string `json:"id"`
}

// ApprovalDecideRequest answers. Only the device that has taken it can allow, after the nonce was revealed and the number matched there; any
// trusted device can deny. CodeApprovalTaken when another device has it or it is answered, CodeExpired.
type ApprovalDecideRequest struct {
	ID    string `json:"id"`
	Allow bool   `json:"allow"`
}
