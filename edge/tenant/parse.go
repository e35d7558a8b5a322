package tenant

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// MaxFile bounds a file of applications, in bytes.
const MaxFile = 256 << 10

// maxApplications bounds the applications of one file.
const maxApplications = 200

// File is what a file of applications says.
type File struct {
	Applications []Application // to add, or to replace by client id
	Remove       []string      // client ids to forget
}

// Fault is one thing that is wrong with a file.
type Fault struct {
	Application string `json:"application,omitempty"` // client id, or "#2" when it has none that can be read
	Field       string `json:"field,omitempty"`
	Fault       string `json:"fault"` // what is wrong and what to do
}

// Faults is the error of Parse: everything that is wrong, not only the first thing.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	var b strings.Builder
	for i, fault := range f {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.String())
	}
	return b.String()
}

// String is the fault as a sentence.
func (f Fault) String() string {
	switch {
	case f.Application == "":
		return strings.TrimSpace(f.Field + " " + f.Fault)
	case f.Field == "":
		return fmt.Sprintf("application %s: %s", f.Application, f.Fault)
	}
	return fmt.Sprintf("application %s: %s %s", f.Application, f.Field, f.Fault)
}

// Parse reads {"applications": […], "remove": […]} of at most MaxFile bytes. It is strict: unknown, misspelt and repeated members
// are refused, because a setting that is silently dropped is worse than one that is refused. Its error is Faults.
func Parse(data []byte) (File, error) {
	var top struct {
		Applications []json.RawMessage `json:"applications"`
		Remove       []string          `json:"remove"`
	}
	if len(data) > MaxFile {
		return File{}, Faults{{Fault: "the file is larger than 256 KiB: split it, files add to each other"}}
	}
	if err := strict(data, &top, []string{"applications", "remove"}); err != nil {
		return File{}, Faults{{Fault: "the file " + err.Error()}}
	}
	if len(top.Applications) > maxApplications || len(top.Remove) > maxApplications {
		return File{}, Faults{{Fault: "the file has more than 200 applications: split it, files add to each other"}}
	}
	if len(top.Applications)+len(top.Remove) == 0 {
		return File{}, Faults{{Field: "applications", Fault: "is empty: there is nothing to do"}}
	}
	file := File{Remove: top.Remove}
	var faults Faults
	for i, raw := range top.Applications {
		app, wrong := parseApplication(raw, fmt.Sprintf("#%d", i+1))
		if faults = append(faults, wrong...); len(wrong) == 0 {
			file.Applications = append(file.Applications, app)
		}
	}
	faults = append(faults, repeated(file)...)
	if len(faults) > 0 {
		return File{}, faults
	}
	return file, nil
}

// repeated finds client ids that the file mentions twice.
func repeated(file File) Faults {
	var faults Faults
	var seen []string
	for _, app := range file.Applications {
		if slices.Contains(seen, app.ClientID) {
			faults = append(faults, Fault{app.ClientID, "client_id", "is in the file twice: merge the two entries"})
		}
		seen = append(seen, app.ClientID)
	}
	for _, id := range file.Remove {
		if slices.Contains(seen, id) {
			faults = append(faults, Fault{id, "client_id", "is both in applications and in remove, or in remove twice: keep one"})
		}
		if !validClientID(id) {
			faults = append(faults, Fault{Field: "remove", Fault: "has something that is no client id: use the client_id of a registered application"})
		}
		seen = append(seen, id)
	}
	return faults
}

// entry is an application as the file writes it; the names are those of RFC 7591 and OpenID Connect Registration where they have one.
type entry struct {
	ClientID               string          `json:"client_id"`
	Name                   string          `json:"name"`
	Kind                   AppKind         `json:"kind"`
	ClientSecret           string          `json:"client_secret"`
	Public                 bool            `json:"public"`
	RedirectURIs           []string        `json:"redirect_uris"`
	PostLogoutRedirectURIs []string        `json:"post_logout_redirect_uris"`
	FrontChannelLogoutURI  string          `json:"frontchannel_logout_uri"`
	BackChannelLogoutURI   string          `json:"backchannel_logout_uri"`
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
		FrontChannelLogoutURI: e.FrontChannelLogoutURI, BackChannelLogoutURI: e.BackChannelLogoutURI,
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

// strict decodes one JSON object and nothing after it, whose members have exactly the given names, each at most once. Even when it
// fails, v has what could be read.
func strict(data []byte, v any, members []string) error {
	err := json.Unmarshal(data, v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %v at byte %d", syntax, syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("has %q as %s, want %s", kind.Field, kind.Value, kind.Type)
	}
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	return checkMembers(data, members)
}

func checkMembers(data []byte, members []string) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.New("is not a JSON object")
	}
	var seen []string
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return io.ErrUnexpectedEOF
		}
		if !slices.Contains(members, name) {
			return fmt.Errorf("has an unknown member %.64q: remove it or correct its spelling (known: %s)", name, strings.Join(members, ", "))
		}
		if slices.Contains(seen, name) {
			return fmt.Errorf("has the member %q twice: remove one", name)
		}
		seen = append(seen, name)
		var skip json.RawMessage
		if err := decoder.Decode(&skip); err != nil {
			return err
		}
	}
	return nil
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
