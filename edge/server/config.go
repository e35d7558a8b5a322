package server

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/keys"
	"github.com/latchkey-id/latchkey/edge/names"
	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/throttle"
	"github.com/latchkey-id/latchkey/edge/token"
	"github.com/latchkey-id/latchkey/edge/vault"
)

// Config is everything that can be set. Each setting is read once, at the start, from the variable named beside it: on workerd a
// binding of the Worker, natively the environment. Choices of a tenant are rows in its object, not settings.
type Config struct {
	Issuer        string             // LATCHKEY_ISSUER: https origin without a trailing slash
	DefaultDomain string             // LATCHKEY_DEFAULT_DOMAIN: domain of the addresses Latchkey hands out
	Root          keys.Root          // LATCHKEY_ROOT_KEY: "id:base64url(32 bytes)", the newest first, comma-separated
	OperatorKey   string             // LATCHKEY_OPERATOR_KEY: bearer of PUT /operator/applications, 32 characters or more
	Mail          string             // LATCHKEY_MAIL: smtp://…, https://…, or outbox: on a local host
	SMS           string             // LATCHKEY_SMS: https://sid:token@host/?from=%2B…, for texts and calls; none: phones get nothing
	SecurityWait  time.Duration      // LATCHKEY_SECURITY_WAIT: how long a risky change of security information waits; default 168h
	RangeService  string             // LATCHKEY_RANGE_SERVICE: https prefix of a breached-password range service
	AddressHeader string             // LATCHKEY_ADDRESS_HEADER: header with the client's address, set by the platform; default CF-Connecting-IP
	SignupLimit   throttle.Limit     // LATCHKEY_SIGNUP_LIMIT: accounts an address may create; default 3/24h
	SignupAllow   throttle.AllowList // LATCHKEY_SIGNUP_ALLOW: CIDRs that the limit does not apply to
	SigninLimit   throttle.Limit     // LATCHKEY_SIGNIN_LIMIT: password attempts from an address; default 60/10m
	ExtraDomains  []string           // LATCHKEY_EXTRA_DOMAINS: special-use domains (.test, .localhost) that addresses may have

	// Vault is LATCHKEY_VAULT_QUOTA, what a person's settings may take in all, default 64MiB, and LATCHKEY_VAULT_RECORD, what one may, 1KiB to
	// 1MiB, default 1MiB; both sealed, which is a little more than they are. Each is a number of bytes, or of KiB, MiB or GiB.
	Vault vault.Limits

	// Certificates is LATCHKEY_CLIENT_CERT_HEADER, for applications that authenticate by mutual TLS: Latchkey-Certificate on Cloudflare, or
	// the header of RFC 9440 that a TLS terminator sets in front of a server of one's own, as "Client-Cert", or "Client-Cert verified"
	// when it lets through only certificates that it has verified; default none
	Certificates token.CertificateSource
}

const (
	defaultSignupLimit = "3/24h"
	defaultSigninLimit = "60/10m"

	defaultSecurityWait = "168h"
	maxSecurityWait     = 60 * 24 * time.Hour
	minOperatorKey      = 32

	minVaultQuota  = 1 << 20
	maxVaultQuota  = 8 << 30 // an object's database holds 10 GiB on Cloudflare
	minVaultRecord = 1 << 10
)

