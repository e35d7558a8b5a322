package files

import (
	"strings"
	"testing"
	"time"
)

func TestPathPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.json", "settings.json", true},
		{"*.json", "a/b/settings.json", true},
		{"*.json", "settings.jsonc", false},
		{"cache", "cache/a/b", true},
		{"cache", "x/cache/a", true},
		{"/cache", "x/cache/a", false},
		{"/cache", "cache/a", true},
		{"cache/", "cache/a", true},
		{"cache/**", "cache/a/b", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**/z", "b/a/z", false},
		{"**/z", "a/b/z", true},
		{"a/*", "a/b", true},
		{"a/*.x", "a/b/c.x", false},
		{"?[0-9]", "a/b1", true},
		{"A", "a", false},
	} {
		if got := matchPath(c.pattern, c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestKeyPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"[user] *", "[user] name", true},
		{"[user] *", "[users] name", false},
		{"/org/*/font*", "/org/a/b/font-name", true},
		{"*size", "window-size", true},
		{"k?y", "key", true},
		{"key", "keys", false},
	} {
		if got := matchKey(c.pattern, c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
}

// TestPatternsAreNotExponential: a pattern of many stars takes no longer for it.
func TestPatternsAreNotExponential(t *testing.T) {
	begun := time.Now()
	matchPath(strings.Repeat("**/a/", 200)+"b", strings.Repeat("a/", 400)+"c")
	matchKey(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 2000))
	if took := time.Since(begun); took > 5*time.Second {
		t.Error(took)
	}
}
