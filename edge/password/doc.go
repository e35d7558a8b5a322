// Package password is the server's half of OPAQUE (RFC 9807) over github.com/bytemare/opaque: from a KE1 and a record to a KE2,
// from a registration request to its response, and the fake records that make an unknown name behave like a known one.
//
//	sign-in       KE1 → Login → KE2, expected MAC → … KE3 → Check
//	registration  request → Register → response → … record → Accept
//
// It holds the suite's long-term keys, taken from the key ring, and nothing of a conversation: the caller seals the expected
// MAC (edge/state) and stores the record (edge/account). No session key is kept, because the TLS connection and a session
// cookie take its place, and the export key never reaches the server. edge/signin and edge/portal call it.
package password
