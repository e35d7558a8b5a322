// Package signin is how a person gets a session: discovery, sign-in with a password, sign-up, and the cookies that come of them.
//
//	/api/signin/discover         where does this name sign in?
//	/api/signin/password/begin   KE1 → count the attempt → KE2, sealed state
//	/api/signin/password/finish  KE3, state → spend the attempt → session
//	/api/signin/passkey/begin    a challenge for any passkey, sealed state
//	/api/signin/passkey/finish   its answer, state → verify → take the challenge → session on a trusted device
//
//	/api/signup/begin            e-mail address: code by mail     new address: name reserved
//	/api/signup/code, resend     code proves the address
//	/api/signup/password         OPAQUE registration
//	/api/signup/finish           claim the name → count the client's address → account and session, in one transaction
//
// Next decides which of these a person still has to go through. It is a pure function; the handlers gather its facts.
//
// # What an outsider can learn
//
// Nobody learns from sign-in or from a sign-up with an e-mail address whether there is an account. A name that nobody has is
// answered by a decoy object with a fake record (edge/password), through the same calls, with an answer of the same length.
// What is sealed into the state has the same length too. A sign-up for an address that has an account goes on as any other until
// the code, which never comes right, while the mail tells the owner. Only new addresses of the service's own domain can be
// found taken, because the person has to choose another.
//
// # What an outsider can stop
//
// Attempts are counted for the client's address here and for the name in its account object, before any work on the curve. A browser
// that has signed in before has a count of its own (edge/session), so guessing locks strangers out and not the owner. A
// sign-up with an e-mail address holds no name until the address is proved: who merely types somebody's address blocks nothing.
//
// edge/server mounts the service; it is called by pages only and calls the objects through the interfaces in Deps.
package signin
