package rp

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/", "/a?b=c#d", "//evil", `/\evil`, "https://evil", "/%2f/evil", "/\x00", "/a/../..//evil", "/%2fevil.example/ "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s)
		u, err := url.Parse(got)
		if err != nil || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, `/\`) || u.Host != "" {
			t.Errorf("localPath(%q) = %q", s, got)
		}
	})
}

func FuzzOpenCookie(f *testing.F) {
	s := sealer{key: make([]byte, 32), now: time.Now}
	good, err := s.seal("session", time.Now().Add(time.Hour), session{SID: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("a.b.c.d.e")
	f.Fuzz(func(t *testing.T, text string) {
		var v session
		if s.open("session", text, &v) == nil && v.SID != "x" {
			t.Errorf("opened a forged cookie %q", text)
		}
		if s.open("pending", text, &v) == nil {
			t.Errorf("a session cookie passed for another: %q", text)
		}
	})
}
