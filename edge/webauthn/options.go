package webauthn

import (
	"encoding/base64"
	"encoding/json"
)

const timeout = 300_000 // milliseconds

// Creation is what a passkey is made for.
type Creation struct {
	RPID, RPName string
	User         string // the account's id, which becomes the user handle; up to 64 bytes
	Name         string // what the person signs in with
	DisplayName  string
	Challenge    []byte
	Exclude      []string // ids of passkeys that there are, in base64url
}

type descriptor struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type algorithm struct {
	Type string `json:"type"`
	Alg  int    `json:"alg"`
}

func descriptors(ids []string) []descriptor {
	out := []descriptor{}
	for _, id := range ids {
		out = append(out, descriptor{"public-key", id})
	}
	return out
}

// CreationOptions is PublicKeyCredentialCreationOptionsJSON (section 5.1.9): a passkey that can be found without its id, with user
// verification and PRF (section 10.1.4).
func CreationOptions(c Creation) string {
	params := []algorithm{}
	for _, alg := range Algorithms {
		params = append(params, algorithm{"public-key", alg})
	}
	return text(map[string]any{
		"rp":                     map[string]string{"id": c.RPID, "name": c.RPName},
		"user":                   map[string]string{"id": encode([]byte(c.User)), "name": c.Name, "displayName": c.DisplayName},
		"challenge":              encode(c.Challenge),
		"pubKeyCredParams":       params,
		"timeout":                timeout,
		"excludeCredentials":     descriptors(c.Exclude),
		"authenticatorSelection": map[string]any{"residentKey": "preferred", "userVerification": "required"},
		"attestation":            "none",
		"extensions":             map[string]any{"prf": struct{}{}},
	})
}

// RequestOptions is PublicKeyCredentialRequestOptionsJSON (section 5.1.10) for the passkeys of the given ids in base64url; none means
// whichever the person has here.
func RequestOptions(rpID string, challenge []byte, allow []string) string {
	return text(map[string]any{
		"rpId": rpID, "challenge": encode(challenge), "timeout": timeout,
		"allowCredentials": descriptors(allow), "userVerification": "required",
	})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil { // our own values always marshal
		panic(err)
	}
	return string(data)
}
