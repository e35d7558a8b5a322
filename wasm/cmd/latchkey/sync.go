package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/files"
	"github.com/latchkey-id/latchkey/wasm/network"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

const syncHelp = `latchkey sync [SOURCE…]

Keeps chosen files and settings of this home in step with your vault, and so with your other homes. What was changed in one follows to the
others; what was changed in two at once is a conflict: the later one stands, and the other version of a file is kept beside it as
NAME.conflict-DEVICE-DATE. Nothing is deleted that was not in step before.

  latchkey sync                      once, all sources
  latchkey sync editor               once, one source
  latchkey sync --watch              now, and whenever something changes
  latchkey sync --dry-run            show what would be done, and do nothing
  latchkey sync --diff               show it line by line
  latchkey sync --example            print a configuration to begin with

What is kept in step is written in ~/.config/latchkey/sync.conf ($XDG_CONFIG_HOME).

Options:
  --config FILE      another configuration
  --watch            go on until it is interrupted
  --dry-run          change nothing
  --diff             as --dry-run, with the lines that would change
  --delete           delete even when more than half of a source would vanish
  --now              once, even though the connection is metered
  --example          print an example configuration
  --quiet            print conflicts and problems only

Exit status also:
  8  there were conflicts: each is listed, with where the other version is
  9  paused, because the connection is metered
`

const syncExample = `# What latchkey sync keeps in step. Give a section the same name in all your homes.
# metered = sync          over metered connections, too

[dotfiles]
file = ~/.bashrc
file = ~/.gitconfig

[editor]
tree = ~/.config/editor
include = *.json
include = snippets/**
exclude = cache

# one by one the keys of a file of key=value lines
#[app]
#keys = ~/.config/app/settings.ini
#exclude = [window] *

#[desktop]
#dconf = /org/gnome/desktop/interface/
`

// syncOptions are those of latchkey sync.
type syncOptions struct {
	deviceOptions
	config                                        string
	watch, dry, diff, remove, now, example, quiet bool
	sources                                       []string
}

var (
	errConflicts = outcome{exitConflict, "both sides had changed: look at what is listed, and at the versions that are kept"}
	errLeft      = errors.New("not everything is in step: see above")
)

// sync keeps a home in step.
func (p program) sync(ctx context.Context, words []string) error {
	o, err := p.syncOptions(words)
	if err != nil {
		return err
	}
	if o.example {
		_, err := fmt.Fprint(p.out, syncExample)
		return err
	}
	config, err := p.syncConfig(o)
	if err != nil {
		return err
	}
	c, err := p.signedIn(ctx, o.deviceOptions)
	if err != nil {
		return err
	}
	s := &syncing{program: p, ctx: ctx, options: o, connection: c, config: config}
	if s.engine, err = s.open(); err != nil {
		return err
	}
	defer s.engine.Close()
	if o.watch {
		return s.watch(ctx)
	}
	return s.once(ctx)
}

func (p program) syncOptions(words []string) (o syncOptions, err error) {
	flags := o.flags("sync")
	flags.StringVar(&o.config, "config", "", "")
	flags.BoolVar(&o.watch, "watch", false, "")
	flags.BoolVar(&o.dry, "dry-run", false, "")
	flags.BoolVar(&o.diff, "diff", false, "")
	flags.BoolVar(&o.remove, "delete", false, "")
	flags.BoolVar(&o.now, "now", false, "")
	flags.BoolVar(&o.example, "example", false, "")
	flags.BoolVar(&o.quiet, "quiet", false, "")
	if o.sources, err = p.parse(flags, words, syncHelp, 0, -1); err != nil {
		return o, err
	}
	o.dry = o.dry || o.diff
	if o.watch && (o.dry || o.now || o.remove) {
		return o, misuse{"--watch goes with none of --dry-run, --diff, --now and --delete"}
	}
	return o, nil
}

// syncConfig reads what is to be kept in step.
func (p program) syncConfig(o syncOptions) (files.Config, error) {
	path := o.config
	if path == "" {
		dir, _ := p.environment("XDG_CONFIG_HOME")
		if home, _ := p.environment("HOME"); !filepath.IsAbs(dir) {
			dir = filepath.Join(home, ".config")
		}
		path = filepath.Join(dir, "latchkey", "sync.conf")
	}
	data, err := readBounded(path, files.MaxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return files.Config{}, misuse{"there is no " + path + ": write what shall be kept in step into it; latchkey sync --example prints one to begin with"}
	}
	if err != nil {
		return files.Config{}, misuse{err.Error()}
	}
	config, err := files.ParseConfig(data)
	if err != nil {
		return files.Config{}, misuse{path + ": " + err.Error()}
	}
	for _, name := range o.sources {
		if !slices.ContainsFunc(config.Sources, func(s files.Source) bool { return s.Name == name }) {
			return files.Config{}, misuse{fmt.Sprintf("there is no section [%s] in %s", name, path)}
		}
	}
	if len(config.Sources) == 0 {
		return files.Config{}, misuse{path + " names nothing to keep in step; latchkey sync --example prints one to begin with"}
	}
	return config, nil
}

// syncing is one run of latchkey sync.
type syncing struct {
	program
	options    syncOptions
	config     files.Config
	connection *connection
	engine     *files.Engine
	ctx        context.Context   // of the command
	names      map[string]string // of devices, by their ids at the service; "" is this one
	said       string            // what stands in the way
	progressed time.Time
}

