package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-id/latchkey/edge/oauth"
	"github.com/latchkey-id/latchkey/edge/tenant"
)

// CertificateHeader is the header in which the Worker hands over what Cloudflare says about the client's certificate:
// "verified :base64:" or "presented :base64:". The Worker removes it from every request first.
const CertificateHeader = "Latchkey-Certificate"

// maxCertificate bounds a certificate's header, in bytes; Cloudflare hands over 10 KB at most.
const maxCertificate = 16 << 10

// CertificateSource says where the certificate of a client is found. TLS ends at the platform, so it is the platform's word; the zero
// value means that there is nobody to take it from, and mutual TLS is not on offer.
type CertificateSource struct {
	Header   string // CertificateHeader, or the Client-Cert of RFC 9440 that a TLS terminator sets, and removes when a client sends it
	Verified bool   // the terminator lets only certificates through whose chain it has verified
}

// ParseCertificateSource reads a setting: "" for none, the name of a header, and "verified" after it when its certificates are.
func ParseCertificateSource(setting string) (CertificateSource, error) {
	name, word, _ := strings.Cut(setting, " ")
	c := CertificateSource{Header: http.CanonicalHeaderKey(name), Verified: word == "verified"}
	badName := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != ""
	if badName || name == "" && setting != "" || word != "" && !c.Verified {
		return CertificateSource{}, errors.New(`want the name of a header such as Client-Cert, or "Client-Cert verified"`)
	}
	if c.Header != CertificateHeader && strings.HasPrefix(c.Header, "Latchkey-") {
		return CertificateSource{}, errors.New("of the headers that begin with Latchkey- only Latchkey-Certificate holds a certificate")
	}
	return c, nil
}

// certificate is what a client showed.
type certificate struct {
	der        []byte
	verified   bool   // its chain leads to an authority that the platform trusts
	thumbprint string // RFC 8705 section 3.1: SHA-256 of the DER, base64url
}

// certificate reads what the platform says about the client's certificate. Not ok: there is none, or none that can be read.
func (s *Service) certificate(r *http.Request) (c certificate, ok bool) {
	if s.certificates.Header == "" {
		return c, false
	}
	values := r.Header.Values(s.certificates.Header)
	if len(values) != 1 || len(values[0]) > maxCertificate {
		return c, false
	}
	text := values[0]
	c.verified = s.certificates.Verified
	if s.certificates.Header == CertificateHeader {
		var word string
		word, text, _ = strings.Cut(text, " ")
		c.verified = word == "verified"
	}
	// a byte sequence of structured fields (RFC 9440 section 2.1)
	if len(text) < 2 || text[0] != ':' || text[len(text)-1] != ':' {
		return c, false
	}
	der, err := base64.StdEncoding.DecodeString(text[1 : len(text)-1])
	if err != nil || len(der) == 0 {
		return c, false
	}
	sum := sha256.Sum256(der)
	c.der, c.thumbprint = der, base64.RawURLEncoding.EncodeToString(sum[:])
	return c, true
}

// checkCertificate is mutual TLS as client authentication (RFC 8705 section 2).
func (s *Service) checkCertificate(r *http.Request, app tenant.Application) error {
	c, ok := s.certificate(r)
	if !ok {
		return oauth.ErrInvalidClient.With("there is no client certificate")
	}
	if app.AuthMethod == tenant.AuthTLS {
		if !c.verified || app.TLS == nil || !c.identifies(*app.TLS) {
			return oauth.ErrInvalidClient.With("the client certificate is not the registered one")
		}
		return nil
	}
	for _, newer := range []bool{false, true} {
		keys, err := s.keysOf(r.Context(), app, newer)
		if err != nil {
			return oauth.ErrInvalidClient.From(err)
		}
		if slices.ContainsFunc(keys, c.registeredIn) {
			return nil
		}
		if app.JWKSURI == "" {
			break
		}
	}
	return oauth.ErrInvalidClient.With("the client certificate is not the registered one")
}

// registeredIn reports whether a key of the application is there with this very certificate (RFC 8705 section 2.2): as x5c, or by its
// thumbprint. The handshake has shown that the client has the private key.
func (c certificate) registeredIn(key jose.JSONWebKey) bool {
	sum := key.CertificateThumbprintSHA256
	if len(key.Certificates) > 0 {
		own := sha256.Sum256(key.Certificates[0].Raw)
		sum = own[:]
	}
	return len(sum) == sha256.Size && subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum)), []byte(c.thumbprint)) == 1
}

// identifies reports whether the certificate says what is registered (RFC 8705 section 2.1.2).
func (c certificate) identifies(want tenant.TLSIdentity) bool {
	leaf, err := x509.ParseCertificate(c.der)
	if err != nil {
		return false
	}
	switch {
	case want.SubjectDN != "":
		return sameName(want.SubjectDN, leaf.RawSubject)
	case want.DNS != "":
		return slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return strings.EqualFold(name, want.DNS) })
	case want.Email != "":
		return slices.Contains(leaf.EmailAddresses, want.Email)
	case want.URI != "":
		for _, uri := range leaf.URIs {
			if uri.String() == want.URI {
				return true
			}
		}
	case want.IP != "":
		wanted, err := netip.ParseAddr(want.IP)
		for _, ip := range leaf.IPAddresses {
			if a, ok := netip.AddrFromSlice(ip); ok && err == nil && a.Unmap() == wanted.Unmap() {
				return true
			}
		}
	}
	return false
}
