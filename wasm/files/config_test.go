package files

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestConfigIsRead(t *testing.T) {
	config, err := ParseConfig([]byte(`
# what follows me
metered = sync
[dotfiles]
file = ~/.bashrc
file = .config/git/config
; an editor
[editor]
tree = ~/.config/editor/
include = *.json
exclude = cache/**
[app]
keys = .config/app.ini
[desktop]
dconf = /org/gnome/desktop/interface/
dconf = /org/gnome/terminal/
[schemas]
gsettings = org.gnome.desktop.sound
`))
	want := Config{Metered: true, Sources: []Source{
		{Name: "dotfiles", Kind: Files, Paths: []string{".bashrc", ".config/git/config"}},
		{Name: "editor", Kind: Tree, Paths: []string{".config/editor"}, Include: []string{"*.json"}, Exclude: []string{"cache/**"}},
		{Name: "app", Kind: Keys, Paths: []string{".config/app.ini"}},
		{Name: "desktop", Kind: Dconf, Paths: []string{"/org/gnome/desktop/interface/", "/org/gnome/terminal/"}},
		{Name: "schemas", Kind: Gsettings, Paths: []string{"org.gnome.desktop.sound"}},
	}}
	if err != nil || !reflect.DeepEqual(config, want) {
		t.Errorf("%+v %v", config, err)
	}
}

func TestConfigFaultsNameTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"[a]\nfile = .x\nfil = .y":           `line 3: "fil" is not known`,
		"[a]\n\n[b]\nfile = .x":              "line 1: [a] does not say what it is",
		"[b]\nfile = .x\n[a]":                "line 3: [a] does not say what it is",
		"[a]\nfile = /etc/passwd":            "line 2: /etc/passwd is not below the home",
		"[a]\nfile = ../other/.x":            "line 2: ../other/.x is not a path below the home",
		"[a]\nfile = ~root/.x":               "line 2: ~root/.x is not below the home",
		"[a]\ntree = ~/":                     "line 2: ~/ is not a path below the home",
		"[a]\ntree = .":                      "line 2: the whole home cannot be kept in step",
		"[a]\ntree = x\ntree = y":            "line 3: [a] has its tree already",
		"[a]\ntree = x\nfile = y":            "line 3: [a] is of the kind tree already",
		"[a]\nfile = x\nfile = x":            "line 3: x was named before",
		"[a]\nfile = x\n[a]\nfile = y":       "line 3: there is a section [a] already",
		"[a b]\nfile = x":                    "line 1: a section is named with",
		"[a\nfile = x":                       "line 1: the ] of a section is missing",
		"hello":                              `line 1: "hello" is neither`,
		"file = x":                           `line 1: "file" does not stand before the first [section]`,
		"metered = never":                    "line 1: metered is pause or sync",
		"metered = sync\nmetered = pause":    "line 2: metered was said before",
		"[a]\nfile =":                        "line 2: file has no value",
		"[a]\ndconf = /":                     "line 2: dconf takes a directory",
		"[a]\ndconf = /org/gnome":            "line 2: dconf takes a directory",
		"[a]\ngsettings = --help":            "line 2: gsettings takes a schema",
		"[a]\ntree = x\nexclude = [":         "line 3: [ is not a pattern",
		"\xff":                               "line 1: the file is not UTF-8",
		strings.Repeat("#\n", MaxConfig):     "line 1: the file is larger than 64 KiB",
		strings.Repeat("[a]\ntree = b\n", 2): "line 3: there is a section [a] already",
	} {
		_, err := ParseConfig([]byte(text))
		fault, ok := errors.AsType[*Fault](err)
		if !ok || !strings.HasPrefix(fault.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("metered = pause\n[a]\nfile = ~/.x\ninclude = *\n[b]\ndconf = /a/b/\n"))
	f.Add([]byte("[a]\ntree=\xff\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseConfig(data)
		if fault, ok := errors.AsType[*Fault](err); err != nil && (!ok || fault.Line < 1) {
			t.Fatalf("%v", err)
		}
		for _, s := range config.Sources {
			if s.Kind == "" || s.Name == "" || len(s.Paths) == 0 {
				t.Errorf("%+v", s)
			}
			for _, path := range s.Paths {
				if again, what := checkPath(s.Kind, path); what != "" || again != path {
					t.Errorf("%q: %s", path, what)
				}
			}
		}
	})
}
