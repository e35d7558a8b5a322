// Package state keeps what a native client must remember between starts: its cookies, its device key, and what a vault knows. A browser has
// cookies, IndexedDB and keys that cannot be read out for this; wasm/cmd/latchkey has a directory and the system's keyring.
//
//	<directory>/key        how the secrets are sealed: by a key in the system's keyring or, where there is none, by the one in this file
//	<directory>/secrets    cookies and device keys, sealed
//	<directory>/memory-*   what a vault knows, which the vault seals itself; a log that is written at its end
//	<directory>/*.lock     who works with it at the moment
//
// Everything is for its owner alone (0600 in 0700), and is replaced as a whole: written beside, synced, renamed. With the key in a file the seal
// protects from nobody who reads the directory, only from who gets hold of the sealed file alone.
package state
