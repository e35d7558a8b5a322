//go:build !js

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/state"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// with has standard input.
func (c *computer) with(in string) *computer { c.in = in; return c }

func TestSettingsAreWrittenAndReadByScripts(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.run("vault", "get", "editor", "theme").wants(exitMissing, "", `no "theme" in "editor"`)
	c.with("dark\n").run("vault", "set", "editor", "theme").wants(exitDone, "", "")
	c.run("vault", "get", "editor", "theme").wants(exitDone, "dark\n", "")
	c.with("two\nlines\n").run("vault", "set", "editor", "notes", "--raw").wants(exitDone, "", "")
	if r := c.run("vault", "get", "editor", "notes", "--raw"); r.out != "two\nlines\n" {
		t.Errorf("%q", r.out)
	}
	c.run("vault", "set", "keys", "backup", "--file", file(t, "backup", "\x00\xff")).wants(exitDone, "", "")
	r := c.run("vault", "get", "keys", "backup", "--json").wants(exitDone, `"binary":true`, "")
	var got client.Setting
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.Value != "AP8=" || got.Collection != "keys" {
		t.Errorf("%+v, %v", got, err)
	}
	c.run("vault", "set", "keys", "backup", "--value", "x", "--file", "y").wants(exitMisused, "", "two values")
	c.run("vault", "set", "editor", "theme", "--value", "light", "--json").wants(exitDone, `"sent":true`, "")

	list := c.run("vault", "list", "editor").wants(exitDone, "editor\ttheme\t", "").out
	if strings.Count(list, "\n") != 2 || strings.Contains(list, "*") || strings.Contains(list, "light") {
		t.Errorf("%s", list)
	}
	if all := c.run("vault", "list", "--json").out; strings.Contains(all, "light") || !strings.Contains(all, `"name":"backup"`) {
		t.Errorf("%s", all)
	}
	c.run("vault", "list", "--json", "--values").wants(exitDone, `"value":"light"`, "")
	w.must(page.SyncSettings(t.Context(), true))
	shown, err := page.Settings(t.Context(), "editor")
	if err != nil || len(shown) != 2 || shown[1].Value != "light" {
		t.Errorf("the page has %+v, %v", shown, err)
	}

	c.run("vault", "rm", "editor", "theme", "nothing").wants(exitMissing, "", "nothing")
	c.run("vault", "rm", "editor", "theme", "notes").wants(exitDone, "", "")
	c.run("vault", "get", "editor", "theme").wants(exitMissing, "", "")
	c.run("vault", "fly").wants(exitMisused, "", "--help")
	c.run("vault", "get", "editor").wants(exitMisused, "", "COLLECTION NAME")
	for _, words := range [][]string{{"vault", "--help"}, {"vault", "set", "--help"}, {"vault", "import", "--help"}} {
		c.run(words...).wants(exitDone, "Exit status", "")
	}
}

// A value that is shown must not steer the terminal.
func TestAValueDoesNotSteerTheTerminal(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	c.with("a\x1b[2Jb\tc\nd").run("vault", "set", "x", "y").wants(exitDone, "", "")
	if r := c.run("vault", "get", "x", "y"); r.out != "a\x1b[2Jb\tc\nd\n" {
		t.Errorf("into a file: %q", r.out)
	}
	c.terminal = true
	if r := c.run("vault", "get", "x", "y"); r.out != "a?[2Jb\tc\nd\n" {
		t.Errorf("to a terminal: %q", r.out)
	}
}

// Without a connection everything works on what this computer has, and is sent the next time.
func TestSettingsAreEditedOffline(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.with("dark").run("vault", "set", "editor", "theme").wants(exitDone, "", "")
	w.down(func() {
		c.run("vault", "get", "editor", "theme").wants(exitDone, "dark", "this is what this computer had")
		c.with("light").run("vault", "set", "editor", "theme").wants(exitUnsent, "", "sent the next time")
		c.run("vault", "get", "editor", "theme", "--offline").wants(exitDone, "light", "")
		c.run("vault", "list", "--offline").wants(exitDone, "*\n", "")
		c.run("signout").wants(exitFailed, "", "1 settings")
	})
	c.run("vault", "sync", "--verify").wants(exitDone, "1 sent", "")
	w.must(page.SyncSettings(t.Context(), true))
	if shown, err := page.Settings(t.Context(), "editor"); err != nil || shown[0].Value != "light" {
		t.Errorf("%+v, %v", shown, err)
	}
	c.run("signout").wants(exitDone, "", "")
}

