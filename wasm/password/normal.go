//go:build !js

package password

import "golang.org/x/text/unicode/norm"

// nfc and nfd are Unicode's normalisation forms (UAX #15). Both are stable: an assigned character never normalises to
// something else in a later version of Unicode, so this and the browser's own (normal_js.go) agree on every text that
// can be typed.
func nfc(text string) string { return norm.NFC.String(text) }

func nfd(text string) string { return norm.NFD.String(text) }
