package client

import (
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Codes of the vault that arise on the device. The first eight accuse the service: Accusation says what they are about.
const (
	CodeVaultForged     api.Code = "vault_forged"      // vault.ErrForged
	CodeVaultSwapped    api.Code = "vault_swapped"     // vault.ErrSwapped
	CodeVaultReplayed   api.Code = "vault_replayed"    // vault.ErrReplayed
	CodeVaultRolledBack api.Code = "vault_rolled_back" // vault.ErrRolledBack
	CodeVaultDropped    api.Code = "vault_dropped"     // vault.ErrDropped
	CodeVaultForked     api.Code = "vault_forked"      // vault.ErrForked
	CodeVaultDowngraded api.Code = "vault_downgraded"  // vault.ErrDowngraded
	CodeVaultForeign    api.Code = "vault_foreign"     // vault.ErrForeign

	CodeVaultLocked   api.Code = "vault_locked"         // nothing that is here opens it
	CodeVaultBusy     api.Code = "vault_busy"           // other devices keep writing; try again
	CodeVaultInUse    api.Code = "vault_in_use"         // another tab or program has it; try again
	CodeVaultMemory   api.Code = "vault_memory"         // this device's own copy is damaged: repairVault
	CodeVaultNewer    api.Code = "vault_newer"          // written by a newer program; reload the page
	CodeVaultLast     api.Code = "vault_last"           // nothing else would open the vault
	CodeSettingName   api.Code = "setting_name"         // not a name: empty, or no text
	CodeSettingLimit  api.Code = "setting_limit"        // the value or the name is too long, or there are too many of something
	CodeRecoveryTyped api.Code = "recovery_code_typing" // the recovery code has a typing mistake
	CodeImport        api.Code = "import_malformed"     // not an export
)

// Accusation is the problem of a service that is not honest, or has lost what it had.
type Accusation struct {
	api.Problem
	Collection string `json:"collection,omitempty"` // which, "" for all or the keys
	Setting    string `json:"setting,omitempty"`    // which, "" for the whole collection
}

// Unwrap makes errors.As find the *api.Problem.
func (a *Accusation) Unwrap() error { return &a.Problem }

var vaultCodes = []struct {
	err  error
	code api.Code
}{
	{vault.ErrForged, CodeVaultForged}, {vault.ErrSwapped, CodeVaultSwapped}, {vault.ErrReplayed, CodeVaultReplayed},
	{vault.ErrRolledBack, CodeVaultRolledBack}, {vault.ErrDropped, CodeVaultDropped}, {vault.ErrForked, CodeVaultForked},
	{vault.ErrDowngraded, CodeVaultDowngraded}, {vault.ErrForeign, CodeVaultForeign},
	{ErrMemoryBusy, CodeVaultInUse}, {vault.ErrApplicationKey, api.CodeApplicationKey}, {vault.ErrLocked, CodeVaultLocked}, {vault.ErrAbsent, api.CodeVaultMissing},
	{vault.ErrExists, api.CodeVaultExists}, {vault.ErrQuota, api.CodeQuota}, {vault.ErrTooLarge, api.CodeRecordTooLarge}, {vault.ErrConflict, CodeVaultBusy}, {vault.ErrBusy, CodeVaultBusy},
	{vault.ErrCursor, CodeVaultRolledBack}, {vault.ErrMemory, CodeVaultMemory}, {vault.ErrNewer, CodeVaultNewer}, {vault.ErrName, CodeSettingName},
	{vault.ErrLimit, CodeSettingLimit}, {vault.ErrLastWrap, CodeVaultLast}, {vault.ErrRecoveryCode, CodeRecoveryTyped},
	{vault.ErrMalformed, CodeBadAnswer},
}

// vaultProblem turns an error of the vault into a problem, with its words. One that is a problem already stays it.
func (c *Client) vaultProblem(err error) error {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*vault.Tampering](err); ok {
		for _, known := range vaultCodes {
			if errors.Is(t, known.err) {
				return &Accusation{*problem(known.code, t.Error()), t.Collection, t.Record}
			}
		}
	}
	for _, known := range vaultCodes {
		if errors.Is(err, known.err) {
			return problem(known.code, known.err.Error())
		}
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		if p.Code == api.CodeSessionRequired {
			c.forgetWho()
		}
		return err
	}
	return problem(api.CodeInternal, "What this device keeps cannot be reached.")
}

// asProblem finds the problem in an error; nil for nil.
func asProblem(err error) *api.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	return problem(api.CodeInternal, "The client core failed.")
}

func isCode(err error, code api.Code) bool {
	p := asProblem(err)
	return p != nil && p.Code == code
}
