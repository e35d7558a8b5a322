package message

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"
)

type noHTTP struct{}

func (noHTTP) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("nothing goes out")
}

func noDial(context.Context, string, string) (Conn, error) {
	return nil, errors.New("nothing goes out")
}

func TestMailURL(t *testing.T) {
	for _, c := range []struct{ rule, url, want string }{
		{"outbox", "outbox:", ""},
		{"SMTP", "smtp://u:hunter2@mail.example:2525?from=a@id.example", ""},
		{"SMTP without password", "smtp://mail.example?from=a@id.example&tls=off", ""},
		{"sender with a name", "smtp://mail.example?from=Latchkey+%3Ca@id.example%3E", ""},
		{"password in the clear on this machine", "smtp://u:hunter2@127.0.0.1?from=a@id.example&tls=off", ""},
		{"and elsewhere", "smtp://u:hunter2@mail.example?from=a@id.example&tls=off", "in the clear"},
		{"API", "https://hunter2@api.example/emails?from=a@id.example", ""},
		{"Postmark's", "https://:hunter2@api.example/email?from=a@id.example&api=postmark", ""},
		{"nothing", "", "use outbox:"},
		{"http", "http://hunter2@api.example/?from=a@id.example", "use outbox:"},
		{"unreadable", "smtp://u:hunter2%zz@mail.example", "percent-encode"},
		{"no sender", "smtp://u:hunter2@mail.example", "add ?from="},
		{"sender that is no address", "smtp://u:hunter2@mail.example?from=me", "is no address"},
		{"two senders", "smtp://mail.example?from=a@id.example,b@id.example", "is no address"},
		{"sender with a line break", "smtp://mail.example?from=a%0d%0aBcc:x%20%3Ca@id.example%3E", "is no address"},
		{"no host", "smtp://?from=a@id.example", "has no host"},
		{"unknown tls", "smtp://mail.example?from=a@id.example&tls=maybe", "use starttls, on or off"},
		{"API without token", "https://api.example/?from=a@id.example", "has no token"},
		{"unknown API", "https://hunter2@api.example/?from=a@id.example&api=x", "use resend or postmark"},
	} {
		_, err := New(Deps{URL: c.url, Dial: noDial, HTTP: noHTTP{}})
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.rule, err, c.want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error repeats the password: %v", c.rule, err)
		}
	}
}

func TestSendRefuses(t *testing.T) {
	s, err := New(Deps{URL: "smtp://mail.example?from=a@id.example", Dial: noDial})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule string
		mail Mail
		want error
	}{
		{"no template", Mail{To: "ann@example.com"}, ErrTemplate},
		{"no code", Mail{To: "ann@example.com", Template: TemplateCode}, ErrTemplate},
		{"a code that is none", Mail{To: "ann@example.com", Template: TemplateCode, Data: Data{Code: "<b>1"}}, ErrTemplate},
		{"no address", Mail{Template: TemplateExists}, ErrRefused},
		{"two lines", Mail{To: "ann@example.com\r\nBcc: eve@example.com", Template: TemplateExists}, ErrRefused},
	} {
		if err := s.Send(context.Background(), c.mail); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.rule, err)
		}
	}
}

func TestValidAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"ann@example.com": true, "ann.o'neil+x@sub.example.com": true, "a@b": true, "grüße@bücher.example": true, "ann@xn--bcher-kva.example": true,
		"": false, "ann": false, "@example.com": false, "ann@": false, "a@b@c": false, ".ann@b": false, "ann.@b": false, "a..b@c": false,
		"ann@b..c": false, "ann@b.": false, "ann@-b": false, `"ann"@b`: false, "ann <a@b>": false, "a,b@c": false, "a@b>": false, "<a@b": false,
		"a b@c": false, "a@b c": false, "a@b\r\nRCPT TO:<c@d>": false, "a\n@b": false, "a\x00@b": false, "a@[127.0.0.1]": false,
		"a@b:25": false, "a\u202e@b": false, "a\u200b@b": false, "a@b\xff": false,
		strings.Repeat("a", 65) + "@b": false, "a@" + strings.Repeat("b", 253): false,
	} {
		if got := validAddress(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestLetters(t *testing.T) {
	for template, languages := range letters {
		for lang := range languages {
			l, err := compose(Mail{Template: template, Language: lang, Data: Data{Code: "493817", Kind: "totp"}})
			if err != nil {
				t.Fatal(err)
			}
			hasCode := template.needsCode()
			for form, text := range map[string]string{"text": l.text, "html": l.html} {
				if strings.Contains(text, "493817") != hasCode || strings.Contains(text, "%") && form == "text" {
					t.Errorf("%s, %s, %s: %s", template, lang, form, text)
				}
			}
			if strings.Contains(l.subject, "493817") || l.subject == "" || !strings.Contains(l.html, `lang="`+lang+`"`) {
				t.Errorf("%s, %s: %q", template, lang, l.subject)
			}
			for line := range strings.SplitSeq(l.text, "\n") {
				if len([]rune(line)) > 72 {
					t.Errorf("%s, %s: long line %q", template, lang, line)
				}
			}
		}
		if len(languages) != 2 {
			t.Errorf("%s: %d languages", template, len(languages))
		}
	}
	for tag, want := range map[string]string{"": "en", "de": "de", "DE-at": "de", "fr": "en", "den": "en", "en-GB": "en"} {
		if got := language(tag); got != want {
			t.Errorf("%q: %s", tag, got)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("ann.o'neil+x@sub.example.com")
	f.Fuzz(func(t *testing.T, address string) {
		if !validAddress(address) {
			return
		}
		if strings.ContainsAny(address, "\r\n\x00<>\", ;()[]\\:") || strings.Count(address, "@") != 1 {
			t.Fatalf("accepted %q", address)
		}
		l, err := compose(Mail{Template: TemplateExists})
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(l.message("1", address, mail.Address{Address: "a@id.example"}, time.Unix(0, 0)))))
		if err != nil || len(m.Header) != 8 || m.Header.Get("To") != "<"+address+">" {
			t.Errorf("%q: %v, %v", address, err, m.Header)
		}
	})
}
