package main

import "slices"

// Options that several commands take.
var (
	ownOptions      = []string{"service=", "ca=FILE", "json", "wait="}
	vaultEvery      = slices.Concat(ownOptions, []string{"offline", "metered"})
	operatorOptions = []string{"service=", "ca=FILE", "json", "key-file=FILE"}
)

func with(options []string, more ...string) []string { return slices.Concat(options, more) }

// grammars are all commands. TestCompletionKnowsTheCommands holds them to what the commands take.
var grammars = []grammar{
	{words: "signin", options: with(ownOptions, "device-code", "host=")},
	{words: "whoami", options: ownOptions},
	{words: "trust", options: with(ownOptions, "method=", "status")},
	{words: "devices", options: ownOptions},
	{words: "devices list", options: ownOptions},
	{words: "devices rename", options: ownOptions},
	{words: "devices revoke", options: ownOptions},
	{words: "approve", options: with(ownOptions, "deny")},
	{words: "vault"},
	{words: "vault list", options: with(vaultEvery, "pending", "values")},
	{words: "vault get", options: with(vaultEvery, "raw")},
	{words: "vault set", options: with(vaultEvery, "raw", "value=", "file=FILE")},
	{words: "vault edit", options: vaultEvery},
	{words: "vault rm", options: vaultEvery},
	{words: "vault history", options: with(vaultEvery, "restore=")},
	{words: "vault export", options: with(vaultEvery, "file=FILE", "force")},
	{words: "vault import", options: with(vaultEvery, "dry-run"), names: "FILE"},
	{words: "vault sync", options: with(vaultEvery, "verify")},
	{words: "vault apps", options: ownOptions},
	{words: "vault apps list", options: ownOptions},
	{words: "vault apps look", options: with(ownOptions, "values")},
	{words: "vault apps erase", options: with(ownOptions, "yes")},
	{words: "sync", options: with(ownOptions, "config=FILE", "watch", "dry-run", "diff", "delete", "now", "example", "quiet")},
	{words: "signout", options: with(ownOptions, "force")},
	{words: "apps"},
	{words: "apps load", options: operatorOptions, names: "FILE"},
	{words: "apps list", options: operatorOptions},
	{words: "apps remove", options: operatorOptions},
	{words: "apps token", options: with(operatorOptions, "uses=", "expires=", "note=", "resource=")},
	{words: "apps tokens", options: operatorOptions},
	{words: "apps revoke", options: with(operatorOptions, "applications")},
	{words: "completion"},
	{words: "completion bash"},
	{words: "completion zsh"},
	{words: "completion fish"},
	{words: "help"},
}
