package tenant

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	alphanumeric  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	maxClientID   = 64
	clientIDChars = alphanumeric + "._~-"
)

func validClientID(id string) bool {
	return id != "" && len(id) <= maxClientID && strings.Trim(id, clientIDChars) == "" && strings.Contains(alphanumeric, id[:1])
}

// check returns everything that may not be registered. The front calls it to tell the operator, the object calls it again.
func check(app Application) Faults {
	app = app.settled()
	var faults Faults
	wrong := func(field, fault string) {
		if fault != "" {
			faults = append(faults, Fault{Application: app.ClientID, Field: field, Fault: fault})
		}
	}
	if !validClientID(app.ClientID) {
		wrong("client_id", "is not 1 to 64 letters, digits, dots, hyphens, underscores or tildes: choose one such as shop")
	}
	if app.ClientID == CommandLine {
		wrong("client_id", "is that of the command line, which is always there: choose another one")
	}
	if app.Dynamic != dynamicID(app.ClientID) {
		wrong("client_id", "begins with "+dynamicPrefix+", which is for applications that register themselves: choose another one")
	}
	wrong("name", nameFault(app.Name))
	wrong("kind", oneOf(string(app.Kind), []string{string(AppWeb), string(AppNative)}))
	checkGrants(app, wrong)
	checkAuth(app, wrong)
	checkURIs(app, wrong)
	checkEncryption(app, wrong)
	checkTokens(app, wrong)
	checkPeople(app, wrong)
	checkReach(app, wrong)
	checkProfile(app, wrong)
	return faults
}

func nameFault(name string) string {
	n := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || n < 1 || n > 64 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unprintable) {
		return "is not 1 to 64 printable characters: give the name that people know the application by"
	}
	return ""
}

// unprintable includes the characters that change the direction of text, which could dress one name up as another, and those that
// count as letters or signs and show nothing.
func unprintable(r rune) bool {
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Bidi_Control, unicode.Other_Default_Ignorable_Code_Point) || r == '\u2800'
}

// named puts the address or word before what is wrong with it.
func named(uri, fault string) string {
	if fault == "" {
		return ""
	}
	if len(uri) > 80 {
		uri = uri[:80] + "…"
	}
	return "\"" + strings.ToValidUTF8(uri, "?") + "\" " + fault
}

func oneOf(value string, allowed []string) string {
	if slices.Contains(allowed, value) {
		return ""
	}
	return "is not supported: use one of " + strings.Join(allowed, ", ")
}

func within(values, allowed []string) string {
	if len(values) == 0 {
		return "is empty: use one of " + strings.Join(allowed, ", ")
	}
	for _, v := range values {
		if fault := oneOf(v, allowed); fault != "" {
			return named(v, fault)
		}
	}
	return ""
}

// every checks each text of a list that need not be there at all.
func every(values []string, most, length int) string {
	if len(values) > most {
		return fmt.Sprintf("has more than %d entries", most)
	}
	for _, v := range values {
		if v == "" || len(v) > length || strings.ContainsFunc(v, unprintable) {
			return fmt.Sprintf("has an entry that is not 1 to %d printable characters", length)
		}
	}
	return ""
}