func (s *syncing) open() (*files.Engine, error) {
	root, err := s.stateRoot()
	if err != nil {
		return nil, err
	}
	home, _ := s.environment("HOME")
	if !filepath.IsAbs(home) {
		return nil, misuse{"set HOME: it says where the files are"}
	}
	engine, err := files.Open(files.Deps{
		Config: s.config, Home: home, State: filepath.Join(serviceDirectory(root, s.connection.options.service), "sync"), Private: []string{root},
		Device: s.ownName, Name: s.deviceName, Now: time.Now, Run: files.Programs,
	})
	if errors.Is(err, files.ErrRunning) {
		return nil, outcome{exitBusy, err.Error()}
	}
	return engine, err
}

// once is one round.
func (s *syncing) once(ctx context.Context) error {
	if why := s.paused(ctx); why != "" && !s.options.now && !s.options.dry {
		return outcome{exitPaused, "paused: " + why + ". --now syncs once all the same; metered = sync in the configuration always does"}
	}
	report, err := s.round(ctx, false)
	if err != nil {
		return err
	}
	switch {
	case report.Failures() > 0:
		return errLeft
	case report.Conflicts() > 0 && !report.Dry:
		return errConflicts
	}
	return s.unsynced(report)
}

// unsynced is what the service said, or that it could not be reached, in which case the rest of the round is good.
func (s *syncing) unsynced(report files.Report) error {
	err := s.connection.explain(report.Reason)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vault.ErrQuota):
		return errors.New("your vault is full: exclude something, or delete settings, and sync again")
	case unreachable(err):
		return outcome{exitUnsent, "only what this computer knew was used: " + err.Error()}
	}
	return err
}

// watch goes on until it is interrupted.
func (s *syncing) watch(ctx context.Context) error {
	return s.engine.Watch(ctx, files.Watching{
		Changes: s.listen(ctx), Every: askEvery, Round: s.watchRound,
		Problem: func(err error) {
			fmt.Fprintf(s.problems, "latchkey: changes are not noticed at once, only every ten seconds: %v\n", err)
		},
	})
}

// watchRound is one round of a watch, which ends only when somebody has to do something: sign in, give a second proof.
func (s *syncing) watchRound(ctx context.Context, local bool) (done bool, err error) {
	if why := s.paused(ctx); why != "" {
		s.say("paused: " + why)
		return false, nil
	}
	report, err := s.round(ctx, local)
	if err == nil {
		err = s.unsynced(report)
	}
	var known outcome
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil:
		s.say("")
		return true, nil
	case errors.As(err, &known) && known.code != exitBusy && known.code != exitUnsent, errors.As(err, new(*vault.Tampering)):
		return false, err
	}
	s.say(describe(err))
	return false, nil
}

// say tells once what stands in the way, and once that it is over.
func (s *syncing) say(what string) {
	if what == s.said {
		return
	}
	if s.said = what; what == "" {
		what = "going on"
	}
	fmt.Fprintf(s.problems, "latchkey: %s\n", printable(what))
}

// askEvery is how often the service is asked while watching, in case that it cannot tell of changes by itself.
const askEvery = 2 * time.Minute

// paused says why settings have to wait, "" when they need not.
func (s *syncing) paused(ctx context.Context) string {
	if s.config.Metered {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	cost, err := network.Now(ctx)
	if err != nil || !cost.Paused() {
		return "" // where nothing knows, nothing is held back
	}
	return cost.Why()
}

// round opens the vault for one round, so that other commands have it in between, and prints what was done.
func (s *syncing) round(ctx context.Context, local bool) (files.Report, error) {
	v, err := s.connection.open(ctx)
	if err != nil {
		return files.Report{}, err
	}
	report, err := s.engine.Round(ctx, v, files.Options{
		Dry: s.options.dry, Delete: s.options.remove, Local: local, Only: s.options.sources, Progress: s.progress,
	})
	if err := errors.Join(err, v.Close()); err != nil {
		return report, s.connection.explain(err)
	}
	return report, s.show(report, local)
}

// progress says about once a second how far long work is.
func (s *syncing) progress(done, total int, what string) {
	now := time.Now()
	if s.progressed.IsZero() {
		s.progressed = now
	}
	if s.options.quiet || s.options.json || now.Sub(s.progressed) < time.Second || done == total {
		return
	}
	s.progressed = now
	fmt.Fprintf(s.problems, "latchkey: %d of %d, %s\n", done, total, printable(what))
}

func (s *syncing) show(report files.Report, local bool) error {
	watching := s.options.watch && local
	if s.options.json {
		if watching && len(report.Steps) == 0 {
			return nil
		}
		return json.NewEncoder(s.out).Encode(report)
	}
	var b strings.Builder
	done := map[string]int{}
	alike := map[string]int{}
	for _, step := range report.Steps {
		group := stepGroup(step, report)
		done[group]++
		if alike[step.Source+step.Failed]++; step.Failed != "" && alike[step.Source+step.Failed] > maxAlike {
			continue // the summary counts them; --json names them
		}
		if !s.options.quiet || group == groupConflict || group == groupLeft {
			b.WriteString(describeStep(step, report) + "\n")
		}
		if s.options.diff {
			b.WriteString(step.Diff())
		}
	}
	if !s.options.quiet && !(s.options.watch && len(report.Steps) == 0) {
		b.WriteString(summary(done, report) + "\n")
	}
	_, err := fmt.Fprint(s.out, b.String())
	return err
}
