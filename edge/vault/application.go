package vault

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/object"
)

// What an application keeps for a person is a vault in an object of its own. Which there are, the person's object knows, beside that generation
// of the person's vault which has their keys: with it they are put aside, come back and are erased. So none is left that nobody can open
// and nobody finds.
//
// Each has a number that is not used again, which names its object and is its generation: an application that still has another one in
// mind writes nothing into it. Its key is known by the id of the wrap that the key opens. A key whose vault was erased or is put aside
// begins no other one.

const (
	maxErased    = 256 // rows that are kept of what was erased, so that an old key begins nothing
	maxClient    = 256 // bytes of a client id
	topicErasing = "vault.erasing"
)

// Errors of the methods about applications.
var (
	ErrApplication    = object.NewError("vault: the application keeps nothing")
	ErrApplicationKey = object.NewError("vault: the application has an old key")
)

// Application is what one application keeps, as the person's object knows it.
type Application struct {
	Client string `json:"client"`
	Number int64  `json:"number"`
	Key    string `json:"key"`   // id of the wrap that its key opens
	Since  int64  `json:"since"` // unix seconds
}

// Object names the application's own object. No account's id has a dot.
func (a Application) Object(account string) string { return objectOf(account, a.Number) }

func objectOf(account string, number int64) string {
	return account + "." + strconv.FormatInt(number, 10)
}

const applicationColumns = `SELECT client, number, key, since FROM application `

func (a *Application) scan(row object.Row) bool {
	return row.Scan(&a.Client, &a.Number, &a.Key, &a.Since)
}

// live finds what an application keeps beside a generation of the person's vault.
func live(tx *object.Tx, g generation, client string) (a Application, found bool) {
	found = a.scan(tx.Row(applicationColumns+`WHERE client = ? AND generation = ? AND erased = 0`, client, g.number))
	return a, found
}

var applications = object.Method[struct{}, []Application]{Kind: KindName, Name: "applications"}

// doApplications lists those beside the present vault, oldest first.
func doApplications(tx *object.Tx, _ struct{}) ([]Application, error) {
	list := []Application{}
	g, err := present(tx)
	if err != nil {
		return list, nil
	}
	for row := range tx.Rows(applicationColumns+`WHERE generation = ? AND erased = 0 ORDER BY number`, g.number) {
		var a Application
		a.scan(row)
		list = append(list, a)
	}
	return list, nil
}

var findApplication = object.Method[string, Application]{Kind: KindName, Name: "find_application"}

func doFindApplication(tx *object.Tx, client string) (Application, error) {
	g, err := present(tx)
	if err != nil {
		return Application{}, ErrApplication
	}
	a, found := live(tx, g, client)
	if !found {
		return a, ErrApplication
	}
	return a, nil
}

// KeyIn is an application, and the id of the wrap that its key opens.
type KeyIn struct {
	Client string `json:"client"`
	Key    string `json:"key"`
}

func (in KeyIn) check() error {
	if in.Client == "" || len(in.Client) > maxClient || (Wrap{ID: in.Key, Kind: api.VaultWrapApplication, Body: []byte{0}}).check() != nil {
		return ErrBounds
	}
	return nil
}

var beginApplication = object.Method[KeyIn, Application]{Kind: KindName, Name: "begin_application"}

// doBeginApplication notes an application before its vault is made. The same again finds the same.
func doBeginApplication(tx *object.Tx, in KeyIn) (Application, error) {
	if err := in.check(); err != nil {
		return Application{}, err
	}
	g, err := present(tx)
	if err != nil {
		return Application{}, ErrApplicationKey // no vault, so no key either
	}
	if a, found := live(tx, g, in.Client); found {
		if a.Key != in.Key {
			err = ErrApplicationKey
		}
		return a, err
	}
	if used(tx, in) {
		return Application{}, ErrApplicationKey
	}
	var count int
	if tx.Row(`SELECT count(*) FROM application WHERE generation = ? AND erased = 0`, g.number).Scan(&count); count >= api.MaxVaultApplications {
		return Application{}, ErrFull
	}
	a := Application{Client: in.Client, Key: in.Key, Since: tx.Now().Unix()}
	tx.Row(`SELECT coalesce(max(number), 0) + 1 FROM application`).Scan(&a.Number)
	tx.Exec(`INSERT INTO application (number, generation, client, key, since, erased) VALUES (?, ?, ?, ?, ?, 0)`,
		a.Number, g.number, a.Client, a.Key, tx.Now())
	return a, nil
}

