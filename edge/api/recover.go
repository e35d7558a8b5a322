package api

// Routes of a forgotten password. None takes a session, and none says whether there is an account of a name or what is registered with it:
// an unknown name is answered as a known one, and no proof of it is ever right.
const (
	RouteRecoverBegin    = "/api/recover/begin"    // RecoverBeginRequest → RecoverBegun
	RouteRecoverProve    = "/api/recover/prove"    // RecoverProveRequest → RecoverProved
	RouteRecoverPassword = "/api/recover/password" // RecoverPasswordRequest → RegistrationResponse
	RouteRecoverFinish   = "/api/recover/finish"   // RecoverFinishRequest → RecoverFinished
)

// RecoverBeginRequest says whose password was forgotten and how its owner means to prove it. An address or a number is typed in full: it is
// not shown to who only knows the name.
type RecoverBeginRequest struct {
	Flow     string `json:"flow,omitempty"` // id of the flow the page was opened with
	UPN      string `json:"upn"`
	Kind     Proof  `json:"kind"`               // email, sms, call, totp, passkey or recovery
	Value    string `json:"value,omitempty"`    // of email, sms and call
	Language string `json:"language,omitempty"` // BCP 47; of the message
}

// RecoverBegun carries the proof under way. A code is on its way if there is such an account with such an address or number.
type RecoverBegun struct {
	State   string `json:"state"`
	Expires int64  `json:"expires"`
	Options string `json:"options,omitempty"` // of a passkey: PublicKeyCredentialRequestOptionsJSON
}

// RecoverProveRequest gives the proof. CodeWrong with TriesLeft, CodeSpent.
type RecoverProveRequest struct {
	State     string `json:"state"`
	Code      string `json:"code,omitempty"`      // of a message or an authenticator
	Recovery  Bytes  `json:"recovery,omitempty"`  // what the device derived from the recovery code
	Assertion string `json:"assertion,omitempty"` // of a passkey: AuthenticationResponseJSON
}

// RecoverProved lets a new password be set.
type RecoverProved struct {
	State   string `json:"state"`
	Account string `json:"account"` // its id, which the client derives keys with
	UPN     string `json:"upn"`
	Keeps   bool   `json:"keeps"` // the same secret opens the settings: a recovery code, or a passkey that can
}

// RecoverPasswordRequest starts OPAQUE registration of the new password; it may be repeated.
type RecoverPasswordRequest struct {
	State   string `json:"state"`
	Request Bytes  `json:"request"` // RFC 9807 section 5.1, registration request
}

// RecoverFinishRequest sets the new password and signs in. All other sessions end, and so does what applications may do without one. The
// device becomes trusted by the proof.
type RecoverFinishRequest struct {
	State  string `json:"state"`
	Record Bytes  `json:"record"`
	KSF    KSF    `json:"ksf"`
	Keep   bool   `json:"keep"`
}

// RecoverFinished says where the browser goes next; the session cookie comes with it.
type RecoverFinished struct {
	Redirect string `json:"redirect"`
	Trusted  bool   `json:"trusted"` // false: as many devices as can be are trusted already
}
