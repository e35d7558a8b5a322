package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
)

// memoryFormer begins what lies beside the vault that a Memory is of: edits in a former vault of the account that nothing here opened when its
// place was taken, with the keys that they wait for. The former vault's fingerprint follows, and then its own keys of a Memory.
const memoryFormer = "f/"

// Carry takes over the edits that wait in what a Memory gave, deletions too. It is of a vault of the same account: of this one, or of another that
// one of the identities opens. Each edit keeps its time and its device, so that it is merged as if it had been made here. Errors: ErrLocked,
// ErrMemory, those of Memory.
func (v *Vault) Carry(ctx context.Context, kept map[string][]byte, identities ...*Identity) error {
	waiting, err := v.waitingOf(kept, identities)
	if err != nil {
		return err
	}
	if err := v.writing.enter(ctx); err != nil {
		return err
	}
	defer v.writing.leave()
	changes := map[string][]byte{}
	taken := map[ID]*shelf{}
	for _, s := range waiting {
		next := v.later(s)
		for record, e := range next.pending {
			changes[pendingKey(next.id, record)] = v.local.pending(next, record, e)
		}
		if len(next.pending) > 0 {
			taken[next.id] = next
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := v.config.Memory.Save(ctx, changes); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, next := range taken {
		s := v.shelf(id)
		s.name = next.name
		for record, e := range next.pending {
			s.pending[record] = e
			v.clock.see(e.stamp)
		}
	}
	return nil
}

// waitingOf opens the edits that wait in what a Memory gave.
func (v *Vault) waitingOf(kept map[string][]byte, identities []*Identity) (map[ID]*shelf, error) {
	from := newVault(v.config, nil)
	if from.local = v.local; !bytes.Equal(Known(kept), v.Fingerprint()) {
		set, err := decodeKeySet(kept[memoryKeys])
		if err != nil {
			return nil, err
		}
		r, _, err := set.unpack(v.config.Account, identities)
		if err != nil {
			return nil, err
		}
		from.local = newLocal(r.root, v.config.Account)
	}
	for key, body := range kept {
		if !strings.HasPrefix(key, memoryPending) {
			continue
		}
		if err := from.recall(key, body); err != nil {
			return nil, err
		}
	}
	return from.shelves, nil
}

// later is what of the edits in a shelf of another vault is later than what there is here, under the ids that it has here. Call it with writing held.
func (v *Vault) later(s *shelf) *shelf {
	next := newShelf(v.names.collection(s.name))
	next.name = s.name
	for _, e := range s.pending {
		record := v.names.record(next.id, e.name)
		if there := v.shelves[next.id]; there != nil {
			if old := there.visible(record); old != nil && old.compare(e) >= 0 {
				continue
			}
		}
		next.pending[record] = e
	}
	return next
}

// Known is the fingerprint of the vault that a Memory which gave this is of; nil when it knows none.
func Known(kept map[string][]byte) []byte {
	seen, err := decodeKeysSeen(kept[memorySeen])
	if err != nil {
		return nil
	}
	return seen.fingerprint
}

// Former lists the vaults in what a Memory gave that are not the one it is of: under the prefix of its keys what a Memory of each would give.
func Former(kept map[string][]byte) map[string]map[string][]byte {
	all := map[string]map[string][]byte{}
	for key, body := range kept {
		rest, former := strings.CutPrefix(key, memoryFormer)
		name, own, ok := strings.Cut(rest, "/")
		if !former || !ok {
			continue
		}
		prefix := memoryFormer + name + "/"
		if all[prefix] == nil {
			all[prefix] = map[string][]byte{}
		}
		all[prefix][own] = body
	}
	return all
}

// SetAside is what has to be kept of what a Memory gave, so that its edits can be carried later, under the prefix of a former vault; empty when
// none of them waits.
func SetAside(kept map[string][]byte) map[string][]byte {
	prefix := memoryFormer + base64.RawURLEncoding.EncodeToString(Known(kept)) + "/"
	aside := map[string][]byte{}
	if waitingIn(kept) == 0 {
		return aside
	}
	for key, body := range kept {
		if key == memoryKeys || key == memorySeen || strings.HasPrefix(key, memoryPending) {
			aside[prefix+key] = body
		}
	}
	return aside
}

func waitingIn(kept map[string][]byte) (n int) {
	for key := range kept {
		if strings.HasPrefix(key, memoryPending) {
			n++
		}
	}
	return n
}
