package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// listing is a page of applications.
type listing struct {
	Applications []listed `json:"applications"`
	Next         string   `json:"next,omitempty"`
}

type listed struct {
	ClientID string `json:"client_id"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Dynamic  bool   `json:"dynamic"`
}

// maxPages bounds a list, should a service never come to its end.
const maxPages = 200

func appsList(ctx context.Context, p program, o appsOptions, c *operator) error {
	all, after := []listed{}, ""
	for range maxPages {
		var page listing
		if err := c.do(ctx, "GET", routeApplications+"?after="+url.QueryEscape(after), nil, &page); err != nil {
			return err
		}
		if all, after = append(all, page.Applications...), page.Next; after == "" {
			break
		}
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(all)
	}
	for _, app := range all {
		mark := " "
		if app.Dynamic {
			mark = "*"
		}
		if _, err := fmt.Fprintf(p.out, "%s %s  %s  %s\n", mark, printable(app.ClientID), printable(app.Kind), printable(app.Name)); err != nil {
			return err
		}
	}
	return nil
}

func appsRemove(ctx context.Context, p program, o appsOptions, c *operator) error {
	if err := c.do(ctx, "DELETE", routeApplications+"/"+url.PathEscape(o.name), nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.out, "- %s\n", printable(o.name))
	return err
}

// tokenRequest asks for an initial access token.
type tokenRequest struct {
	Uses      int64    `json:"uses"`
	ExpiresIn int64    `json:"expires_in"` // seconds
	Note      string   `json:"note,omitempty"`
	Resources []string `json:"resources,omitempty"`
}

type newToken struct {
	ID      string `json:"id"`
	Token   string `json:"token"`
	Uses    int64  `json:"uses"`
	Expires int64  `json:"expires_in"` // seconds
}

func appsToken(ctx context.Context, p program, o appsOptions, c *operator) error {
	if o.uses < 1 || o.expires < time.Second {
		return misuse{"--uses and --expires must be more than nothing"}
	}
	var token newToken
	in := tokenRequest{Uses: o.uses, ExpiresIn: int64(o.expires / time.Second), Note: o.note, Resources: o.resources}
	if err := c.do(ctx, "POST", routeInitialTokens, in, &token); err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(token)
	}
	fmt.Fprintf(p.problems, "id %s, good for %d registrations in %s; it is not shown again\n",
		printable(token.ID), token.Uses, time.Duration(token.Expires)*time.Second)
	_, err := fmt.Fprintln(p.out, printable(token.Token)) // alone, so that a script can take it
	return err
}

type tokenList struct {
	Tokens []struct {
		ID      string `json:"id"`
		Note    string `json:"note,omitempty"`
		Uses    int64  `json:"uses"`
		Expires int64  `json:"expires"` // unix seconds
	} `json:"tokens"`
}

func appsTokens(ctx context.Context, p program, o appsOptions, c *operator) error {
	var list tokenList
	if err := c.do(ctx, "GET", routeInitialTokens, nil, &list); err != nil {
		return err
	}
	if o.json {
		return json.NewEncoder(p.out).Encode(list)
	}
	for _, t := range list.Tokens {
		until := time.Unix(t.Expires, 0).UTC().Format(time.RFC3339)
		if _, err := fmt.Fprintf(p.out, "%s  %d until %s  %s\n", printable(t.ID), t.Uses, until, printable(t.Note)); err != nil {
			return err
		}
	}
	return nil
}

func appsRevoke(ctx context.Context, p program, o appsOptions, c *operator) error {
	var gone struct {
		Applications []string `json:"applications"`
	}
	route := routeInitialTokens + "/" + url.PathEscape(o.name)
	if o.applications {
		route += "?applications=true"
	}
	if err := c.do(ctx, "DELETE", route, nil, &gone); err != nil {
		return err
	}
	for _, id := range gone.Applications {
		fmt.Fprintf(p.out, "- %s\n", printable(id))
	}
	_, err := fmt.Fprintf(p.out, "revoked %s\n", printable(o.name))
	return err
}
