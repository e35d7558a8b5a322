package client

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Transport carries one request. It follows no redirect, and reads at most Limit bytes of an answer. It returns an error
// only when there is no answer; every status is an answer. It logs no body and no header.
type Transport interface {
	Do(ctx context.Context, r Request) (Response, error)
}

// Request is what goes out.
type Request struct {
	Method string
	URL    string // https
	Header map[string]string
	Body   []byte // nil for none
	Limit  int    // bytes of the answer; more is an error
	// Anonymous requests go to another service: no cookies, no referrer, nothing that tells who asks.
	Anonymous bool
}

// Response is what came back.
type Response struct {
	Status int
	Body   []byte
}

// maxRequest bounds what Do sends: the operator's files are the largest.
const maxRequest = 256 << 10

func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, "GET", path, nil, nil, out)
}

func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.Do(ctx, "POST", path, nil, in, out)
}

// Do makes one call to the service: in as JSON (nil: no body), the answer into out (nil: ignored). Every error is a
// problem: the service's own, CodeUnavailable when nothing came back, CodeBadAnswer when it is not JSON for out.
func (c *Client) Do(ctx context.Context, method, path string, header map[string]string, in, out any) error {
	response, err := c.send(ctx, method, path, header, in)
	if err != nil {
		return err
	}
	if response.Status/100 != 2 {
		return DecodeProblem(response.Status, response.Body)
	}
	return decode(response, out)
}

// send is the part of Do before the answer is looked at.
func (c *Client) send(ctx context.Context, method, path string, header map[string]string, in any) (Response, error) {
	request := Request{Method: method, URL: c.base + path, Header: map[string]string{"Accept": "application/json"}, Limit: api.MaxBody}
	for name, value := range header {
		request.Header[name] = value
	}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil || len(body) > maxRequest {
			return Response{}, problem(api.CodeBadRequest, "The request cannot be sent.")
		}
		request.Body = body
		request.Header["Content-Type"] = "application/json"
	}
	return c.carry(ctx, request)
}

// carry hands a request to the transport. It is the only place that does, so the checks here hold for every request.
func (c *Client) carry(ctx context.Context, request Request) (Response, error) {
	if !strings.HasPrefix(request.URL, "https://") {
		return Response{}, problem(CodeInsecure, "Only https is allowed.")
	}
	c.progress(StageSending)
	response, err := c.transport.Do(ctx, request)
	if err != nil {
		return Response{}, unavailable()
	}
	if len(response.Body) > request.Limit {
		return Response{}, badAnswer(response.Status)
	}
	return response, nil
}

// decode reads one JSON value, and nothing behind it. Members that are not known are ignored: a newer service may send them.
func decode(response Response, out any) error {
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(response.Body))
	if err := decoder.Decode(out); err != nil || decoder.More() {
		return badAnswer(response.Status)
	}
	return nil
}
