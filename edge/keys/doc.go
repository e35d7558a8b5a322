// Package keys is the key ring: every secret that Latchkey makes itself, from the first one to its deletion. The ring is one
// object; Service is the view of it that the front's packages use to sign, seal, verify, open and authenticate. Nothing else
// in Latchkey keeps a key, and nobody but the ring makes or deletes one.
//
// # The life of a key
//
//	            lead                 active                          keep
//	created ├──────────┤ starts ├─────────────────┤ successor ├──────────────────────────┤ deleted
//	        in the JWKS          signs, seals       starts      verifies, opens
//	        nobody uses it                          a signing key's private half is deleted,
//	                                                and after life it leaves the JWKS
//
//	group     lead   active   life    keep    makes
//	sign      25 h   30 d     1 d     90 d    ID tokens, logout tokens; a group each for ES256, RS256, PS256, EdDSA
//	session   1 h    30 d     90 d    90 d    session cookies
//	device    1 h    90 d     366 d   366 d   device cookies
//	short     1 h    1 d      2 d     2 d     flows, states, codes, access tokens
//	opaque    made once, never replaced       password records depend on it
//	mac       made once, never replaced       fake records must stay the same
//
// Lead lets everybody know a key before they meet it: applications may cache a JWKS for a day, fronts a snapshot for a minute. Keep
// lasts until whatever the key made has expired, and an hour more for clocks that differ. A pure function (rotate) says
// what is due; the ring does it when its alarm rings and at every touch, so an object that slept through catches up. Until
// its successor has been published for its full lead the old key goes on.
//
// # At rest
//
// A row of the ring is sealed with XChaCha20-Poly1305 under a key derived from the operator's root key (Root), together with its
// public half, and bound to its id, use, algorithm, first use and root key's id: reading the database gives nothing, writing to
// it nothing but a failure. Rows go to the front as they are and are opened there.
//
// To replace the root key "old" by "new" without anybody noticing, deploy three times: LATCHKEY_ROOT_KEY = "old:…,new:…" (everybody
// can open both), then "new:…,old:…" (the ring reseals every key at its next touch), then "new:…". Who drops a key too early
// reads ErrRoot and can put it back.
//
// # In the front
//
// A finished, opened snapshot of the ring is shared by all requests of an isolate for up to a minute. No request waits for
// another: two may ask the ring at the same time. An unknown key id makes it ask early, at most every five seconds. When the
// ring does not answer, what is known serves for ten minutes.
//
// Tokens are compact JWS, natively signed and verified where the runtime can (Native). Sealed values are compact JWE (dir,
// A256GCM). Both are in a form of our own making that go-jose reads (see sealer for why). In both, a header that is not exactly the one
// we write is refused before it is interpreted.
package keys
