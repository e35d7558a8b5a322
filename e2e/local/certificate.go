package local

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// hosts are the names that the certificate is good for. Each demo application has a host of its own, because cookies
// ignore the port. Browsers and curl resolve *.localhost by themselves; names are listed because no verifier accepts a wildcard
// directly under a top-level domain.
var hosts = []string{"localhost", "shop.localhost", "books.localhost", "app.localhost"}

// Certificates are the files of a certificate authority of this machine's own and of a certificate that it issued.
type Certificates struct {
	CA   string // PEM, to be trusted by whoever talks to the service
	Cert string // PEM
	Key  string // PEM
}

// EnsureCertificates returns the certificates in dir and makes what is missing or within a week of its end. The key of the
// authority is thrown away after use, so nobody can issue another certificate that machines which trust it would accept.
func EnsureCertificates(dir string, now time.Time) (Certificates, error) {
	c := Certificates{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	fresh, err := c.fresh(now)
	if err != nil || fresh {
		return c, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, err
	}
	return c, c.issue(now)
}

// fresh reports whether the files are there, are good for all hosts and last another week.
func (c Certificates) fresh(now time.Time) (bool, error) {
	data, err := os.ReadFile(c.Cert)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return false, nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false, nil
	}
	for _, host := range hosts {
		if cert.VerifyHostname(host) != nil {
			return false, nil
		}
	}
	return cert.NotAfter.After(now.AddDate(0, 0, 7)), nil
}

func (c Certificates) issue(now time.Time) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := template("Latchkey local authority", now)
	ca.IsCA, ca.BasicConstraintsValid, ca.MaxPathLenZero = true, true, true
	ca.KeyUsage = x509.KeyUsageCertSign
	// Whoever trusts this authority trusts it for this machine's own names and nothing else.
	ca.PermittedDNSDomainsCritical, ca.PermittedDNSDomains = true, []string{"localhost"}
	ca.PermittedIPRanges = []*net.IPNet{
		{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
		{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := template("Latchkey on this machine", now)
	leaf.DNSNames, leaf.IPAddresses = hosts, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		write(c.CA, 0o644, "CERTIFICATE", caDER),
		write(c.Cert, 0o644, "CERTIFICATE", leafDER),
		write(c.Key, 0o600, "PRIVATE KEY", keyDER),
	)
}

func template(name string, now time.Time) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
	}
}

func write(path string, mode os.FileMode, kind string, der []byte) error {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	return nil
}
