// Package account is one person's account: an object with the password record, the sign-up that led to it, sign-in
// attempts and their locks, devices and their trust, sessions, authorization codes, grants with their refresh families, and consent.
//
// The object decides everything that must not race: whether a code was right and how many tries are left, whether a
// sign-in may be attempted, that an attempt, a proof and an authorization code are used once. It does no cryptography on
// passwords; edge/signin does OPAQUE with the record this object releases.
//
//	sign-up    BeginSignup → CheckCode (ReplaceCode) → Activate
//	sign-in    BeginSignin (counts, then releases the record) → CompleteSignin (spends the attempt, makes the session)
//	password   Credential → BeginProof → ReplaceCredential, all inside a session
//	tokens     Authorize (checks session, assignment and consent, writes the code) → Redeem (spends the code, writes the grant)
//	           → Refresh (spends a refresh token, writes its successor), GrantFacts; RevokeGrant
//	consent    Authorize adds to it; Consents, RevokeConsent
//	devices    Devices, Enrol, RenameDevice, RevokeDevice; TrustFacts says where one stands
//	approval   BeginApproval → TakeApproval → PollApproval (reveals) → DecideApproval (trusts the device)
//	recovery   BeginRecovery → ProveRecovery → FinishRecovery: a new password for a forgotten one
//	sign-out   EndSession, EndOthers: queue one back-channel logout for each application
//
// What ends a grant, and all its tokens with it: its time; a second presentation of its code, or of a refresh token that was replaced;
// RevokeGrant and RevokeConsent. A grant without offline_access ends with its session, whatever ends that. One with it outlives the session
// (OpenID Connect Core 1.0 section 11, Back-Channel Logout 1.0 section 2.7) and ends when the password changes.
//
// A name nobody has goes to one of 256 decoy objects (DecoyID), which run the same statements on the same tables, hold
// no record and never complete anything, so that neither the answer nor its cost tells that the name is free.
//
// Callers hash secrets before they come here (Hash), so no secret that opens anything is in an object's database or its
// log. What is stored, for how long and in what form: site/src/docs/storage-schema.md. The services edge/signin,
// edge/token and edge/portal call it through Service; it calls nothing and leaves effects to its outbox.
package account
