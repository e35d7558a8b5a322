package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Notes that are kept of an account on this device.
const (
	noteDevice      = "device"      // id of this device at the service
	noteGeneration  = "generation"  // which vault the Memory is of
	noteFingerprint = "fingerprint" // of that vault, once it is known from the person's own secret or a trusted device
	noteEarlier     = "earlier"     // fingerprints of vaults that were known before that one, newest first, with spaces in between
	noteMetered     = "metered"     // "1": settings travel over metered connections too
	noteNext        = "next"        // generation and fingerprint of the vault that is about to take the place of this one
)

// memoryPatience is how long other programs of this device are waited for.
const memoryPatience = 20 * time.Second

// ErrMemoryBusy says that another tab or program works with the same settings.
var ErrMemoryBusy = errors.New("client: another program works with the same settings")

// vaults is what a Client has of the vault of whoever is signed in. One at a time opens or closes; many may use what is open.
type vaults struct {
	gate  chan struct{}
	users int
	free  chan struct{} // closed when the last of them leaves
	here  *openVault    // what is open, or was: it is taken up again if nobody has written meanwhile

	mu     sync.Mutex // never held over I/O
	who    *api.Account
	device string // its id at the service; "": not known
	status syncStatus
	poke   chan struct{} // wakes whoever watches
	edited chan struct{} // wakes whoever watches to send an edit, if nobody else has
	watch  sync.Once
}

func newVaults() vaults {
	return vaults{gate: make(chan struct{}, 1), poke: make(chan struct{}, 1), edited: make(chan struct{}, 1)}
}

// nudge wakes whoever watches by one of the two.
func nudge(wake chan struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// openVault is a vault whose Memory is this program's as long as somebody uses it.
type openVault struct {
	*vault.Vault
	account  string
	memory   *borrowed
	store    *Store
	revision string
}

// borrowed is the Memory that a vault has at the moment.
type borrowed struct{ Memory }

// Open is the person's vault, for this program alone until it is closed.
type Open struct {
	*vault.Vault
	client *Client
	here   *openVault
	once   sync.Once
}

func (o *Open) store() *Store { return o.here.store }

// Close lets other programs have it.
func (o *Open) Close() error {
	err := error(nil)
	o.once.Do(func() { err = o.client.closeVault() })
	return err
}

// Remember tells who is signed in, for a client that knows it from before, so that the vault opens without a connection.
func (c *Client) Remember(account api.Account) {
	c.vaults.mu.Lock()
	defer c.vaults.mu.Unlock()
	c.vaults.who = &account
}

// who returns who is signed in. It is asked once.
func (c *Client) who(ctx context.Context) (api.Account, error) {
	c.vaults.mu.Lock()
	known := c.vaults.who
	c.vaults.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	account, err := c.Account(ctx)
	if err == nil {
		c.Remember(account)
	}
	return account, err
}

// forgetWho is for when somebody else may be signed in. What is open is closed by whoever uses it.
func (c *Client) forgetWho() {
	c.vaults.mu.Lock()
	defer c.vaults.mu.Unlock()
	c.vaults.who = nil
	c.vaults.status = syncStatus{}
}

// OpenVault opens the vault of whoever is signed in, with what this device keeps: its own key, or the password for a while after it was
// typed. A vault that only the password opened is from then on opened by the device's key, and an account that has none yet gets one, if
// the password is there. On a device that has known one the account has one: CodeVaultDropped. Close it. Errors: CodeDeviceUntrusted,
// CodeVaultMissing, CodeVaultLocked, CodeVaultReplaced, CodeVaultInUse, those that accuse the service.
func (c *Client) OpenVault(ctx context.Context) (*Open, error) {
	return c.openVault(ctx, nil)
}

// openVault is OpenVault with a secret of the person's own.
func (c *Client) openVault(ctx context.Context, secret *vault.Identity) (*Open, error) {
	if c.keys == nil {
		return nil, problem(api.CodeUnavailable, "Nothing can be kept here.")
	}
	if err := c.vaults.enter(ctx); err != nil {
		return nil, err
	}
	defer c.vaults.leave()
	account, err := c.who(ctx)
	if err != nil {
		return nil, err
	}
	here := c.vaults.here
	if c.vaults.users > 0 && here.account != account.ID {
		return nil, problem(CodeVaultInUse, "The settings of another account are open.")
	}
	if c.vaults.users == 0 {
		if here, err = c.take(ctx, account, secret); err != nil {
			return nil, c.vaultProblem(err)
		}
		c.vaults.free = make(chan struct{})
	}
	c.vaults.here = here
	c.vaults.users++
	return &Open{Vault: here.Vault, client: c, here: here}, nil
}

func (v *vaults) enter(ctx context.Context) error {
	select {
	case v.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unavailable()
	}
}

func (v *vaults) leave() { <-v.gate }

// enterAlone is enter when nobody here uses the vault. Who does is done in a moment: what watches, or another call. Error: ErrMemoryBusy.
func (v *vaults) enterAlone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, memoryPatience)
	defer cancel()
	for {
		if v.enter(ctx) != nil {
			return ErrMemoryBusy
		}
		if v.users == 0 {
			return nil
		}
		free := v.free
		v.leave()
		select {
		case <-free:
		case <-ctx.Done():
			return ErrMemoryBusy
		}
	}
}

