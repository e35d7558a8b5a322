package tenant

import (
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// entry is an application as the file writes it; the names are those of RFC 7591 and OpenID Connect Registration where they have one.
type entry struct {
	ClientID               string          `json:"client_id"`
	Name                   string          `json:"name"`
	Kind                   AppKind         `json:"kind"`
	ClientSecret           string          `json:"client_secret"`
	Public                 bool            `json:"public"`
	RedirectURIs           []string        `json:"redirect_uris"`
	PostLogoutRedirectURIs []string        `json:"post_logout_redirect_uris"`
	FrontchannelLogoutURI  string          `json:"frontchannel_logout_uri"`
	BackchannelLogoutURI   string          `json:"backchannel_logout_uri"`
	GrantTypes             []string        `json:"grant_types"`
	ResponseModes          []string        `json:"response_modes"`
	Scopes                 []string        `json:"scopes"`
	IDTokenAlg             string          `json:"id_token_signed_response_alg"`
	EncryptionAlg          string          `json:"id_token_encrypted_response_alg"`
	EncryptionEnc          string          `json:"id_token_encrypted_response_enc"`
	EncryptionKey          json.RawMessage `json:"encryption_key"`
}

var entryMembers = []string{"client_id", "name", "kind", "client_secret", "public", "redirect_uris", "post_logout_redirect_uris",
	"frontchannel_logout_uri", "backchannel_logout_uri", "grant_types", "response_modes", "scopes", "id_token_signed_response_alg",
	"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "encryption_key"}

// parseApplication reads one entry. position names it in faults until its client id is known.
func parseApplication(raw json.RawMessage, position string) (Application, Faults) {
	var e entry
	if err := strict(raw, &e, entryMembers); err != nil {
		if validClientID(e.ClientID) {
			position = e.ClientID
		}
		return Application{}, Faults{{Application: position, Fault: err.Error()}}
	}
	app := Application{
		ClientID: e.ClientID, Name: e.Name, Kind: AppKind(or(string(e.Kind), string(AppWeb))),
		RedirectURIs: e.RedirectURIs, PostLogoutRedirectURIs: e.PostLogoutRedirectURIs,
		FrontchannelLogoutURI: e.FrontchannelLogoutURI, BackchannelLogoutURI: e.BackchannelLogoutURI,
		GrantTypes: orAll(e.GrantTypes, grantTypes), ResponseModes: orAll(e.ResponseModes, responseModes),
		Scopes: orAll(e.Scopes, scopes), IDTokenAlg: or(e.IDTokenAlg, signingAlgs[0]),
		EncryptionAlg: e.EncryptionAlg, EncryptionEnc: e.EncryptionEnc,
	}
	faults := parseSecret(&app, e)
	faults = append(faults, parseEncryption(&app, e.EncryptionKey)...)
	faults = append(faults, check(app)...)
	if !validClientID(app.ClientID) {
		for i := range faults {
			faults[i].Application = position
		}
	}
	return app, faults
}

func parseSecret(app *Application, e entry) Faults {
	switch {
	case e.Public && e.ClientSecret != "":
		return Faults{{app.ClientID, "public", "is true, but there is a client_secret: remove one of them"}}
	case e.Public:
		return nil
	case e.ClientSecret == "":
		return Faults{{app.ClientID, "client_secret", `is missing: make one with "openssl rand -base64 32", or say "public": true for an application that cannot keep a secret`}}
	case weakSecret(e.ClientSecret):
		return Faults{{app.ClientID, "client_secret", `is not 32 random bytes as text (43 to 256 printable characters): make one with "openssl rand -base64 32"`}}
	}
	sum := sha256.Sum256([]byte(e.ClientSecret))
	app.SecretHash = sum[:]
	return nil
}

// weakSecret refuses what cannot be 32 random bytes: only randomness makes a plain hash a safe way to keep it.
func weakSecret(s string) bool {
	var seen [128]bool
	kinds := 0
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] >= 0x7f {
			return true
		}
		if !seen[s[i]] {
			seen[s[i]], kinds = true, kinds+1
		}
	}
	return len(s) < 43 || len(s) > 256 || kinds < 10
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orAll(list, otherwise []string) []string {
	if len(list) == 0 {
		return slices.Clone(otherwise)
	}
	return list
}

// parseEncryption reads the public key and fills in what goes with its type.
func parseEncryption(app *Application, raw json.RawMessage) Faults {
	if len(raw) == 0 || string(raw) == "null" {
		if app.EncryptionAlg+app.EncryptionEnc != "" {
			return Faults{{app.ClientID, "encryption_key", "is missing, but an encryption algorithm is given: add the application's public key as a JWK"}}
		}
		return nil
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(raw, &key); err != nil {
		return Faults{{app.ClientID, "encryption_key", "is not a JSON Web Key: give an EC (P-256, P-384, P-521) or RSA public key (RFC 7517)"}}
	}
	app.EncryptionKey = &key
	if algs := encryptionAlgs(key); len(algs) > 0 && app.EncryptionAlg == "" {
		app.EncryptionAlg = or(key.Algorithm, algs[0])
	}
	app.EncryptionEnc = or(app.EncryptionEnc, contentEncs[0])
	return nil
}
