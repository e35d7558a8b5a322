package server

import (
	"net/http"
	"strings"
)

// clientAddress is the client's address as the platform reports it. Proxies that keep a list (X-Forwarded-For) append to what
// the client sent, so only the last entry of the last field is theirs; everything before it is the client's word.
func clientAddress(r *http.Request, header string) string {
	fields := r.Header.Values(header)
	if len(fields) == 0 {
		return ""
	}
	last := fields[len(fields)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}
