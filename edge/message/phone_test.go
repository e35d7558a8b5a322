package message

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/api"
)

// twilio is a phone service on this machine, over TLS, as Twilio's API documentation has it.
type twilio struct {
	*httptest.Server
	status int
	says   string
	path   string
	form   url.Values
	user   string
}

func newTwilio(t *testing.T) *twilio {
	t.Helper()
	s := &twilio{status: http.StatusCreated, says: `{"sid":"SM1","status":"queued"}`}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if err := r.ParseForm(); err != nil || password != "t0ken" || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.path, s.form, s.user = r.URL.Path, r.PostForm, user
		w.WriteHeader(s.status)
		w.Write([]byte(s.says))
	}))
	t.Cleanup(s.Close)
	return s
}

// service is one that sends through s; rest is appended to the URL.
func (s *twilio) service(t *testing.T, rest string) *Service {
	t.Helper()
	address := strings.Replace(s.URL, "https://", "https://AC1:t0ken@", 1) + rest
	out, err := New(Deps{URL: "https://key@mail.example/?from=a@id.example", SMS: address, HTTP: s.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func codeTo(number string, by Channel, lang string) Mail {
	return Mail{ID: "1", To: number, Channel: by, Template: TemplateProof, Language: lang, Data: Data{Code: "493817"}}
}

func TestTextsAndCallsToPhones(t *testing.T) {
	s := newTwilio(t)
	phones := s.service(t, "/?from=%2B4930123456")
	if err := phones.Send(context.Background(), codeTo("+4915112345678", BySMS, "de")); err != nil {
		t.Fatal(err)
	}
	if s.path != "/2010-04-01/Accounts/AC1/Messages.json" || s.user != "AC1" || s.form.Get("To") != "+4915112345678" ||
		s.form.Get("From") != "+4930123456" || !strings.HasPrefix(s.form.Get("Body"), "Ihr Code ist 493817.") {
		t.Errorf("%s %v", s.path, s.form)
	}
	if err := phones.Send(context.Background(), codeTo("+4915112345678", ByCall, "en-GB")); err != nil {
		t.Fatal(err)
	}
	twiml := s.form.Get("Twiml")
	if s.path != "/2010-04-01/Accounts/AC1/Calls.json" || strings.Count(twiml, "4, 9, 3, 8, 1, 7") != 2 || !strings.Contains(twiml, `language="en-US"`) {
		t.Errorf("%s %v", s.path, s.form)
	}
	other := s.service(t, "/accounts/x/?from=%2B4930123456&messaging=MG1")
	if err := other.Send(context.Background(), codeTo("+4915112345678", BySMS, "")); err != nil {
		t.Fatal(err)
	}
	if s.path != "/accounts/x/Messages.json" || s.form.Get("MessagingServiceSid") != "MG1" || s.form.Has("From") {
		t.Errorf("%s %v", s.path, s.form)
	}
}

// A number that nothing reaches is refused for good; a mistake of the operator's or of the service's is not, and no secret is in any error.
func TestPhoneFailures(t *testing.T) {
	s := newTwilio(t)
	for _, c := range []struct {
		status  int
		says    string
		refused bool
	}{
		{400, `{"code":21211,"message":"Invalid 'To' Phone Number: +4915112345678"}`, true},
		{400, `{"code":21614,"message":"not a mobile number, code 493817"}`, true},
		{400, `no JSON`, true},
		{400, `{"code":21606,"message":"From is not yours"}`, false},
		{401, `{"code":20003,"message":"t0ken is wrong"}`, false},
		{429, `{"code":20429}`, false},
		{500, strings.Repeat("x", 10000), false},
	} {
		s.status, s.says = c.status, c.says
		err := s.service(t, "/?from=%2B4930123456").Send(context.Background(), codeTo("+4915112345678", BySMS, ""))
		if err == nil || errors.Is(err, ErrRefused) != c.refused {
			t.Errorf("%d %s: %v", c.status, c.says, err)
			continue
		}
		for _, secret := range []string{"493817", "t0ken", "+4915112345678"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s in %v", secret, err)
			}
		}
	}
	s.Close()
	if err := s.service(t, "/?from=%2B4930123456").Send(context.Background(), codeTo("+4915112345678", BySMS, "")); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a service that is down: %v", err)
	}
}

func TestPhoneURLsAndNumbers(t *testing.T) {
	for address, hint := range map[string]string{
		"http://AC1:t0ken@h/?from=%2B4930123456":  "https://sid",
		"https://AC1@h/?from=%2B4930123456":       "https://sid",
		"https://AC1:t0ken@h/?from=030123456":     "from is not",
		"https://AC1:t0ken@h/?from=%2B49 30 1234": "from is not",
		"https://AC1:t0ken@h/%zz":                 "cannot be read",
	} {
		_, err := New(Deps{URL: "outbox:", SMS: address, HTTP: http.DefaultTransport})
		if err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for number, want := range map[string]bool{
		"+4930123456": true, "+123456789012345": true, "4930123456": false, "+0301234567": false, "+123456": false,
		"+1234567890123456": false, "+49 30 123456": false, "+4930123456;ext=1": false, "": false, "+": false,
	} {
		if api.ValidPhone(number) != want {
			t.Errorf("%q: %v", number, !want)
		}
	}
	mailOnly, err := New(Deps{URL: "https://key@mail.example/?from=a@id.example", HTTP: http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	if err := mailOnly.Send(context.Background(), codeTo("+4930123456", BySMS, "")); !errors.Is(err, ErrPhones) || mailOnly.Phones() {
		t.Errorf("%v", err)
	}
}

// One text message has 160 characters of the GSM alphabet; one letter beyond it makes it 70.
func TestTextsFitOneMessage(t *testing.T) {
	for template, languages := range texts {
		for lang := range languages {
			text, err := phrase(Mail{Template: template, Language: lang, Data: Data{Code: "493817", Kind: "phone"}})
			if err != nil || len(text) > 160 || !strings.Contains(text, ".") || !ascii(text) {
				t.Errorf("%s, %s: %d bytes, %v", template, lang, len(text), err)
			}
		}
		if len(languages) != 2 {
			t.Errorf("%s: %d languages", template, len(languages))
		}
	}
}
