package vault

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"testing"
)

//go:embed testdata/vectors.json
var vectorsFile []byte

// hexed is bytes as the vectors have them.
type hexed []byte

func (h hexed) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }
func (h *hexed) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// vectors are testdata/vectors.json; site/src/docs/vault.md says what each member is. The file is never generated again: it is the
// format, and a change that does not reproduce it is a new format.
type vectors struct {
	Account   string `json:"account"`
	NameRoot  hexed  `json:"name_root"`
	MasterKey hexed  `json:"master_key"`

	Padme []struct {
		Length int `json:"length"`
		Padded int `json:"padded"`
	} `json:"padme"`
	Derived struct {
		CollectionNames hexed `json:"collection_names_key"`
		RecordNames     hexed `json:"record_names_key"`
		Record          hexed `json:"record_key"`
		Manifest        hexed `json:"manifest_key"`
		Local           hexed `json:"local_key"`
		Fingerprint     hexed `json:"fingerprint"`
	} `json:"derived"`
	Records   []recordVector `json:"records"`
	Manifest  manifestVector `json:"manifest"`
	Identity  []idVector     `json:"identities"`
	Ring      ringVector     `json:"ring"`
	RingLater struct {
		Mark  hexed `json:"mark"`
		Plain hexed `json:"plain"`
	} `json:"ring_later"`
	Recovery    []codeVector  `json:"recovery_codes"`
	Merge       []mergeVector `json:"merge_ascending"`
	Application struct {
		Key     hexed  `json:"key"`
		Account string `json:"account"`
		Public  hexed  `json:"public"`
		ID      string `json:"id"`
	} `json:"application"`
}

type recordVector struct {
	Collection   string `json:"collection"`
	CollectionID string `json:"collection_id"`
	Name         string `json:"name"`
	RecordID     string `json:"record_id"`
	Value        hexed  `json:"value"`
	Stamp        uint64 `json:"stamp,string"`
	Device       hexed  `json:"device"`
	Deleted      bool   `json:"deleted"`
	Version      int64  `json:"version"`
	Generation   uint32 `json:"generation"`
	Nonce        hexed  `json:"nonce"`
	Plain        hexed  `json:"plain"`
	Data         hexed  `json:"associated_data"`
	Body         hexed  `json:"body"`
}

type manifestVector struct {
	Version    int64  `json:"version"`
	Generation uint32 `json:"generation"`
	Nonce      hexed  `json:"nonce"`
	Root       hexed  `json:"root"`
	Plain      hexed  `json:"plain"`
	Data       hexed  `json:"associated_data"`
	Body       hexed  `json:"body"`
}

type idVector struct {
	Kind   Kind   `json:"kind"`
	Secret hexed  `json:"secret"`
	Public hexed  `json:"public"`
	ID     string `json:"id"`
	Info   hexed  `json:"info"`
	Wrap   hexed  `json:"wrap"`
}

type ringVector struct {
	Version int64 `json:"version"`
	Key     hexed `json:"ring_key"`
	Nonce   hexed `json:"nonce"`
	Plain   hexed `json:"plain"`
	Data    hexed `json:"associated_data"`
	Sealed  hexed `json:"sealed"`
}

type codeVector struct {
	Secret hexed  `json:"secret"`
	Code   string `json:"code"`
}

type mergeVector struct {
	Stamp   uint64 `json:"stamp,string"`
	Device  hexed  `json:"device"`
	Deleted bool   `json:"deleted"`
	Value   hexed  `json:"value"`
}

func readVectors(t *testing.T) *vectors {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(vectorsFile))
	d.DisallowUnknownFields()
	var x vectors
	if err := d.Decode(&x); err != nil {
		t.Fatal(err)
	}
	return &x
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %x\nwant %x", what, got, want)
	}
}

func TestVectorsOfKeys(t *testing.T) {
	x := readVectors(t)
	for _, p := range x.Padme {
		if padded(p.Length) != p.Padded {
			t.Errorf("padded(%d) is %d, want %d", p.Length, padded(p.Length), p.Padded)
		}
	}
	collection := x.Records[0].CollectionID
	same(t, "collection names", derive(x.NameRoot, labelCollectionNames), x.Derived.CollectionNames)
	same(t, "record names", derive(x.NameRoot, labelRecordNames+collection), x.Derived.RecordNames)
	same(t, "records", derive(x.MasterKey, labelRecord+collection), x.Derived.Record)
	same(t, "manifests", derive(x.MasterKey, labelManifest+collection), x.Derived.Manifest)
	same(t, "local", derive(x.NameRoot, labelLocal), x.Derived.Local)
	same(t, "fingerprint", (&ring{root: x.NameRoot}).fingerprint(), x.Derived.Fingerprint)
	for _, c := range x.Recovery {
		code, err := ParseRecoveryCode(c.Code)
		if err != nil || code.String() != c.Code {
			t.Errorf("%s: %v", c.Code, err)
		}
		same(t, c.Code, code[:], c.Secret)
	}
	key := ApplicationKey(x.Application.Key)
	if got := key.ID(); got != x.Application.ID {
		t.Errorf("id of an application's key: %s", got)
	}
	if got := key.account(); got != x.Application.Account {
		t.Errorf("account of an application's vault: %s", got)
	}
	same(t, "application", key.Identity().Recipient("application").Public, x.Application.Public)
}

