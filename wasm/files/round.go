package files

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Options of a round.
type Options struct {
	Dry      bool     // look only
	Delete   bool     // delete even when more than half of a source would vanish
	Local    bool     // ask the service only when something changed here
	Only     []string // sources; none is all
	Progress func(done, total int, what string)
}

// maxPasses bounds how often a round looks again at what others wrote while it was at work. The next round goes on.
const maxPasses = 4

// Round brings home and vault into step once. What stands in the way of one thing is in the Report and stops no other. An error is
// of the whole: *vault.Tampering, vault.ErrLocked, those of the disk where the state is.
func (e *Engine) Round(ctx context.Context, v Vault, o Options) (Report, error) {
	e.use(v)
	report := Report{Dry: o.Dry}
	if o.Local {
		if _, err := e.pass(ctx, Options{Dry: true, Only: o.Only}, &report); err != nil || !slices.ContainsFunc(report.Steps, (*Step).open) {
			return report, err
		}
		report.Steps = nil
	}
	if err := e.sync(ctx, &report); err != nil {
		return report, err
	}
	for range maxPasses {
		told, err := e.pass(ctx, o, &report)
		if err == nil && told && !o.Dry {
			err = e.sync(ctx, &report)
		}
		if err != nil {
			return report, err
		}
		if !told || o.Dry || report.Unsynced != "" {
			break
		}
	}
	return report, e.finish(ctx, o, &report)
}

// use takes the vault of a round. What was agreed on with another one counts for nothing.
func (e *Engine) use(v Vault) {
	e.vault = v
	if e.state.Vault != hex.EncodeToString(v.Fingerprint()) {
		e.state = newState(v.Fingerprint())
	}
}

// sync asks the service. Without a connection a round goes on with what is here; what the vault says of itself ends it.
func (e *Engine) sync(ctx context.Context, report *Report) error {
	err := e.vault.Sync(ctx)
	report.Unsynced, report.Reason = "", nil
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*vault.Tampering)), errors.Is(err, vault.ErrLocked), errors.Is(err, vault.ErrNewer), errors.Is(err, vault.ErrMemory):
		return err
	}
	report.Unsynced, report.Reason = err.Error(), err
	return nil
}

// pass goes through all sources once and reports whether the vault has something to send.
func (e *Engine) pass(ctx context.Context, o Options, report *Report) (told bool, err error) {
	for _, s := range e.config.Config.Sources {
		if len(o.Only) > 0 && !slices.Contains(o.Only, s.Name) {
			continue
		}
		w := &work{engine: e, source: s, side: e.side(s), state: e.state.source(s), options: o, online: report.Unsynced == ""}
		steps, err := w.plan(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return told, ctx.Err()
			}
			report.add(s.Name, []*Step{{Source: s.Name, Do: Refuse, Why: err.Error()}})
			continue
		}
		report.add(s.Name, steps)
		report.Waiting += w.waiting
		if o.Dry {
			continue
		}
		if err := w.do(ctx, steps); err != nil {
			return told, err
		}
		told = told || w.told
	}
	return told, e.remember()
}

// finish settles what the last sync sent and counts what waits.
func (e *Engine) finish(ctx context.Context, o Options, report *Report) error {
	if o.Dry {
		return nil
	}
	for _, s := range e.config.Config.Sources {
		known := e.state.source(s)
		for name, p := range known.Items {
			if p.Offered == "" {
				continue
			}
			if setting, ok := e.vault.Get(collection(s), name); ok && !setting.Sent {
				report.Waiting++
			}
		}
	}
	return errors.Join(e.remember(), ctx.Err())
}

// work is one source in one pass.
type work struct {
	engine  *Engine
	source  Source
	side    side
	state   *sourceState
	options Options
	online  bool
	told    bool
	waiting int // for the service, without the vault knowing
	steps   int // done
}

// there is a record of the vault, read.
type there struct {
	item    *item
	past    []string
	setting vault.Setting
	err     error
}

func (w *work) records() map[string]there {
	all := map[string]there{}
	for _, setting := range w.engine.vault.List(collection(w.source)) {
		if w.side.takes(setting.Name) {
			t := there{setting: setting}
			t.item, t.past, t.err = w.side.decode(setting.Value)
			all[setting.Name] = t
		}
	}
	return all
}

