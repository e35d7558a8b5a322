package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"github.com/latchkey-id/latchkey/edge/object"
)

// KindName is the name of the kind of object.
const KindName = "account"

// Topics of the outbox; Deps.Effects delivers them.
const (
	TopicMail        = "mail"         // payload: BeginSignupIn.Mail or ReplaceCodeIn.Mail, as the caller made it
	TopicMailTrusted = "mail_trusted" // likewise, when a trusted device has asked: BeginRecoveryIn.Mail
	TopicNamesCommit = "names.commit" // payload: NamesCommit
	TopicLogout      = "logout"       // payload: Logout
	TopicDisconnect  = "disconnect"   // payload: Disconnect
	TopicNotice      = "notice"       // payload: Notice
)

// Errors of the object's methods. Each rolled its transaction back; a "no" that must be remembered, such as a wrong code, is
// a result instead.
var (
	// ErrSignup: there is no sign-up here; it never began, was given up, or is an account by now.
	ErrSignup = object.NewError("account: no sign-up")
	// ErrUnverified: the e-mail address of the sign-up has not been proved.
	ErrUnverified = object.NewError("account: address not verified")
	// ErrSpent: the attempt or proof was used, is too old, belongs to a former password or to a decoy; or the sign-up has
	// had all the codes it may have.
	ErrSpent = object.NewError("account: spent")
	// ErrSession: the session has ended or its secret is wrong.
	ErrSession = object.NewError("account: no session")
	// ErrStale: the session is live, but the password was given too long ago for what is asked (Authorize).
	ErrStale = object.NewError("account: authenticated too long ago")
	// ErrConsent: the person has not agreed to what is asked (Authorize).
	ErrConsent = object.NewError("account: no consent")
	// ErrAssignment: the application is not for this person (Authorize).
	ErrAssignment = object.NewError("account: not assigned")
	// ErrGrant: the access grant has expired or was revoked.
	ErrGrant = object.NewError("account: no grant")
	// ErrDevice: the account does not know the device of the session.
	ErrDevice = object.NewError("account: no device")
	// ErrGone: there is no such device, or not any more.
	ErrGone = object.NewError("account: device gone")
	// ErrUntrusted: the device of the session is not trusted.
	ErrUntrusted = object.NewError("account: device not trusted")
	// ErrTrusted: the device of the session is trusted already.
	ErrTrusted = object.NewError("account: device trusted")
	// ErrKeyless: the device of the session has not enrolled.
	ErrKeyless = object.NewError("account: device without a key")
	// ErrEnrolled: the trusted device of the session has another key.
	ErrEnrolled = object.NewError("account: device with another key")
	// ErrDevices: the account trusts api.MaxTrusted devices.
	ErrDevices = object.NewError("account: too many devices")
	// ErrApprover: there is no other trusted device that could approve.
	ErrApprover = object.NewError("account: no device to approve")
	// ErrTaken: another device answers the request for approval, or it was answered.
	ErrTaken = object.NewError("account: approval taken")
	// ErrUnconfirmed: the session has no recent proof.
	ErrUnconfirmed = object.NewError("account: not confirmed")
	// ErrFactor: there is no such factor, or nothing of the kind waits, or not any more.
	ErrFactor = object.NewError("account: no factor")
	// ErrFactorExists: the account has the factor already.
	ErrFactorExists = object.NewError("account: factor exists")
	// ErrFactors: the account has as many factors as it may.
	ErrFactors = object.NewError("account: too many factors")
	// ErrOtherwise: the device need not wait, as there is another way to trust it.
	ErrOtherwise = object.NewError("account: trust otherwise")
	// ErrBounds: an argument is missing, too long or not of its form. Callers check first; this is the second line.
	ErrBounds = object.NewError("account: argument out of bounds")
)

// Deps is what the object needs from outside.
type Deps struct {
	Effects map[string]object.Effect // by topic; each of the topics must be there
	Wait    int64                    // seconds that a risky change of security information waits; 0: DefaultWait
}

// None is the result of a method that has nothing to tell.
type None struct{}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes an account id: 128 random bits as 26 characters of lower-case base32. It is the name of the object and the
// `sub` that applications see.
func NewID() string { return random() }

// NewSecret makes a secret for a session, device, proof or authorization code: 128 random bits, 26 characters.
func NewSecret() string { return random() }

func random() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return encoding.EncodeToString(b[:])
}

// Hash is how secrets of NewSecret are stored: SHA-256. It is not for anything a person chose or could guess.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// DecoyID is the decoy object for a name nobody has, chosen by the first byte of mac, the name's MAC under a secret key.
func DecoyID(mac []byte) string { return "decoy-" + hex.EncodeToString(mac[:1]) }

// ValidID reports whether id has the form of an account's or a decoy's id.
func ValidID(id string) bool {
	if decoy, ok := strings.CutPrefix(id, "decoy-"); ok {
		return len(decoy) == 2 && strings.Trim(decoy, "0123456789abcdef") == ""
	}
	return len(id) == 26 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func decoy(id string) bool { return strings.HasPrefix(id, "decoy-") }
