package message

import (
	"fmt"
	"html"
	"strings"
)

// Template names a letter.
type Template string

// The letters.
const (
	TemplateCode   Template = "code"   // the code that proves an address; Data.Code
	TemplateExists Template = "exists" // somebody wanted an account for an address that has one
)

// letter is what a person gets, in both forms.
type letter struct {
	subject string
	text    string
	html    string
}

// words are a letter in one language. %code% on its own stands for the code. The subject says no code: it is shown on locked
// screens and kept in the logs of mail servers.
type words struct {
	subject    string
	paragraphs []string
}

const codeParagraph = "%code%"

var letters = map[Template]map[string]words{
	TemplateCode: {
		"en": {"Your code to create an account", []string{
			"Your code is", codeParagraph,
			"Enter it on the page where you are creating your account. It works once and for ten minutes.",
			"If you did not ask for it, you need not do anything: without the code nothing happens. Give it to nobody, whoever asks.",
		}},
		"de": {"Ihr Code zum Anlegen eines Kontos", []string{
			"Ihr Code lautet", codeParagraph,
			"Geben Sie ihn auf der Seite ein, auf der Sie gerade Ihr Konto anlegen. Er gilt einmal und zehn Minuten lang.",
			"Wenn Sie ihn nicht angefordert haben, müssen Sie nichts tun: Ohne den Code geschieht nichts. Geben Sie ihn niemandem, wer auch immer fragt.",
		}},
	},
	TemplateExists: {
		"en": {"You already have an account", []string{
			"Somebody, probably you, wanted to create an account with this address. There is one already, so no other was created.",
			"Go back to the page you came from and sign in with this address and your password.",
			"If that was not you, you need not do anything: nobody has learned from us that you have an account.",
		}},
		"de": {"Sie haben bereits ein Konto", []string{
			"Jemand, wahrscheinlich Sie, wollte mit dieser Adresse ein Konto anlegen. Es gibt schon eines, deshalb wurde kein weiteres angelegt.",
			"Gehen Sie auf die Seite zurück, von der Sie kamen, und melden Sie sich mit dieser Adresse und Ihrem Passwort an.",
			"Wenn Sie das nicht waren, müssen Sie nichts tun: Niemand hat von uns erfahren, dass Sie ein Konto haben.",
		}},
	},
}

// language is the one of ours that a BCP 47 tag asks for.
func language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if primary == "de" {
		return "de"
	}
	return "en"
}

// compose writes a letter.
func compose(m Mail) (letter, error) {
	lang := language(m.Language)
	w, found := letters[m.Template][lang]
	if !found || m.Template == TemplateCode && !validCode(m.Data.Code) {
		return letter{}, fmt.Errorf("%w: %.20q", ErrTemplate, string(m.Template))
	}
	var text, body strings.Builder
	for _, p := range w.paragraphs {
		if p == codeParagraph {
			text.WriteString("    " + m.Data.Code + "\n\n")
			body.WriteString(`<p style="font:bold 28px/1.4 monospace;letter-spacing:4px">` + html.EscapeString(m.Data.Code) + "</p>\n")
			continue
		}
		text.WriteString(wrap(p) + "\n\n")
		body.WriteString("<p>" + html.EscapeString(p) + "</p>\n")
	}
	title := html.EscapeString(w.subject)
	page := "<!DOCTYPE html>\n<html lang=\"" + lang + "\">\n<head><meta charset=\"utf-8\"><title>" + title + "</title></head>\n" +
		`<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:24px auto;padding:0 16px">` + "\n" +
		body.String() + "</body>\n</html>\n"
	return letter{subject: w.subject, text: strings.TrimRight(text.String(), "\n") + "\n", html: page}, nil
}

func validCode(code string) bool {
	return len(code) >= 4 && len(code) <= 12 && strings.Trim(code, "0123456789") == ""
}

// wrap breaks a paragraph into lines of up to 72 characters.
func wrap(p string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(p) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case width+1+n > 72:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}
