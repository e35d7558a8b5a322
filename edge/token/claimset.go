package token

import (
	"bytes"
	"encoding/json"
	"slices"
)

// claimSet is a JSON object, its members not decoded yet. Names are told apart by case, and none is there twice, so that no
// two readers can understand it differently (RFC 7519 section 4, RFC 8725 section 2.4).
type claimSet map[string]json.RawMessage

// maxClaims bounds the members of an object.
const maxClaims = 64

// parseClaims reads one JSON object and nothing after it. The members are skipped, not decoded, so that depth costs nothing.
func parseClaims(data []byte) (claimSet, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errJWT
	}
	claims := claimSet{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok || claims.has(name) || len(claims) == maxClaims {
			return nil, errJWT
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, errJWT
		}
		claims[name] = value
	}
	if _, err := decoder.Token(); err != nil || len(bytes.TrimLeft(data[decoder.InputOffset():], " \t\r\n")) > 0 {
		return nil, errJWT
	}
	return claims, nil
}

// has reports whether a member is there, whatever it is.
func (c claimSet) has(name string) bool { return c[name] != nil }

// text returns a member that must be a string and not empty.
func (c claimSet) text(name string) (value string, ok bool) {
	value, ok = c.optional(name)
	return value, ok && value != ""
}

// optional returns a member that must be a string if it is there.
func (c claimSet) optional(name string) (value string, ok bool) {
	if !c.has(name) {
		return "", true
	}
	if c[name][0] != '"' || json.Unmarshal(c[name], &value) != nil {
		return "", false
	}
	return value, true
}

// time returns a NumericDate in whole seconds (RFC 7519 section 2). Not ok: it is there and is no time.
func (c claimSet) time(name string) (seconds int64, has, ok bool) {
	if !c.has(name) {
		return 0, false, true
	}
	var value float64
	if json.Unmarshal(c[name], &value) != nil || !(value >= 0 && value < 1<<40) || string(c[name]) == "null" {
		return 0, true, false
	}
	return int64(value), true, true
}

// audience returns aud, and whether it is a string rather than a list (RFC 7519 section 4.1.3).
func (c claimSet) audience() (values []string, single bool) {
	if value, ok := c.text("aud"); ok {
		return []string{value}, true
	}
	if json.Unmarshal(c["aud"], &values) != nil {
		return nil, false
	}
	return values, false
}

// meantFor reports whether the one audience is among those accepted. Several are refused, because whoever is in such a list could
// use the JWT against the others; plain accepts a string only (FAPI 2.0 security profile section 5.3.2.1).
func (c claimSet) meantFor(plain bool, accepted ...string) bool {
	values, single := c.audience()
	return len(values) == 1 && (single || !plain) && slices.Contains(accepted, values[0])
}

// parameter returns a member as the request parameter that it stands for (RFC 9101 section 4): a string as it is, a number or an
// object as JSON without space.
func (c claimSet) parameter(name string) (value string, ok bool) {
	raw := c[name]
	switch {
	case len(raw) == 0:
		return "", false
	case raw[0] == '"':
		return c.optional(name)
	case raw[0] == '{' || raw[0] >= '0' && raw[0] <= '9':
		var compact bytes.Buffer
		err := json.Compact(&compact, raw)
		return compact.String(), err == nil
	}
	return "", false
}
