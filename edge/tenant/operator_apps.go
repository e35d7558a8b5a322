package tenant

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// examine checks what the text of a file alone does not show: where addresses lead that this service would call, and whether what an
// application is to reach is there.
func (d Deps) examine(ctx context.Context, f File) error {
	var faults Faults
	for _, app := range f.Applications {
		led := app.Hosts(d.Local)
		faults = append(faults, led...)
		missing, err := d.missing(ctx, app, f)
		if err != nil {
			return err
		}
		if faults = append(faults, missing...); len(led) > 0 || app.SectorURI == "" {
			continue
		}
		if fault := d.sector(ctx, app); fault != nil {
			faults = append(faults, fault...)
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

func (d Deps) sector(ctx context.Context, app Application) Faults {
	var data []byte
	err := errors.New("tenant: nothing is fetched")
	if d.Document != nil {
		data, err = d.Document(ctx, app.SectorURI)
	}
	if err != nil {
		d.Log.InfoContext(ctx, "sector not fetched", "client", app.ClientID, "error", err)
		return Faults{{Application: app.ClientID, Field: "sector_identifier_uri", Fault: "cannot be fetched: its host must answer 200 with the document, without a redirect"}}
	}
	faults, _ := errors.AsType[Faults](app.CheckSector(data))
	return faults
}

// missing are the resources that an application names and that are neither in the file nor registered.
func (d Deps) missing(ctx context.Context, app Application, f File) (faults Faults, err error) {
	named := map[string][]string{"resources": app.Resources, "introspects": app.Introspects}
	if app.Exchange != nil {
		named["exchange"] = app.Exchange.Audiences
	}
	for _, field := range []string{"resources", "introspects", "exchange"} {
		for _, id := range named[field] {
			if slices.ContainsFunc(f.Resources, func(r Resource) bool { return r.Identifier == id }) {
				continue
			}
			_, err := d.Applications.Resource(ctx, id)
			if errors.Is(err, ErrUnknownResource) || slices.Contains(f.RemoveResources, id) {
				faults = append(faults, Fault{Application: app.ClientID, Field: field, Fault: "has " + id + ", which is not registered: add it to the file's resources"})
			} else if err != nil {
				return nil, err
			}
		}
	}
	return faults, nil
}

// Listing is a page of what is registered.
type Listing struct {
	Applications []Listed `json:"applications"`
	Next         string   `json:"next,omitempty"` // after which the next page begins; "": this is the last one
}

// Listed is what an operator sees of an application in a list.
type Listed struct {
	ClientID string  `json:"client_id"`
	Name     string  `json:"name"`
	Kind     AppKind `json:"kind"`
	Dynamic  bool    `json:"dynamic"` // it registered itself
}

func (d Deps) list(_ http.ResponseWriter, r *http.Request) (any, error) {
	after := r.URL.Query().Get("after")
	if after != "" && !validClientID(after) {
		return nil, problem.New(api.CodeBadRequest)
	}
	apps, err := d.Applications.List(r.Context(), after)
	if err != nil {
		return nil, err
	}
	page := Listing{Applications: []Listed{}}
	for _, app := range apps {
		page.Applications = append(page.Applications, Listed{app.ClientID, app.Name, app.Kind, app.Dynamic})
	}
	if len(apps) == ListPage {
		page.Next = apps[ListPage-1].ClientID
	}
	return page, nil
}

func (d Deps) remove(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := strings.TrimPrefix(r.URL.Path, RouteApplications+"/")
	if !validClientID(id) {
		return nil, problem.New(api.CodeNotFound)
	}
	if err := d.Applications.Remove(r.Context(), id); err != nil {
		return nil, err
	}
	d.Log.InfoContext(r.Context(), "application removed", "request", r.Header.Get(problem.RequestHeader), "client", id)
	return nil, nil
}
