package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Channel is how a message reaches a person.
type Channel string

// The channels.
const (
	ByMail Channel = ""
	BySMS  Channel = "sms"
	ByCall Channel = "call"
)

// spoken are the languages that a call is held in.
var spoken = map[string]string{"en": "en-US", "de": "de-DE"}

// texts are what phones are told, in less than 160 characters of the GSM alphabet (3GPP TS 23.038). "%" stands for the code.
var texts = map[Template]map[string]string{
	TemplateProof: {
		"en": "Your code is %. It works once and for ten minutes. Give it to nobody, whoever asks.",
		"de": "Ihr Code ist %. Er gilt einmal und zehn Minuten lang. Geben Sie ihn niemandem, wer auch immer fragt.",
	},
	TemplateRemoving: {
		"en": "The last security information of your account will be removed in some days. If that was not you, sign in and stop it.",
		"de": "Die letzte Sicherheitsangabe Ihres Kontos wird in einigen Tagen entfernt. Waren Sie das nicht, melden Sie sich an und stoppen Sie es.",
	},
	TemplatePassword: {
		"en": "Your account has a new password. If that was not you, set another one at once where you sign in.",
		"de": "Ihr Konto hat ein neues Passwort. Waren Sie das nicht, setzen Sie beim Anmelden sofort ein anderes.",
	},
}

// phrase is what a phone is told.
func phrase(m Mail) (string, error) {
	text := texts[m.Template][language(m.Language)]
	if text == "" || !complete(m) {
		return "", fmt.Errorf("%w: %.20q", ErrTemplate, string(m.Template))
	}
	code := m.Data.Code
	if m.Channel == ByCall { // digit by digit, with pauses
		code = strings.Join(strings.Split(code, ""), ", ")
	}
	return strings.ReplaceAll(text, "%", code), nil
}

func (s *Service) sendPhone(ctx context.Context, m Mail) error {
	if !api.ValidPhone(m.To) {
		return fmt.Errorf("%w: not a phone number", ErrRefused)
	}
	text, err := phrase(m)
	switch {
	case err != nil:
		return err
	case s.call != nil:
		err = s.call.send(ctx, m, text)
	case s.box != nil:
		err = s.box.send(ctx, m, letter{subject: string(m.Channel) + ": " + string(m.Template), text: text + "\n"})
	default:
		err = ErrPhones
	}
	if err != nil {
		return fmt.Errorf("message: %s: %w", m.Template, err)
	}
	s.deps.Log.InfoContext(ctx, "phone told", "id", m.ID, "template", string(m.Template), "channel", string(m.Channel))
	return nil
}

// phones posts to a service as Twilio's; the package comment has the forms.
type phones struct {
	http            http.RoundTripper
	base            string // without a slash at the end
	user, password  string
	from, messaging string
}

func newPhones(address string, outbound http.RoundTripper) (*phones, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the URL cannot be read: percent-encode special characters in it, also the + of the number")
	}
	password, given := u.User.Password()
	q := u.Query()
	p := &phones{http: outbound, user: u.User.Username(), password: password, from: q.Get("from"), messaging: q.Get("messaging")}
	switch {
	case u.Scheme != "https" || u.Hostname() == "" || !given || p.user == "":
		return nil, errors.New("want https://sid:token@api.twilio.com/?from=%2B4930123456")
	case outbound == nil:
		return nil, errors.New("this program has no way to make requests")
	case !api.ValidPhone(p.from):
		return nil, errors.New("from is not a phone number such as %2B4930123456")
	}
	path := strings.Trim(u.Path, "/")
	if path == "" {
		path = "2010-04-01/Accounts/" + url.PathEscape(p.user)
	}
	p.base = "https://" + u.Host + "/" + path
	return p, nil
}

func (p *phones) send(ctx context.Context, m Mail, text string) error {
	form, resource := url.Values{"To": {m.To}, "From": {p.from}}, "/Messages.json"
	switch {
	case m.Channel == ByCall:
		resource = "/Calls.json"
		say := `<Say language="` + spoken[language(m.Language)] + `">` + html.EscapeString(text) + `</Say><Pause length="1"/>`
		form.Set("Twiml", "<Response>"+say+say+"</Response>")
	default:
		if p.messaging != "" {
			form.Del("From")
			form.Set("MessagingServiceSid", p.messaging)
		}
		form.Set("Body", text)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+resource, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.SetBasicAuth(p.user, p.password)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := p.http.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("phone service: %w", err)
	}
	defer answer.Body.Close()
	return p.outcome(answer, m)
}

// outcome reads an answer. What is wrong with a number comes as 400 with a number of Twilio's own, such as 21211 or 21614; so does a mistake
// in the operator's own settings, which is for the log.
func (p *phones) outcome(answer *http.Response, m Mail) error {
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // only for the error
	if answer.StatusCode/100 == 2 {
		return nil
	}
	var detail struct {
		Code int `json:"code"`
	}
	_ = json.Unmarshal(said, &detail) // what is no JSON has no code
	err := fmt.Errorf("the phone service answered %d %s", answer.StatusCode, clean(string(said), []string{m.Data.Code, p.password, m.To}))
	if answer.StatusCode == http.StatusBadRequest && !ours[detail.Code] {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// ours are mistakes in the operator's own settings (the API's error dictionary): the sender is not a number of the account, may not send, or
// is not one that the way of sending takes.
var ours = map[int]bool{21210: true, 21212: true, 21603: true, 21606: true, 21611: true, 21701: true}
