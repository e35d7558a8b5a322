package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
)

// timeout bounds one request.
const timeout = 30 * time.Second

// transport is the client core's Transport over net/http. It keeps why the last request failed: the core tells a page no
// more than "unavailable", but an operator at a terminal may know.
type transport struct {
	http    *http.Client
	failure error
	refusal []byte // body of the last answer that was not 2xx
	jar     *jar   // nil: nobody is signed in
}

var _ client.Transport = (*transport)(nil)

// newTransport trusts the system's certificate authorities and, when a PEM file is named, those in it.
func newTransport(ca string) (*transport, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if ca != "" {
		data, err := readBounded(ca, 1<<20)
		if err != nil {
			return nil, misuse{"--ca: " + err.Error()}
		}
		if !roots.AppendCertsFromPEM(data) {
			return nil, misuse{"--ca: " + ca + " holds no certificate in PEM"}
		}
	}
	return &transport{http: &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a key must not follow anybody
		},
	}}, nil
}

// Do sends r.
func (t *transport) Do(ctx context.Context, r client.Request) (client.Response, error) {
	t.failure, t.refusal = nil, nil
	response, err := t.send(ctx, r)
	t.failure = err
	if response.Status/100 != 2 {
		t.refusal = response.Body
	}
	return response, err
}

func (t *transport) send(ctx context.Context, r client.Request) (client.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return client.Response{}, err
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	if t.jar != nil && !r.Anonymous {
		t.jar.equip(request)
	}
	answer, err := t.http.Do(request)
	if err != nil {
		return client.Response{}, err
	}
	defer answer.Body.Close()
	body, err := bounded(answer.Body, "the answer", r.Limit)
	if err != nil {
		return client.Response{}, err
	}
	if t.jar != nil && !r.Anonymous {
		if err := t.jar.take(ctx, answer); err != nil {
			return client.Response{}, err
		}
	}
	return client.Response{Status: answer.StatusCode, Body: body}, nil
}

// errUnreachable says that there was no answer at all.
var errUnreachable = errors.New("the service cannot be reached")

// refusal is what the operator's route adds to a problem about a file.
type refusal struct {
	Faults []struct {
		Application string `json:"application"`
		Field       string `json:"field"`
		Fault       string `json:"fault"`
	} `json:"faults"`
}

// explain adds to a problem what only this transport knows: why the service could not be reached, what is wrong with the file.
func (t *transport) explain(err error) error {
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	if t.failure != nil {
		return fmt.Errorf("%w: %w%s", errUnreachable, t.failure, hint(t.failure))
	}
	var said refusal
	if json.Unmarshal(t.refusal, &said) != nil || len(said.Faults) == 0 {
		return err
	}
	lines := []string{describe(problem)}
	for _, f := range said.Faults {
		words := []string{}
		for _, word := range []string{f.Application, f.Field, f.Fault} {
			if word != "" {
				words = append(words, printable(word))
			}
		}
		lines = append(lines, "  "+strings.Join(words, ": "))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// hint says what helps against the failure everybody meets first.
func hint(err error) string {
	if errors.As(err, new(x509.UnknownAuthorityError)) {
		return "\n  its certificate is of an authority that is not trusted here: name it with --ca FILE"
	}
	return ""
}

// printable keeps an answer from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, text)
}
