package portal

import (
	"encoding/json"
	"net/http"
)

// Where programs that keep people's passwords and passkeys look for pages of ours.
const (
	pathChangePassword   = "/.well-known/change-password"   // A Well-Known URL for Changing Passwords
	pathPasskeyEndpoints = "/.well-known/passkey-endpoints" // A Well-Known URL for Relying Party Passkey Endpoints
)

// changePassword leads to where the password is changed. The page asks whoever is not signed in to sign in first.
func changePassword(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/account#change", http.StatusFound)
}

// passkeyEndpoints says where passkeys are made and managed.
func (s *Service) passkeyEndpoints(w http.ResponseWriter, _ *http.Request) {
	page := s.Issuer + "/security"
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"enroll": page, "manage": page}) // whoever asked is gone when it fails
}
