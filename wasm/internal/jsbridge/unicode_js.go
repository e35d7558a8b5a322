package jsbridge

import (
	"strings"
	"syscall/js"
	"unicode/utf8"
)

// Normalize returns text in a Unicode normalisation form: "NFC", "NFD". Bytes that are no UTF-8 become U+FFFD.
func Normalize(text, form string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return text
	}
	return js.ValueOf(text).Call("normalize", form).String()
}
