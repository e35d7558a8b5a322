package vault

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
)

// refused reports whether the service has no room for what was sent.
func refused(err error) bool { return errors.Is(err, ErrQuota) || errors.Is(err, ErrTooLarge) }

// pushWhatFits sends what a vault that is full has room for: first, of all collections, what takes no more room than it has already, deletions above
// all, then the others from the smallest on. So nothing that is too large holds up what is not, nor what would make room for it.
// Errors: ErrQuota or ErrTooLarge for what stays behind, those of send.
func (v *Vault) pushWhatFits(ctx context.Context) error {
	for _, growing := range []bool{false, true} {
		full := error(nil)
		for _, id := range v.unsent() {
			err := v.sendWhatFits(ctx, id, growing)
			if err != nil && !refused(err) {
				return err
			}
			full = cmp.Or(full, err)
		}
		if full != nil && growing {
			return full
		}
	}
	v.full = false
	return nil
}

// sendWhatFits sends the edits of one collection that grow it the least, ever more of them at once until that is too much.
func (v *Vault) sendWhatFits(ctx context.Context, id ID, growing bool) (left error) {
	tooLarge := map[ID]bool{}
	for most := 1; ; {
		picks := v.leastGrowing(id, most, growing, tooLarge)
		if len(picks) == 0 {
			return left
		}
		err := v.send(ctx, id, picks)
		switch {
		case err == nil:
			most = min(2*most, MaxBatch)
		case refused(err) && len(picks) > 1:
			most = 1
		case errors.Is(err, ErrTooLarge):
			left = err
			for record := range picks {
				tooLarge[record] = true
			}
		default:
			return err
		}
	}
}

// leastGrowing picks so many of the edits that wait, those first that take the least room beyond what they replace; without growing only those
// that take none, and none of those that are too large.
func (v *Vault) leastGrowing(id ID, most int, growing bool, tooLarge map[ID]bool) map[ID]*entry {
	v.mu.RLock()
	defer v.mu.RUnlock()
	s := v.shelves[id]
	growth := map[ID]int{}
	for record, e := range s.pending {
		grown := e.size() + perObject
		if h := s.held[record]; h != nil {
			grown = e.size() - h.entry.size()
		}
		if (grown <= 0 || growing) && !tooLarge[record] {
			growth[record] = grown
		}
	}
	order := slices.SortedFunc(maps.Keys(growth), func(a, b ID) int { return cmp.Or(cmp.Compare(growth[a], growth[b]), compareIDs(a, b)) })
	picks := map[ID]*entry{}
	for _, record := range order[:min(most, len(order))] {
		picks[record] = s.pending[record]
	}
	return picks
}
