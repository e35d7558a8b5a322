package account

import "github.com/latchkey-id/latchkey/edge/object"

// schema is the first migration. Every column is described in site/src/docs/storage-schema.md; TestSchemaIsDocumented holds the
// two together. Times are unix seconds.
const schema = `
CREATE TABLE account (
	one            INTEGER PRIMARY KEY CHECK (one = 1),
	upn            TEXT    NOT NULL,
	name           TEXT    NOT NULL,
	email          TEXT    NOT NULL,
	email_verified INTEGER NOT NULL,
	created        INTEGER NOT NULL
) STRICT;
CREATE TABLE credential (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	record  BLOB    NOT NULL,
	ksf     TEXT    NOT NULL,
	key_id  TEXT    NOT NULL,
	changed INTEGER NOT NULL
) STRICT;
CREATE TABLE signup (
	one          INTEGER PRIMARY KEY CHECK (one = 1),
	upn          TEXT    NOT NULL,
	email        TEXT    NOT NULL,
	owned        INTEGER NOT NULL,
	decoy        INTEGER NOT NULL,
	verified     INTEGER NOT NULL,
	code_hash    BLOB    NOT NULL,
	code_expires INTEGER NOT NULL,
	tries        INTEGER NOT NULL,
	codes        INTEGER NOT NULL,
	name_token   TEXT    NOT NULL,
	expires      INTEGER NOT NULL
) STRICT;
CREATE TABLE bucket (
	id           TEXT    PRIMARY KEY,
	tries        INTEGER NOT NULL,
	locked_until INTEGER NOT NULL,
	expires      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
	id      TEXT    PRIMARY KEY,
	purpose TEXT    NOT NULL,
	bucket  TEXT    NOT NULL,
	device  TEXT    NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE device (
	id          TEXT    PRIMARY KEY,
	secret_hash BLOB    NOT NULL,
	label       TEXT    NOT NULL,
	seen        INTEGER NOT NULL,
	expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
	id          TEXT    PRIMARY KEY,
	secret_hash BLOB    NOT NULL,
	device      TEXT    NOT NULL,
	place       TEXT    NOT NULL,
	keep        INTEGER NOT NULL,
	amr         TEXT    NOT NULL,
	auth_time   INTEGER NOT NULL,
	created     INTEGER NOT NULL,
	last_used   INTEGER NOT NULL,
	idle        INTEGER NOT NULL,
	ends        INTEGER NOT NULL,
	expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE participant (
	session      TEXT    NOT NULL,
	client_id    TEXT    NOT NULL,
	backchannel  TEXT    NOT NULL,
	frontchannel TEXT    NOT NULL,
	since        INTEGER NOT NULL,
	PRIMARY KEY (session, client_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE proof (
	hash    BLOB    PRIMARY KEY,
	session TEXT    NOT NULL,
	upgrade INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE code (
	hash         BLOB    PRIMARY KEY,
	session      TEXT    NOT NULL,
	client_id    TEXT    NOT NULL,
	redirect_uri TEXT    NOT NULL,
	scope        TEXT    NOT NULL,
	nonce        TEXT    NOT NULL,
	challenge    TEXT    NOT NULL,
	valid_until  INTEGER NOT NULL,
	spent        INTEGER NOT NULL,
	access_grant TEXT    NOT NULL,
	expires      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE access_grant (
	id        TEXT    PRIMARY KEY,
	session   TEXT    NOT NULL,
	client_id TEXT    NOT NULL,
	scope     TEXT    NOT NULL,
	expires   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// families is the second migration: an access grant keeps what its refresh tokens need, and the person's consent is remembered. The
// rows of before are grants without refresh tokens.
const families = `
ALTER TABLE code ADD COLUMN resources TEXT NOT NULL DEFAULT '';
ALTER TABLE code ADD COLUMN claims_request TEXT NOT NULL DEFAULT '';
ALTER TABLE code ADD COLUMN jkt TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN offline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN resources TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN claims_request TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN auth_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN amr TEXT NOT NULL DEFAULT '[]';
ALTER TABLE access_grant ADD COLUMN binding TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN refresh_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE access_grant ADD COLUMN previous_hash BLOB NOT NULL DEFAULT x'';
ALTER TABLE access_grant ADD COLUMN rotated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN refresh_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_grant ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
UPDATE access_grant SET auth_time = coalesce((SELECT s.auth_time FROM session s WHERE s.id = access_grant.session), 0),
	amr = coalesce((SELECT s.amr FROM session s WHERE s.id = access_grant.session), '[]'),
	created = max(expires - 600, 0), used = max(expires - 600, 0);
