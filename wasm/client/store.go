package client

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Bounds of the vault's answers, in bytes.
const (
	maxPage    = api.MaxVaultPage/3*4 + vault.MaxPage*256 + api.MaxBody // bodies in base64, and what stands around each
	maxKeys    = 2 * api.MaxBody
	maxEarlier = (api.MaxVaultKept + 1) * maxKeys
	maxHistory = 12 * api.MaxVaultRecord / 3 * 4
)

// Store is the account's vault at the service. It remembers which vault that is: from the moment it has met one, an answer that another
// one is the present one is CodeVaultReplaced, until somebody makes a new Store, and an answer that there is none accuses the service: an account
// never loses its vault.
type Store struct {
	client     *Client
	account    string                                   // whose it is
	generation int64                                    // 0: not known yet
	known      bool                                     // that there is a vault, even if not which
	met        func(ctx context.Context, n int64) error // is told of the generation, before anything is done with it
	room       func(used, quota int64)                  // hears of the quota
}

var _ vault.Teller = (*Store)(nil)

// NewStore returns the store of an account, who is signed in. generation is 0, or what met was told once. room may be nil.
func (c *Client) NewStore(account string, generation int64, met func(ctx context.Context, generation int64) error, room func(used, quota int64)) *Store {
	if room == nil {
		room = func(int64, int64) {}
	}
	return &Store{client: c, account: account, generation: generation, met: met, room: room}
}

// Pull gives what changed. Errors: vault.ErrCursor, *api.Problem.
func (s *Store) Pull(ctx context.Context, cursor int64, limit int) (vault.Page, error) {
	var answer api.VaultPullResponse
	in := api.VaultPullRequest{Generation: s.generation, Cursor: cursor, Limit: min(limit, api.MaxVaultRecords)}
	if err := s.post(ctx, api.RouteVaultPull, in, &answer, maxPage); err != nil {
		return vault.Page{}, err
	}
	if err := s.meet(ctx, answer.Generation); err != nil {
		return vault.Page{}, err
	}
	s.room(answer.Used, answer.Quota)
	return pageOf(answer)
}

// pageOf reads a page. Error: CodeBadAnswer.
func pageOf(answer api.VaultPullResponse) (vault.Page, error) {
	page := vault.Page{Cursor: answer.Cursor, More: answer.More, Keys: answer.Keys}
	for _, r := range answer.Records {
		record, err := recordOf(r)
		if err != nil {
			return vault.Page{}, badAnswer(200)
		}
		page.Records = append(page.Records, record)
	}
	for _, m := range answer.Manifests {
		collection, err := vault.ParseID(m.Collection)
		if err != nil {
			return vault.Page{}, badAnswer(200)
		}
		page.Manifests = append(page.Manifests, vault.Manifest{Collection: collection, Version: m.Version, Body: m.Body})
	}
	return page, nil
}

func recordOf(r api.VaultRecord) (vault.Record, error) {
	collection, err := vault.ParseID(r.Collection)
	if err != nil {
		return vault.Record{}, err
	}
	id, err := vault.ParseID(r.ID)
	return vault.Record{Collection: collection, ID: id, Version: r.Version, Body: r.Body}, err
}

// Push writes a batch. Errors: vault.ErrConflict, vault.ErrQuota, vault.ErrTooLarge, *api.Problem.
func (s *Store) Push(ctx context.Context, b vault.Batch) error {
	_, _, err := s.PushTelling(ctx, b)
	return err
}

// PushTelling is Push, and says between which cursors it stands.
func (s *Store) PushTelling(ctx context.Context, b vault.Batch) (before, after int64, err error) {
	in := api.VaultPushRequest{
		Generation: s.generation, Keys: b.Keys, Collection: b.Collection.String(), Batch: make([]api.VaultChange, len(b.Records)),
		Manifest: api.VaultManifestChange{Base: b.Manifest.Base, Body: b.Manifest.Body},
	}
	for i, w := range b.Records {
		in.Batch[i] = api.VaultChange{ID: w.ID.String(), Base: w.Base, Body: w.Body}
	}
	var answer api.VaultPushResponse
	err = s.post(ctx, api.RouteVaultPush, in, &answer, maxPage)
	return answer.Before, answer.Cursor, err
}

// Keys gives the key set. Errors: vault.ErrAbsent, *api.Problem.
func (s *Store) Keys(ctx context.Context) (vault.KeySet, error) {
	var answer api.VaultKeys
	if err := s.post(ctx, api.RouteVaultKeys, struct{}{}, &answer, maxKeys); err != nil {
		return vault.KeySet{}, err
	}
	if err := s.meet(ctx, answer.Generation); err != nil {
		return vault.KeySet{}, err
	}
	return keySetOf(answer.Keys), nil
}

