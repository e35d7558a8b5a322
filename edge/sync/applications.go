package sync

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
	"github.com/latchkey-id/latchkey/edge/tenant"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// Applications is what the service needs of tenant.Service: names for what is known by id.
type Applications interface {
	Application(ctx context.Context, clientID string) (tenant.Application, error)
}

// applications lists what applications keep for the person. It opens nothing.
func (s *Service) applications(ctx context.Context, account string, _ problem.Empty) (api.VaultApplications, error) {
	out := api.VaultApplications{Applications: []api.VaultApplication{}}
	list, err := s.Vaults.Applications(ctx, account)
	if err != nil {
		return out, err
	}
	for _, a := range list {
		app, err := s.Applications.Application(ctx, a.Client)
		if err != nil && !errors.Is(err, tenant.ErrUnknownApplication) {
			return out, err
		}
		verified := err == nil && !app.Dynamic
		f, err := s.Vaults.Facts(ctx, a.Object(account))
		if err != nil {
			return out, err
		}
		out.Applications = append(out.Applications, api.VaultApplication{
			ID: a.Client, Name: app.Name, Verified: verified, Since: a.Since,
			Generation: f.Generation, Records: f.Records, Bytes: f.Bytes, Changed: f.Changed, Keys: keySetOf(f.Keys),
		})
	}
	return out, nil
}

// pullApplication answers a page of what an application keeps.
func (s *Service) pullApplication(ctx context.Context, account string, in api.VaultApplicationPullRequest) (out api.VaultPullResponse, err error) {
	a, err := s.Vaults.Application(ctx, account, in.ID)
	if err != nil {
		return out, err
	}
	return s.pull(ctx, a.Object(account), in.VaultPullRequest)
}

// eraseApplication erases what an application keeps, unless it is kept under the key that is to stay.
func (s *Service) eraseApplication(ctx context.Context, account string, in api.VaultApplicationEraseRequest) (out api.VaultApplicationErased, err error) {
	erase := vault.EraseApplicationIn{Client: in.ID, Keep: in.Keep}
	if in.Record != "" {
		if erase.Collection, err = parseID(in.Collection); err != nil {
			return out, err
		}
		if erase.ID, err = parseID(in.Record); err != nil {
			return out, err
		}
	}
	done, err := s.Vaults.EraseApplication(ctx, account, erase)
	return api.VaultApplicationErased{Good: done.Good}, err
}
