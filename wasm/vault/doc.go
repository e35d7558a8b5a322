// Package vault is the client half of the sealed vault: a person's settings are sealed here, on the device, before they
// leave it. The service keeps bodies, counters and wraps and can read none of them; this package notices when it gives
// back something other than what was stored.
//
// What stands where:
//
//	name, value ──► Entry ──► record body ──┐ one batch, compare-and-swap
//	                          manifest ─────┴──► Store (the service)
//	identities (password, recovery code, passkey, device) ──► wraps ──► ring key ──► ring: master keys, name root, recipients
//	everything a device holds itself ──► Memory (sealed too)
//
// The client core and the command line call it. It is ordinary Go without a page, a network or a clock of its own: Store
// carries requests, Memory keeps what this device knows between starts, Config.Now tells the time. Edits are made
// offline and wait in Memory; Sync takes the others' and gives away one's own.
//
// The byte layouts, the order of merges and what is promised are written down in site/src/docs/vault.md, with the vectors of
// testdata/vectors.json. Errors that accuse the service are *Tampering around one of the sentinels of errors.go.
package vault
