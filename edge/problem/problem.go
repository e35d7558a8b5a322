// Package problem reads the JSON bodies of /api and writes its answers and problem documents (RFC 9457): one place decides
// status, title and headers for a code, what a body may look like, and what of an unexpected error the caller hears (nothing
// but the request id to quote; the detail goes to the log).
//
// Services with a JSON interface use it (edge/signin, edge/portal, edge/token for sign-out). It knows no service, no object
// and no session. OAuth endpoints answer OAuth errors instead (edge/oauth).
package problem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
)

// RequestHeader carries the id of a request. The bridge to the runtime, or the native server, sets it and strips what a client sent.
const RequestHeader = "Latchkey-Request"

const typePrefix = "urn:latchkey:problem:"

type kind struct {
	status int
	title  string
}

var kinds = map[api.Code]kind{
	api.CodeBadRequest:         {http.StatusBadRequest, "The request is not what this address takes."},
	api.CodeInvalidUPN:         {http.StatusBadRequest, "That is not a name of the form user@domain."},
	api.CodeDomainUnknown:      {http.StatusNotFound, "No organisation has registered this domain here."},
	api.CodeInvalidCredentials: {http.StatusUnauthorized, "The name or the password is wrong."},
	api.CodeLocked:             {http.StatusTooManyRequests, "Too many attempts for this name. Try again later."},
	api.CodeTooManyAttempts:    {http.StatusTooManyRequests, "Too many attempts from this address. Try again later."},
	api.CodeExpired:            {http.StatusGone, "This took too long or was done already. Start again."},
	api.CodeSessionRequired:    {http.StatusUnauthorized, "Sign in first."},
	api.CodeForbiddenOrigin:    {http.StatusForbidden, "The request does not come from a page of this service."},
	api.CodeNameTaken:          {http.StatusConflict, "This name is taken."},
	api.CodeNameInvalid:        {http.StatusBadRequest, "This name cannot be used for a new account."},
	api.CodeSignupLimit:        {http.StatusTooManyRequests, "No more accounts can be created from this address for now."},
	api.CodeWrong:              {http.StatusBadRequest, "The code is wrong."},
	api.CodeSpent:              {http.StatusGone, "This code does not count any more. Ask for a new one."},
	api.CodeRecordInvalid:      {http.StatusBadRequest, "The password record was not made by a current client."},
	api.CodeDeviceUnknown:      {http.StatusNotFound, "No device is waiting with this code."},
	api.CodeNotAssigned:        {http.StatusForbidden, "This application is not for this account."},
	api.CodeDeviceUntrusted:    {http.StatusForbidden, "This device has to be confirmed first."},
	api.CodeDeviceTrusted:      {http.StatusConflict, "This device is confirmed already."},
	api.CodeDeviceEnrolled:     {http.StatusConflict, "This device has another key already. Sign it out and in again."},
	api.CodeDeviceForgotten:    {http.StatusConflict, "This device is not known any more. Sign in again."},
	api.CodeDeviceKeyless:      {http.StatusConflict, "This device has not set up its key yet."},
	api.CodeTooManyDevices:     {http.StatusConflict, "Too many devices are confirmed. Remove one first."},
	api.CodeApprovalNone:       {http.StatusConflict, "There is no other confirmed device to ask."},
	api.CodeApprovalTaken:      {http.StatusConflict, "Another device is answering this, or it was answered."},
	api.CodeConfirmRequired:    {http.StatusForbidden, "Confirm first that it is you."},
	api.CodeUndeliverable:      {http.StatusUnprocessableEntity, "No message can be delivered there."},
	api.CodeAddressInvalid:     {http.StatusBadRequest, "That is not an e-mail address."},
	api.CodePhoneInvalid:       {http.StatusBadRequest, "That is not a phone number with the prefix of its country, such as +49."},
	api.CodePhonesOff:          {http.StatusConflict, "This service sends nothing to phones."},
	api.CodeFactorExists:       {http.StatusConflict, "This is registered already."},
	api.CodeTooManyFactors:     {http.StatusConflict, "That is as much as can be registered. Remove something first."},
	api.CodePasskeyInvalid:     {http.StatusBadRequest, "The passkey did not prove what was asked."},
	api.CodeTrustOtherwise:     {http.StatusConflict, "There is another way to confirm this device."},
	api.CodeVaultMissing:       {http.StatusNotFound, "This account has no vault yet."},
	api.CodeVaultExists:        {http.StatusConflict, "This account has a vault already."},
	api.CodeVaultReplaced:      {http.StatusConflict, "This vault was put aside. Start from the present one."},
	api.CodeVaultConflict:      {http.StatusConflict, "Another device has changed this meanwhile."},
	api.CodeVaultCursor:        {http.StatusConflict, "The device has seen more than the vault holds."},
	api.CodeVaultKeys:          {http.StatusConflict, "The keys of the vault have changed meanwhile."},
	api.CodeVaultKept:          {http.StatusConflict, "Too many earlier vaults are kept. Erase one first."},
	api.CodeApplicationKey:     {http.StatusConflict, "This key opens nothing any more. Ask the person for the key again."},
	api.CodeQuota:              {http.StatusInsufficientStorage, "The vault is full."},
	api.CodeRecordTooLarge:     {http.StatusRequestEntityTooLarge, "A setting is larger than the vault takes."},
	api.CodeBatchTooLarge:      {http.StatusRequestEntityTooLarge, "These are too many settings at once."},
	api.CodeNotFound:           {http.StatusNotFound, "There is no such thing."},
	api.CodeTooLarge:           {http.StatusRequestEntityTooLarge, "The request is too large."},
	api.CodeUnsupportedMedia:   {http.StatusUnsupportedMediaType, "The request must be application/json."},
	api.CodeInternal:           {http.StatusInternalServerError, "Something went wrong on our side."},
	api.CodeUnavailable:        {http.StatusServiceUnavailable, "Not available at the moment. Try again."},
}

