package oauth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestParamsRefuseRepeatedParameter(t *testing.T) {
	for _, raw := range []string{"a=1&a=1", "a=1&a=2", "a=&a=1", "a=1&b=2&%61=3"} {
		p, err := ParseParams(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if !errors.Is(p.Single(), ErrInvalidRequest) {
			t.Errorf("%s: repeated parameter accepted", raw)
		}
		if p.Get("a") != "" {
			t.Errorf("%s: a value of a repeated parameter was used: %q", raw, p.Get("a"))
		}
	}
}

func TestResourceAndAudienceMayAppearMoreThanOnce(t *testing.T) {
	p, err := ParseParams("resource=https://a.test/&resource=&resource=https://b.test/&audience=c&x=1")
	if err != nil || p.Single() != nil {
		t.Fatalf("%v, %v", err, p.Single())
	}
	if got := strings.Join(p.All("resource"), " "); got != "https://a.test/ https://b.test/" || p.Get("resource") != "" {
		t.Errorf("resource %q, as a single one %q", got, p.Get("resource"))
	}
	if got := p.All("audience"); len(got) != 1 || p.Get("audience") != "c" || p.All("x") != nil {
		t.Errorf("audience %q, x %q", got, p.All("x"))
	}
	again, err := MakeParams(p.Values())
	if err != nil || again.Get("x") != "1" || strings.Join(again.All("resource"), " ") != "https://a.test/ https://b.test/" {
		t.Errorf("made again: %+v, %v", again, err)
	}
	if _, err := MakeParams(url.Values{"x": {"a\nb"}}); !errors.Is(err, ErrInvalidRequest) {
		t.Errorf("control characters by another way: %v", err)
	}
}

func TestParamsWithoutValueCountAsAbsent(t *testing.T) {
	p, err := ParseParams("a=&b&c=1")
	if err != nil || p.Has("a") || p.Has("b") || !p.Has("c") || p.Single() != nil {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestParamsAreBounded(t *testing.T) {
	if _, err := ParseParams("a=" + strings.Repeat("x", MaxRequest-2)); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	if _, err := ParseParams("a=" + strings.Repeat("x", MaxRequest-1)); asError(err).Status != http.StatusRequestEntityTooLarge {
		t.Errorf("over the bound: %v", err)
	}
}

func TestParamsRefuseWhatIsNotText(t *testing.T) {
	for _, raw := range []string{"a=%", "a=%zz", "a=%ff", "a=%00", "a=x%0d%0aLocation:+x", "a=1;b=2", "a=%7f"} {
		if _, err := ParseParams(raw); !errors.Is(err, ErrInvalidRequest) {
			t.Errorf("%q accepted: %v", raw, err)
		}
	}
}

func TestFormParamsComeFromTheBodyOnly(t *testing.T) {
	post := func(kind, body string) (Params, error) {
		r := httptest.NewRequest(http.MethodPost, "/?client_secret=in-the-address", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return FormParams(httptest.NewRecorder(), r)
	}
	p, err := post("application/x-www-form-urlencoded; charset=UTF-8", "a=1")
	if err != nil || p.Get("a") != "1" || p.Has("client_secret") {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, kind := range []string{"", "application/json", "multipart/form-data", "text/plain", ";"} {
		if _, err := post(kind, "a=1"); asError(err).Status != http.StatusUnsupportedMediaType {
			t.Errorf("Content-Type %q: %v", kind, err)
		}
	}
	if _, err := post("application/x-www-form-urlencoded", strings.Repeat("a", MaxRequest+1)); asError(err) != ErrTooLarge {
		t.Errorf("oversized body: %v", err)
	}
}

func FuzzParams(f *testing.F) {
	f.Add("client_id=shop&scope=openid+email")
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ParseParams(raw)
		if err != nil {
			if e := asError(err); e.Status >= 500 {
				t.Fatalf("%q: bad input became %v", raw, e)
			}
			return
		}
		parsed, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatalf("accepted what net/url refuses: %q", raw)
		}
		for name, values := range parsed {
			if len(values) > 1 && (p.Single() == nil || p.Has(name)) {
				t.Fatalf("%q: repeated %q went unnoticed", raw, name)
			}
		}
	})
}
