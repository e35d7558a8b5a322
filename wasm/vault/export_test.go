package vault

import "context"

// Visible returns what a device holds for a setting, tombstones too, for the tests that keep their own account of merges.
func (v *Vault) Visible(collection, name string) (stamp Stamp, device ID, deleted bool, value []byte, ok bool) {
	id := v.names.collection(collection)
	s := v.shelves[id]
	if s == nil {
		return
	}
	e := s.visible(v.names.record(id, name))
	if e == nil {
		return
	}
	return e.stamp, e.device, e.deleted, e.value, true
}

// Rotate begins a new master key without shutting anybody out.
func (v *Vault) Rotate(ctx context.Context) error {
	return v.changeKeys(ctx, func(r *ring) (bool, error) { return true, r.rotate() })
}

// Forge is a key set that a device makes which only knows the keys that v does, under a version of its choice.
func (v *Vault) Forge(version int64) KeySet {
	r := v.ring.clone()
	r.version = version
	for range 4 {
		if r.rotate() != nil {
			panic("too many generations")
		}
	}
	set, err := r.pack(v.config.Account)
	if err != nil {
		panic(err)
	}
	return set
}

// Generations returns how many master keys the ring has.
func (v *Vault) Generations() int { return len(v.ring.keys) }

// Sealer returns how one record is sealed and opened, for speed alone.
func Sealer(account string) (sealOne func(version int64, name string, value []byte) []byte, openOne func(version int64, body []byte) error) {
	aead, id := box(random(keySize), labelRecord), NewID()
	var fresh nonces
	return func(version int64, name string, value []byte) []byte {
			e := entry{name: name, value: value, device: id}
			return seal(aead, 1, fresh.next(), e.encode(), recordPlace(account, id, id, version))
		}, func(version int64, body []byte) error {
			if _, err := generationOf(body); err != nil {
				return err
			}
			plain, err := open(aead, body, recordPlace(account, id, id, version))
			if err != nil {
				return err
			}
			_, err = decodeEntry(plain)
			return err
		}
}
