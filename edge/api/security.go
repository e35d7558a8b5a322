package api

import "strings"

// Routes of a person's security information: what they can prove themselves by, beside the password. All take a live session. What
// changes it takes a trusted device (CodeDeviceUntrusted) and a recent proof (CodeConfirmRequired): whoever has only the password, or only
// an open browser, cannot add a proof of their own.
const (
	RouteSecurity      = "/api/security"                // GET: Security
	RouteEmailAdd      = "/api/security/email/add"      // EmailAddRequest → SecuritySent
	RoutePhoneAdd      = "/api/security/phone/add"      // PhoneAddRequest → SecuritySent
	RouteFactorVerify  = "/api/security/verify"         // FactorVerifyRequest → {}
	RouteTOTPBegin     = "/api/security/totp/begin"     // {} → TOTPBegun
	RouteTOTPFinish    = "/api/security/totp/finish"    // TOTPFinishRequest → {}
	RoutePasskeyBegin  = "/api/security/passkey/begin"  // {} → PasskeyBegun
	RoutePasskeyFinish = "/api/security/passkey/finish" // PasskeyFinishRequest → {}
	RouteRecoveryPut   = "/api/security/recovery/put"   // RecoveryPutRequest → {}
	RouteFactorRemove  = "/api/security/remove"         // FactorRemoveRequest → FactorRemoved
	RouteSecurityUndo  = "/api/security/undo"           // SecurityUndoRequest → {}
	RouteConfirm       = "/api/security/confirm"        // ConfirmRequest → Confirmed
	RouteConfirmSend   = "/api/security/confirm/send"   // TrustSendRequest → TrustSent
	RouteConfirmProve  = "/api/security/confirm/prove"  // TrustProveRequest → Confirmed
	RouteTrustWait     = "/api/trust/wait"              // TrustWaitRequest → SecurityWaiting
)

// Limits of security information.
const (
	MaxFactors        = 20  // of an account; a further one is CodeTooManyFactors
	MaxPasskeys       = 10  // of them
	ConfirmLifetime   = 600 // seconds that a proof is recent, the password of a sign-in included
	RecoveryProofSize = 32  // bytes that the device derives from the recovery code
	MaxFactorName     = 64  // Unicode code points of what a passkey is called
	MaxPhone          = 16  // bytes of a phone number: "+" and up to 15 digits (ITU-T E.164)
)

// KindPhone is the kind of a factor that serves ProofSMS and ProofCall. The other kinds are ProofEmail, ProofTOTP, ProofPasskey and
// ProofRecovery.
const KindPhone Proof = "phone"

// Security is all of it.
type Security struct {
	Factors   []Factor          `json:"factors"` // oldest first
	Waiting   []SecurityWaiting `json:"waiting"` // soonest first
	Confirmed int64             `json:"confirmed_until"`
	Phones    bool              `json:"phones"` // this service can reach phones
}

// Factor is something to prove oneself by.
type Factor struct {
	ID      string `json:"id"`
	Kind    Proof  `json:"kind"`
	Value   string `json:"value"` // address or number in full: the owner looks at it; else ""
	Name    string `json:"name"`  // of a passkey
	Created int64  `json:"created"`
	Used    int64  `json:"used"` // last, 0 for never
	PRF     bool   `json:"prf"`  // a passkey that can open a vault; in what a page hears, what opens the present one
}

// What waits.
const (
	WaitRemove = "remove" // a factor goes
	WaitTrust  = "trust"  // a device becomes trusted
)

// SecurityWaiting is a change that was asked for and happens when it is due, unless somebody undoes it.
type SecurityWaiting struct {
	ID      string `json:"id"`
	What    string `json:"what"`    // WaitRemove or WaitTrust
	Subject string `json:"subject"` // id of the factor or the device
	Due     int64  `json:"due"`
}

// EmailAddRequest adds an address after a code sent there was right.
type EmailAddRequest struct {
	Address  string `json:"address"`
	Language string `json:"language,omitempty"`
}

// PhoneAddRequest adds a phone after a code sent there was right.
type PhoneAddRequest struct {
	Number   string `json:"number"`  // E.164: +4930123456; spaces, dashes and brackets between digits are dropped
	Channel  string `json:"channel"` // sms or call
	Language string `json:"language,omitempty"`
}

// SecuritySent says that a code is on its way. CodeUndeliverable when it cannot be.
type SecuritySent struct {
	Challenge string `json:"challenge"`
	Expires   int64  `json:"expires"`
}

// FactorVerifyRequest adds what the challenge is for. CodeWrong with TriesLeft, CodeSpent.
type FactorVerifyRequest struct {
	Challenge string `json:"challenge"`
	Code      string `json:"code"`
}

// TOTPBegun is a secret for an authenticator (RFC 6238: SHA-1, 6 digits, 30 seconds).
type TOTPBegun struct {
	ID     string `json:"id"`
	Secret string `json:"secret"` // base32, to be typed
	URI    string `json:"uri"`    // otpauth:, to be shown as a QR code
}

// TOTPFinishRequest adds the authenticator when it shows the right code.
type TOTPFinishRequest struct {
	ID   string `json:"id"`
	Code string `json:"code"`
}

// PasskeyBegun is what the browser makes a passkey by.
type PasskeyBegun struct {
	Challenge string `json:"challenge"`
	Options   string `json:"options"` // PublicKeyCredentialCreationOptionsJSON (Web Authentication Level 3 section 5.1.9)
}

// PasskeyFinishRequest adds the passkey, as a factor whose id is the challenge. CodePasskeyInvalid.
type PasskeyFinishRequest struct {
	Challenge  string `json:"challenge"`
	Credential string `json:"credential"` // RegistrationResponseJSON
	Name       string `json:"name"`       // 1 to MaxFactorName code points
}

// RecoveryPutRequest registers a recovery code, in the place of a former one. The service gets what proves the code, and not the code.
type RecoveryPutRequest struct {
	Verifier Bytes  `json:"verifier"` // RecoveryProofSize bytes
	Language string `json:"language,omitempty"`
}

// FactorRemoveRequest removes a factor. The last one that is not new waits, with notices.
type FactorRemoveRequest struct {
	ID       string `json:"id"`
	Language string `json:"language,omitempty"`
}

// FactorRemoved says when it goes.
type FactorRemoved struct {
	Waiting *SecurityWaiting `json:"waiting,omitempty"` // nil: it is gone
}

// SecurityUndoRequest stops what waits: a removal on any trusted device, the trust of a device in any session. CodeNotFound when it has
// happened or was undone.
type SecurityUndoRequest struct {
	ID string `json:"id"`
}

// ConfirmRequest proves the password again, by what /api/account/reauth/finish gave.
type ConfirmRequest struct {
	Proof string `json:"proof"`
}

// Confirmed says until when this session has a recent proof.
type Confirmed struct {
	Until int64 `json:"until"`
}

// TrustWaitRequest asks that this device become trusted after the waiting time. Only for an account that has nothing to prove itself by
// and no trusted device; any other is CodeTrustOtherwise. Asked again it answers the same.
type TrustWaitRequest struct {
	Language string `json:"language,omitempty"`
}

// ValidPhone reports whether s is a phone number as ITU-T E.164 section 6 has it, with "+" and no other sign: 7 to 15 digits, the first of which
// is not 0.
func ValidPhone(s string) bool {
	digits, found := strings.CutPrefix(s, "+")
	return found && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
