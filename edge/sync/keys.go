package sync

import (
	"context"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// keys answers the keys of the present vault.
func (s *Service) keys(ctx context.Context, account string, _ problem.Empty) (api.VaultKeys, error) {
	out, err := s.Vaults.Keys(ctx, account)
	if err != nil {
		return api.VaultKeys{}, err
	}
	return api.VaultKeys{Generation: out.Generation, Keys: keySetOf(out.Keys)}, nil
}

// putKeys replaces them, or makes the vault.
func (s *Service) putKeys(ctx context.Context, account string, in api.VaultKeysPutRequest) (api.VaultGeneration, error) {
	n, err := s.Vaults.PutKeys(ctx, account, vault.PutKeysIn{Generation: in.Generation, Keys: keysOf(in.Keys)})
	return api.VaultGeneration{Generation: n}, err
}

// kept lists the earlier vaults.
func (s *Service) kept(ctx context.Context, account string, _ problem.Empty) (api.VaultKept, error) {
	list, err := s.Vaults.Kept(ctx, account)
	if err != nil {
		return api.VaultKept{}, err
	}
	out := api.VaultKept{Kept: make([]api.VaultEarlier, len(list))}
	for i, e := range list {
		out.Kept[i] = api.VaultEarlier{
			Generation: e.Generation, Since: e.Since, Until: e.Until, Records: e.Records, Bytes: e.Bytes, Keys: keySetOf(e.Keys),
		}
	}
	return out, nil
}

// reset begins an empty vault.
func (s *Service) reset(ctx context.Context, account string, in api.VaultResetRequest) (api.VaultGeneration, error) {
	n, err := s.Vaults.Reset(ctx, account, vault.ResetIn{Generation: in.Generation, Keys: keysOf(in.Keys)})
	return api.VaultGeneration{Generation: n}, err
}

// restore brings an earlier vault back.
func (s *Service) restore(ctx context.Context, account string, in api.VaultRestoreRequest) (api.VaultGeneration, error) {
	n, err := s.Vaults.Restore(ctx, account, vault.RestoreIn{Generation: in.Generation, Restore: in.Restore})
	return api.VaultGeneration{Generation: n}, err
}

// erase erases an earlier vault.
func (s *Service) erase(ctx context.Context, account string, in api.VaultEraseRequest) (problem.Empty, error) {
	return problem.Empty{}, s.Vaults.Erase(ctx, account, in.Generation)
}

func keySetOf(k vault.Keys) api.VaultKeySet {
	set := api.VaultKeySet{Version: k.Version, Ring: k.Ring, Wraps: make([]api.VaultWrap, len(k.Wraps))}
	for i, w := range k.Wraps {
		set.Wraps[i] = api.VaultWrap{ID: w.ID, Kind: w.Kind, Body: w.Body}
	}
	return set
}

func keysOf(set api.VaultKeySet) vault.Keys {
	k := vault.Keys{Version: set.Version, Ring: set.Ring, Wraps: make([]vault.Wrap, len(set.Wraps))}
	for i, w := range set.Wraps {
		k.Wraps[i] = vault.Wrap{ID: w.ID, Kind: w.Kind, Body: w.Body}
	}
	return k
}
