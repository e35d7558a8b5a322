package api

// Code names a problem for a program; pages translate it. Codes are stable.
type Code string

const (
	CodeBadRequest         Code = "bad_request"         // 400: not the JSON this route takes
	CodeInvalidUPN         Code = "invalid_upn"         // 400: not user@domain
	CodeDomainUnknown      Code = "domain_unknown"      // 404: no organisation has registered the domain
	CodeInvalidCredentials Code = "invalid_credentials" // 401: name or password is wrong; never says which
	CodeLocked             Code = "locked"              // 429: too many attempts for this name; RetryAfter
	CodeTooManyAttempts    Code = "too_many_attempts"   // 429: too many attempts from this address; RetryAfter
	CodeExpired            Code = "expired"             // 410: the flow, state or proof is too old or was used; start again
	CodeSessionRequired    Code = "session_required"    // 401: sign in first
	CodeForbiddenOrigin    Code = "forbidden_origin"    // 403: not from one of our own pages
	CodeNameTaken          Code = "name_taken"          // 409: only for new addresses of the service
	CodeNameInvalid        Code = "name_invalid"        // 400: the wished-for name has characters or a length we refuse
	CodeSignupLimit        Code = "signup_limit"        // 429: this address has created its accounts for now; RetryAfter
	CodeWrong              Code = "code_wrong"          // 400: TriesLeft
	CodeSpent              Code = "code_spent"          // 410: five wrong tries, or older than ten minutes; ask for a new one
	CodeRecordInvalid      Code = "record_invalid"      // 400: not a password record made by a current client
	CodeDeviceUnknown      Code = "device_unknown"      // 404: no device waits for an answer with this code
	CodeNotAssigned        Code = "not_assigned"        // 403: the application is not for this person
	CodeDeviceUntrusted    Code = "device_untrusted"    // 403: this device has to give a second proof first
	CodeDeviceTrusted      Code = "device_trusted"      // 409: this device is trusted already
	CodeDeviceEnrolled     Code = "device_enrolled"     // 409: this device has another key already
	CodeDeviceForgotten    Code = "device_forgotten"    // 409: the account does not know the device of this session; sign in again
	CodeDeviceKeyless      Code = "device_keyless"      // 409: this device has not given its key yet
	CodeTooManyDevices     Code = "too_many_devices"    // 409: as many devices as can be are trusted; revoke one first
	CodeApprovalNone       Code = "approval_none"       // 409: no other trusted device could approve this one
	CodeApprovalTaken      Code = "approval_taken"      // 409: another device answers this, or it was answered
	CodeConfirmRequired    Code = "confirm_required"    // 403: prove the password or a factor again first
	CodeUndeliverable      Code = "undeliverable"       // 422: no message reaches this address or number
	CodeAddressInvalid     Code = "address_invalid"     // 400: not an e-mail address
	CodePhoneInvalid       Code = "phone_invalid"       // 400: not a phone number with its country's prefix
	CodePhonesOff          Code = "phones_off"          // 409: this service sends nothing to phones
	CodeFactorExists       Code = "factor_exists"       // 409: it is registered already
	CodeTooManyFactors     Code = "too_many_factors"    // 409: remove one first
	CodePasskeyInvalid     Code = "passkey_invalid"     // 400: the passkey did not prove what was asked
	CodeTrustOtherwise     Code = "trust_otherwise"     // 409: there is another way to have this device trusted
	CodeVaultMissing       Code = "vault_missing"       // 404: the account has no vault yet
	CodeVaultExists        Code = "vault_exists"        // 409: the account has a vault already
	CodeVaultReplaced      Code = "vault_replaced"      // 409: another vault is the present one; pull it from the beginning
	CodeVaultConflict      Code = "vault_conflict"      // 409: written by another device meanwhile; Conflict
	CodeVaultCursor        Code = "vault_cursor"        // 409: the cursor is ahead of the vault, which may have been rolled back
	CodeVaultKeys          Code = "vault_keys"          // 409: the keys have another version by now; get them
	CodeVaultKept          Code = "vault_kept"          // 409: too many earlier vaults are kept; erase one
	CodeApplicationKey     Code = "application_key"     // 409: the person has erased what the application kept; ask for the key again
	CodeQuota              Code = "quota"               // 507: the vault is full; nothing was written
	CodeRecordTooLarge     Code = "record_too_large"    // 413: a record of the vault is over its limit
	CodeBatchTooLarge      Code = "batch_too_large"     // 413: too many records, or too many bytes, at once
	CodeNotFound           Code = "not_found"           // 404
	CodeTooLarge           Code = "too_large"           // 413
	CodeUnsupportedMedia   Code = "unsupported_media"   // 415
	CodeInternal           Code = "internal"            // 500: ours; Instance is the request id to quote
	CodeUnavailable        Code = "unavailable"         // 503: try again
)

// Problem is an RFC 9457 problem document (application/problem+json).
type Problem struct {
	Type       string `json:"type"` // "urn:latchkey:problem:" + Code
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Instance   string `json:"instance,omitempty"` // request id
	Code       Code   `json:"code"`
	RetryAfter int64  `json:"retry_after,omitempty"` // seconds
	TriesLeft  int    `json:"tries_left,omitempty"`
	// Conflict comes with CodeVaultConflict: what is there instead.
	Conflict *VaultConflict `json:"conflict,omitempty"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Title }
