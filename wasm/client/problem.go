package client

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
	"github.com/latchkey-id/latchkey/wasm/password"
)

// Codes of problems that arise on the device. Every other code is edge/api's.
const (
	CodeInsecure        api.Code = "insecure"         // the address of the service is not https
	CodeBadAnswer       api.Code = "bad_answer"       // the service answered with what a client may not accept
	CodePasswordRefused api.Code = "password_refused" // a new password breaks the rules: Refused says which
	CodeNumberWrong     api.Code = "number_wrong"     // not the number that the new device shows; TriesLeft
	CodeAnswerWrong     api.Code = "answer_wrong"     // not what the trusted device shows; TriesLeft
	CodeNumberEarly     api.Code = "number_early"     // the new device does not show its number yet; ask again
	CodeApprovalForged  api.Code = "approval_forged"  // the service put something else in the place of what the other device said
)

// Refused is the problem of a new password that breaks the rules.
type Refused struct {
	api.Problem
	Verdict password.Verdict `json:"verdict"`
}

// Unwrap makes errors.As find the *api.Problem.
func (r *Refused) Unwrap() error { return &r.Problem }

func refused(v password.Verdict) error {
	return &Refused{*problem(CodePasswordRefused, "The password does not meet the rules."), v}
}

// problem makes a problem of the device. The title is for logs: fixed text that says nothing of the person.
func problem(code api.Code, title string) *api.Problem {
	return &api.Problem{Type: "urn:latchkey:problem:" + string(code), Title: title, Code: code}
}

// badAnswer says that an answer with this status is not what edge/api promises.
func badAnswer(status int) *api.Problem {
	p := problem(CodeBadAnswer, "The service answered with something this client does not accept.")
	p.Status = status
	return p
}

// unavailable says that the service could not be reached. The transport's own words stay out: they may hold addresses.
func unavailable() *api.Problem {
	return problem(api.CodeUnavailable, "The service cannot be reached. Try again.")
}

// fromOPAQUE maps the errors of wasm/opaque.
func fromOPAQUE(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, opaque.ErrPassword):
		p := problem(api.CodeInvalidCredentials, "The name or the password is wrong.")
		p.Status = 401
		return p
	case errors.Is(err, opaque.ErrKSF):
		return problem(CodeBadAnswer, "The service asked for key stretching that this client refuses.")
	}
	return badAnswer(0)
}

// Bounds of a problem document that is shown to a person.
const (
	maxProblemText = 300
	maxCode        = 64
	maxRetry       = 7 * 24 * 3600
)

// DecodeProblem reads the problem document of an answer with the given status. A body that is none becomes a problem by
// its status, so that a proxy's error page is as good as ours.
func DecodeProblem(status int, body []byte) *api.Problem {
	var p api.Problem
	if json.Unmarshal(body, &p) != nil || !validCode(p.Code) {
		return byStatus(status)
	}
	p.Status = status
	p.Title, p.Instance = clip(p.Title), clip(p.Instance)
	p.Type = "urn:latchkey:problem:" + string(p.Code)
	p.RetryAfter = min(max(p.RetryAfter, 0), maxRetry)
	p.TriesLeft = min(max(p.TriesLeft, 0), api.CodeTries)
	return &p
}

// byStatus gives a bare status the code that says what a person can do.
func byStatus(status int) *api.Problem {
	p := badAnswer(status)
	switch {
	case status == 429:
		p = problem(api.CodeTooManyAttempts, "Too many requests. Try again later.")
	case status == 413:
		p = problem(api.CodeTooLarge, "The request is too large.")
	case status == 502, status == 503, status == 504:
		p = unavailable()
	case status >= 500:
		p = problem(api.CodeInternal, "Something went wrong at the service.")
	}
	p.Status = status
	return p
}

func validCode(code api.Code) bool {
	return code != "" && len(code) <= maxCode && strings.Trim(string(code), "abcdefghijklmnopqrstuvwxyz_") == ""
}

func clip(text string) string {
	if len(text) <= maxProblemText {
		return text
	}
	cut := maxProblemText
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}
