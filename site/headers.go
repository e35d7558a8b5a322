package main

import (
	"fmt"
	"net/url"
	"strings"
)

// common holds for every answer. Strict-Transport-Security is two years, as the preload list wants it.
var common = []string{
	"Strict-Transport-Security: max-age=63072000; includeSubDomains",
	"X-Content-Type-Options: nosniff",
	"X-Frame-Options: DENY",
	"Referrer-Policy: no-referrer",
	"Permissions-Policy: accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
	"Cross-Origin-Resource-Policy: same-origin",
}

// headers writes the rules for the asset host in Cloudflare's syntax: rules that match a path add up, in order, and
// "! Name" takes away what an earlier one has set.
func headers(pages []page, languages []string, rangeService string) ([]byte, error) {
	module, err := modulePolicy(rangeService)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	rule := func(path string, lines ...string) {
		fmt.Fprintf(&b, "%s\n  %s\n", path, strings.Join(lines, "\n  "))
	}
	rule("/*", append(common,
		"Cache-Control: no-cache",
		"Cross-Origin-Opener-Policy: same-origin",
		"Content-Security-Policy: "+pagePolicy(""))...)
	rule(assetDir+"*",
		"! Cache-Control",
		"Cache-Control: public, max-age=31536000, immutable",
		"! Content-Security-Policy",
		"Content-Security-Policy: "+module)
	for _, p := range pages {
		var lines []string
		if p.opener {
			// An application may have opened this page in a window; cut off from it, it could not see that the
			// person has finished or given up.
			lines = append(lines, "! Cross-Origin-Opener-Policy", "Cross-Origin-Opener-Policy: unsafe-none")
		}
		if p.frames != "" {
			lines = append(lines, "! Content-Security-Policy", "Content-Security-Policy: "+pagePolicy(p.frames))
		}
		if lines == nil {
			continue
		}
		for _, language := range languages {
			rule(localised(p.path, language), lines...)
		}
	}
	return []byte(b.String()), nil
}

// pagePolicy is the content security policy of a page. Pages talk to nobody and run no WebAssembly: their worker does.
func pagePolicy(frames string) string {
	policy := []string{
		"default-src 'none'", "script-src 'self'", "worker-src 'self'", "style-src 'self'", "img-src 'self' data:",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types latchkey",
	}
	if frames != "" {
		policy = append(policy, "frame-src "+frames)
	}
	return strings.Join(policy, "; ")
}

// modulePolicy is that of the worker, which browsers take from the worker's own script.
func modulePolicy(rangeService string) (string, error) {
	connect := "'self'"
	if rangeService != "" {
		u, err := url.Parse(rangeService)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
			return "", fmt.Errorf("-range-service %q is not an https URL", rangeService)
		}
		connect += " https://" + u.Host
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src " + connect,
		"base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; "), nil
}
