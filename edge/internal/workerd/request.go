package workerd

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// errRequest says that the bytes from the runtime are not a request.
var errRequest = errors.New("workerd: malformed request")

// overTLS marks requests that reached the runtime over TLS, which does not tell more about the connection.
var overTLS = &tls.ConnectionState{HandshakeComplete: true}

// blank is what all requests begin with: WithContext makes a copy anyway.
var blank = &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}

// requestBody is a request's body, wholly read before Go sees it.
type requestBody struct{ bytes.Reader }

func (*requestBody) Close() error { return nil }

// parseRequest makes the request that a handler sees. head is lines of UTF-8, which neither a URL nor a header can hold a
// newline of: method, URL, remote address, then a name and a value for each header, names in lower case.
func parseRequest(ctx context.Context, head string, body []byte) (*http.Request, error) {
	method, rest, ok1 := strings.Cut(head, "\n")
	address, rest, ok2 := strings.Cut(rest, "\n")
	remote, rest, ok3 := strings.Cut(rest, "\n")
	if !ok1 || !ok2 || !ok3 || method == "" {
		return nil, errRequest
	}
	r := blank.WithContext(ctx)
	r.Method, r.RemoteAddr = method, remote
	if err := setTarget(r, address); err != nil {
		return nil, err
	}
	header, err := parseHeader(rest)
	if err != nil {
		return nil, err
	}
	delete(header, "Host")
	r.Header = header
	if len(body) > 0 {
		b := &requestBody{}
		b.Reset(body)
		r.Body, r.ContentLength = b, int64(len(body))
	}
	return r, nil
}

// setTarget takes an absolute URL apart the way net/http's server does it: the host beside, and a URL that begins with the path.
func setTarget(r *http.Request, address string) error {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return errRequest
	}
	if scheme == "https" {
		r.TLS = overTLS
	}
	slash := strings.IndexByte(rest, '/')
	if slash <= 0 {
		return errRequest
	}
	r.Host, r.RequestURI = rest[:slash], rest[slash:]
	path, query, has := strings.Cut(r.RequestURI, "?")
	if plainPath(path) && (query != "" || !has) && plainQuery(query) {
		r.URL = &url.URL{Path: path, RawQuery: query}
		return nil
	}
	u, err := url.ParseRequestURI(r.RequestURI)
	if err != nil {
		return errRequest
	}
	r.URL = u
	return nil
}

// plainPath reports whether a path means itself: nothing to decode, nothing to refuse, nothing that net/url writes otherwise.
func plainPath(path string) bool {
	if strings.HasPrefix(path, "//") { // an authority, to net/url
		return false
	}
	for i := range len(path) {
		c := path[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '/' {
			continue
		}
		if c >= 0x80 || strings.IndexByte("-_.~$&+,:;=@", c) < 0 {
			return false
		}
	}
	return true
}

func plainQuery(query string) bool {
	for i := range len(query) {
		if c := query[i]; c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// parseHeader reads lines of name and value in turn.
func parseHeader(lines string) (http.Header, error) {
	n := strings.Count(lines, "\n")
	if n%2 != 0 || n > 0 && lines[len(lines)-1] != '\n' || n == 0 && lines != "" {
		return nil, errRequest
	}
	header := make(http.Header, n/2+1)
	values := make([]string, n/2) // one allocation for the values of all, as in net/http
	for i := range values {
		var name string
		name, lines, _ = strings.Cut(lines, "\n")
		values[i], lines, _ = strings.Cut(lines, "\n")
		name = canonical(name)
		if name == "" {
			return nil, errRequest
		}
		if have, twice := header[name]; twice {
			header[name] = append(have, values[i])
			continue
		}
		header[name] = values[i : i+1 : i+1]
	}
	return header, nil
}

// canonicals holds the canonical form of names that clients and Cloudflare send, because working it out takes an allocation.
var canonicals = map[string]string{
	"accept": "Accept", "accept-encoding": "Accept-Encoding", "accept-language": "Accept-Language",
	"authorization": "Authorization", "cache-control": "Cache-Control", "cdn-loop": "Cdn-Loop",
	"cf-connecting-ip": "Cf-Connecting-Ip", "cf-ipcountry": "Cf-Ipcountry", "cf-ray": "Cf-Ray", "cf-visitor": "Cf-Visitor",
	"connection": "Connection", "content-length": "Content-Length", "content-type": "Content-Type", "cookie": "Cookie",
	"dnt": "Dnt", "host": "Host", "if-modified-since": "If-Modified-Since", "if-none-match": "If-None-Match",
	"latchkey-place": "Latchkey-Place", "latchkey-request": "Latchkey-Request", "origin": "Origin", "pragma": "Pragma",
	"priority": "Priority", "referer": "Referer", "sec-ch-ua": "Sec-Ch-Ua", "sec-ch-ua-mobile": "Sec-Ch-Ua-Mobile",
	"sec-ch-ua-platform": "Sec-Ch-Ua-Platform", "sec-fetch-dest": "Sec-Fetch-Dest", "sec-fetch-mode": "Sec-Fetch-Mode",
	"sec-fetch-site": "Sec-Fetch-Site", "sec-fetch-user": "Sec-Fetch-User", "sec-gpc": "Sec-Gpc",
	"upgrade-insecure-requests": "Upgrade-Insecure-Requests", "user-agent": "User-Agent",
	"x-forwarded-for": "X-Forwarded-For", "x-forwarded-proto": "X-Forwarded-Proto", "x-real-ip": "X-Real-Ip",
}

func canonical(name string) string {
	if c, ok := canonicals[name]; ok {
		return c
	}
	return http.CanonicalHeaderKey(name)
}
