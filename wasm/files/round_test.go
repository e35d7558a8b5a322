package files

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

const twoSources = "[dot]\nfile = .rc\nfile = .vimrc\n[app]\ntree = .config/app\nexclude = cache\n[env]\nkeys = .env\n"

func TestFilesFollowToAnotherHome(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "a", 0o644)
	one.write(".config/app/x/y.json", "{}", 0o600)
	one.write(".config/app/run", "#!", 0o755)
	one.write(".config/app/cache/z", "no", 0o600)
	one.write(".env", "# mine\nA=1\nB=2\n", 0o600)
	same(t, one.round(t, Options{}), "send .rc", "send run", "send x/y.json", "send A", "send B")
	two.write(".env", "# other\nB=2\n", 0o640)
	same(t, two.round(t, Options{}), "take .rc", "take run", "take x/y.json", "take A")
	want := maps.Clone(one.content())
	delete(want, ".config/app/cache/z")
	want[".env"] = "-rw-r----- # other\nB=2\nA=1\n"
	if got := two.content(); !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
	same(t, two.round(t, Options{}))
	same(t, one.round(t, Options{}))
	two.write(".rc", "b", 0o600)
	same(t, two.round(t, Options{}), "send .rc")
	same(t, one.round(t, Options{}), "take .rc")
	if got := one.content()[".rc"]; got != "-rw------- b" {
		t.Error(got)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "a", 0o644)
	same(t, one.round(t, Options{Dry: true}), "send .rc")
	same(t, one.round(t, Options{}), "send .rc")
	same(t, two.round(t, Options{Dry: true}), "take .rc")
	if len(two.content()) != 0 || len(two.records.content()) != 0 {
		t.Errorf("%v", two.content())
	}
}

func TestDeletionsFollowOnlyWhatWasAgreed(t *testing.T) {
	one, two := pair(t, twoSources)
	for _, name := range []string{"a", "b/c", "d"} {
		one.write(".config/app/"+name, name, 0o644)
	}
	one.round(t, Options{})
	two.round(t, Options{})
	delete(one.files, ".config/app/b/c")
	two.write(".config/app/new", "new", 0o644)
	same(t, one.round(t, Options{}), "delete-there b/c")
	same(t, two.round(t, Options{}), "delete-here b/c", "send new")
	if two.isDir(".config/app/b") || two.files[".config/app/b"] != nil {
		t.Error("an empty directory stays")
	}
	same(t, one.round(t, Options{}), "take new")
	one.write(".config/app/b/c", "again", 0o644)
	same(t, one.round(t, Options{}), "send b/c")
	same(t, two.round(t, Options{}), "take b/c")
}

func TestMassDeletionIsHeldBack(t *testing.T) {
	one, two := pair(t, twoSources)
	for _, name := range []string{"a", "b", "c", "d"} {
		one.write(".config/app/"+name, name, 0o644)
	}
	one.round(t, Options{})
	two.round(t, Options{})
	for _, name := range []string{"a", "b", "c"} {
		delete(one.files, ".config/app/"+name)
	}
	report := one.round(t, Options{})
	same(t, report, "delete-there a failed", "delete-there b failed", "delete-there c failed")
	if !strings.Contains(report.Steps[0].Failed, "3 of 4 would be deleted at once; --delete does it") {
		t.Error(report.Steps[0].Failed)
	}
	same(t, one.round(t, Options{Delete: true}), "delete-there a", "delete-there b", "delete-there c")
	same(t, two.round(t, Options{}), "delete-here a failed", "delete-here b failed", "delete-here c failed")
	same(t, two.round(t, Options{Delete: true}), "delete-here a", "delete-here b", "delete-here c")
}

func TestExcludingDeletesNothing(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".config/app/a", "a", 0o644)
	one.write(".config/app/b", "b", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	one.open(t, strings.Replace(twoSources, "cache", "a", 1))
	same(t, one.round(t, Options{}))
	same(t, two.round(t, Options{}))
	one.open(t, strings.Replace(twoSources, ".config/app", ".config/moved", 1))
	same(t, one.round(t, Options{}), "take a", "take b")
}

func TestConflictKeepsTheOtherVersion(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "base", 0o644)
	one.write(".env", "A=0\n", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	one.clock = one.clock.Add(time.Minute)
	one.write(".rc", "early", 0o644)
	one.write(".env", "A=1\n", 0o644)
	two.clock = two.clock.Add(time.Hour)
	two.write(".rc", "late", 0o644)
	two.write(".env", "A=2\n", 0o644)
	same(t, one.round(t, Options{}), "send .rc", "send A")
	same(t, two.round(t, Options{}), "here-wins .rc kept .rc.conflict-there-20260102-030507", "here-wins A lost 1")
	same(t, one.round(t, Options{}), "take .rc", "take A")
	same(t, two.round(t, Options{}))
	if two.content()[".rc"] != "-rw-r--r-- late" || one.content()[".rc"] != "-rw-r--r-- late" || two.content()[".rc.conflict-there-20260102-030507"] != "-rw-r--r-- early" {
		t.Errorf("%q", two.content())
	}
}