// plan looks at both sides and decides. It keeps what needs no work in the state.
func (w *work) plan(ctx context.Context) ([]*Step, error) {
	found, refused, err := w.side.read(ctx)
	if err != nil {
		return nil, err
	}
	records := w.records()
	names := map[string]bool{}
	for name := range found {
		names[name] = true
	}
	for name := range records {
		names[name] = true
	}
	for name := range w.state.Items {
		if w.side.takes(name) {
			names[name] = true
		} else if !w.options.Dry {
			delete(w.state.Items, name) // excluded by now: that deletes nothing
			w.engine.saved = false
		}
	}
	var steps []*Step
	for name := range names {
		if under(refused, name) {
			delete(names, name)
		}
	}
	for _, name := range sorted(refused) {
		steps = append(steps, &Step{Source: w.source.Name, Name: name, Do: Refuse, Why: refused[name]})
	}
	now := w.engine.config.Now()
	for _, name := range sorted(names) {
		if step := w.judge(name, found[name], records[name], now); step != nil {
			steps = append(steps, step)
		}
	}
	w.guard(steps)
	return steps, nil
}

// under reports whether a name, or a directory that it is in, could not be looked at: then nothing is known of it.
func under(refused map[string]string, name string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		if _, ok := refused[name]; ok {
			return true
		}
	}
	return false
}

// judge decides about one name; nil is nothing to do.
func (w *work) judge(name string, here *item, t there, now time.Time) *Step {
	step := &Step{Source: w.source.Name, Name: name}
	if t.err != nil {
		step.Do, step.Why = Refuse, t.err.Error()
		return step
	}
	base := w.state.Items[name]
	step.view = view{base: base, here: here, there: t.item, sent: t.setting.Sent, replaced: t.past, thereAt: t.setting.Written}
	if here != nil {
		step.view.hereAt = editedAt(here.edited, base.At, now)
	}
	step.verdict = decide(step.view)
	switch step.verdict {
	case nothing, wait:
		return nil
	case agree:
		w.set(name, past{ID: here.id(), At: now.UnixMilli()})
		return nil
	case forget:
		w.set(name, past{Was: base.ID})
		return nil
	}
	step.Do, step.Deletion = verdictDo[step.verdict], step.verdict == sendOverDelete || step.verdict == takeOverDelete
	switch {
	case step.verdict == sendOverDelete:
		step.Why = "it was deleted elsewhere and edited here; the edit stands"
	case step.verdict == takeOverDelete:
		step.Why = "it was deleted here and edited elsewhere; the edit stands"
	}
	if !w.online && (step.Do == DeleteThere || !w.side.traces() && (step.Do == Send || step.Do == HereWins)) {
		w.waiting++ // what could not be recognised as a conflict later is told only to a service that was asked what it has
		return nil
	}
	return step
}

var verdictDo = map[verdict]Do{
	send: Send, sendOverDelete: Send, take: Take, takeOverDelete: Take,
	deleteThere: DeleteThere, deleteHere: DeleteHere, hereWins: HereWins, thereWins: ThereWins,
}

// editedAt is when something was edited here. A time from before the last agreement is that of an old copy that was put back since:
// then the person did it just now, as far as can be told.
func editedAt(edited time.Time, agreed int64, now time.Time) time.Time {
	if edited.After(now) || edited.UnixMilli() <= agreed {
		return now
	}
	return edited
}

// guard holds deletions back when more than half of the source would vanish on one side.
func (w *work) guard(steps []*Step) {
	if w.options.Delete {
		return
	}
	known := w.state.known()
	for _, do := range []Do{DeleteHere, DeleteThere} {
		var all []*Step
		for _, s := range steps {
			if s.Do == do {
				all = append(all, s)
			}
		}
		if 2*len(all) <= known {
			continue
		}
		for _, s := range all {
			s.Failed = fmt.Sprintf("held back: %d of %d would be deleted at once; --delete does it", len(all), known)
		}
	}
}

func (w *work) set(name string, p past) {
	if w.options.Dry || w.state.Items[name] == p {
		return
	}
	if p == (past{}) {
		delete(w.state.Items, name)
	} else {
		w.state.Items[name] = p
	}
	w.engine.saved = false
}
