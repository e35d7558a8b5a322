package files

import (
	"errors"
	"maps"
	"testing"
)

const ini = `; settings
# of an editor
theme = dark
font=Iosevka 11

[window]
  width = 800
height=600
what is this
[plugins][git]
enabled=true
`

func text(s string) *string { return &s }

func TestKeysKeepTheFileAroundThem(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		changes map[string]*string
		want    string
	}{
		"change": {ini, map[string]*string{"theme": text("light"), "[window] width": text("1024")},
			"; settings\n# of an editor\ntheme = light\nfont=Iosevka 11\n\n[window]\n  width = 1024\nheight=600\nwhat is this\n[plugins][git]\nenabled=true\n"},
		"remove": {"a=1\n# b\nb=2\nc=3", map[string]*string{"b": nil}, "a=1\n# b\nc=3"},
		"add where its section ends": {ini, map[string]*string{"[window] x": text("1"), "lang": text("de")},
			"; settings\n# of an editor\ntheme = dark\nfont=Iosevka 11\nlang=de\n\n[window]\n  width = 800\nheight=600\nx=1\nwhat is this\n[plugins][git]\nenabled=true\n"},
		"add a section":         {"a = 1", map[string]*string{"[s] b": text("2")}, "a = 1\n\n[s]\nb=2\n"},
		"add to nothing":        {"", map[string]*string{"a": text("1"), "[s] b": text("2")}, "a=1\n[s]\nb=2\n"},
		"below a first comment": {"# first\n[s]\nb=2\n", map[string]*string{"a": text("1")}, "# first\na=1\n[s]\nb=2\n"},
		"as the others do":      {"a = 1\n", map[string]*string{"b": text("2")}, "a = 1\nb = 2\n"},
		"Windows lines":         {"a=1\r\n[s]\r\nb=2\r\n", map[string]*string{"a": text("3"), "[s] c": text("4")}, "a=3\r\n[s]\r\nb=2\r\nc=4\r\n"},
		"dotenv":                {"export KEY=\"a b\" # c\nX=\n", map[string]*string{"KEY": text("'d'"), "X": text("y")}, "export KEY='d'\nX=y\n"},
	} {
		file, err := parseKeyValue([]byte(c.file))
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := file.with(c.changes); err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestKeysAreRead(t *testing.T) {
	file, err := parseKeyValue([]byte("\ufeffa = 1 \n" + ini + "[odd] ] x]\nnot=read\n"))
	want := map[string]string{"a": "1", "theme": "dark", "font": "Iosevka 11", "[window] width": "800", "[window] height": "600", "[plugins][git] enabled": "true"}
	if err != nil || !maps.Equal(file.values(), want) {
		t.Errorf("%q %v", file.values(), err)
	}
}

func TestKeysThatAreNotOneLineAreLeftAlone(t *testing.T) {
	file, err := parseKeyValue([]byte("twice=1\ntwice=2\nlong=a\\\n b=c\nquoted=\"one\nx=y\nend\"\nlone='tis\nfine=1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"b": "c", "lone": "'tis", "fine": "1"}; !maps.Equal(file.values(), want) {
		t.Errorf("%q", file.values())
	}
	for _, name := range []string{"twice", "long", "quoted"} {
		if file.odd[name] == "" {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestKeysThatDoNotFitAreRefused(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"a", "1\n2"}, {"a", " 1"}, {"b=c", "1"}, {"[x", "1"}, {"#a", "1"}, {" a", "1"}, {"a", "1\\"}, {"[s]", "1"}, {"a", "\xff"}, {"a", "\"x"}, {"export a", "1"},
	} {
		file, err := parseKeyValue([]byte("q=\"\nz=1\n"))
		if err != nil {
			t.Fatal(err)
		}
		if made, err := file.with(map[string]*string{c.name: &c.value}); !errors.Is(err, errKey) {
			t.Errorf("%q=%q: %v\n%s", c.name, c.value, err, made)
		}
	}
	for _, data := range []string{"a\x00b", "\xff\xfea\x00"} {
		if _, err := parseKeyValue([]byte(data)); !errors.Is(err, errKeyValue) {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// FuzzKeyValue: what is not changed stays byte by byte, what is changed is read as it was written.
func FuzzKeyValue(f *testing.F) {
	f.Add([]byte(ini), "[window] width", "5")
	f.Add([]byte("export A='b\nc=d\n'\r\n"), "new", "value")
	f.Add([]byte("a"), "[s] k", "")
	f.Fuzz(func(t *testing.T, data []byte, name, value string) {
		file, err := parseKeyValue(data)
		if err != nil {
			return
		}
		if same, err := file.with(nil); err != nil || string(same) != string(data) {
			t.Fatalf("nothing to change: %v\n%q\n%q", err, data, same)
		}
		made, err := file.with(map[string]*string{name: &value})
		if err != nil {
			return
		}
		again, err := parseKeyValue(made)
		if err != nil || again.values()[name] != value {
			t.Fatalf("%q=%q: %q", name, value, made)
		}
	})
}