func TestEarlierEditLosesAConflict(t *testing.T) {
	one, two := pair(t, twoSources)
	two.write(".rc", "early", 0o644)
	one.clock = one.clock.Add(time.Hour)
	one.write(".rc", "late", 0o644)
	same(t, one.round(t, Options{}), "send .rc")
	same(t, two.round(t, Options{}), "there-wins .rc kept .rc.conflict-here-20260102-030405")
	if got := two.content()[".rc"]; got != "-rw-r--r-- late" {
		t.Error(got)
	}
}

// TestOfflineEditsAreConflictsAfterwards: both homes edit without a connection and both run latchkey sync.
func TestOfflineEditsAreConflictsAfterwards(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "base", 0o644)
	one.write(".env", "A=0\n", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	for _, h := range []*home{one, two} {
		h.line.cut = true
	}
	one.write(".rc", "one", 0o644)
	two.clock = two.clock.Add(time.Minute)
	two.write(".rc", "two", 0o644)
	two.write(".env", "A=2\n", 0o644)
	for _, h := range []*home{one, two} {
		if report := h.round(t, Options{}); report.Unsynced == "" || report.Waiting == 0 {
			t.Errorf("%+v", report)
		}
		h.line.cut = false
	}
	one.round(t, Options{})
	two.round(t, Options{})
	same(t, one.round(t, Options{}), "there-wins .rc kept .rc.conflict-here-20260102-030406", "take A")
	if got := one.content(); got[".rc"] != "-rw-r--r-- two" || got[".rc.conflict-here-20260102-030406"] != "-rw-r--r-- one" {
		t.Errorf("%q", got)
	}
}

// TestTwoHomesInTheSameMoment: one writes between the other's asking and telling.
func TestTwoHomesInTheSameMoment(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "base", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	one.write(".rc", "one", 0o644)
	two.clock = two.clock.Add(time.Minute)
	two.write(".rc", "two", 0o644)
	two.line.before = func() { two.line.before = func() { one.round(t, Options{}) } }
	two.round(t, Options{})
	report := one.round(t, Options{})
	if report.Conflicts() != 1 || one.content()[".rc"] != "-rw-r--r-- two" {
		t.Errorf("%q %q", said(report), one.content())
	}
	same(t, two.round(t, Options{}))
}

func TestEditBeatsDeletion(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "1", 0o644)
	one.write(".vimrc", "1", 0o644)
	one.round(t, Options{})
	two.round(t, Options{})
	delete(one.files, ".rc")
	one.write(".vimrc", "2", 0o644)
	delete(two.files, ".vimrc")
	two.write(".rc", "2", 0o644)
	one.round(t, Options{})
	same(t, two.round(t, Options{}), "send .rc", "take .vimrc")
	same(t, one.round(t, Options{}), "take .rc")
}

// TestDeletionWithoutAConnectionWaits: it would win over an edit that nobody here has seen.
func TestDeletionWithoutAConnectionWaits(t *testing.T) {
	one, two := pair(t, twoSources)
	for _, name := range []string{".rc", ".vimrc"} {
		one.write(name, "1", 0o644)
	}
	one.round(t, Options{})
	two.round(t, Options{})
	two.write(".rc", "2", 0o644)
	two.round(t, Options{})
	one.line.cut = true
	one.clock = one.clock.Add(time.Hour)
	delete(one.files, ".rc")
	if report := one.round(t, Options{}); len(report.Steps) > 0 || report.Waiting != 1 {
		t.Errorf("%q, %d wait", said(report), report.Waiting)
	}
	one.line.cut = false
	same(t, one.round(t, Options{}), "take .rc")
	same(t, two.round(t, Options{}))
}

func TestLinksStayLinksAndNeverLeadOut(t *testing.T) {
	one, two := pair(t, twoSources)
	for name, target := range map[string]string{"in": "../other", "out": "../../../etc/passwd", "abs": "/etc/passwd"} {
		ok(t, one.Symlink(target, ".config/app/"+name))
	}
	same(t, one.round(t, Options{}), "send in", "refuse abs", "refuse out")
	same(t, two.round(t, Options{}), "take in")
	if got := two.content()[".config/app/in"]; got != "Lrwxrwxrwx ../other" {
		t.Error(got)
	}
	// Another device of the person's sends what this one would refuse.
	ok(t, two.vault.Set(t.Context(), "sync/app", "evil", encodeFile(&item{value: []byte("/etc/passwd"), mode: 1 << 27}, nil)),
		two.vault.Set(t.Context(), "sync/app", "in/x", encodeFile(&item{value: []byte("x"), mode: 0o644}, nil)),
		two.vault.Set(t.Context(), "sync/app", "../../.profile", encodeFile(&item{value: []byte("x"), mode: 0o644}, nil)),
		two.vault.Set(t.Context(), "sync/app", "plain", []byte("x")), two.vault.Sync(t.Context()))
	same(t, one.round(t, Options{}), "refuse abs", "refuse out", "take evil failed", "take in/x failed", "refuse plain")
	if len(one.content()) != 3 {
		t.Errorf("%q", one.content())
	}
}