func (c *Client) closeVault() error {
	c.vaults.gate <- struct{}{}
	defer c.vaults.leave()
	c.vaults.users--
	if c.vaults.users > 0 {
		return nil
	}
	close(c.vaults.free)
	here := c.vaults.here
	here.revision = here.memory.Revision()
	return here.memory.Close()
}

// take has the Memory for this program, and opens the vault unless it is open here as the Memory has it.
func (c *Client) take(ctx context.Context, account api.Account, secret *vault.Identity) (*openVault, error) {
	memory, err := c.openMemory(ctx, account.ID)
	if err != nil {
		return nil, err
	}
	here := c.vaults.here
	if here != nil && secret == nil && here.account == account.ID && here.revision != "" && here.revision == memory.Revision() {
		here.memory.Memory = memory
		return here, nil
	}
	before := here
	here, err = c.open(ctx, account, memory, secret)
	if err != nil {
		return nil, errors.Join(err, memory.Close())
	}
	if before != nil && before.account == account.ID {
		c.tell(before.Export(), here.Export())
	}
	return here, nil
}

// tell tells the page in which collections another program of this device has changed something.
func (c *Client) tell(before, after []vault.Setting) {
	type at struct{ collection, name string }
	old := map[at][]byte{}
	for _, s := range before {
		old[at{s.Collection, s.Name}] = s.Value
	}
	changed := map[string]bool{}
	for _, s := range after {
		value, there := old[at{s.Collection, s.Name}]
		if delete(old, at{s.Collection, s.Name}); !there || !bytes.Equal(value, s.Value) {
			changed[s.Collection] = true
		}
	}
	for gone := range old {
		changed[gone.collection] = true
	}
	if len(changed) > 0 {
		c.event(Event{Changed: slices.Sorted(maps.Keys(changed))})
	}
}

func (c *Client) openMemory(ctx context.Context, account string) (Memory, error) {
	ctx, cancel := context.WithTimeout(ctx, memoryPatience)
	defer cancel()
	return c.keys.OpenMemory(ctx, account)
}

// open opens the vault over a Memory.
func (c *Client) open(ctx context.Context, account api.Account, memory Memory, secret *vault.Identity) (*openVault, error) {
	notes, err := c.notesOf(ctx, account.ID, memory)
	if err != nil {
		return nil, err
	}
	here := &openVault{account: account.ID, memory: &borrowed{memory}, store: c.storeOf(account.ID, notes)}
	config, err := c.vaultConfig(ctx, here, notes)
	if err != nil {
		return nil, err
	}
	identities, err := c.identities(ctx, account, notes, secret)
	if err != nil {
		return nil, err
	}
	here.Vault, err = vault.Open(ctx, config, identities.all()...)
	if errors.Is(err, vault.ErrAbsent) && identities.password != nil {
		here.Vault, err = c.create(ctx, config, identities)
	}
	if err != nil {
		return nil, err
	}
	return here, c.settle(ctx, here, notes, identities)
}

