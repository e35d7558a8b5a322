package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// service is a transactional-mail service without a network.
type service struct {
	status int
	says   string
	got    *http.Request
	body   map[string]any
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.got = r
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &s.body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: s.status, Body: io.NopCloser(strings.NewReader(s.says)), Header: http.Header{}}, nil
}

func TestAPIBodies(t *testing.T) {
	m := Mail{ID: "d/1", To: "ann@example.com", Template: TemplateCode, Data: Data{Code: "493817"}}
	for _, c := range []struct{ query, to, from, text, html string }{
		{"", "to", "from", "text", "html"},
		{"&api=postmark", "To", "From", "TextBody", "HtmlBody"},
	} {
		web := &service{status: 200}
		s, err := New(Deps{URL: "https://t0ken@api.example/v1/emails?region=eu&from=a@id.example" + c.query, HTTP: web})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		if got := web.got.URL.String(); got != "https://api.example/v1/emails?region=eu" {
			t.Errorf("URL %s", got)
		}
		h := web.got.Header
		if web.got.Method != "POST" || h.Get("Authorization") != "Bearer t0ken" || h.Get("Idempotency-Key") != messageID("d/1") || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v", web.got.Method, h)
		}
		if to := strings.Trim(fmt.Sprint(web.body[c.to]), "[]"); to != "ann@example.com" || web.body[c.from] != "<a@id.example>" {
			t.Errorf("%v", web.body)
		}
		for _, part := range []string{c.text, c.html} {
			if !strings.Contains(fmt.Sprint(web.body[part]), "493817") {
				t.Errorf("%s: %v", part, web.body[part])
			}
		}
	}
}

func TestAPIAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		ok     bool
		final  bool
	}{
		{200, true, false}, {202, true, false}, {302, false, false}, {400, false, true}, {401, false, false}, {403, false, false},
		{409, false, false}, {422, false, true}, {429, false, false}, {500, false, false}, {503, false, false},
	} {
		web := &service{status: c.status, says: `{"message":"cannot send 493817 to ann@example.com with t0ken` + "\n" + `"}`}
		s, err := New(Deps{URL: "https://t0ken@api.example/?from=a@id.example", HTTP: web})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(context.Background(), Mail{ID: "1", To: "ann@example.com", Template: TemplateCode, Data: Data{Code: "493817"}})
		if (err == nil) != c.ok || errors.Is(err, ErrRefused) != c.final {
			t.Errorf("%d: %v", c.status, err)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "493817") || strings.Contains(text, "t0ken") || strings.Contains(text, "ann@") || strings.Contains(text, "\n") {
			t.Errorf("%d: told too much: %s", c.status, text)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprint(c.status)) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}
