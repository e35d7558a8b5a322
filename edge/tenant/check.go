package tenant

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
)

const (
	alphanumeric  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	maxClientID   = 64
	clientIDChars = alphanumeric + "._~-"
)

func validClientID(id string) bool {
	return id != "" && len(id) <= maxClientID && strings.Trim(id, clientIDChars) == "" && strings.Contains(alphanumeric, id[:1])
}

// check returns everything that may not be registered. The front calls it to tell the operator, the object calls it again.
func check(app Application) Faults {
	var faults Faults
	wrong := func(field, fault string) {
		if fault != "" {
			faults = append(faults, Fault{app.ClientID, field, fault})
		}
	}
	if !validClientID(app.ClientID) {
		wrong("client_id", "is not 1 to 64 letters, digits, dots, hyphens, underscores or tildes: choose one such as shop")
	}
	wrong("name", nameFault(app.Name))
	wrong("kind", oneOf(string(app.Kind), []string{string(AppWeb), string(AppNative)}))
	wrong("grant_types", within(app.GrantTypes, grantTypes))
	wrong("response_modes", within(app.ResponseModes, responseModes))
	wrong("scopes", within(app.Scopes, scopes))
	if !slices.Contains(app.Scopes, "openid") {
		wrong("scopes", "lacks openid: add it")
	}
	wrong("id_token_signed_response_alg", oneOf(app.IDTokenAlg, signingAlgs))
	if len(app.SecretHash) != 0 && len(app.SecretHash) != 32 {
		wrong("client_secret", "is not kept as a SHA-256")
	}
	checkURIs(app, wrong)
	checkEncryption(app, wrong)
	return faults
}

func nameFault(name string) string {
	n := utf8.RuneCountInString(name)
	if !utf8.ValidString(name) || n < 1 || n > 64 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unprintable) {
		return "is not 1 to 64 printable characters: give the name that people know the application by"
	}
	return ""
}

// unprintable includes the characters that change the direction of text, which could dress one name up as another.
func unprintable(r rune) bool { return !unicode.IsPrint(r) || unicode.Is(unicode.Bidi_Control, r) }

func checkURIs(app Application, wrong func(field, fault string)) {
	if len(app.RedirectURIs) == 0 {
		wrong("redirect_uris", "is empty: list the addresses that people are sent back to")
	}
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", app.RedirectURIs}, {"post_logout_redirect_uris", app.PostLogoutRedirectURIs}} {
		if len(list.uris) > maxURIs {
			wrong(list.field, "has more than 32 addresses: register the parts as applications of their own")
			continue
		}
		for _, uri := range list.uris {
			wrong(list.field, named(uri, uriFault(uri, app.Kind)))
		}
	}
	if uri := app.BackchannelLogoutURI; uri != "" {
		wrong("backchannel_logout_uri", named(uri, uriFault(uri, AppWeb)))
	}
	if uri := app.FrontchannelLogoutURI; uri != "" {
		wrong("frontchannel_logout_uri", named(uri, uriFault(uri, AppWeb)))
		if !sameOrigin(uri, app.RedirectURIs) { // OpenID Connect Front-Channel Logout 1.0 section 2
			wrong("frontchannel_logout_uri", "has another scheme, host or port than every redirect URI: use the application's own")
		}
	}
}

// named puts the address before what is wrong with it.
func named(uri, fault string) string {
	if fault == "" {
		return ""
	}
	if len(uri) > 80 {
		uri = uri[:80] + "…"
	}
	return "\"" + strings.ToValidUTF8(uri, "?") + "\" " + fault
}

func checkEncryption(app Application, wrong func(field, fault string)) {
	key := app.EncryptionKey
	if key == nil {
		return
	}
	switch key.Key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
	default:
		wrong("encryption_key", "is not a public EC or RSA key: never send a private or symmetric key, make a new pair and give its public half")
		return
	}
	if !key.Valid() {
		wrong("encryption_key", "is not a valid key: export it again")
		return
	}
	if k, ok := key.Key.(*rsa.PublicKey); ok && (k.N.BitLen() < 2048 || k.N.BitLen() > 4096) {
		wrong("encryption_key", "is an RSA key outside 2048 to 4096 bits: make a new one")
	}
	if key.Use != "" && key.Use != "enc" {
		wrong("encryption_key", `has "use" other than "enc": give a key that is for encryption`)
	}
	if len(key.Certificates) > 0 || key.CertificatesURL != nil {
		wrong("encryption_key", "has a certificate: leave x5c, x5u and x5t out, they are not looked at")
	}
	if key.Algorithm != "" && key.Algorithm != app.EncryptionAlg {
		wrong("id_token_encrypted_response_alg", `is not the "alg" of encryption_key: make them the same`)
	}
	wrong("id_token_encrypted_response_alg", oneOf(app.EncryptionAlg, encryptionAlgs(*key)))
	wrong("id_token_encrypted_response_enc", oneOf(app.EncryptionEnc, contentEncs))
}

// encryptionAlgs are the key management algorithms that a key can be used with.
func encryptionAlgs(key jose.JSONWebKey) []string {
	switch key.Key.(type) {
	case *ecdsa.PublicKey:
		return ecAlgs
	case *rsa.PublicKey:
		return rsaAlgs
	}
	return nil
}

func oneOf(value string, allowed []string) string {
	if slices.Contains(allowed, value) {
		return ""
	}
	return "is not supported: use one of " + strings.Join(allowed, ", ")
}

func within(values, allowed []string) string {
	if len(values) == 0 {
		return "is empty: use one of " + strings.Join(allowed, ", ")
	}
	for _, v := range values {
		if fault := oneOf(v, allowed); fault != "" {
			return fault
		}
	}
	return ""
}
