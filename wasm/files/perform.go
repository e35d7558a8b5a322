package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// do carries steps out: first what loses is kept, then the home is changed, then the vault. An error is of the state or the context;
// what goes wrong with one step is said in it.
func (w *work) do(ctx context.Context, steps []*Step) error {
	w.keepLosers(steps)
	w.changeHome(ctx, steps)
	if err := ctx.Err(); err != nil {
		return errors.Join(err, w.engine.remember())
	}
	if err := w.offer(steps); err != nil {
		return err
	}
	w.changeVault(ctx, steps)
	return ctx.Err()
}

func (s *Step) open() bool { return s.Failed == "" && s.Do != Refuse }

// keepLosers puts aside the versions that lose a conflict, before anything is written over.
func (w *work) keepLosers(steps []*Step) {
	for _, s := range steps {
		if !s.Conflict() || !s.open() {
			continue
		}
		lost, at, by := s.view.here, s.view.here.edited, w.engine.ownName()
		if s.Do == HereWins {
			lost, at = s.view.there, s.view.thereAt
			setting, _ := w.engine.vault.Get(collection(w.source), s.Name)
			by = w.engine.deviceName(setting.Device)
		}
		kept, err := w.side.keep(s.Name, lost, by, at)
		if err != nil {
			s.Failed = "the other version cannot be kept: " + err.Error()
			continue
		}
		if s.Kept = kept; kept == "" {
			s.Lost = string(lost.value)
		}
	}
}

func (w *work) changeHome(ctx context.Context, steps []*Step) {
	var changes []change
	by := map[string]*Step{}
	for _, s := range steps {
		if s.open() && (s.Do == Take || s.Do == DeleteHere || s.Do == ThereWins) {
			changes = append(changes, change{s.Name, s.view.here, s.view.there})
			by[s.Name] = s
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { // deletions first: a file may take the place of a directory
		return cmp.Compare(len(a.to.id()), len(b.to.id()))
	})
	w.side.apply(ctx, changes, func(c change, err error) {
		if err != nil {
			by[c.name].Failed = reason(err)
			w.told = w.told || errors.Is(err, errChanged)
		} else if c.to == nil {
			w.set(c.name, past{Was: c.from.id()})
		} else {
			w.set(c.name, past{ID: c.to.id(), At: w.engine.config.Now().UnixMilli()})
		}
		w.progress(c.name, len(changes))
	})
}

// offer writes down what the vault is going to be given, so that it is recognised later whatever happens in between.
func (w *work) offer(steps []*Step) error {
	for _, s := range steps {
		if s.open() && (s.Do == Send || s.Do == HereWins) {
			p := w.state.Items[s.Name]
			p.Offered = s.view.here.id()
			w.set(s.Name, p)
		}
	}
	return w.engine.remember()
}

// maxEdits bounds how much is written into the memory of the vault at once.
const maxEdits = 100

func (w *work) changeVault(ctx context.Context, steps []*Step) {
	telling := slices.DeleteFunc(slices.Clone(steps), func(s *Step) bool {
		return !s.open() || s.Do != Send && s.Do != HereWins && s.Do != DeleteThere
	})
	for some := range slices.Chunk(telling, maxEdits) {
		var edits []vault.Edit
		for _, s := range some {
			edits = append(edits, w.edit(s))
		}
		_, err := w.engine.vault.Apply(ctx, edits)
		w.told = w.told || err == nil
		for _, s := range some {
			if err != nil {
				s.Failed = vaultReason(err)
			} else if s.Do == DeleteThere {
				w.set(s.Name, past{Was: s.view.there.id()})
			}
			w.progress(s.Name, len(telling))
		}
	}
}

func (w *work) edit(s *Step) vault.Edit {
	e := vault.Edit{Collection: collection(w.source), Name: s.Name, Delete: s.Do == DeleteThere}
	if !e.Delete {
		known := pastWith(s.view.replaced, s.view.there.id(), s.view.base.ID, s.view.base.Was)
		e.Value = w.side.encode(s.view.here, known)
	}
	return e
}

func vaultReason(err error) string {
	if errors.Is(err, vault.ErrLimit) {
		return "its name or its content is larger than what the vault takes"
	}
	return fmt.Sprintf("the vault does not take it: %v", err)
}

func (w *work) progress(name string, total int) {
	if w.steps++; w.options.Progress != nil {
		w.options.Progress(w.steps, total, w.source.Name+": "+name)
	}
}
