package main

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/internal/jsbridge"
)

// Stores of the database, and the name of the password's key among those of accounts, which are longer.
const (
	storeKeys   = "keys"
	storeNotes  = "notes"
	storeMemory = "memory"
	keyPassword = "password"
)

// keystore is the browser's: keys that cannot be read out and sealed memories in IndexedDB, one tab at a time by a Web Lock.
type keystore struct{ database *jsbridge.Database }

// errAccount says that a name is not the id of an account. Names become keys of the database, beside others.
var errAccount = errors.New("not the id of an account")

func checkAccount(account string) error {
	if !client.ValidID(account) {
		return errAccount
	}
	return nil
}

// newKeystore returns nil where there is no IndexedDB.
func newKeystore() client.Keystore {
	if !jsbridge.HasDatabase() {
		return nil
	}
	return keystore{&jsbridge.Database{Name: "latchkey", Stores: []string{storeKeys, storeNotes, storeMemory}}}
}

func (k keystore) DeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	key, _, _, err := k.database.Key(ctx, storeKeys, account)
	if key == nil {
		return nil, err
	}
	return key, err
}

func (k keystore) NewDeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	key, err := k.database.NewKey(ctx, storeKeys, account)
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (k keystore) KeepPassword(ctx context.Context, name string, key *ecdh.PrivateKey, until time.Time) error {
	return k.database.PutKey(ctx, storeKeys, keyPassword, key, name, until.Unix())
}

func (k keystore) PasswordKey(ctx context.Context) (string, ecdh.KeyExchanger, error) {
	key, name, until, err := k.database.Key(ctx, storeKeys, keyPassword)
	if err != nil || key == nil {
		return "", nil, err
	}
	if time.Now().Unix() >= until {
		return "", nil, k.ForgetPassword(ctx)
	}
	return name, key, nil
}

func (k keystore) ForgetPassword(ctx context.Context) error {
	return k.database.Remove(ctx, storeKeys, keyPassword)
}

func (k keystore) Notes(ctx context.Context, account string) (map[string]string, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	notes := map[string]string{}
	text, err := k.database.Text(ctx, storeNotes, account)
	if err != nil || text == "" {
		return notes, err
	}
	return notes, json.Unmarshal([]byte(text), &notes)
}

func (k keystore) Note(ctx context.Context, account string, changes map[string]string) error {
	if err := checkAccount(account); err != nil {
		return err
	}
	release, err := jsbridge.Lock(ctx, "latchkey/notes/"+account)
	if err != nil {
		return err
	}
	defer release()
	notes, err := k.Notes(ctx, account)
	if err != nil {
		return err
	}
	for name, text := range changes {
		if notes[name] = text; text == "" {
			delete(notes, name)
		}
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return err
	}
	return k.database.PutText(ctx, storeNotes, account, string(text))
}

func (k keystore) OpenMemory(ctx context.Context, account string) (client.Memory, error) {
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	release, err := jsbridge.Lock(ctx, "latchkey/memory/"+account)
	if err != nil && ctx.Err() != nil {
		return nil, client.ErrMemoryBusy
	}
	if err != nil {
		return nil, err
	}
	m := &memory{database: k.database, account: account, release: release}
	if m.revision, err = k.database.Text(ctx, storeMemory, m.mark()); err != nil {
		release()
		return nil, err
	}
	return m, nil
}

func (k keystore) Forget(ctx context.Context, account string) error {
	m, err := k.OpenMemory(ctx, account)
	if err != nil {
		return err
	}
	defer m.Close()
	kept, err := m.Load(ctx)
	if err != nil {
		return err
	}
	for key := range kept {
		kept[key] = nil
	}
	err = m.Save(ctx, kept)
	if err == nil {
		_, err = m.Load(ctx) // which lets go of the log
	}
	return errors.Join(err, k.database.Remove(ctx, storeKeys, account), k.ForgetPassword(ctx))
}

// memory is what a vault knows, in a tab that holds its lock: a log of frames, each under its number.
type memory struct {
	database *jsbridge.Database
	account  string
	revision string // number of the next frame, and something that no other revision has
	release  func()
}

// maxFrames is how many a Load leaves before it makes one of them.
const maxFrames = 32

// Ids of accounts have no slash and no sharp sign (checkAccount).
func (m *memory) prefix() string { return m.account + "/" }
func (m *memory) mark() string   { return m.account + "#revision" }

func (m *memory) Load(ctx context.Context) (map[string][]byte, error) {
	frames, revision, err := m.database.Load(ctx, storeMemory, m.prefix(), m.mark())
	if err != nil {
		return nil, err
	}
	m.revision = revision
	kept := map[string][]byte{}
	names := slices.Sorted(maps.Keys(frames))
	for _, name := range names {
		if err := client.ApplyFrame(kept, frames[name]); err != nil {
			return nil, err
		}
	}
	if len(names) > maxFrames || len(names) > 1 && len(kept) == 0 { // what was removed shall be gone
		return kept, m.compact(ctx, kept, names)
	}
	return kept, nil
}

// compact puts one frame in the place of many.
func (m *memory) compact(ctx context.Context, kept map[string][]byte, names []string) error {
	changes := map[string][]byte{}
	for _, name := range names {
		changes[name] = nil
	}
	return m.write(ctx, changes, client.EncodeFrame(kept))
}

func (m *memory) Save(ctx context.Context, changes map[string][]byte) error {
	return m.write(ctx, map[string][]byte{}, client.EncodeFrame(changes))
}

// write adds a frame to the log, beside other changes of it.
func (m *memory) write(ctx context.Context, changes map[string][]byte, frame []byte) error {
	number, _, _ := strings.Cut(m.revision, " ")
	next, _ := strconv.ParseInt(number, 10, 64) // "": the first
	changes[frameName(next)] = frame
	revision := strconv.FormatInt(next+1, 10) + " " + rand.Text()
	if err := m.database.Save(ctx, storeMemory, m.prefix(), changes, m.mark(), revision); err != nil {
		return err
	}
	m.revision = revision
	return nil
}

// frameName is the number of a frame, in the order of texts.
func frameName(n int64) string { return fmt.Sprintf("%016d", n) }

func (m *memory) Revision() string { return m.revision }

func (m *memory) Close() error {
	m.release()
	return nil
}
