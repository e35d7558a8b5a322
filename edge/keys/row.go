package keys

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// row is a key as it is stored and as it travels to the front: sealed.
type row struct {
	ID     string `json:"id"`
	Use    string `json:"use"`
	Alg    string `json:"alg"`
	Starts int64  `json:"starts"` // first use, unix seconds
	Root   string `json:"root"`   // id of the root key that seals it
	Sealed []byte `json:"sealed"`
}

// material is what is sealed in a row. Public halves are in there too, so that nobody can plant one in the database.
type material struct {
	Private []byte      `json:"private,omitempty"` // PKCS #8, of signing keys that are not retired
	Public  []byte      `json:"public,omitempty"`  // PKIX, of signing keys
	Secret  []byte      `json:"secret,omitempty"`  // of symmetric keys: 32 bytes
	OPAQUE  *opaqueKeys `json:"opaque,omitempty"`
}

func (r row) group() group { return group{r.Use, r.Alg} }

func (r row) start() time.Time { return time.Unix(r.Starts, 0).UTC() }

// data is what the seal is bound to: nothing of the row can be changed and no box moved to another row. None of the parts
// has a zero byte in it.
func (r row) data() []byte {
	return []byte(strings.Join([]string{labelRow, r.ID, r.Use, r.Alg, strconv.FormatInt(r.Starts, 10), r.Root}, "\x00"))
}

// seal puts m into the row, under the first root key.
func (r *row) seal(root Root, m material) error {
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r.Root = root.first()
	r.Sealed, err = root.seal(plain, r.data())
	return err
}

// open takes the material out. Errors are ErrRoot and ErrTampered.
func (r row) open(root Root) (material, error) {
	var m material
	plain, err := root.open(r.Root, r.Sealed, r.data())
	if err != nil {
		return m, fmt.Errorf("key %s (%s): %w", r.ID, r.Use, err)
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, fmt.Errorf("key %s (%s): %w (unreadable)", r.ID, r.Use, ErrTampered)
	}
	return m, nil
}
