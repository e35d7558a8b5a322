package vault

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
)

// ID names a collection, a record or a device: 16 bytes, in text 22 characters of base64url without padding.
type ID [16]byte

var idText = base64.RawURLEncoding.Strict()

// String is the form in requests.
func (i ID) String() string { return idText.EncodeToString(i[:]) }

// ParseID reads what String gave. Error: ErrMalformed.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != idText.EncodedLen(len(id)) {
		return ID{}, ErrMalformed
	}
	if n, err := idText.Decode(id[:], []byte(text)); err != nil || n != len(id) { // line breaks are skipped and not an error
		return ID{}, ErrMalformed
	}
	return id, nil
}

// NewID returns a random id, for a device that has none yet.
func NewID() ID { return ID(random(len(ID{}))) }

// random returns n bytes of the system's randomness, which does not fail (crypto/rand).
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// names turns names into ids. It hangs on the name root and not on a master key, so that a rotation renames nothing.
type names struct {
	root        []byte
	collections []byte
	mu          sync.Mutex
	records     map[ID][]byte
}

func newNames(root []byte) *names {
	return &names{root: root, collections: derive(root, labelCollectionNames), records: map[ID][]byte{}}
}

// collection is HMAC-SHA-256(key, "collection" 0x00 name), cut to 16 bytes.
func (n *names) collection(name string) ID {
	return mac(n.collections, "collection\x00"+name)
}

// record is HMAC-SHA-256(key of the collection, name), cut to 16 bytes.
func (n *names) record(collection ID, name string) ID {
	n.mu.Lock()
	defer n.mu.Unlock()
	key, ok := n.records[collection]
	if !ok {
		key = derive(n.root, labelRecordNames+collection.String())
		n.records[collection] = key
	}
	return mac(key, name)
}

func mac(key []byte, text string) ID {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return ID(h.Sum(nil)[:len(ID{})])
}