// New returns the problem of a code, with its status and title. A code that is none becomes CodeInternal.
func New(code api.Code) *api.Problem {
	k, known := kinds[code]
	if !known {
		code, k = api.CodeInternal, kinds[api.CodeInternal]
	}
	return &api.Problem{Type: typePrefix + string(code), Title: k.title, Status: k.status, Code: code}
}

// Retry returns the problem of a code that passes by itself after wait, rounded up to whole seconds and at least one.
func Retry(code api.Code, wait time.Duration) *api.Problem {
	p := New(code)
	p.RetryAfter = max(1, int64((wait+time.Second-1)/time.Second))
	return p
}

// Because is the problem of a code, with err in its chain for the log.
func Because(code api.Code, err error) error { return fmt.Errorf("%w: %w", New(code), err) }

// Codes are what a caller is told of the errors of an object.
type Codes []struct {
	Err  error
	Code api.Code
}

// Of is Because for an error of the list. Any other, and nil, stays what it is.
func (c Codes) Of(err error) error {
	for _, known := range c {
		if errors.Is(err, known.Err) {
			return Because(known.Code, err)
		}
	}
	return err
}

// Empty is a body, of a request or an answer, that has nothing to tell: {}.
type Empty struct{}

// Write answers err. An *api.Problem anywhere in its chain goes out as it is; anything else is CodeInternal and its detail goes to
// log. The answer is never cached and, when it says when to try again, carries Retry-After (RFC 9110 section 10.2.3).
func Write(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	var p *api.Problem
	if !errors.As(err, &p) {
		logUnexpected(r, log, err)
		p = New(api.CodeInternal)
	}
	out := *p
	out.Instance = r.Header.Get(RequestHeader)
	if out.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(out.RetryAfter, 10))
	}
	write(w, out.Status, "application/problem+json", out)
}

func logUnexpected(r *http.Request, log *slog.Logger, err error) {
	level := slog.LevelError
	if errors.Is(err, context.Canceled) { // the client hung up: nobody's fault
		level = slog.LevelInfo
	}
	log.Log(r.Context(), level, "request failed", "request", r.Header.Get(RequestHeader),
		"method", r.Method, "path", r.URL.Path, "error", err)
}

// Post makes the handler of an endpoint: the body is read as Decode does, and what f returns is written as JSON or, when it is an
// error, as Write does. f writes nothing itself; headers that it set, such as cookies, go out either way.
func Post[In, Out any](log *slog.Logger, f func(http.ResponseWriter, *http.Request, In) (Out, error)) http.Handler {
	return &handler{log, func(w http.ResponseWriter, r *http.Request) (any, error) {
		var in In
		if err := decode(w, r, api.MaxBody, &in); err != nil {
			return nil, err
		}
		return f(w, r, in)
	}}
}

// Get is Post for an endpoint that takes no body.
func Get[Out any](log *slog.Logger, f func(http.ResponseWriter, *http.Request) (Out, error)) http.Handler {
	return &handler{log, func(w http.ResponseWriter, r *http.Request) (any, error) { return f(w, r) }}
}

// handler is what Post and Get make, without their types.
type handler struct {
	log *slog.Logger
	f   func(http.ResponseWriter, *http.Request) (any, error)
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.f(w, r)
	if err != nil {
		Write(w, r, h.log, err)
		return
	}
	JSON(w, out)
}
