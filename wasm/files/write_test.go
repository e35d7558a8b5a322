package files

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"
)

// TestFailingWriteLeavesTheOldFile: whichever step of a write fails, by itself or by the machine stopping, there is the old file or the
// new one, never a part of one; and after a plain failure nothing else is left over.
func TestFailingWriteLeavesTheOldFile(t *testing.T) {
	fresh := &item{value: []byte("the new content"), mode: 0o640}
	for _, crash := range []bool{false, true} {
		for fail := 1; ; fail++ {
			m := newMemory(time.Now)
			m.write("a/b", "old", 0o600)
			m.fail, m.crash = fail, crash
			err := place(m, "a/b", fresh, nil)
			if m.steps < fail {
				if err != nil || fail < 6 {
					t.Errorf("%d steps: %v", m.steps, err)
				}
				break
			}
			got := m.content()["a/b"]
			if err == nil || got != "-rw------- old" && (got != "-rw-r----- the new content" || fail < 6) {
				t.Errorf("step %d failed: %v, %q", fail, err, got)
			}
			if !crash && len(m.content()) != 1 {
				t.Errorf("step %d failed: %q", fail, m.content())
			}
			m.crashed, m.fail = false, 0
			if err := place(m, "a/b", fresh, nil); err != nil || !maps.Equal(m.content(), map[string]string{"a/b": "-rw-r----- the new content"}) {
				t.Errorf("after step %d failed: %v, %q", fail, err, m.content())
			}
		}
	}
}

// TestWritesAreDurable: the content is on the disk before the name is, and the name before the write counts as done.
func TestWritesAreDurable(t *testing.T) {
	m := newMemory(time.Now)
	ok(t, place(m, "a/b", &item{value: []byte("1"), mode: 0o640}, nil))
	ok(t, place(m, "a/b", &item{value: []byte("x"), mode: fs.ModeSymlink}, nil))
	ok(t, takeAway(m, "a/b", func() error { return nil }))
	want := "mkdir, sync directory, create, write, chmod, sync, close, rename, sync directory, link, rename, sync directory, remove, sync directory"
	if got := strings.Join(m.did, ", "); got != want {
		t.Errorf("%s", got)
	}
}

// TestRoundEndsAnywhere: a home whose disk, or that of its state, fails at any step of a round, and is then started anew, ends like one
// where nothing failed.
func TestRoundEndsAnywhere(t *testing.T) {
	for kind := range 4 {
		crash, state := kind&1 != 0, kind&2 != 0
		for fail, more := 1, true; more; fail++ {
			one, two := pair(t, twoSources)
			for i, h := range []*home{one, two} {
				h.write(".rc", fmt.Sprint("rc", i), 0o644)
				h.write(".env", fmt.Sprintf("# %d\nA=%d\nB%d=x\n", i, i, i), 0o644)
				h.write(fmt.Sprintf(".config/app/d%d/x", i), "x", 0o600)
			}
			one.round(t, Options{})
			disk := two.memory
			if state {
				disk = two.records
			}
			disk.fail, disk.crash = fail, crash
			two.engine.Round(t.Context(), two.vault, Options{})
			more = disk.steps >= fail
			disk.fail, disk.crashed = 0, false
			for name, content := range two.content() {
				if !isTemp(name) && !strings.Contains(name, ".conflict-") && !complete[strings.SplitN(content, " ", 2)[1]] {
					t.Errorf("step %d: %s is %q", fail, name, content)
				}
			}
			two.open(t, twoSources)
			for range 3 {
				two.round(t, Options{})
				one.round(t, Options{})
			}
			agreed(t, one, two)
			if kept := two.content()[".rc.conflict-there-20260102-030406"] + two.content()[".rc.conflict-here-20260102-030405"]; !strings.Contains(kept, "rc") {
				t.Errorf("step %d: no version is kept: %q", fail, two.content())
			}
			if fail > 200 {
				t.Fatal("no end")
			}
		}
	}
}

// complete are the contents that the test above may find.
var complete = map[string]bool{
	"rc0": true, "rc1": true, "x": true,
	"# 1\nA=1\nB1=x\n": true, "# 1\nA=1\nB1=x\nB0=x\n": true, "# 1\nA=0\nB1=x\nB0=x\n": true, "# 1\nA=0\nB1=x\n": true,
}

// agreed fails unless two homes have the same, up to kept versions and the comments of key=value files.
func agreed(t testing.TB, one, two *home) {
	t.Helper()
	contents := []map[string]string{one.content(), two.content()}
	for _, c := range contents {
		for name, content := range c {
			if strings.Contains(name, ".conflict-") || isTemp(name) {
				delete(c, name)
			}
			if name == ".env" {
				file, err := parseKeyValue([]byte(strings.SplitN(content, " ", 2)[1]))
				ok(t, err)
				c[name] = fmt.Sprint(file.values())
			}
		}
		if c[".env"] == "" {
			c[".env"] = fmt.Sprint(map[string]string{}) // an empty file and none are the same
		}
	}
	if !maps.Equal(contents[0], contents[1]) {
		t.Errorf("they differ:\n%q\n%q", contents[0], contents[1])
	}
}
