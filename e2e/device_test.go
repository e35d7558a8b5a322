package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/edge/api"
)

// device is a device without a keyboard: it can only ask and wait.
type device struct {
	t      *testing.T
	s      *local.Service
	client *http.Client

	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Link       string `json:"verification_uri_complete"`
}

// deviceTokens are what a poll hears.
type deviceTokens struct {
	AccessToken string `json:"access_token"`
	Error       string `json:"error"`
}

// turnOn registers the device's application and asks for a code.
func turnOn(t *testing.T, s *local.Service) *device {
	t.Helper()
	file := `{"applications": [{"client_id": "tv", "name": "Living-room TV", "kind": "native", "public": true,
		"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "scopes": ["openid", "profile"]}]}`
	if err := s.Load(t.Context(), []byte(file)); err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, s: s, client: s.Client()}
	if status := d.post("/oauth2/device_authorization", url.Values{"client_id": {"tv"}, "scope": {"openid profile"}}, d); status != http.StatusOK {
		t.Fatalf("device authorization: %d", status)
	}
	return d
}

func (d *device) post(path string, form url.Values, out any) int {
	d.t.Helper()
	res, err := d.client.PostForm(d.s.URL+path, form)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		d.t.Fatalf("%s: %d %s: %v", path, res.StatusCode, body, err)
	}
	return res.StatusCode
}

func (d *device) poll() (out deviceTokens) {
	d.t.Helper()
	d.post("/oauth2/token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"tv"}, "device_code": {d.DeviceCode},
	}, &out)
	return out
}

// TestPersonWithoutASessionConnectsADevice: the link leads to the page, the page to signing in (here: up), and that back to the page,
// where nothing has been answered yet.
func TestPersonWithoutASessionConnectsADevice(t *testing.T) {
	d := turnOn(t, service)
	b := newBrowser(t)
	b.open(d.Link)
	b.click(`[data-step="code"] button.primary`)
	b.at(service.Issuer + "/signin?flow=")
	b.click(`a[href*="/signup"]`)
	b.at(service.Issuer + "/signup?")
	b.createAccount(newLocal())
	b.at(d.Link)
	if got := d.poll(); got.Error != "authorization_pending" {
		t.Errorf("before the answer the device hears %+v", got)
	}
	b.click(`[data-step="code"] button.primary`)
	if got := b.see("#shown"); got != d.UserCode {
		t.Errorf("the page shows %q, the device %q", got, d.UserCode)
	}
	b.click(`button[value="allow"]`)
	b.holds(`document.getElementById("mine-error").textContent !== ""`)
	b.click("#mine")
	b.click(`button[value="allow"]`)
	b.see(`[data-step="allowed"] h1`)
	got := d.poll()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, service.URL+"/oauth2/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+got.AccessToken)
	res, err := d.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), "Ada Lovelace") {
		t.Errorf("the device got %+v, with which userinfo says %d %s", got, res.StatusCode, body)
	}
}

// TestAnApprovalSurvivesAKillAndIsCollectedOnce: the person's yes was acknowledged, so it is there after a kill, for one of a hundred
// polls that come at once.
func TestAnApprovalSurvivesAKillAndIsCollectedOnce(t *testing.T) {
	s := startOwn(t, local.Options{Plain: true})
	d, b := turnOn(t, s), apiBrowser(s)
	if err := b.SignUp(newUPN(), newPerson()); err != nil {
		t.Fatal(err)
	}
	var shown api.DeviceResponse
	if err := b.Call(api.RouteDevice, api.DeviceRequest{Code: strings.ToLower(d.UserCode)}, &shown); err != nil || shown.Code != d.UserCode || shown.Elsewhere {
		t.Fatalf("%+v, %v", shown, err)
	}
	if err := b.Call(api.RouteDeviceAnswer, api.DeviceAnswerRequest{State: shown.State, Allow: true}, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	d.client = s.Client()
	heard := map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			got := d.poll()
			mu.Lock()
			defer mu.Unlock()
			if got.AccessToken != "" {
				got.Error = "tokens"
			}
			heard[got.Error]++
		})
	}
	wait.Wait()
	if heard["tokens"] != 1 || heard["invalid_grant"] != 99 {
		t.Errorf("the device hears %v", heard)
	}
}