CREATE TABLE consent (
	client_id TEXT    PRIMARY KEY,
	scope     TEXT    NOT NULL,
	resources TEXT    NOT NULL,
	since     INTEGER NOT NULL,
	last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// devices is the third migration: a device has a key of its own and may be trusted, a session and a grant know the device they are on, and
// a trusted device approves another one. Sessions and grants of before are on no device, so nothing is trusted until the next sign-in.
const devices = `
ALTER TABLE account ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN kind TEXT NOT NULL DEFAULT 'browser';
ALTER TABLE device ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN public BLOB NOT NULL DEFAULT x'';
ALTER TABLE device ADD COLUMN proof TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN device_id TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN device_id TEXT NOT NULL DEFAULT '';
UPDATE device SET created = seen;
CREATE TABLE approval (
	id          TEXT    PRIMARY KEY,
	device      TEXT    NOT NULL,
	commitment  BLOB    NOT NULL,
	approver    TEXT    NOT NULL,
	nonce       BLOB    NOT NULL,
	fingerprint BLOB    NOT NULL,
	reveal      BLOB    NOT NULL,
	state       TEXT    NOT NULL,
	created     INTEGER NOT NULL,
	expires     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

// security is the fourth migration: what a person can prove themselves by beside the password, challenges under way, and changes that wait.
// An address that was proved at sign-up is the first factor.
const security = `
ALTER TABLE session ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE factor (
	id      TEXT    PRIMARY KEY,
	kind    TEXT    NOT NULL,
	value   TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	key     BLOB    NOT NULL,
	counter INTEGER NOT NULL,
	prf     INTEGER NOT NULL,
	created INTEGER NOT NULL,
	used    INTEGER NOT NULL,
	UNIQUE (kind, value)
) STRICT, WITHOUT ROWID;
INSERT INTO factor (id, kind, value, name, key, counter, prf, created, used)
	SELECT 'signup', 'email', email, '', x'', 0, 0, created, 0 FROM account WHERE email_verified = 1;
CREATE TABLE challenge (
	id      TEXT    PRIMARY KEY,
	purpose TEXT    NOT NULL,
	session TEXT    NOT NULL,
	factor  TEXT    NOT NULL,
	kind    TEXT    NOT NULL,
	value   TEXT    NOT NULL,
	hash    BLOB    NOT NULL,
	tries   INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (
	id       TEXT    PRIMARY KEY,
	what     TEXT    NOT NULL,
	subject  TEXT    NOT NULL,
	language TEXT    NOT NULL,
	due      INTEGER NOT NULL,
	UNIQUE (what, subject)
) STRICT, WITHOUT ROWID;
`

// New declares the kind of object.
func New(d Deps) *object.Kind {
	if d.Wait <= 0 {
		d.Wait = DefaultWait
	}
	k := &object.Kind{Name: KindName, Migrations: []string{schema, families, devices, security}, Alarm: sweep, Effects: d.Effects}
	object.Handle(k, BeginSignup, beginSignup)
	object.Handle(k, CheckCode, checkCode)
	object.Handle(k, ReplaceCode, replaceCode)
	object.Handle(k, SignupFacts, signupFacts)
	object.Handle(k, Activate, activate)
	object.Handle(k, BeginSignin, beginSignin)
	object.Handle(k, CompleteSignin, completeSignin)
	object.Handle(k, Passkey, passkey)
	object.Handle(k, CompletePasskey, completePasskey)
	object.Handle(k, TouchSession, touchSession)
	object.Handle(k, Profile, profile)
	object.Handle(k, Sessions, sessions)
	object.Handle(k, EndSession, endSession)
	object.Handle(k, EndOthers, endOthers)
	object.Handle(k, Credential, credential)
	object.Handle(k, BeginProof, beginProof)
	object.Handle(k, ReplaceCredential, replaceCredential)
	object.Handle(k, Authorize, authorize)
	object.Handle(k, Redeem, redeem)
	object.Handle(k, Refresh, refresh)
	object.Handle(k, GrantFacts, grantFacts)
	object.Handle(k, RevokeGrant, revokeGrant)
	object.Handle(k, OpenSession, openSession)
	object.Handle(k, Consents, consents)
	object.Handle(k, RevokeConsent, revokeConsent)
	object.Handle(k, Devices, listDevices)
	object.Handle(k, TrustFacts, trustFacts)
	object.Handle(k, Enrol, enrol)
	object.Handle(k, RenameDevice, renameDevice)
	object.Handle(k, RevokeDevice, revokeDevice)
	object.Handle(k, BeginApproval, beginApproval)
	object.Handle(k, PollApproval, pollApproval)
	object.Handle(k, Approvals, approvals)
	object.Handle(k, TakeApproval, takeApproval)
	object.Handle(k, LookApproval, lookApproval)
	object.Handle(k, DecideApproval, decideApproval)
	object.Handle(k, Security, securityFacts)
	object.Handle(k, BeginChallenge, beginChallenge)
	object.Handle(k, Prove, prove)
	object.Handle(k, Confirm, confirm)
	object.Handle(k, PutRecovery, d.putRecovery)
	object.Handle(k, RemoveFactor, d.removeFactor)
	object.Handle(k, WaitTrust, d.waitTrust)
	object.Handle(k, UndoWaiting, undoWaiting)
	object.Handle(k, BeginRecovery, beginRecovery)
	object.Handle(k, RecoveryFactors, recoveryFactors)
	object.Handle(k, ProveRecovery, proveRecovery)
	object.Handle(k, FinishRecovery, finishRecovery)
	return k
}
