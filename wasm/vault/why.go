package vault

import (
	"crypto/cipher"
	"crypto/sha256"
)

// maxGuesses and maxGuessedSize bound how many places are tried for a body that does not open where it was found. It only chooses the words
// of an error that is certain already.
const (
	maxGuesses     = 4096
	maxGuessedSize = 64 << 20 // bytes that are gone through for it
)

// whyRecord tells a swap and a replay from a body that is none of ours.
func (v *Vault) whyRecord(p *pulled, r Record, otherwise error) error {
	hash := digest(sha256.Sum256(r.Body))
	for collection, s := range v.shelves {
		for record, h := range s.held {
			switch {
			case h.hash != hash:
			case collection == r.Collection && record == r.ID:
				return ErrReplayed
			default:
				return ErrSwapped
			}
		}
	}
	generation, err := generationOf(r.Body)
	if err != nil {
		return err
	}
	guesses := min(maxGuesses, maxGuessedSize/len(r.Body))
	half := guesses / 2
	opens := func(collection, record ID, version int64) bool {
		guesses--
		aead, err := v.aead(generation, labelRecord, collection)
		if err != nil || guesses < 0 {
			return false
		}
		_, err = open(aead, r.Body, recordPlace(v.config.Account, collection, record, version))
		return err == nil
	}
	for version := r.Version - 1; version > 0 && guesses > half; version-- {
		if opens(r.Collection, r.ID, version) {
			return ErrReplayed
		}
	}
	for collection, c := range p.collections {
		for record, other := range c.records {
			if (collection != r.Collection || record != r.ID) && opens(collection, record, other.Version) {
				return ErrSwapped
			}
		}
	}
	return otherwise
}

// whyManifest tells an older manifest under a new number from one that is none of ours.
func (v *Vault) whyManifest(aead cipher.AEAD, m *Manifest, collection ID) error {
	for version := m.Version - 1; version > 0 && version > m.Version-maxGuesses; version-- {
		if _, err := open(aead, m.Body, manifestPlace(v.config.Account, collection, version)); err == nil {
			return ErrRolledBack
		}
	}
	return ErrForged
}