// PutKeys replaces the key set, or makes the vault. Errors: vault.ErrConflict, *api.Problem.
func (s *Store) PutKeys(ctx context.Context, set vault.KeySet) error {
	in := api.VaultKeysPutRequest{Generation: s.generation, Keys: keysOf(set)}
	if set.Version == 1 {
		in.Generation = 0
	}
	return s.put(ctx, api.RouteVaultKeysPut, in)
}

// put sends keys and meets the vault that they are of.
func (s *Store) put(ctx context.Context, route string, in any) error {
	var answer api.VaultGeneration
	if err := s.post(ctx, route, in, &answer, api.MaxBody); err != nil {
		return err
	}
	return s.meet(ctx, answer.Generation)
}

// meet takes note of which vault an answer is of.
func (s *Store) meet(ctx context.Context, generation int64) error {
	switch {
	case generation < 1:
		return badAnswer(200)
	case generation == s.generation:
		return nil
	case s.generation != 0:
		return problem(api.CodeVaultReplaced, "The account has another vault now.")
	}
	if err := s.met(ctx, generation); err != nil {
		return err
	}
	s.generation = generation
	return nil
}

// post makes one call, and says in the vault's words what became of it.
func (s *Store) post(ctx context.Context, route string, in, out any, limit int) error {
	body, err := json.Marshal(in)
	if err != nil || len(body) > api.MaxVaultBody {
		return problem(api.CodeBatchTooLarge, "The request is too large.")
	}
	response, err := s.client.carry(ctx, Request{
		Method: "POST", URL: s.client.base + route, Body: body, Limit: limit,
		Header: map[string]string{"Accept": "application/json", "Content-Type": "application/json", api.HeaderAccount: s.account},
	})
	if err != nil {
		return err
	}
	if response.Status/100 != 2 {
		err = fromStore(DecodeProblem(response.Status, response.Body))
		if errors.Is(err, vault.ErrAbsent) && (s.known || s.generation != 0) {
			err = &vault.Tampering{Err: vault.ErrDropped}
		}
		return err
	}
	return decode(response, out)
}

func fromStore(p *api.Problem) error {
	p.Conflict = nil // what is there instead comes with the next pull, and is checked there
	switch p.Code {
	case api.CodeVaultConflict, api.CodeVaultKeys, api.CodeVaultExists:
		return errors.Join(vault.ErrConflict, p)
	case api.CodeVaultMissing:
		return errors.Join(vault.ErrAbsent, p)
	case api.CodeVaultCursor:
		return errors.Join(vault.ErrCursor, p)
	case api.CodeQuota:
		return errors.Join(vault.ErrQuota, p)
	case api.CodeRecordTooLarge:
		return errors.Join(vault.ErrTooLarge, p)
	case api.CodeApplicationKey:
		return errors.Join(vault.ErrApplicationKey, p)
	}
	return p
}

// Kept lists the earlier vaults that can be restored.
func (s *Store) Kept(ctx context.Context) ([]api.VaultEarlier, error) {
	var answer api.VaultKept
	err := s.post(ctx, api.RouteVaultKept, struct{}{}, &answer, maxEarlier)
	return answer.Kept, err
}

// History gives earlier bodies of a setting of a vault, newest first.
func (s *Store) History(ctx context.Context, v *vault.Vault, collection, name string) ([]vault.Record, error) {
	in, id := v.IDs(collection, name)
	var answer api.VaultHistory
	request := api.VaultHistoryRequest{Generation: s.generation, Collection: in.String(), ID: id.String()}
	if err := s.post(ctx, api.RouteVaultHistory, request, &answer, maxHistory); err != nil {
		return nil, err
	}
	var records []vault.Record
	for _, r := range answer.Records {
		record, err := recordOf(r)
		if err != nil || record.Collection != in || record.ID != id {
			return nil, badAnswer(200)
		}
		records = append(records, record)
	}
	return records, nil
}

// resetting is a Store whose vault is made in the place of the present one.
type resetting struct {
	*Store
	present int64
}

func (r resetting) PutKeys(ctx context.Context, set vault.KeySet) error {
	return r.put(ctx, api.RouteVaultReset, api.VaultResetRequest{Generation: r.present, Keys: keysOf(set)})
}

func keySetOf(k api.VaultKeySet) vault.KeySet {
	set := vault.KeySet{Version: k.Version, Ring: k.Ring}
	for _, w := range k.Wraps {
		set.Wraps = append(set.Wraps, vault.Wrap{ID: w.ID, Kind: vault.Kind(w.Kind), Body: w.Body})
	}
	return set
}

func keysOf(set vault.KeySet) api.VaultKeySet {
	k := api.VaultKeySet{Version: set.Version, Ring: set.Ring, Wraps: make([]api.VaultWrap, len(set.Wraps))}
	for i, w := range set.Wraps {
		k.Wraps[i] = api.VaultWrap{ID: w.ID, Kind: api.VaultWrapKind(w.Kind), Body: w.Body}
	}
	return k
}
