package token

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// jwks publishes the public signing keys (RFC 7517 section 5): the next, the present and those whose tokens are still alive. Caches may
// keep it for KeysMaxAge, well under the day that a key is published before its first use.
func (s *Service) jwks(w http.ResponseWriter, r *http.Request) {
	anyOrigin(w)
	set, err := s.keys.JWKS(r.Context())
	if err != nil {
		s.errors.JSON(w, r, err)
		return
	}
	cacheable(w, set)
}

// cacheable answers with a public document.
func cacheable(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(KeysMaxAge/time.Second)))
	w.Write(body)
}
