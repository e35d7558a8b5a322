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
	return js.Global().Get("String").Get("prototype").Get("normalize").Call("call", text, form).String()
}
