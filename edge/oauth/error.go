package oauth

import (
	"errors"
	"net/http"
)

// Error is an error with a name in a specification. Two of them are the same to errors.Is when their codes are.
type Error struct {
	Code        string // of the specification, sent as it is
	Status      int    // HTTP status where the answer is direct
	Description string // helps a developer and tells a stranger nothing; only characters of RFC 6749 section 5.2
	cause       error  // for the log alone
}

// Errors of RFC 6749 sections 4.1.2.1 and 5.2.
var (
	ErrInvalidRequest          = &Error{Code: "invalid_request", Status: http.StatusBadRequest}
	ErrInvalidClient           = &Error{Code: "invalid_client", Status: http.StatusUnauthorized}
	ErrInvalidGrant            = &Error{Code: "invalid_grant", Status: http.StatusBadRequest}
	ErrUnauthorizedClient      = &Error{Code: "unauthorized_client", Status: http.StatusBadRequest}
	ErrUnsupportedGrantType    = &Error{Code: "unsupported_grant_type", Status: http.StatusBadRequest}
	ErrUnsupportedResponseType = &Error{Code: "unsupported_response_type", Status: http.StatusBadRequest}
	ErrInvalidScope            = &Error{Code: "invalid_scope", Status: http.StatusBadRequest}
	ErrAccessDenied            = &Error{Code: "access_denied", Status: http.StatusForbidden}
	ErrServer                  = &Error{Code: "server_error", Status: http.StatusInternalServerError}
	ErrUnavailable             = &Error{Code: "temporarily_unavailable", Status: http.StatusServiceUnavailable}
)

// Errors of extensions.
var (
	ErrInvalidTarget        = &Error{Code: "invalid_target", Status: http.StatusBadRequest}         // RFC 8707 section 2
	ErrUnsupportedTokenType = &Error{Code: "unsupported_token_type", Status: http.StatusBadRequest} // RFC 7009 section 2.2.1
	ErrInvalidRequestObject = &Error{Code: "invalid_request_object", Status: http.StatusBadRequest} // RFC 9101 section 7
	ErrInvalidRequestURI    = &Error{Code: "invalid_request_uri", Status: http.StatusBadRequest}    // RFC 9101 section 7
	ErrInvalidProof         = &Error{Code: "invalid_dpop_proof", Status: http.StatusBadRequest}     // RFC 9449 section 5; at a resource 401
	ErrUseNonce             = &Error{Code: "use_dpop_nonce", Status: http.StatusBadRequest}         // RFC 9449 section 8; at a resource 401
)

// Errors of RFC 7591 section 3.2.2.
var (
	ErrRegisteredURI     = &Error{Code: "invalid_redirect_uri", Status: http.StatusBadRequest}
	ErrClientMetadata    = &Error{Code: "invalid_client_metadata", Status: http.StatusBadRequest}
	ErrSoftwareStatement = &Error{Code: "unapproved_software_statement", Status: http.StatusBadRequest,
		Description: "software statements are not accepted; leave it out"}
)

// Errors of OpenID Connect Core 1.0 sections 3.1.2.6 and 6.
var (
	ErrLoginRequired          = &Error{Code: "login_required", Status: http.StatusBadRequest}
	ErrRequestNotSupported    = &Error{Code: "request_not_supported", Status: http.StatusBadRequest}
	ErrRequestURINotSupported = &Error{Code: "request_uri_not_supported", Status: http.StatusBadRequest}
	ErrRegistrationRefused    = &Error{Code: "registration_not_supported", Status: http.StatusBadRequest}
	ErrConsentRequired        = &Error{Code: "consent_required", Status: http.StatusBadRequest}
	ErrAccountSelection       = &Error{Code: "account_selection_required", Status: http.StatusBadRequest}
	// OpenID Connect Core Unmet Authentication Requirements 1.0 section 2.
	ErrUnmetAuthentication = &Error{Code: "unmet_authentication_requirements", Status: http.StatusForbidden}
)

// Errors of RFC 8628 section 3.5.
var (
	ErrAuthorizationPending = &Error{Code: "authorization_pending", Status: http.StatusBadRequest}
	ErrSlowDown             = &Error{Code: "slow_down", Status: http.StatusBadRequest}
	ErrExpiredToken         = &Error{Code: "expired_token", Status: http.StatusBadRequest}
	ErrDenied               = &Error{Code: "access_denied", Status: http.StatusBadRequest} // of a device; elsewhere ErrAccessDenied
)

// Errors of RFC 6750 section 3.1.
var (
	ErrNoToken           = &Error{Code: "", Status: http.StatusUnauthorized} // no credentials: a challenge without a code
	ErrInvalidToken      = &Error{Code: "invalid_token", Status: http.StatusUnauthorized}
	ErrInsufficientScope = &Error{Code: "insufficient_scope", Status: http.StatusForbidden}
)

// Errors that only a person sees, on the page /error; no specification names them.
var (
	ErrUnknownClient = &Error{Code: "unknown_client", Status: http.StatusBadRequest}
	ErrRedirectURI   = &Error{Code: "redirect_uri", Status: http.StatusBadRequest}
	ErrExpired       = &Error{Code: "expired", Status: http.StatusGone}
	ErrNotAssigned   = &Error{Code: "not_assigned", Status: http.StatusForbidden}
)

// Errors of reading a request, with the status that says why.
var (
	ErrTooLarge        = &Error{Code: "invalid_request", Status: http.StatusRequestEntityTooLarge, Description: "request too large"}
	ErrUnsupportedType = &Error{Code: "invalid_request", Status: http.StatusUnsupportedMediaType,
		Description: "Content-Type must be application/x-www-form-urlencoded"}
)

// Error names the code and, for logs, the cause.
func (e *Error) Error() string {
	text := "oauth: " + e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// With returns a copy of e with a description. It must be a constant, never a part of the request.
func (e *Error) With(description string) *Error {
	c := *e
	c.Description = description
	return &c
}

// From returns a copy of e that carries the cause for the log; the caller never sees it.
func (e *Error) From(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// asError finds the Error in err; everything else is ours and becomes server_error.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrServer.From(err)
}
