//go:build !js

package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/edge/server"
	"github.com/latchkey-id/latchkey/edge/throttle"
	"github.com/latchkey-id/latchkey/edge/vault"
)

func parse(changed ...string) (server.Config, error) {
	values := settings()
	for i := 0; i+1 < len(changed); i += 2 {
		values[changed[i]] = changed[i+1]
	}
	return server.ParseConfig(func(name string) string { return values[name] })
}

// What is wrong is named by its variable, with what it should be.
func TestConfigErrorsSayWhichVariableAndWhatToDo(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"LATCHKEY_ISSUER", "", "not an https origin such as https://login.example.com"},
		{"LATCHKEY_ISSUER", "http://login.test", "not an https origin"},
		{"LATCHKEY_ISSUER", "https://login.test/", "no slash at the end"},
		{"LATCHKEY_ISSUER", "https://login.test/id", "no path"},
		{"LATCHKEY_ISSUER", "https://Login.test", "small letters"},
		{"LATCHKEY_ISSUER", "https://login.test:443", "not an https origin"},
		{"LATCHKEY_ISSUER", "https://user@login.test", "not an https origin"},
		{"LATCHKEY_ISSUER", "https://:8787", "not an https origin"},
		{"LATCHKEY_ISSUER", "login.test", "not an https origin"},
		{"LATCHKEY_DEFAULT_DOMAIN", "", "not a domain name such as id.example.com"},
		{"LATCHKEY_DEFAULT_DOMAIN", "localhost", "not a domain name"},
		{"LATCHKEY_DEFAULT_DOMAIN", "https://id.example.com", "not a domain name"},
		{"LATCHKEY_EXTRA_DOMAINS", "example.test, test", `"test" is not a domain name`},
		{"LATCHKEY_ROOT_KEY", "", "openssl rand"},
		{"LATCHKEY_ROOT_KEY", "r1:short", "43 characters"},
		{"LATCHKEY_OPERATOR_KEY", "short", "has 5 characters, want 32 random ones or more"},
		{"LATCHKEY_MAIL", "", "want smtp://"},
		{"LATCHKEY_SIGNUP_LIMIT", "three a day", "is not like 3/24h"},
		{"LATCHKEY_SIGNIN_LIMIT", "0/10m", "0/10m"},
		{"LATCHKEY_SIGNUP_ALLOW", "10.0.0.1/8", "write 10.0.0.0/8"},
		{"LATCHKEY_VAULT_QUOTA", "much", `"much" is not a size like 64MiB`},
		{"LATCHKEY_VAULT_QUOTA", "1023KiB", "from 1048576 to 8589934592 bytes"},
		{"LATCHKEY_VAULT_QUOTA", "9GiB", "from 1048576"},
		{"LATCHKEY_VAULT_QUOTA", "-1MiB", "from 1048576"},
		{"LATCHKEY_VAULT_RECORD", "2MiB", "from 1024 to 1048576 bytes"},
		{"LATCHKEY_VAULT_RECORD", "9223372036854775807KiB", "from 1024"},
		{"LATCHKEY_VAULT_RECORD", "1000", "from 1024"},
		{"LATCHKEY_RANGE_SERVICE", "http://range.test/", "want an https URL"},
	} {
		_, err := parse(c.name, c.value)
		if err == nil || !strings.Contains(err.Error(), c.name+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%q: %v, want %q", c.name, c.value, err, c.want)
		}
	}
}

func TestSizesHaveUnits(t *testing.T) {
	for quota, want := range map[string]int64{"1048576": 1 << 20, "1024KiB": 1 << 20, "5 MiB": 5 << 20, "8GiB": 8 << 30} {
		if c, err := parse("LATCHKEY_VAULT_QUOTA", quota); err != nil || c.Vault.Quota != want {
			t.Errorf("%s: %d, %v", quota, c.Vault.Quota, err)
		}
	}
}

func TestConfigErrorsComeTogetherAndShowNoSecret(t *testing.T) {
	_, err := parse("LATCHKEY_ISSUER", issuer+"/", "LATCHKEY_OPERATOR_KEY", "hunter2", "LATCHKEY_ROOT_KEY", "r1:c2VjcmV0")
	if err == nil || strings.Count(err.Error(), "LATCHKEY_") != 3 {
		t.Errorf("want three variables: %v", err)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("shows a secret: %v", err)
	}
	config, err := parse()
	if text := fmt.Sprintf("%v", config.Root); err != nil || strings.Contains(text, "{") || text != "root keys r1" {
		t.Errorf("the root key prints as %q, %v", text, err)
	}
}

func TestDefaultsAreWhatTheDocumentsSay(t *testing.T) {
	c, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	want := func(s string) throttle.Limit {
		l, err := throttle.ParseLimit(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if c.SignupLimit != want("3/24h") || c.SigninLimit != want("60/10m") || c.AddressHeader != "CF-Connecting-IP" {
		t.Errorf("%v, %v, %q", c.SignupLimit, c.SigninLimit, c.AddressHeader)
	}
	if c.Vault != (vault.Limits{Quota: 64 << 20, Record: 1 << 20}) {
		t.Errorf("%+v", c.Vault)
	}
	if c.SignupAllow.Contains("127.0.0.1") || c.RangeService != "" {
		t.Error("somebody is let through, or asked, that nobody named")
	}
}

// The outbox shows everybody's codes.
func TestTheOutboxIsForLocalHostsOnly(t *testing.T) {
	for origin, local := range map[string]bool{
		"https://localhost:8787": true, "https://login.localhost": true, "https://login.test": true,
		"https://login.example.com": false, "https://localhost.example.com": false, "https://nottest": false,
	} {
		_, err := parse("LATCHKEY_ISSUER", origin)
		if (err == nil) != local {
			t.Errorf("%s: %v", origin, err)
		}
		if err != nil && !strings.Contains(err.Error(), "LATCHKEY_MAIL: outbox: shows everybody's codes") {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

// What only the mailer can judge names its variable as well, and repeats no password.
func TestAMailAddressThatCannotServeIsRefusedAtTheStart(t *testing.T) {
	for _, address := range []string{"carrier-pigeon:", "smtp://user:hunter2@", "https://api.test/"} {
		config, err := parse("LATCHKEY_MAIL", address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = server.New(server.Deps{Config: config})
		if err == nil || !strings.HasPrefix(err.Error(), "LATCHKEY_MAIL: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
