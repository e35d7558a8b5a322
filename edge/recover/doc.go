// Package recover gives the owner of an account a new password for a forgotten one, by a proof that was registered before. Nobody else can:
// there is no such route for an operator.
//
//	/api/recover/begin      name, kind of proof → sealed state; a code goes out if it is the right address
//	/api/recover/prove      code, recovery code or passkey → state that is proved
//	/api/recover/password   OPAQUE registration request → response
//	/api/recover/finish     record → spend the proof, replace the record, end all sessions, sign in here, trust this device
//
// Whether there is an account of a name, and what is registered with it, shows nowhere: a name that nobody has is answered by a decoy
// object, in the same steps. Attempts are counted by client and by name before anything is sent or compared.
//
// A new password does not open the settings by itself: what did, the old password, is gone. A recovery code or a passkey that can
// do so opens them, and so do trusted devices; the answer to a proof says whether it can.
package recover