func TestASettingIsEditedInAFileForItsOwnerAlone(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	runtime := t.TempDir()
	c.extra["XDG_RUNTIME_DIR"], c.extra["EDITOR"] = runtime, "ed"
	leftovers := func() (n int) {
		_ = filepath.WalkDir(runtime, func(_ string, e fs.DirEntry, _ error) error {
			if !e.IsDir() {
				n++
			}
			return nil
		})
		return n
	}
	c.editor = func(path string) error {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(path) != "a.json" {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		dir, err := os.Stat(filepath.Dir(path))
		if err != nil || dir.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", dir, err)
		}
		return os.WriteFile(path, []byte("{}"), 0o600)
	}
	c.run("vault", "edit", "editor", "../x/a.json").wants(exitDone, "", "")
	c.run("vault", "get", "editor", "../x/a.json").wants(exitDone, "{}", "")
	c.editor = func(string) error { return nil }
	c.run("vault", "edit", "editor", "../x/a.json").wants(exitDone, "", "")
	c.editor = func(string) error { return errors.New("exit status 1") }
	c.run("vault", "edit", "editor", "../x/a.json").wants(exitFailed, "", "nothing was written")
	if n := leftovers(); n != 0 {
		t.Errorf("%d files are left", n)
	}
	c.editor = func(path string) error { // meanwhile somewhere else
		other := *c
		other.in = "[]"
		other.run("vault", "set", "editor", "../x/a.json").wants(exitDone, "", "")
		return os.WriteFile(path, []byte(`{"mine":1}`), 0o600)
	}
	c.run("vault", "edit", "editor", "../x/a.json").wants(exitFailed, "", "what you wrote is in "+runtime)
	c.run("vault", "get", "editor", "../x/a.json").wants(exitDone, "[]", "")
	if n := leftovers(); n != 1 {
		t.Errorf("%d files are left", n)
	}
}

func TestATextThatIsTooLargeIsKept(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	c.extra["XDG_RUNTIME_DIR"] = t.TempDir()
	at := ""
	c.editor = func(path string) error {
		at = path
		return os.WriteFile(path, bytes.Repeat([]byte("x"), vault.MaxValue+1), 0o600)
	}
	r := c.run("vault", "edit", "editor", "big")
	if r.code == exitDone || !strings.Contains(r.problems, "what you wrote is in "+at) {
		t.Errorf("%d %s", r.code, r.problems)
	}
	if text, err := os.ReadFile(at); err != nil || len(text) != vault.MaxValue+1 {
		t.Errorf("%d bytes are left, %v", len(text), err)
	}
	c.editor = func(path string) error { return os.Remove(path) }
	if r = c.run("vault", "edit", "editor", "big"); r.code == exitDone || strings.Contains(r.problems, "what you wrote") {
		t.Errorf("without a file: %d %s", r.code, r.problems)
	}
}

func TestSettingsMoveInAFile(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	c.with("dark").run("vault", "set", "editor", "theme").wants(exitDone, "", "")
	path := filepath.Join(t.TempDir(), "settings.json")
	c.run("vault", "export", "--file", path).wants(exitDone, "", "")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	c.run("vault", "export", "--file", path).wants(exitMisused, "", "--force")
	text := c.run("vault", "export").wants(exitDone, `"value": "dark"`, "").out
	c.run("vault", "rm", "editor", "theme").wants(exitDone, "", "")
	c.run("vault", "import", path, "--dry-run").wants(exitDone, "1 new", "")
	c.run("vault", "get", "editor", "theme").wants(exitMissing, "", "")
	c.with(text).run("vault", "import", "-", "--json").wants(exitDone, `"new":1`, "")
	c.run("vault", "get", "editor", "theme").wants(exitDone, "dark", "")
	c.run("vault", "import", path).wants(exitDone, "1 as before", "")
	c.with("{}").run("vault", "import", "-").wants(exitFailed, "", "not an export")
	c.run("vault", "import", "/nowhere.json").wants(exitMisused, "", "nowhere")
}

func TestEarlierValuesAreListedAndRestored(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	for _, value := range []string{"one", "two", "three"} {
		c.with(value).run("vault", "set", "editor", "theme").wants(exitDone, "", "")
	}
	past := c.run("vault", "history", "editor", "theme").wants(exitDone, "two", "").out
	if !strings.Contains(past, "one") {
		t.Errorf("%s", past)
	}
	n := "1"
	for line := range strings.Lines(past) {
		if strings.Contains(line, "\tone") {
			n, _, _ = strings.Cut(line, "\t")
		}
	}
	c.run("vault", "history", "editor", "theme", "--restore", n).wants(exitDone, "", "")
	c.run("vault", "get", "editor", "theme").wants(exitDone, "one", "")
	c.run("vault", "history", "editor", "theme", "--restore", "99").wants(exitMissing, "", "earlier values")
}

// One process at a time has a vault; the other one waits, and says so when it has waited enough.
func TestTwoAtOnceWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	c := w.trusted(w.owner("grace@id.test"))
	dir := state.Open(serviceDirectory(filepath.Join(c.home, ".local", "state", "latchkey"), w.server.URL), c.keyring)
	names, err := dir.Memories()
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	held, err := dir.OpenMemory(t.Context(), names[0])
	w.must(err)
	c.run("vault", "list", "--wait", "50ms").wants(exitBusy, "", "another latchkey")
	c.run("signout", "--wait", "50ms").wants(exitBusy, "", "another latchkey")
	w.must(held.Close())
	c.run("vault", "list").wants(exitDone, "", "")
}
