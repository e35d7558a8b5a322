//go:build !js

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/e2e/opaquetest"
	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/password"
	"github.com/latchkey-id/latchkey/wasm/state"
)

const goodPassword = "purple tractors eat lightly"

// tab is a page of the service in a browser, as far as the client core sees one.
type tab struct {
	*client.Client
	http   *http.Client
	origin string
}

// Do sends what a page sends.
func (t *tab) Do(ctx context.Context, r client.Request) (client.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return client.Response{}, err
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	request.Header.Set("Origin", t.origin)
	answer, err := t.http.Do(request)
	if err != nil {
		return client.Response{}, err
	}
	defer answer.Body.Close()
	body, err := bounded(answer.Body, "the answer", r.Limit)
	return client.Response{Status: answer.StatusCode, Body: body}, err
}

// newTab is a page without anybody signed in.
func (w *world) newTab() *tab {
	w.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	own := *w.server.Client()
	own.Jar = jar
	t := &tab{http: &own, origin: w.server.URL}
	t.Client, err = client.New(client.Config{
		Base: w.server.URL, Transport: t, Now: time.Now, Keystore: state.NewKeystore(state.Open(w.TempDir(), state.None{}), time.Now),
	})
	w.must(err)
	var words bytes.Buffer
	w.must(password.WriteDictionary(&words, map[string][]string{password.ListPasswords: {"123456"}, "english": {"the", "horse"}}))
	dictionary, err := password.ParseDictionary(words.Bytes())
	w.must(err)
	t.UseDictionary(dictionary)
	return t
}

// owner makes an account of the person's own on a page, which is then the account's first device and has its vault open.
func (w *world) owner(upn string) *tab {
	w.Helper()
	t := w.newTab()
	begun, err := t.SignupBegin(w.Context(), api.SignupBeginRequest{Kind: api.SignupNew, UPN: upn})
	w.must(err)
	_, err = t.SignupFinish(w.Context(), client.SignupFinish{State: begun.State, UPN: upn, Name: "Ada Lovelace", Password: goodPassword})
	w.must(err)
	if at, err := t.Trust(w.Context()); err != nil || at.State != client.VaultOpen {
		w.Fatalf("the first device: %+v, %v", at, err)
	}
	w.upn = upn
	w.browser = opaquetest.NewBrowser(w.server.URL, w.server.URL, t.http)
	w.browser.HTTP.Jar = t.http.Jar
	return t
}

// approves answers the one device that waits, with a number, and says what it shows then.
func (t *tab) approves(w *world, number func() string) (string, error) {
	w.Helper()
	waiting, err := t.Approvals(w.Context())
	w.must(err)
	open := slices.DeleteFunc(waiting.Approvals, answered)
	if len(open) != 1 {
		return "", fmt.Errorf("%d wait: %+v", len(open), open)
	}
	id := open[0].ID
	if _, err := t.TakeApproval(w.Context(), id); err != nil {
		return "", err
	}
	for {
		given, err := t.CheckApproval(w.Context(), id, number(), true)
		if !isEarly(err) {
			return given.Answer, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
