package tenant

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// ServiceDeps is what the service needs.
type ServiceDeps struct {
	Host object.Host
	Now  func() time.Time // nil: time.Now
}

// Service is the front's view of the object. It is safe for concurrent use.
type Service struct {
	host object.Host
	now  func() time.Time

	applications *shelf[Application]
	resources    *shelf[Resource]
	lists        *shelf[[]Application]
}

// NewService returns a Service.
func NewService(d ServiceDeps) *Service {
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{
		host: d.Host, now: d.Now,
		applications: newShelf[Application](), resources: newShelf[Resource](), lists: newShelf[[]Application](),
	}
}

// Application returns what is registered under a client id, up to 30 seconds old, or ErrUnknownApplication. What does not have the form of a
// client id is unknown without asking.
func (s *Service) Application(ctx context.Context, clientID string) (Application, error) {
	switch {
	case clientID == CommandLine:
		return commandLine, nil
	case !validClientID(clientID):
		return Application{}, ErrUnknownApplication
	}
	return s.applications.get(clientID, s.now(), func() (Application, error) {
		return Get.Call(ctx, s.host, Consumers, GetIn{clientID})
	})
}

// Resource returns the API of an identifier, up to 30 seconds old, or ErrUnknownResource.
func (s *Service) Resource(ctx context.Context, identifier string) (Resource, error) {
	return s.resources.get(identifier, s.now(), func() (Resource, error) {
		if identifierFault(identifier) != "" {
			return Resource{}, ErrUnknownResource
		}
		return GetResource.Call(ctx, s.host, Consumers, GetResourceIn{identifier})
	})
}

// listPages bounds what Applications returns.
const listPages = 10

// Applications returns what operators have registered, a thousand applications at most, in the order of their ids and up to 30 seconds old.
// The slice is shared: don't change it.
func (s *Service) Applications(ctx context.Context) ([]Application, error) {
	return s.lists.get("", s.now(), func() (all []Application, err error) {
		after := ""
		for range listPages {
			page, err := List.Call(ctx, s.host, Consumers, ListIn{After: after})
			if err != nil {
				return nil, err
			}
			if all = append(all, page...); len(page) < ListPage {
				break
			}
			after = page[len(page)-1].ClientID
		}
		return all, nil
	})
}

// List returns a page of all applications, those that registered themselves included, after a client id.
func (s *Service) List(ctx context.Context, after string) ([]Application, error) {
	return List.Call(ctx, s.host, Consumers, ListIn{After: after, Dynamic: true})
}

// Put registers what a file says, all of it or nothing. Other isolates may go on with what they have for 30 seconds.
func (s *Service) Put(ctx context.Context, f File) (Changes, error) {
	changes, err := Put.Call(ctx, s.host, Consumers, PutIn(f))
	s.forget()
	return changes, err
}

// Remove forgets an application, however it was registered.
func (s *Service) Remove(ctx context.Context, clientID string) error {
	_, err := Remove.Call(ctx, s.host, Consumers, GetIn{clientID})
	s.forget()
	return err
}

// AddInitialToken keeps an initial access token.
func (s *Service) AddInitialToken(ctx context.Context, in AddInitialTokenIn) error {
	_, err := AddInitialToken.Call(ctx, s.host, Consumers, in)
	return err
}

// InitialTokens returns those that are good for another registration.
func (s *Service) InitialTokens(ctx context.Context) ([]InitialToken, error) {
	return InitialTokens.Call(ctx, s.host, Consumers, None{})
}

// RevokeInitialToken ends a token and, if wanted, the applications that were registered with it.
func (s *Service) RevokeInitialToken(ctx context.Context, in RevokeInitialTokenIn) (RevokeInitialTokenOut, error) {
	out, err := RevokeInitialToken.Call(ctx, s.host, Consumers, in)
	s.forget()
	return out, err
}

// Terms returns what an initial access token says, by its hash, or ErrInitialToken.
func (s *Service) Terms(ctx context.Context, hash []byte) (Terms, error) {
	return TermsOf.Call(ctx, s.host, Consumers, TermsIn{hash})
}

// Register keeps an application that registers itself. ErrInitialToken, ErrTooMany, ErrInvalidApplication.
func (s *Service) Register(ctx context.Context, in RegisterIn) (Registered, error) {
	return Register.Call(ctx, s.host, Consumers, in)
}

// Registration returns an application to itself, never an old one, or ErrManagement.
func (s *Service) Registration(ctx context.Context, in ManageIn) (Registered, error) {
	return Registration.Call(ctx, s.host, Consumers, in)
}

// Update replaces an application's registration. ErrManagement, ErrInvalidApplication.
func (s *Service) Update(ctx context.Context, in UpdateIn) (Registered, error) {
	out, err := Update.Call(ctx, s.host, Consumers, in)
	s.forget()
	return out, err
}

// Unregister forgets an application that says so itself, or is ErrManagement.
func (s *Service) Unregister(ctx context.Context, in ManageIn) error {
	_, err := Unregister.Call(ctx, s.host, Consumers, in)
	s.forget()
	return err
}

func (s *Service) forget() {
	s.applications.clear()
	s.resources.clear()
	s.lists.clear()
}
