package object

import "errors"

// Errors of this package. They survive Host.Call like the sentinels of a domain.
var (
	// ErrInternal is what a caller sees of any failure that is no sentinel: a panic, a failed statement, a failed host.
	// The detail is in the log.
	ErrInternal = NewError("object: internal error")
	// ErrUnknown says that the program has no such kind or method: a mistake of wiring, or an older version at the other end.
	ErrUnknown = NewError("object: unknown kind or method")
)

// maxCode bounds what DecodeError takes for a code, in bytes.
const maxCode = 200

// codeError is an error that is known by its code, so that it is the same on both sides of a call.
type codeError struct{ code string }

func (e *codeError) Error() string { return e.code }

// Is makes errors.Is compare codes instead of pointers.
func (e *codeError) Is(target error) bool {
	t, ok := target.(*codeError)
	return ok && t.code == e.code
}

// NewError makes a sentinel that a method can return and its caller compare with errors.Is. The code is its text and its
// identity and appears in logs: start it with the name of the package, "names: taken". Returning it rolls the method back.
func NewError(code string) error {
	if code == "" || len(code) > maxCode {
		panic("object: an error needs a code of 1 to 200 bytes")
	}
	return &codeError{code}
}

// EncodeError returns what a host sends to the caller for err: the code of the sentinel in it, or that of ErrInternal. It
// is empty for nil.
func EncodeError(err error) string {
	if err == nil {
		return ""
	}
	return outside(err).Error()
}

// DecodeError is the reverse of EncodeError. Text that no sentinel can have becomes ErrInternal.
func DecodeError(code string) error {
	switch {
	case code == "":
		return nil
	case len(code) > maxCode:
		return ErrInternal
	}
	return &codeError{code}
}

// outside strips an error of everything but its sentinel.
func outside(err error) error {
	if c, ok := errors.AsType[*codeError](err); ok {
		return c
	}
	return ErrInternal
}
