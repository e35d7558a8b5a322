//go:build !js

package main

import (
	"compress/gzip"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/edge/api"
)

// compressed compresses what a device pulls from the vault, as Cloudflare does with all JSON: base64 is a third longer than what it stands
// for. Only that: it is ciphertext and counters, so its length tells nothing of a secret (BREACH), whoever may have a say in the rest.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != api.RouteVaultPull || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressing{ResponseWriter: w}
		next.ServeHTTP(c, r)
		switch {
		case c.zip != nil:
			_ = c.zip.Close() // a client that hung up is no failure of ours
		case !c.begun && c.status != 0:
			w.WriteHeader(c.status)
		}
	})
}

// compressing compresses the body of an answer that is long enough for it to pay.
type compressing struct {
	http.ResponseWriter
	status int
	begun  bool
	zip    *gzip.Writer
}

const worthIt = 512 // bytes

// WriteHeader waits for the body: it decides what the header says.
func (c *compressing) WriteHeader(status int) { c.status = status }

// Write expects the body in one piece, as edge/problem writes it.
func (c *compressing) Write(b []byte) (int, error) {
	if !c.begun {
		c.begun = true
		if c.status == 0 {
			c.status = http.StatusOK
		}
		if c.status == http.StatusOK && len(b) >= worthIt {
			c.Header().Set("Content-Encoding", "gzip")
			c.Header().Set("Vary", "Accept-Encoding")
			c.zip = gzip.NewWriter(c.ResponseWriter)
		}
		c.ResponseWriter.WriteHeader(c.status)
	}
	if c.zip == nil {
		return c.ResponseWriter.Write(b)
	}
	return c.zip.Write(b)
}
