package sync

import (
	"context"
	"encoding/base64"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// ids are base64url without padding, in one form only: two texts of one id would be two records to a device.
var ids = base64.RawURLEncoding.Strict()

// parseID reads the id of a collection or record. A line break inside, which the decoder skips, makes it too long.
func parseID(text string) ([]byte, error) {
	if len(text) != ids.EncodedLen(api.VaultIDLength) {
		return nil, vault.ErrBounds
	}
	id, err := ids.DecodeString(text)
	if err != nil || len(id) != api.VaultIDLength {
		return nil, vault.ErrBounds
	}
	return id, nil
}

// pull answers a page of changes.
func (s *Service) pull(ctx context.Context, account string, in api.VaultPullRequest) (out api.VaultPullResponse, err error) {
	page, err := s.Vaults.Pull(ctx, account, vault.PullIn{Generation: in.Generation, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return out, err
	}
	out = api.VaultPullResponse{
		Generation: page.Generation, Keys: page.Keys, Cursor: page.Cursor, More: page.More, Used: page.Used, History: page.History, Quota: page.Quota,
		Records: make([]api.VaultRecord, 0, len(page.Records)), Manifests: []api.VaultManifest{},
	}
	for _, r := range page.Records {
		if len(r.ID) == 0 {
			out.Manifests = append(out.Manifests, manifestOf(r))
			continue
		}
		out.Records = append(out.Records, recordOf(r))
	}
	return out, nil
}

// history answers what a record was before.
func (s *Service) history(ctx context.Context, account string, in api.VaultHistoryRequest) (out api.VaultHistory, err error) {
	asked := vault.HistoryIn{Generation: in.Generation, Before: in.Before}
	if asked.Collection, err = parseID(in.Collection); err != nil {
		return out, err
	}
	if asked.ID, err = parseID(in.ID); err != nil {
		return out, err
	}
	page, err := s.Vaults.History(ctx, account, asked)
	if err != nil {
		return out, err
	}
	out = api.VaultHistory{Records: make([]api.VaultRecord, len(page.Records)), More: page.More}
	for i, r := range page.Records {
		out.Records[i] = recordOf(r)
	}
	return out, nil
}

func recordOf(r vault.Record) api.VaultRecord {
	return api.VaultRecord{Collection: ids.EncodeToString(r.Collection), ID: ids.EncodeToString(r.ID), Version: r.Version, Body: r.Body}
}

func manifestOf(r vault.Record) api.VaultManifest {
	return api.VaultManifest{Collection: ids.EncodeToString(r.Collection), Version: r.Version, Body: r.Body}
}

// push writes a batch, or answers with what stands in its way.
func (s *Service) push(ctx context.Context, account string, in api.VaultPushRequest) (out api.VaultPushResponse, err error) {
	batch, err := batchOf(in)
	if err != nil {
		return out, err
	}
	done, err := s.Vaults.Push(ctx, account, batch)
	if err != nil {
		return out, err
	}
	if len(done.Conflicts) > 0 {
		return out, conflict(done.Conflicts)
	}
	out = api.VaultPushResponse{Before: done.Before, Cursor: done.Cursor, Versions: make([]int64, len(in.Batch)), Manifest: in.Manifest.Base + 1}
	for i, c := range in.Batch {
		out.Versions[i] = c.Base + 1
	}
	return out, nil
}

// batchOf reads the ids of a push.
func batchOf(in api.VaultPushRequest) (batch vault.PushIn, err error) {
	if len(in.Batch) > api.MaxVaultChanges {
		return batch, vault.ErrBatchSize
	}
	batch = vault.PushIn{
		Generation: in.Generation, Keys: in.Keys, Changes: make([]vault.Change, len(in.Batch)),
		Manifest: vault.Change{Base: in.Manifest.Base, Body: in.Manifest.Body},
	}
	if batch.Collection, err = parseID(in.Collection); err != nil {
		return batch, err
	}
	for i, c := range in.Batch {
		id, err := parseID(c.ID)
		if err != nil {
			return batch, err
		}
		batch.Changes[i] = vault.Change{ID: id, Base: c.Base, Body: c.Body}
	}
	return batch, nil
}

func conflict(records []vault.Record) error {
	c := &api.VaultConflict{Records: []api.VaultRecord{}}
	for _, r := range records {
		if len(r.ID) == 0 {
			m := manifestOf(r)
			c.Manifest = &m
			continue
		}
		c.Records = append(c.Records, recordOf(r))
	}
	p := problem.New(api.CodeVaultConflict)
	p.Conflict = c
	return p
}
