package keys

import (
	"slices"
	"time"
)

// Purpose says what a sealed value is for. Each has a key of its own, so a value of one cannot be opened as another.
type Purpose string

// The purposes, with the longest life a value may have.
const (
	PurposeSession Purpose = "session" // session cookies; 90 days
	PurposeDevice  Purpose = "device"  // device cookies; a year and a day
	PurposeFlow    Purpose = "flow"    // authorization requests under way; 48 hours, as all that follow
	PurposeState   Purpose = "state"   // steps of sign-in, sign-up and password change; codes waiting in an outbox
	PurposeCode    Purpose = "code"    // authorization codes
	PurposeAccess  Purpose = "access"  // access tokens
	PurposeRequest Purpose = "request" // pushed authorization requests (RFC 9126)
	PurposePairing Purpose = "pairing" // device codes (RFC 8628)
	PurposeGrant   Purpose = "grant"   // the claim of a JWT access token that says to us whose grant it stands for
	PurposeRefresh Purpose = "refresh" // refresh tokens; 90 days
)

// What keys are for. A ring holds one group of keys for each pair of use and algorithm.
const (
	useSign    = "sign"
	useSession = "session"
	useDevice  = "device"
	useShort   = "short"
	useOPAQUE  = "opaque"
	useMAC     = "mac"
)

// purposes says which group of keys serves a purpose.
var purposes = map[Purpose]string{
	PurposeSession: useSession,
	PurposeDevice:  useDevice,
	PurposeFlow:    useShort, PurposeState: useShort, PurposeCode: useShort, PurposeAccess: useShort,
	PurposeRequest: useShort, PurposePairing: useShort, PurposeGrant: useShort,
	PurposeRefresh: useSession,
}

// compacted are the purposes whose values are in the compact form of edge/object and not in JSON, which takes six times as long: every flow
// meets them, and they live for minutes. When another version of the program has changed their type, one of before is refused like one that
// has expired, and its bearer asks for another. What lives for longer is JSON, which bears with that.
var compacted = map[Purpose]bool{PurposeCode: true, PurposeAccess: true, PurposeGrant: true}

const day = 24 * time.Hour

// policy is the life of a group's keys; doc.go draws it.
type policy struct {
	lead   time.Duration // everybody can see a key this long before its first use
	active time.Duration // then it makes things for as long as this; 0: for ever
	life   time.Duration // longest life of what it makes; from its end on a signing key stays in the JWKS for as long
	keep   time.Duration // from its end on it opens or verifies for ourselves for as long, then it is deleted
}

// skew is added when a key ends: a front may use what it knew of the ring for maxStale longer, and clocks differ.
const skew = time.Hour

// policies by use. A signing key's lead is the time that applications may cache a JWKS. It is kept for ourselves for as long as a
// session may live, because an ID token comes back as the hint at that session's sign-out, long after it has expired. A
// sealing key's lead is the time in which all fronts have asked the ring again.
var policies = map[string]policy{
	useSign:    {lead: day + skew, active: 30 * day, life: day, keep: 90 * day},
	useSession: {lead: skew, active: 30 * day, life: 90 * day, keep: 90 * day},
	useDevice:  {lead: skew, active: 90 * day, life: 366 * day, keep: 366 * day},
	useShort:   {lead: skew, active: day, life: 2 * day, keep: 2 * day},
	useOPAQUE:  {}, // a record outlives every rotation
	useMAC:     {}, // fake records must stay the same for a name
}

// group is one use with one algorithm.
type group struct{ use, alg string }

// always are the groups that every ring has; others come with the first application that wants them.
var always = []group{
	{useSign, ES256}, {useSession, encA256GCM}, {useDevice, encA256GCM}, {useShort, encA256GCM},
	{useOPAQUE, algOPAQUE}, {useMAC, algMAC},
}

// Signature algorithms (RFC 7518 section 3, RFC 8037). Nothing else is signed with or verified.
const (
	ES256 = "ES256" // ECDSA, P-256, SHA-256: from the start
	RS256 = "RS256" // RSASSA-PKCS1-v1_5, 2048 bits, SHA-256: when first asked for
	PS256 = "PS256" // RSASSA-PSS, 2048 bits, SHA-256: when first asked for
	EdDSA = "EdDSA" // Ed25519: when first asked for
)

const (
	encA256GCM = "A256GCM"
	algMAC     = "HS256"
	algOPAQUE  = "ristretto255-SHA512"
)

func signingAlg(alg string) bool { return slices.Contains(signatureAlgs, alg) }
