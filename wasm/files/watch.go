package files

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watching is how Watch works. Zero durations are the usual ones.
type Watching struct {
	// Round brings into step; local: something changed here. It reports whether everything is told and asked, and otherwise is called
	// again soon. Its error ends Watch.
	Round   func(ctx context.Context, local bool) (done bool, err error)
	Changes <-chan struct{} // the vault has something new; may be nil
	Quiet   time.Duration   // how long it has to be quiet after a change (300 ms)
	Most    time.Duration   // how long a change waits at most, when it does not become quiet (5 s)
	Look    time.Duration   // how often to look at what does not tell of changes (10 s)
	Every   time.Duration   // how often to ask the service in any case (15 min)
	Again   time.Duration   // when to try again what was not done (30 s)
	Problem func(error)     // told when changes cannot be noticed at once, only by looking
}

// Watch brings the home into step now and whenever something changed, until its context ends, which is no error.
func (e *Engine) Watch(ctx context.Context, w Watching) error {
	w = w.usual()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		w.Problem(err)
		watcher = &fsnotify.Watcher{} // nil channels: nothing is ever told
	} else {
		defer watcher.Close()
	}
	l := &loop{Watching: w, engine: e, watcher: watcher, blind: err != nil || e.hasBlind(), watched: map[string]bool{}}
	err = l.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (w Watching) usual() Watching {
	for _, d := range []struct {
		of    *time.Duration
		usual time.Duration
	}{{&w.Quiet, 300 * time.Millisecond}, {&w.Most, 5 * time.Second}, {&w.Look, 10 * time.Second}, {&w.Every, 15 * time.Minute}, {&w.Again, 30 * time.Second}} {
		if *d.of == 0 {
			*d.of = d.usual
		}
	}
	if w.Problem == nil {
		w.Problem = func(error) {}
	}
	return w
}

// hasBlind reports whether there are sources that do not tell of changes: those behind programs.
func (e *Engine) hasBlind() bool {
	for _, s := range e.config.Config.Sources {
		if s.Kind == Dconf || s.Kind == Gsettings {
			return true
		}
	}
	return false
}

type loop struct {
	Watching
	engine  *Engine
	watcher *fsnotify.Watcher
	blind   bool            // look again and again
	watched map[string]bool // directories
	said    bool            // that some cannot be watched
}

func (l *loop) run(ctx context.Context) error {
	every := time.NewTicker(l.Every)
	defer every.Stop()
	look := time.NewTicker(l.Look)
	defer look.Stop()
	l.rewatch()
	local := false
	for {
		done, err := l.Round(ctx, local)
		if err != nil {
			return err
		}
		again := l.Every
		if !done {
			again = l.Again
		}
		every.Reset(again)
		local = true
		for waiting := !l.rewatch(); waiting; { // into directories that came meanwhile something may have come before they were watched
			select {
			case <-ctx.Done():
				return ctx.Err()
			case event := <-l.watcher.Events:
				waiting = !l.relevant(event) || !l.settle(ctx)
			case err := <-l.watcher.Errors:
				waiting = !errors.Is(err, fsnotify.ErrEventOverflow)
			case <-look.C:
				waiting = !l.blind
			case <-l.Changes:
				waiting, local = false, false
			case <-every.C:
				waiting, local = false, false
			}
		}
	}
}

// relevant reports whether a change is of a source: in the directories that are watched there is more.
func (l *loop) relevant(event fsnotify.Event) bool {
	rel, err := filepath.Rel(l.engine.config.Home, event.Name)
	name := filepath.ToSlash(rel)
	if err != nil || isTemp(name) {
		return false
	}
	of := func(place string) bool { return place == name || strings.HasPrefix(place, name+"/") }
	for _, s := range l.engine.config.Config.Sources {
		switch {
		case s.Kind == Files && slices.ContainsFunc(s.Paths, of), s.Kind == Tree && of(s.Paths[0]), s.Kind == Keys && slices.ContainsFunc(l.engine.keyFiles(s), of):
			return true
		case s.Kind == Tree && strings.HasPrefix(name, s.Paths[0]+"/") && !s.skips(strings.TrimPrefix(name, s.Paths[0]+"/")):
			return true
		}
	}
	return false
}

// keyFiles are the file of a source of keys, and the one that a link there leads to.
func (e *Engine) keyFiles(s Source) []string {
	_, at, _, _ := (&keySide{source: s, disk: e.disk}).load()
	if at == "" || at == s.Paths[0] {
		return s.Paths
	}
	return []string{s.Paths[0], at}
}

// settle waits until changes have stopped for a while. It returns false when the context ends.
func (l *loop) settle(ctx context.Context) bool {
	most := time.NewTimer(l.Most)
	defer most.Stop()
	quiet := time.NewTimer(l.Quiet)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-most.C:
			return true
		case <-quiet.C:
			return true
		case <-l.watcher.Events:
			quiet.Reset(l.Quiet)
		case <-l.watcher.Errors:
		}
	}
}

// rewatch watches the directories that there are now, and reports whether there are more than before. One that cannot be watched is looked
// at again and again.
func (l *loop) rewatch() (more bool) {
	if l.watcher.Events == nil {
		return false
	}
	now := map[string]bool{}
	for _, dir := range l.engine.directories() {
		now[dir] = true
		more = more || !l.watched[dir]
		err := l.watcher.Add(filepath.Join(l.engine.config.Home, filepath.FromSlash(dir)))
		if err == nil || errors.Is(err, os.ErrNotExist) {
			continue
		}
		l.blind = true
		if !l.said {
			l.said = true
			l.Problem(err)
		}
	}
	for dir := range l.watched {
		if !now[dir] {
			_ = l.watcher.Remove(filepath.Join(l.engine.config.Home, filepath.FromSlash(dir))) // gone already, usually
		}
	}
	l.watched = now
	return more
}

// directories are those where files of the sources are or may come to be.
func (e *Engine) directories() []string {
	all := map[string]bool{}
	for _, s := range e.config.Config.Sources {
		switch s.Kind {
		case Files, Keys:
			paths := s.Paths
			if s.Kind == Keys {
				paths = e.keyFiles(s)
			}
			for _, p := range paths {
				all[e.nearest(path.Dir(p))] = true
			}
		case Tree:
			all[e.nearest(s.Paths[0])] = true
			e.below(s, "", all)
		}
	}
	return sorted(all)
}

// nearest is a directory, or the one above it that is there.
func (e *Engine) nearest(dir string) string {
	for ; dir != "."; dir = path.Dir(dir) {
		if info, err := e.disk.Lstat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return "."
}

// below adds the directories of a tree.
func (e *Engine) below(s Source, dir string, all map[string]bool) {
	entries, err := e.disk.ReadDir(path.Join(s.Paths[0], dir))
	if err != nil || len(all) > MaxFiles {
		return
	}
	all[path.Join(s.Paths[0], dir)] = true
	for _, entry := range entries {
		if name := path.Join(dir, entry.Name()); entry.IsDir() && !s.skips(name) {
			e.below(s, name, all)
		}
	}
}
