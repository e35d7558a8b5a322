package tenant

import (
	"strings"
	"testing"
)

func TestMatchRedirect(t *testing.T) {
	web := Application{Kind: AppWeb, RedirectURIs: []string{"https://shop.example/cb", "https://shop.example/cb2?x=1"}}
	native := Application{Kind: AppNative, RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]:7000/cb", "https://app.example/cb"}}
	for _, c := range []struct {
		app  Application
		uri  string
		want bool
	}{
		{web, "https://shop.example/cb", true},
		{web, "https://shop.example/cb2?x=1", true},
		{web, "https://shop.example/cb2", false},
		{web, "https://shop.example/cb?x=1", false},
		{web, "https://shop.example/cb/", false},
		{web, "https://shop.example/CB", false},
		{web, "https://SHOP.example/cb", false},
		{web, "https://shop.example:443/cb", false},
		{web, "https://shop.example/a/../cb", false},
		{web, "", false},
		{native, "http://127.0.0.1/cb", true},
		{native, "http://127.0.0.1:49152/cb", true},
		{native, "http://[::1]:1/cb", true},
		{native, "http://[::1]/cb", true},
		{native, "https://app.example/cb", true},
		{native, "https://app.example:8443/cb", false},
		{native, "http://127.0.0.1:49152/cb2", false},
		{native, "http://127.0.0.1:49152/cb?x", false},
		{native, "http://127.0.0.1:/cb", false},
		{native, "http://127.0.0.1:123456/cb", false},
		{native, "http://127.0.0.1:80@evil.example/cb", false},
		{native, "http://127.0.0.1.evil.example/cb", false},
		{native, "http://127.0.0.1@evil.example/cb", false},
		{native, "http://127.0.0.2/cb", false},
		{native, "http://localhost/cb", false},
		{native, "https://127.0.0.1/cb", false},
		{native, "http://127.0.0.1:80\\@evil.example/cb", false},
		{native, "http://127.0.0.1:80/cb#x", false},
		{Application{Kind: AppWeb, RedirectURIs: []string{"http://127.0.0.1/cb"}}, "http://127.0.0.1:80/cb", false},
	} {
		if got := c.app.MatchRedirect(c.uri); got != c.want {
			t.Errorf("%s, %q: %v", c.app.Kind, c.uri, got)
		}
	}
	out := Application{Kind: AppWeb, PostLogoutRedirectURIs: []string{"https://shop.example/bye"}}
	if !out.MatchPostLogout("https://shop.example/bye") || out.MatchPostLogout("https://shop.example/") || out.MatchPostLogout("") {
		t.Error("post-logout addresses are compared wrongly")
	}
}

func TestNativeApplicationIsToldWhatItMayUse(t *testing.T) {
	for _, uri := range []string{"com.example.desk:/cb", "http://localhost:8000/cb", "/cb"} {
		if got := uriFault(uri, AppNative); !strings.HasPrefix(got, "is neither https nor a loopback address such as http://127.0.0.1/callback") {
			t.Errorf("%q: %q", uri, got)
		}
	}
}
