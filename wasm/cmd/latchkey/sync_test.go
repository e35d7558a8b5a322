//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/latchkey-id/latchkey/wasm/files"
)

const syncSettings = "[dot]\nfile = ~/.rc\n[app]\ntree = ~/.config/app\n[env]\nkeys = ~/.env\n"

// homes are two computers of one person with a configuration.
func homes(t *testing.T) (one, two *computer) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	one, two = w.trusted(page), w.trusted(page)
	for _, c := range []*computer{one, two} {
		c.put(".config/latchkey/sync.conf", syncSettings)
	}
	return one, two
}

func (c *computer) put(name, content string) {
	c.Helper()
	at := filepath.Join(c.home, name)
	c.must(os.MkdirAll(filepath.Dir(at), 0o700))
	c.must(os.WriteFile(at, []byte(content), 0o600))
}

func (c *computer) content(name string) string {
	data, err := os.ReadFile(filepath.Join(c.home, name))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestSyncBetweenTwoHomes(t *testing.T) {
	one, two := homes(t)
	one.put(".rc", "a\n")
	one.put(".config/app/x/y", "y")
	one.put(".env", "# mine\nA=1\n")
	one.run("sync", "--dry-run").wants(exitDone, "would send  dot: .rc\n", "").wants(exitDone, "nothing was done; it would be: 3 sent\n", "")
	one.run("sync").wants(exitDone, "sent  app: x/y\n", "").wants(exitDone, "3 sent\n", "")
	two.run("sync", "--diff", "dot").wants(exitDone, "--- /dev/null\n+++ vault/dot/.rc\n@@ -0,0 +1 @@\n+a\n", "")
	two.run("sync", "dot").wants(exitDone, "received  dot: .rc\n1 received\n", "")
	two.run("sync").wants(exitDone, "2 received\n", "")
	two.run("sync").wants(exitDone, "everything is in step\n", "")
	if two.content(".rc") != "a\n" || two.content(".config/app/x/y") != "y" || two.content(".env") != "A=1\n" {
		t.Error("something is missing")
	}
	one.put(".rc", "b\n")
	one.run("sync", "--quiet").wants(exitDone, "", "")
	two.put(".rc", "c\n")
	r := two.run("sync").wants(exitConflict, "the version of this home is later and stands; the other one is kept as ~/.rc.conflict-latchkey-on-lovelace-", "look at what is listed")
	kept, _ := filepath.Glob(filepath.Join(two.home, ".rc.conflict-*"))
	if len(kept) != 1 || two.content(filepath.Base(kept[0])) != "b\n" || two.content(".rc") != "c\n" {
		t.Errorf("%v\n%s", kept, r.out)
	}
	one.must(os.RemoveAll(filepath.Join(one.home, ".config/app")))
	one.run("sync").wants(exitFailed, "left alone  app: x/y: held back: 1 of 1 would be deleted at once; --delete does it", "not everything is in step")
	one.run("sync", "--delete", "--json").wants(exitDone, `"do":"delete-there"`, "")
}

func TestSyncSaysWhatIsWrong(t *testing.T) {
	c := &computer{world: &world{T: t, ca: "", server: nil}, home: t.TempDir()}
	run := func(words ...string) (int, string) {
		code, _, problems := latchkey(t, map[string]string{"HOME": c.home, "LATCHKEY_SERVICE": "https://id.test"}, "", append([]string{"sync"}, words...)...)
		return code, problems
	}
	if code, problems := run(); code != exitMisused || !strings.Contains(problems, "latchkey sync --example") {
		t.Error(code, problems)
	}
	c.put(".config/latchkey/sync.conf", "[a]\nfile = /etc/passwd\n")
	if code, problems := run(); code != exitMisused || !strings.Contains(problems, "sync.conf: line 2: /etc/passwd is not below the home") {
		t.Error(code, problems)
	}
	c.put(".config/latchkey/sync.conf", "[a]\nfile = ~/x\n")
	for _, words := range [][]string{{"b"}, {"--watch", "--delete"}, {"--watch", "--dry-run"}, {"--fast"}} {
		if code, problems := run(words...); code != exitMisused {
			t.Error(words, code, problems)
		}
	}
	_, example, _ := latchkey(t, nil, "", "sync", "--example")
	if config, err := files.ParseConfig([]byte(example)); err != nil || len(config.Sources) < 2 {
		t.Error(config, err)
	}
	if config, err := files.ParseConfig([]byte(strings.ReplaceAll(example, "\n#[", "\n[") + "#")); err == nil {
		t.Error("sections without content are taken", config)
	}
}

func TestSyncWithoutAConnection(t *testing.T) {
	one, two := homes(t)
	one.put(".rc", "a\n")
	two.run("sync").wants(exitDone, "", "")
	one.run("sync").wants(exitDone, "", "")
	one.server.CloseClientConnections()
	one.server.Listener.Close()
	one.put(".rc", "b\n")
	one.run("sync").wants(exitUnsent, "1 noted, to be sent; 1 wait for the service", "only what this computer knew was used: the service cannot be reached")
	var report files.Report
	r := one.run("sync", "--json")
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.Unsynced == "" || report.Waiting != 1 || len(report.Steps) != 0 {
		t.Errorf("%v %s", err, r.out)
	}
}

// TestSyncWatches: what is written in one home is in the other one shortly after, in both directions.
func TestSyncWatches(t *testing.T) {
	one, two := homes(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 2)
	for _, c := range []*computer{one, two} {
		go func() { ended <- c.watch(ctx) }()
	}
	follows := func(from, to *computer, content string) {
		t.Helper()
		from.put(".rc", content)
		begun := time.Now()
		for to.content(".rc") != content {
			if time.Since(begun) > 20*time.Second {
				t.Fatalf("%q", to.content(".rc"))
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Logf("%q after %v", content, time.Since(begun).Round(time.Millisecond))
	}
	follows(one, two, "a")
	follows(two, one, "b")
	follows(one, two, "c")
	one.run("vault", "list").wants(exitDone, ".rc", "") // others have the vault in between
	one.run("sync").wants(exitBusy, "", "running already")
	stop()
	for range 2 {
		if code := <-ended; code != exitDone {
			t.Errorf("exit %d", code)
		}
	}
}

// TestSyncEndsWithTheDevice: a computer that was revoked stops watching and says why.
func TestSyncEndsWithTheDevice(t *testing.T) {
	w := newWorld(t)
	page := w.owner("grace@id.test")
	c := w.trusted(page)
	c.put(".config/latchkey/sync.conf", syncSettings)
	c.put(".rc", "a\n")
	c.run("sync").wants(exitDone, "1 sent", "")
	ended := make(chan int, 1)
	go func() { ended <- c.watch(t.Context()) }()
	all, err := page.Devices(w.Context())
	w.must(err)
	for _, d := range all.Devices {
		if !d.Current {
			w.must(page.RevokeDevice(w.Context(), d.ID))
		}
	}
	for changed := 0; ; changed++ {
		c.put(".rc", strings.Repeat("b", changed))
		select {
		case code := <-ended:
			if code != exitSignIn && code != exitUntrusted {
				t.Errorf("exit %d", code)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
		if changed > 200 {
			t.Fatal("it goes on")
		}
	}
}

// watch runs latchkey sync --watch, with real pauses.
func (c *computer) watch(ctx context.Context) int {
	environment := map[string]string{"HOME": c.home, "LATCHKEY_CA": c.ca, "LATCHKEY_SERVICE": c.server.URL}
	return program{
		arguments: []string{"sync", "--watch"}, in: strings.NewReader(""), out: io.Discard, problems: io.Discard,
		environment: func(name string) (string, bool) { value, ok := environment[name]; return value, ok },
		system:      system{keyring: c.keyring, host: func() (string, error) { return "lovelace", nil }, wait: pause},
	}.run(ctx)
}

// manager stands for NetworkManager.
type manager struct{ metered uint32 }

// Get is org.freedesktop.DBus.Properties.Get.
func (m manager) Get(_, _ string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(m.metered), nil
}

// TestSyncPausesOnMeteredConnections runs where a message bus is installed.
func TestSyncPausesOnMeteredConnections(t *testing.T) {
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:dir="+t.TempDir())
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Log("there is no message bus here:", err)
		return
	}
	t.Cleanup(func() { daemon.Process.Kill(); daemon.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	one, _ := homes(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	conn, err := dbus.ConnectSystemBus()
	one.must(err)
	defer conn.Close()
	_, err = conn.RequestName("org.freedesktop.NetworkManager", dbus.NameFlagDoNotQueue)
	one.must(err)
	one.must(conn.Export(manager{1}, "/org/freedesktop/NetworkManager", "org.freedesktop.DBus.Properties"))
	one.run("sync").wants(exitPaused, "", "paused: the connection is metered. --now syncs once")
	one.run("sync", "--now").wants(exitDone, "in step", "")
	one.put(".config/latchkey/sync.conf", "metered = sync\n"+syncSettings)
	one.run("sync").wants(exitDone, "in step", "")
}

// TestTheGuideIsRight: the configuration in the guide is one.
func TestTheGuideIsRight(t *testing.T) {
	guide, err := os.ReadFile("../../../site/src/docs/sync-files.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```ini\n")
	sample, _, _ := strings.Cut(rest, "```")
	if config, err := files.ParseConfig([]byte(sample)); err != nil || len(config.Sources) != 4 {
		t.Errorf("%+v %v", config, err)
	}
	for _, option := range regexp.MustCompile("latchkey sync( --[a-z-]+)+").FindAllString(string(guide), -1) {
		for _, word := range strings.Fields(option)[2:] {
			if !takes(t, "sync", strings.TrimPrefix(word, "--")) {
				t.Errorf("%s is not taken", word)
			}
		}
	}
}
