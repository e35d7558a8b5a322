package message

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 4096

// apiWay posts to a transactional-mail service; the package comment has the bodies.
type apiWay struct {
	http     http.RoundTripper
	url      string
	token    string
	from     mail.Address
	postmark bool
}

type resendBody struct {
	From    string   `json:"from"`
	To      []string `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
}

type postmarkBody struct {
	From          string
	To            string
	Subject       string
	TextBody      string
	HtmlBody      string
	MessageStream string
}

func newAPI(u *url.URL, d Deps) (*apiWay, error) {
	q := u.Query()
	from, err := parseFrom(q.Get("from"))
	if err != nil {
		return nil, err
	}
	if u.Hostname() == "" {
		return nil, errors.New("the mail URL has no host: use https://token@host/path?from=…")
	}
	if d.HTTP == nil {
		return nil, errors.New("https: this program has no way to make requests")
	}
	kind := q.Get("api")
	if kind != "" && kind != "resend" && kind != "postmark" {
		return nil, fmt.Errorf("api=%.20q in the mail URL: use resend or postmark", kind)
	}
	token, given := u.User.Password()
	if !given {
		token = u.User.Username()
	}
	if token == "" {
		return nil, errors.New("the mail URL has no token: use https://token@host/path?from=…")
	}
	q.Del("from")
	q.Del("api")
	address := *u
	address.User, address.RawQuery = nil, q.Encode()
	return &apiWay{http: d.HTTP, url: address.String(), token: token, from: from, postmark: kind == "postmark"}, nil
}

func (w *apiWay) send(ctx context.Context, m Mail, l letter) error {
	r, err := w.request(ctx, m, l)
	if err != nil {
		return err
	}
	answer, err := w.http.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("mail service: %w", err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // only for the error
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("the mail service answered %d %s", answer.StatusCode, clean(string(said), []string{m.Data.Code, w.token, m.To}))
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err // the rest passes by itself, or when the operator has corrected the URL
}

func (w *apiWay) request(ctx context.Context, m Mail, l letter) (*http.Request, error) {
	var body any = resendBody{w.from.String(), []string{m.To}, l.subject, l.text, l.html}
	if w.postmark {
		body = postmarkBody{w.from.String(), m.To, l.subject, l.text, l.html, "outbound"}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Idempotency-Key", messageID(m.ID))
	if w.postmark {
		r.Header.Set("X-Postmark-Server-Token", w.token)
	}
	return r, nil
}
