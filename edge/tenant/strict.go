package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// strict decodes one JSON object and nothing after it, whose members have exactly the given names, each at most once; nil allows every
// name. Even when it fails, v has what could be read.
func strict(data []byte, v any, members []string) error {
	err := json.Unmarshal(data, v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %v at byte %d", syntax, syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return wrongKind(kind)
	}
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	return checkMembers(data, members)
}

// wrongKind says in the words of the file, not in Go's, what a value should have been.
func wrongKind(e *json.UnmarshalTypeError) error {
	want := "an object"
	switch e.Type.Kind().String() {
	case "string":
		want = "text in quotes"
	case "bool":
		want = "true or false, without quotes"
	case "int64":
		want = "a whole number"
	case "slice":
		want = "a list in brackets"
	}
	if e.Field == "" {
		return fmt.Errorf("is %s, want %s", e.Value, want)
	}
	return fmt.Errorf("has %q as %s, want %s", strings.TrimPrefix(e.Field, "metadata."), e.Value, want)
}

// alike are the members that begin with the same word as a name, which is probably one of them misspelt; all, when none does.
func alike(name string, members []string) []string {
	word, _, _ := strings.Cut(name, "_")
	var near []string
	for _, member := range members {
		if strings.HasPrefix(member, word) {
			near = append(near, member)
		}
	}
	if word == "" || near == nil {
		return members
	}
	return near
}

func checkMembers(data []byte, members []string) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.New("is not a JSON object")
	}
	var seen []string
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return io.ErrUnexpectedEOF
		}
		if members != nil && !slices.Contains(members, name) {
			return fmt.Errorf("has an unknown member %.64q: remove it or correct its spelling (known: %s)", name, strings.Join(alike(name, members), ", "))
		}
		if slices.ContainsFunc(seen, func(other string) bool { return strings.EqualFold(other, name) }) { // encoding/json takes either
			return fmt.Errorf("has the member %.64q twice: remove one", name)
		}
		seen = append(seen, name)
		var skip json.RawMessage
		if err := decoder.Decode(&skip); err != nil {
			return err
		}
	}
	return nil
}
