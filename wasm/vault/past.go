package vault

import "context"

// Past opens earlier bodies of a setting, in the order given. Those that nobody can open any more, because their master key was given up,
// are left out, and so are deletions. Error: *Tampering for what was never written for this place.
func (v *Vault) Past(ctx context.Context, collection, name string, bodies []Record) ([]Setting, error) {
	if err := v.requests.enter(ctx); err != nil {
		return nil, err
	}
	defer v.requests.leave()
	id := v.names.collection(collection)
	record := v.names.record(id, name)
	past := []Setting{}
	for _, r := range bodies {
		e, err := v.openPast(id, record, name, r)
		if err != nil {
			return nil, accuse(err, collection, name)
		}
		if e != nil && !e.deleted {
			past = append(past, Setting{collection, e.name, e.value, e.stamp.Time(), e.device, true})
		}
	}
	return past, nil
}

// openPast returns nil for a body whose key is gone.
func (v *Vault) openPast(collection, record ID, name string, r Record) (*entry, error) {
	if len(r.Body) > MaxBody || r.Version < 1 {
		return nil, ErrMalformed
	}
	generation, err := generationOf(r.Body)
	if err != nil {
		return nil, err
	}
	if generation < v.ring.keys[0].generation {
		return nil, nil
	}
	aead, err := v.aead(generation, labelRecord, collection)
	if err != nil {
		return nil, err
	}
	plain, err := open(aead, r.Body, recordPlace(v.config.Account, collection, record, r.Version))
	if err != nil {
		return nil, err
	}
	e, err := decodeEntry(plain)
	if err == nil && e.name != name {
		err = ErrForged
	}
	return e, err
}

// IDs returns the ids under which a setting is stored, for what a Store offers beside the four operations.
func (v *Vault) IDs(collection, name string) (collectionID, record ID) {
	id := v.names.collection(collection)
	return id, v.names.record(id, name)
}
