package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Vault is what this package needs of a vault.Vault.
type Vault interface {
	Apply(ctx context.Context, edits []vault.Edit) (changed int, err error)
	Get(collection, name string) (vault.Setting, bool)
	List(collection string) []vault.Setting
	Sync(ctx context.Context) error
	Fingerprint() []byte
}

var _ Vault = (*vault.Vault)(nil)

// Deps is what an Engine needs.
type Deps struct {
	Config  Config
	Home    string                // directory whose files are kept in step; paths of the configuration are below it
	State   string                // directory for the state file and the lock; made when it is not there
	Private []string              // files and directories that are never read, written or sent: keys and the like
	Device  func() string         // name of this one, for the names of kept versions
	Name    func(vault.ID) string // of a device, for the names of kept versions; "" when it is not known
	Now     func() time.Time
	Run     Runner
}

// Engine keeps one home in step with a vault. It is for one goroutine; while it is open no other one opens in this home.
type Engine struct {
	config  Deps
	disk    disk // the home
	records disk // the directory of the state
	private []string
	vault   Vault // of the round
	state   *state
	saved   bool
	close   []func() error
}

// ErrRunning says that another latchkey sync is at work in this home.
var ErrRunning = errors.New("latchkey sync is running already in this home")

// ErrSystem says that this system's files have no Unix permissions.
var ErrSystem = errors.New("latchkey sync needs a system whose files have Unix permissions")

// Open prepares rounds. Errors: ErrRunning, ErrSystem, ErrState, those of the disk.
func Open(d Deps) (_ *Engine, err error) {
	e := &Engine{config: d}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	if err := os.MkdirAll(d.State, 0o700); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(d.State, "sync.lock"))
	if err != nil {
		return nil, err
	}
	e.close = append(e.close, unlock)
	home, err := os.OpenRoot(d.Home)
	if err != nil {
		return nil, err
	}
	e.close = append(e.close, home.Close)
	records, err := os.OpenRoot(d.State)
	if err != nil {
		return nil, err
	}
	e.close = append(e.close, records.Close)
	e.disk, e.records = rooted{home}, rooted{records}
	e.private = below(d.Home, append(d.Private, d.State))
	e.state, err = loadState(e.records)
	e.saved = true
	return e, err
}

// Close lets others in.
func (e *Engine) Close() error {
	var errs []error
	for i := len(e.close) - 1; i >= 0; i-- {
		errs = append(errs, e.close[i]())
	}
	e.close = nil
	return errors.Join(errs...)
}

// below turns absolute paths into those below a directory; what is elsewhere is out of reach anyway.
func below(dir string, paths []string) (inside []string) {
	for _, p := range paths {
		rel, err := filepath.Rel(dir, p)
		if err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			inside = append(inside, filepath.ToSlash(rel))
		}
	}
	return inside
}

// collection is where a source is in the vault.
func collection(s Source) string { return "sync/" + s.Name }

// ownName is the same for this device.
func (e *Engine) ownName() string {
	name := ""
	if e.config.Device != nil {
		name = e.config.Device()
	}
	return fileName(name, "here")
}

// deviceName is fit for the name of a file.
func (e *Engine) deviceName(id vault.ID) string {
	name := ""
	if e.config.Name != nil {
		name = e.config.Name(id)
	}
	return fileName(name, id.String()[:8])
}

func fileName(name, otherwise string) string {
	name = strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}, name), "-")
	if name == "" {
		return otherwise
	}
	return name[:min(len(name), 40)]
}

// remember keeps the state when it changed.
func (e *Engine) remember() error {
	if e.saved {
		return nil
	}
	if err := e.state.save(e.records); err != nil {
		return fmt.Errorf("what was agreed on cannot be written down: %w", err)
	}
	e.saved = true
	return nil
}