func TestVectorsOfRecords(t *testing.T) {
	x := readVectors(t)
	n := newNames(x.NameRoot)
	changes := map[ID]*held{}
	for _, r := range x.Records {
		collection := n.collection(r.Collection)
		record := n.record(collection, r.Name)
		if collection.String() != r.CollectionID || record.String() != r.RecordID {
			t.Errorf("%s/%s has ids %s/%s", r.Collection, r.Name, collection, record)
		}
		e := entry{r.Name, r.Value, Stamp(r.Stamp), ID(r.Device), r.Deleted}
		p := recordPlace(x.Account, collection, record, r.Version)
		aead := box(x.MasterKey, labelRecord+r.CollectionID)
		same(t, "plain", e.encode(), r.Plain)
		same(t, "associated data", p.data(r.Body[:headerSize]), r.Data)
		same(t, "body", seal(aead, r.Generation, r.Nonce, r.Plain, p), r.Body)
		plain, err := open(aead, r.Body, p)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "opened", plain, r.Plain)
		got, err := decodeEntry(plain)
		if err != nil || got.compare(&e) != 0 || got.name != e.name {
			t.Errorf("%s/%s: %v, %v", r.Collection, r.Name, got, err)
		}
		changes[record] = &held{known{listed{r.Version, hashOf(r.Body)}, r.Generation}, &e}
	}
	all := emptyRoll.with(changes)
	root := all.root()
	same(t, "root", root[:], x.Manifest.Root)
	collection := n.collection(x.Records[0].Collection)
	p := manifestPlace(x.Account, collection, x.Manifest.Version)
	same(t, "manifest", summary{uint32(all.count), root, x.Records[0].Collection}.encode(), x.Manifest.Plain)
	same(t, "associated data", p.data(x.Manifest.Body[:headerSize]), x.Manifest.Data)
	same(t, "manifest's body", seal(box(x.MasterKey, labelManifest+collection.String()), x.Manifest.Generation, x.Manifest.Nonce, x.Manifest.Plain, p), x.Manifest.Body)
}

func TestVectorsOfWraps(t *testing.T) {
	x := readVectors(t)
	set := KeySet{Version: x.Ring.Version, Ring: x.Ring.Sealed}
	var identities []*Identity
	for _, v := range x.Identity {
		i := identityOf(t, v.Kind, v.Secret)
		same(t, "public key", i.Recipient("").Public, v.Public)
		same(t, "info", wrapInfo(x.Account, v.Kind, v.ID, x.Ring.Version), v.Info)
		w := Wrap{v.ID, v.Kind, v.Wrap}
		key, err := i.unwrap(w, x.Account, x.Ring.Version)
		if err != nil {
			t.Fatalf("%s: %v", v.Kind, err)
		}
		same(t, "ring key", key, x.Ring.Key)
		set.Wraps, identities = append(set.Wraps, w), append(identities, i)
	}
	p := ringPlace(x.Account, x.Ring.Version)
	same(t, "ring", seal(box(x.Ring.Key, labelRing), 0, x.Ring.Nonce, x.Ring.Plain, p), x.Ring.Sealed)
	same(t, "associated data", p.data(x.Ring.Sealed[:headerSize]), x.Ring.Data)
	for _, i := range identities {
		r, as, err := set.unpack(x.Account, []*Identity{i})
		if err != nil || as.Kind != i.kind {
			t.Fatalf("%s: %v", i.kind, err)
		}
		same(t, "ring again", r.encode(), x.Ring.Plain)
		same(t, "name root", r.root, x.NameRoot)
		same(t, "master key", r.newest().key, x.MasterKey)
	}
}

// TestVectorsOfAGivenUpGeneration: ring_later is the ring without its first master key.
func TestVectorsOfAGivenUpGeneration(t *testing.T) {
	x := readVectors(t)
	r, err := decodeRing(x.Ring.Plain, x.Ring.Version)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "mark", r.keys[0].mark(), x.RingLater.Mark)
	before := r.clone()
	r.retire(r.newest().generation)
	same(t, "plain", r.encode(), x.RingLater.Plain)
	later, err := decodeRing(x.RingLater.Plain, x.Ring.Version+1)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range before.keys {
		if !later.follows(k.generation, hashOf(k.mark())) {
			t.Errorf("the later ring does not follow generation %d", k.generation)
		}
	}
}

func TestVectorsOfMerges(t *testing.T) {
	x := readVectors(t)
	for i := 1; i < len(x.Merge); i++ {
		a, b := x.Merge[i-1].entry(), x.Merge[i].entry()
		if a.compare(b) >= 0 || b.compare(a) <= 0 {
			t.Errorf("entry %d is not after the one before", i)
		}
	}
}

func (m mergeVector) entry() *entry {
	return &entry{"n", m.Value, Stamp(m.Stamp), ID(m.Device), m.Deleted}
}
