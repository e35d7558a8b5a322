package vault

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

// Generations returns how many master keys the ring has.
func (v *Vault) Generations() int { return len(v.ring.keys) }