// storeOf is the Store of an account whose notes tell which vault it has met.
func (c *Client) storeOf(account string, notes map[string]string) *Store {
	generation, _ := strconv.ParseInt(notes[noteGeneration], 10, 64)
	store := c.NewStore(account, generation, func(ctx context.Context, n int64) error {
		return c.keys.Note(ctx, account, map[string]string{noteGeneration: strconv.FormatInt(n, 10)})
	}, c.vaults.room)
	store.known = notes[noteFingerprint] != ""
	return store
}

// vaultConfig is how the vault is opened. The device's id is asked for when it is not known yet.
func (c *Client) vaultConfig(ctx context.Context, here *openVault, notes map[string]string) (vault.Config, error) {
	if notes[noteDevice] == "" {
		state, err := c.trustState(ctx, here.account)
		if err != nil {
			return vault.Config{}, err
		}
		notes[noteDevice] = state.Device
	}
	fingerprint, _ := base64.RawURLEncoding.DecodeString(notes[noteFingerprint])
	return vault.Config{
		Account: here.account, Device: deviceID(notes[noteDevice]), Store: here.store, Memory: here.memory, Now: c.now, Fingerprint: fingerprint,
	}, nil
}

// create makes the account's vault.
func (c *Client) create(ctx context.Context, config vault.Config, with identities) (*vault.Vault, error) {
	v, err := vault.Create(ctx, config, with.password, with.password.Recipient(vault.NewID().String()))
	if errors.Is(err, vault.ErrExists) {
		return vault.Open(ctx, config, with.all()...)
	}
	return v, err
}

// settle writes down which vault it is, and has it open by this device's own key and the present password from now on.
func (c *Client) settle(ctx context.Context, here *openVault, notes map[string]string, with identities) error {
	fingerprint := base64.RawURLEncoding.EncodeToString(here.Fingerprint())
	if notes[noteFingerprint] != fingerprint {
		if err := c.keys.Note(ctx, here.account, map[string]string{noteFingerprint: fingerprint}); err != nil {
			return err
		}
	}
	return c.belong(ctx, here, notes[noteDevice], with)
}

// belong has a vault open by this device's own key and the present password from now on. id is that of this device at the service.
func (c *Client) belong(ctx context.Context, here *openVault, id string, with identities) error {
	c.beDevice(id)
	err := error(nil)
	if with.device == nil || !here.wrappedFor(with.device.Recipient(id)) {
		err = c.join(ctx, here, id)
	}
	if err == nil && with.password != nil && !here.opensFor(with.password) {
		// The password that signs in is another one than when the vault was last opened: it was set by a recovery.
		err = here.ChangePassword(ctx, with.password, func(context.Context) error { return nil })
	}
	if isCode(err, api.CodeUnavailable) || isCode(err, api.CodeDeviceEnrolled) {
		return nil // what opened the vault is enough for now
	}
	return err
}

// join wraps the vault for this device's key.
func (c *Client) join(ctx context.Context, here *openVault, id string) error {
	key, err := c.enrol(ctx, here.account)
	if err != nil {
		return err
	}
	own, err := vault.DeviceIdentity(key)
	if err != nil {
		return err
	}
	return here.Join(ctx, own, id)
}

// wrappedFor reports whether a recipient is one under its id.
func (o *openVault) wrappedFor(to vault.Recipient) bool {
	return slices.ContainsFunc(o.Recipients(), func(r vault.Recipient) bool {
		return r.ID == to.ID && r.Kind == to.Kind && bytes.Equal(r.Public, to.Public)
	})
}

func (o *openVault) opensFor(i *vault.Identity) bool {
	public := i.Recipient("").Public
	return slices.ContainsFunc(o.Recipients(), func(r vault.Recipient) bool { return bytes.Equal(r.Public, public) })
}