// TestPrivateFilesStay: what latchkey itself remembers is never sent, nor written from the vault.
func TestPrivateFilesStay(t *testing.T) {
	config := "[all]\ntree = .local\n[one]\nfile = .local/state/latchkey/key\n"
	one, two := pair(t, config)
	one.write(".local/state/latchkey/key", "secret", 0o600)
	one.write(".local/state/other", "1", 0o600)
	same(t, one.round(t, Options{}), "send state/other", "refuse .local/state/latchkey/key")
	evil := vault.Edit{Collection: "sync/all", Name: "state/latchkey/key", Value: encodeFile(&item{value: []byte("evil"), mode: 0o600}, nil)}
	_, err := one.vault.Apply(t.Context(), []vault.Edit{evil})
	ok(t, err, one.vault.Sync(t.Context()))
	two.write(".local/state/latchkey/key", "own", 0o600)
	same(t, two.round(t, Options{}), "take state/other", "refuse .local/state/latchkey/key")
	if got := two.content()[".local/state/latchkey/key"]; got != "-rw------- own" {
		t.Error(got)
	}
}

func TestAnotherVaultDeletesNothing(t *testing.T) {
	one, _ := pair(t, twoSources)
	one.write(".rc", "1", 0o644)
	one.round(t, Options{})
	fresh, _ := pair(t, twoSources)
	one.vault, one.line = fresh.vault, fresh.line
	one.open(t, twoSources)
	same(t, one.round(t, Options{}), "send .rc")
}

func TestWhatCannotBeReadIsNotDeleted(t *testing.T) {
	one, _ := pair(t, twoSources)
	one.write(".config/app/a", "a", 0o644)
	one.write(".rc", "rc", 0o644)
	one.round(t, Options{})
	one.write(".config/app/a", strings.Repeat("x", MaxFile+1), 0o644)
	one.write(".config/app/b", strings.Repeat("x", MaxFile), 0o644)
	one.write(".env", "A\x00", 0o644)
	report := one.round(t, Options{})
	same(t, report, "send b", "refuse a", "refuse ")
	if why := report.Steps[1].Why; !strings.Contains(why, "larger than 900 KB") || report.Failures() != 2 {
		t.Error(why, report.Failures())
	}
}

func TestDamagedStateIsSaid(t *testing.T) {
	one, _ := pair(t, twoSources)
	one.write(".rc", "rc", 0o644)
	one.round(t, Options{})
	for _, bad := range []string{"", "{", `{"version":2,"sources":{}}`, `{"version":1}`, `{"version":1,"sources":{"a":null}}`} {
		one.records.write(stateFile, bad, 0o600)
		if _, err := loadState(one.records); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestWhatIsWrittenMeanwhileIsNotOverwritten: a person saves a file while its other version is being written.
func TestWhatIsWrittenMeanwhileIsNotOverwritten(t *testing.T) {
	one, two := pair(t, twoSources)
	for name, content := range map[string]string{".rc": "1", ".env": "A=1\nB=1\n"} {
		one.write(name, content, 0o600)
	}
	one.round(t, Options{})
	two.round(t, Options{})
	for name, c := range map[string]struct{ one, two, want string }{
		".rc":  {"2", "mine", "-rw------- mine"},
		".env": {"A=2\nB=1\n", "A=1\nB=mine\n", "-rw------- A=2\nB=mine\n"},
	} {
		one.clock, two.clock = one.clock.Add(time.Minute), two.clock.Add(2*time.Minute)
		one.write(name, c.one, 0o600)
		one.round(t, Options{})
		two.before = func() { two.write(name, c.two, 0o600) }
		two.round(t, Options{})
		one.round(t, Options{})
		if a, b := one.content()[name], two.content()[name]; a != c.want || b != c.want {
			t.Errorf("%s: %q and %q, want %q", name, a, b, c.want)
		}
	}
}

// full is a vault that takes nothing more.
type full struct{ *vault.Vault }

// Sync takes, and cannot send.
func (f full) Sync(ctx context.Context) error {
	return errors.Join(f.Vault.Sync(ctx), vault.ErrQuota)
}

func TestFullVaultStillGives(t *testing.T) {
	one, two := pair(t, twoSources)
	one.write(".rc", "1", 0o644)
	one.round(t, Options{})
	two.write(".vimrc", "2", 0o644)
	report, err := two.engine.Round(t.Context(), full{two.vault}, Options{})
	ok(t, err)
	same(t, report, "take .rc", "send .vimrc")
	if !errors.Is(report.Reason, vault.ErrQuota) || report.Unsynced == "" {
		t.Error(report.Reason)
	}
}
