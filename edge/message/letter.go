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
	TemplateProof  Template = "proof"  // a code that proves a person or a new address or number; Data.Code

	// What has changed with an account, or is about to; Data.Kind, but for the last.
	TemplateAdded    Template = "added"
	TemplateRemoved  Template = "removed"
	TemplateRemoving Template = "removing"
	TemplateUndone   Template = "undone"
	TemplateTrusted  Template = "trusted"
	TemplatePassword Template = "password"
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

const (
	codeParagraph = "%code%"
	kindMark      = "%kind%" // inside of a paragraph: what Data.Kind is called
)

// kinds are what people call the ways to prove themselves.
var kinds = map[string]map[string]string{
	"email":    {"en": "An e-mail address", "de": "Eine E-Mail-Adresse"},
	"phone":    {"en": "A phone number", "de": "Eine Telefonnummer"},
	"totp":     {"en": "An authenticator", "de": "Eine Authenticator-App"},
	"passkey":  {"en": "A passkey", "de": "Ein Passkey"},
	"recovery": {"en": "A recovery code", "de": "Ein Wiederherstellungscode"},
}

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
	TemplateProof: {
		"en": {"Your code", []string{
			"Your code is", codeParagraph,
			"Enter it on the page that asks for it. It works once and for ten minutes.",
			"If you did not ask for it, somebody may know your password: sign in and change it. Give the code to nobody, whoever asks.",
		}},
		"de": {"Ihr Code", []string{
			"Ihr Code lautet", codeParagraph,
			"Geben Sie ihn auf der Seite ein, die danach fragt. Er gilt einmal und zehn Minuten lang.",
			"Wenn Sie ihn nicht angefordert haben, kennt vielleicht jemand Ihr Passwort: Melden Sie sich an und ändern Sie es. Geben Sie den Code niemandem, wer auch immer fragt.",
		}},
	},
	TemplateAdded: {
		"en": {"Something was added to your security information", []string{
			kindMark + " was added to your account. From now on it can prove that it is you.",
			"If that was not you, sign in, remove it from your security information and change your password.",
		}},
		"de": {"Ihren Sicherheitsangaben wurde etwas hinzugefügt", []string{
			kindMark + " wurde zu Ihrem Konto hinzugefügt. Das kann von jetzt an beweisen, dass Sie es sind.",
			"Wenn Sie das nicht waren, melden Sie sich an, entfernen Sie die Angabe aus Ihren Sicherheitsangaben und ändern Sie Ihr Passwort.",
		}},
	},
	TemplateRemoved: {
		"en": {"Something was removed from your security information", []string{
			kindMark + " was removed from your account.",
			"If that was not you, sign in, look at your security information and change your password.",
		}},
		"de": {"Aus Ihren Sicherheitsangaben wurde etwas entfernt", []string{
			kindMark + " wurde aus Ihrem Konto entfernt.",
			"Wenn Sie das nicht waren, melden Sie sich an, prüfen Sie Ihre Sicherheitsangaben und ändern Sie Ihr Passwort.",
		}},
	},
	TemplateRemoving: {
		"en": {"Something will be removed from your security information", []string{
			kindMark + " is going to be removed from your account. It is the last thing that proves that it is you, so this waits for some days.",
			"If that was not you, sign in on a device that you use, stop it in your security information, and change your password.",
		}},
		"de": {"Aus Ihren Sicherheitsangaben wird bald etwas entfernt", []string{
			kindMark + " wird aus Ihrem Konto entfernt. Es ist die letzte Angabe, die beweist, dass Sie es sind, deshalb geschieht das erst in einigen Tagen.",
			"Wenn Sie das nicht waren, melden Sie sich auf einem Gerät an, das Sie benutzen, halten Sie es in Ihren Sicherheitsangaben auf und ändern Sie Ihr Passwort.",
		}},
	},
	TemplateUndone: {
		"en": {"Your security information stays as it is", []string{
			kindMark + " was going to be removed from your account. Somebody has stopped that on one of your devices, so it stays.",
			"If that was not you, sign in and change your password.",
		}},
		"de": {"Ihre Sicherheitsangaben bleiben, wie sie sind", []string{
			kindMark + " sollte aus Ihrem Konto entfernt werden. Auf einem Ihrer Geräte wurde das aufgehalten, es bleibt also alles wie bisher.",
			"Wenn Sie das nicht waren, melden Sie sich an und ändern Sie Ihr Passwort.",
		}},
	},
	TemplateTrusted: {
		"en": {"A new device was confirmed", []string{
			"A new device has got access to the settings of your account. What proved that it is you:", kindMark + ".",
			"If that was not you, sign in, remove the device from your devices and change your password.",
		}},
		"de": {"Ein neues Gerät wurde bestätigt", []string{
			"Ein neues Gerät hat Zugang zu den Einstellungen Ihres Kontos bekommen. Was bewiesen hat, dass Sie es sind:", kindMark + ".",
			"Wenn Sie das nicht waren, melden Sie sich an, entfernen Sie das Gerät aus Ihren Geräten und ändern Sie Ihr Passwort.",
		}},
	},
	TemplatePassword: {
		"en": {"Your account has a new password", []string{
			"The password of your account was forgotten and set anew. You are signed out on all other devices.",
			"If that was not you, set a new password yourself at once: choose \"Forgot your password?\" where you sign in.",
		}},
		"de": {"Ihr Konto hat ein neues Passwort", []string{
			"Das Passwort Ihres Kontos wurde vergessen und neu gesetzt. Auf allen anderen Geräten sind Sie abgemeldet.",
			"Wenn Sie das nicht waren, setzen Sie sofort selbst ein neues Passwort: Wählen Sie beim Anmelden „Passwort vergessen?“.",
		}},
	},
}

// needsCode reports whether a letter is about a code.
func (t Template) needsCode() bool { return t == TemplateCode || t == TemplateProof }

// complete reports whether there is such a letter, and what it needs is there.
func complete(m Mail) bool {
	w, found := letters[m.Template]["en"]
	if !found || m.Template.needsCode() && !validCode(m.Data.Code) {
		return false
	}
	return kinds[m.Data.Kind] != nil || !strings.Contains(strings.Join(w.paragraphs, ""), kindMark)
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
	w := letters[m.Template][lang]
	if !complete(m) {
		return letter{}, fmt.Errorf("%w: %.20q", ErrTemplate, string(m.Template))
	}
	var text, body strings.Builder
	for _, p := range w.paragraphs {
		if p == codeParagraph {
			text.WriteString("    " + m.Data.Code + "\n\n")
			body.WriteString(`<p style="font:bold 28px/1.4 monospace;letter-spacing:4px">` + html.EscapeString(m.Data.Code) + "</p>\n")
			continue
		}
		p = strings.ReplaceAll(p, kindMark, kinds[m.Data.Kind][lang])
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
