package files

import (
	"context"
	"errors"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const desktop = "[desktop]\ndconf = /org/test/\nexclude = */secret\n"

// dconf is a small one.
type dconf struct {
	kept map[string]string
	ran  []string
}

func (d *dconf) run(_ context.Context, _ []byte, program string, words ...string) ([]byte, error) {
	d.ran = append(d.ran, program+" "+strings.Join(words, " "))
	switch words[0] {
	case "dump":
		var out strings.Builder
		for _, key := range sorted(d.kept) {
			dir, name := key[:strings.LastIndex(key, "/")+1], key[strings.LastIndex(key, "/")+1:]
			if section := strings.Trim(strings.TrimPrefix(dir, words[1]), "/"); section != "" {
				out.WriteString("[" + section + "]\n")
			} else {
				out.WriteString("[/]\n")
			}
			out.WriteString(name + "=" + d.kept[key] + "\n\n")
		}
		return []byte(out.String()), nil
	case "write":
		if d.kept[words[1]] = words[2]; words[2] == "broken" {
			return nil, errors.New("dconf: error: 0-6:unknown keyword")
		}
	case "reset":
		delete(d.kept, words[1])
	}
	return nil, nil
}

func TestDconfKeysFollow(t *testing.T) {
	one, two := pair(t, desktop)
	a, b := &dconf{kept: map[string]string{"/org/test/font": "'Iosevka 11'", "/org/test/app/size": "(1, 2)", "/org/test/app/secret": "1"}}, &dconf{kept: map[string]string{"/org/test/app/theme": "'x=y'"}}
	one.engine.config.Run, two.engine.config.Run = a.run, b.run
	same(t, one.round(t, Options{}), "send /org/test/app/size", "send /org/test/font")
	same(t, two.round(t, Options{}), "take /org/test/app/size", "send /org/test/app/theme", "take /org/test/font")
	delete(b.kept, "/org/test/font")
	same(t, two.round(t, Options{}), "delete-there /org/test/font")
	same(t, one.round(t, Options{}), "take /org/test/app/theme", "delete-here /org/test/font")
	if want := map[string]string{"/org/test/app/size": "(1, 2)", "/org/test/app/secret": "1", "/org/test/app/theme": "'x=y'"}; !maps.Equal(a.kept, want) {
		t.Errorf("%q", a.kept)
	}
	if !slices.Contains(a.ran, "dconf reset /org/test/font") {
		t.Errorf("%q", a.ran)
	}
	for name, value := range map[string]string{"/org/test/bad": "broken", "/org/test/two": "1\n2", "/org/test/opt": "--help", "/org/other/x": "1", "/org/test//x": "1"} {
		ok(t, one.vault.Set(t.Context(), "sync/desktop", name, []byte(value)))
	}
	same(t, one.round(t, Options{}), "take /org/test/bad failed", "take /org/test/opt failed", "take /org/test/two failed")
}

func TestMissingProgramIsSaid(t *testing.T) {
	one, _ := pair(t, desktop)
	report := one.round(t, Options{})
	same(t, report, "refuse ")
	if why := report.Steps[0].Why; why != "dconf is not installed here" {
		t.Error(why)
	}
	if _, err := Programs(t.Context(), nil, "latchkey-no-such-program"); !errors.Is(err, ErrNoProgram) {
		t.Error(err)
	}
	if _, err := Programs(t.Context(), nil, "sh", "-c", "echo first >&2; echo second >&2; exit 3"); err == nil || err.Error() != "sh: first" {
		t.Error(err)
	}
}

// within runs programs with a configuration and a bus of their own.
func within(dir string, more ...string) Runner {
	return func(ctx context.Context, in []byte, program string, words ...string) ([]byte, error) {
		words = slices.Concat([]string{"XDG_CONFIG_HOME=" + dir, "XDG_RUNTIME_DIR=" + dir + "/run", "HOME=" + dir}, more, []string{program}, words)
		return Programs(ctx, in, "env", words...)
	}
}

// TestRealDconf runs where dconf and a message bus are installed.
func TestRealDconf(t *testing.T) {
	_, missing := exec.LookPath("dconf")
	_, busless := exec.LookPath("dbus-run-session")
	if missing != nil || busless != nil {
		t.Log("there is no dconf here")
		return
	}
	realSettings(t, "[desktop]\ndconf = /org/test/\n", []string{"dbus-run-session", "--"},
		"/org/test/app/size", "(1, 2)", "/org/test/font", "'Iosevka \"11\" = ü'", []string{"dconf", "write"})
}

// TestRealGsettings runs where gsettings and the desktop's schemas are installed.
func TestRealGsettings(t *testing.T) {
	if _, err := Programs(t.Context(), nil, "gsettings", "list-keys", "org.gnome.desktop.sound"); err != nil {
		t.Log("there are no schemas here:", err)
		return
	}
	realSettings(t, "[desktop]\ngsettings = org.gnome.desktop.sound\ninclude = * theme-name\ninclude = * event-sounds\n", []string{"GSETTINGS_BACKEND=keyfile"},
		"org.gnome.desktop.sound event-sounds", "false", "org.gnome.desktop.sound theme-name", "'a b'", []string{"gsettings", "set"})
}

func realSettings(t *testing.T, config string, environment []string, first, firstValue, second, secondValue string, set []string) {
	one, two := pair(t, config)
	for _, h := range []*home{one, two} {
		h.engine.config.Run = within(t.TempDir(), environment...)
	}
	write := func(h *home, name, value string) {
		words := slices.Concat(set[1:], strings.SplitN(name, " ", 2), []string{value})
		if _, err := h.engine.config.Run(t.Context(), nil, set[0], words...); err != nil {
			t.Fatal(err)
		}
	}
	one.clock = one.clock.Add(time.Hour)
	write(one, first, firstValue)
	one.round(t, Options{})
	two.round(t, Options{})
	write(one, second, secondValue)
	same(t, one.round(t, Options{}), "send "+second)
	same(t, two.round(t, Options{}), "take "+second)
	same(t, two.round(t, Options{}))
	side := two.engine.side(two.engine.config.Config.Sources[0])
	found, _, err := side.read(t.Context())
	if err != nil || found[second] == nil || string(found[second].value) != secondValue {
		t.Errorf("%v %v", found, err)
	}
}

// FuzzParseDump: whatever a program prints, what is taken of it are keys below the directory.
func FuzzParseDump(f *testing.F) {
	f.Add([]byte("[/]\nfont='x'\n\n[app/sub]\nsize=(1, 2)\n"))
	f.Add([]byte("[../other]\na=b\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		side := &settingSide{source: Source{Kind: Dconf, Paths: []string{"/org/test/"}}}
		for name := range parseDump("/org/test/", out) {
			if side.takes(name) && !isDconfKey(name) {
				t.Errorf("%q", name)
			}
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte(`{"version":1,"vault":"","sources":{"a":{"kind":"file","items":{"x":{"id":"1","at":2,"offered":"3","was":"4"}}}}}`))
	f.Add([]byte(`{"version":1,"sources":{"a":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeState(data)
		if err != nil {
			return
		}
		for _, source := range s.Sources {
			source.known()
			source.Items["new"] = past{}
		}
	})
}
