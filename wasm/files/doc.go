// Package files keeps chosen files and settings of a home in step with a vault: single files, directory trees, the keys of
// key=value files, the keys of dconf and gsettings. The command line calls it (latchkey sync); it knows the vault by the
// interface Vault, programs by Runner, and the disk by a small seam, so that its tests can make each of them fail.
//
// One round looks at three things for every name, and decides by what changed since the first:
//
//	base (state file: what both had when they last agreed)
//	 ├── here (the home)
//	 └── there (the vault)
//
// A change on one side follows to the other. A change on both is a conflict: the later one stands, the other version of
// a file is kept beside it, that of a key is reported. An edit beats a deletion. What was never agreed on is never deleted, and
// when more than half of a source would vanish nothing of it is deleted unless that is asked for.
//
// Every file is written beside its place, made durable and renamed into it, so that a crash or a full disk leaves the old
// file or the new one. Nothing outside the home is read or written, whatever links lead there.
package files
