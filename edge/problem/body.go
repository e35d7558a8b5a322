package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Decode reads the body of r, which must be one JSON value of application/json of at most api.MaxBody bytes without members
// that T does not know. Its errors are problems, ready for Write: CodeUnsupportedMedia, CodeTooLarge, CodeBadRequest.
func Decode[T any](w http.ResponseWriter, r *http.Request) (T, error) {
	return DecodeUpTo[T](w, r, api.MaxBody)
}

// DecodeUpTo is Decode for a body of at most so many bytes. Find out first who sends it.
func DecodeUpTo[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	var body T
	err := decode(w, r, limit, &body)
	return body, err
}

// decode is DecodeUpTo without its type, of which the program has a copy for each body.
func decode(w http.ResponseWriter, r *http.Request, limit int64, body any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return New(api.CodeUnsupportedMedia)
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		return Unreadable(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Unreadable(err)
	}
	return nil
}

// Unreadable turns what the reader of a body, or its decoder, said into a problem and keeps the words in the chain for whoever logs it.
// A problem stays what it is: the bridge to the runtime has one when it has no room. After the first value anything but the end is refused,
// so err may be nil.
func Unreadable(err error) error {
	if _, known := errors.AsType[*api.Problem](err); known {
		return err
	}
	code := api.CodeBadRequest
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		code = api.CodeTooLarge
	}
	return fmt.Errorf("%w (%v)", New(code), err)
}

// JSON answers 200 with body, never to be cached.
func JSON(w http.ResponseWriter, body any) { write(w, http.StatusOK, "application/json", body) }

func write(w http.ResponseWriter, status int, media string, body any) {
	data, err := json.Marshal(body)
	if err != nil { // only types of edge/api come here and all of them can be written
		panic("problem: " + err.Error())
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(data) // a client that hung up is no failure of ours
}