// used reports whether a key was of a vault that is erased or put aside. Ask when there is no live one.
func used(tx *object.Tx, in KeyIn) bool {
	var one int
	return tx.Row(`SELECT 1 FROM application WHERE client = ? AND key = ? LIMIT 1`, in.Client, in.Key).Scan(&one)
}

// EraseApplicationIn erases what an application keeps, unless Keep is its key. The history of that setting of the person's vault goes, too,
// which has the key.
type EraseApplicationIn struct {
	Client     string `json:"client"`
	Keep       string `json:"keep,omitempty"`
	Collection []byte `json:"collection,omitempty"`
	ID         []byte `json:"id,omitempty"`
}

// EraseApplicationOut says whether Keep begins a vault, or opens the one that there is.
type EraseApplicationOut struct {
	Good bool `json:"good"`
}

var eraseApplication = object.Method[EraseApplicationIn, EraseApplicationOut]{Kind: KindName, Name: "erase_application"}

// doEraseApplication may be repeated: what is not there is erased already.
func doEraseApplication(tx *object.Tx, in EraseApplicationIn) (EraseApplicationOut, error) {
	g, err := present(tx)
	if err != nil {
		return EraseApplicationOut{}, err
	}
	if len(in.ID) > 0 {
		gone := dropped(tx.Rows(`DELETE FROM history WHERE generation = ? AND collection = ? AND id = ? RETURNING length(body)`,
			g.number, id(in.Collection), in.ID))
		tx.Exec(`UPDATE generation SET history = history - ? WHERE number = ?`, gone, g.number)
	}
	a, found := live(tx, g, in.Client)
	if found && in.Keep != "" && a.Key == in.Keep {
		return EraseApplicationOut{true}, nil
	}
	if found {
		end(tx, a.Number)
		notify(tx, g)
	}
	return EraseApplicationOut{in.Keep != "" && !used(tx, KeyIn{in.Client, in.Keep})}, nil
}

// end erases what an application keeps, in the object that has it. Only its key's id stays, for as long as there is room.
func end(tx *object.Tx, number int64) {
	tx.Exec(`UPDATE application SET erased = ? WHERE number = ?`, tx.Now(), number)
	tx.Exec(`DELETE FROM application WHERE number IN (SELECT number FROM application WHERE erased > 0 ORDER BY number DESC LIMIT -1 OFFSET ?)`, maxErased)
	tx.Later(topicErasing, objectOf(tx.Name(), number))
}

// endAll erases what applications keep beside a generation that is erased.
func endAll(tx *object.Tx, generation int64) {
	var numbers []int64
	for row := range tx.Rows(`SELECT number FROM application WHERE generation = ? AND erased = 0`, generation) {
		var n int64
		row.Scan(&n)
		numbers = append(numbers, n)
	}
	for _, n := range numbers {
		end(tx, n)
	}
}

// Facts are what can be said of a vault without opening it.
type Facts struct {
	Generation int64 `json:"generation"` // 0: there is none
	Records    int64 `json:"records"`    // manifests and deletions among them
	Bytes      int64 `json:"bytes"`
	Changed    int64 `json:"changed"` // unix seconds
	Keys       Keys  `json:"keys"`
}

var facts = object.Method[struct{}, Facts]{Kind: KindName, Name: "facts"}

func doFacts(tx *object.Tx, _ struct{}) (Facts, error) {
	g, err := present(tx)
	if err != nil {
		return Facts{}, nil
	}
	f := Facts{Generation: g.number, Records: g.records, Bytes: g.bytes, Keys: keysOf(tx, g)}
	tx.Row(`SELECT max(created, changed) FROM generation WHERE number = ?`, g.number).Scan(&f.Changed)
	return f, nil
}

var empty = object.Method[struct{}, struct{}]{Kind: KindName, Name: "empty"}

// doEmpty ends the keeping of everything. The alarm erases it.
func doEmpty(tx *object.Tx, _ struct{}) (struct{}, error) {
	tx.Exec(`UPDATE generation SET kept_since = ?, kept_until = ? WHERE kept_until = 0 OR kept_until > ?`, tx.Now(), tx.Now(), tx.Now())
	if at := tx.Now().Add(time.Second); tx.Alarm().IsZero() || at.Before(tx.Alarm()) {
		tx.SetAlarm(at)
	}
	return struct{}{}, nil
}

// Erasing is the effect that a kind of vaults needs: it empties what applications keep no longer.
func Erasing(s *Service) object.Effect {
	return func(ctx context.Context, d object.Delivery) error {
		var name string
		if err := json.Unmarshal(d.Payload, &name); err != nil {
			return err
		}
		return s.Empty(ctx, name)
	}
}