// ParseConfig reads the settings through get, which returns "" for what is not set. The error names every variable that is
// wrong and says what to do.
func ParseConfig(get func(name string) string) (Config, error) {
	c := Config{
		Issuer:        get("LATCHKEY_ISSUER"),
		DefaultDomain: strings.ToLower(get("LATCHKEY_DEFAULT_DOMAIN")),
		OperatorKey:   get("LATCHKEY_OPERATOR_KEY"),
		Mail:          get("LATCHKEY_MAIL"),
		SMS:           get("LATCHKEY_SMS"),
		RangeService:  get("LATCHKEY_RANGE_SERVICE"),
		AddressHeader: or(get("LATCHKEY_ADDRESS_HEADER"), "CF-Connecting-IP"),
		ExtraDomains:  fields(get("LATCHKEY_EXTRA_DOMAINS")),
	}
	var problems []error
	wrong := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	wrong("LATCHKEY_ISSUER", checkOrigin(c.Issuer))
	if !names.IsDomain(c.DefaultDomain) {
		wrong("LATCHKEY_DEFAULT_DOMAIN", fmt.Errorf("%q is not a domain name such as id.example.com", c.DefaultDomain))
	}
	for _, domain := range c.ExtraDomains {
		if !names.IsDomain(domain) {
			wrong("LATCHKEY_EXTRA_DOMAINS", fmt.Errorf("%q is not a domain name such as example.test", domain))
		}
	}
	wrong("LATCHKEY_MAIL", checkMail(c))
	if c.OperatorKey != "" && len(c.OperatorKey) < minOperatorKey {
		wrong("LATCHKEY_OPERATOR_KEY", fmt.Errorf("has %d characters, want %d random ones or more", len(c.OperatorKey), minOperatorKey))
	}
	var err error
	c.Root, err = keys.ParseRoot(get("LATCHKEY_ROOT_KEY"))
	wrong("LATCHKEY_ROOT_KEY", err)
	c.SignupLimit, err = throttle.ParseLimit(or(get("LATCHKEY_SIGNUP_LIMIT"), defaultSignupLimit))
	wrong("LATCHKEY_SIGNUP_LIMIT", err)
	c.SigninLimit, err = throttle.ParseLimit(or(get("LATCHKEY_SIGNIN_LIMIT"), defaultSigninLimit))
	wrong("LATCHKEY_SIGNIN_LIMIT", err)
	c.SignupAllow, err = throttle.ParseAllowList(get("LATCHKEY_SIGNUP_ALLOW"))
	wrong("LATCHKEY_SIGNUP_ALLOW", err)
	c.Certificates, err = token.ParseCertificateSource(get("LATCHKEY_CLIENT_CERT_HEADER"))
	wrong("LATCHKEY_CLIENT_CERT_HEADER", err)
	c.Vault.Quota, err = parseSize(get("LATCHKEY_VAULT_QUOTA"), api.VaultQuota, minVaultQuota, maxVaultQuota)
	wrong("LATCHKEY_VAULT_QUOTA", err)
	record, err := parseSize(get("LATCHKEY_VAULT_RECORD"), api.MaxVaultRecord, minVaultRecord, api.MaxVaultRecord)
	wrong("LATCHKEY_VAULT_RECORD", err)
	c.Vault.Record = int(record)
	c.SecurityWait, err = parseWait(or(get("LATCHKEY_SECURITY_WAIT"), defaultSecurityWait))
	wrong("LATCHKEY_SECURITY_WAIT", err)
	if c.RangeService != "" {
		if u, err := url.Parse(c.RangeService); err != nil || u.Scheme != "https" || u.Host == "" {
			wrong("LATCHKEY_RANGE_SERVICE", errors.New("want an https URL that a prefix of five characters is appended to"))
		}
	}
	return c, errors.Join(problems...)
}

// checkOrigin accepts only what can stand before every path, in the form in which browsers send it as Origin: https, a host in small
// letters, a port unless it is 443, nothing else.
func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || s != "https://"+strings.ToLower(u.Host) || u.Hostname() == "" || u.Port() == "443" {
		return fmt.Errorf("%q is not an https origin such as https://login.example.com: small letters, no path, no slash at the end", s)
	}
	return nil
}

// checkMail refuses the outbox anywhere but on a machine of one's own: who can open it can prove any address.
func checkMail(c Config) error {
	switch {
	case c.Mail == "":
		return errors.New("want smtp://user:password@host:port?from=…, https://…?from=…, or outbox: on a local host")
	case strings.HasPrefix(c.Mail, "outbox:") && !c.local():
		return errors.New("outbox: shows everybody's codes, so it works only with an issuer on localhost; set smtp:// or https://")
	}
	return nil
}

// local reports whether the issuer is there to be tried out.
func (c Config) local() bool {
	u, err := url.Parse(c.Issuer)
	return err == nil && oauth.ThisMachine(u.Hostname())
}

// parseWait reads a time in which a person can notice and undo something.
func parseWait(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Minute || d > maxSecurityWait {
		return 0, fmt.Errorf("%q is not a time like 168h, from 1m to %s", s, maxSecurityWait)
	}
	return d, nil
}

// parseSize reads a number of bytes, or of the unit after it. Nothing is otherwise.
func parseSize(s string, otherwise, least, most int64) (int64, error) {
	if s == "" {
		return otherwise, nil
	}
	number, shift := s, 0
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if rest, found := strings.CutSuffix(s, unit); found {
			number, shift = strings.TrimSpace(rest), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < least>>shift || n > most>>shift || n<<shift < least {
		return 0, fmt.Errorf("%q is not a size like 64MiB, from %d to %d bytes", s, least, most)
	}
	return n << shift, nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func fields(list string) []string {
	return strings.FieldsFunc(strings.ToLower(list), func(r rune) bool { return r == ',' || r == ' ' })
}
