package webauthn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// Algorithms (RFC 9053 section 2, RFC 8812 section 2).
const (
	algES256 = -7
	algEdDSA = -8
	algRS256 = -257
)

// Algorithms lists what a passkey may sign by, in the order of preference.
var Algorithms = []int{algES256, algEdDSA, algRS256}

const (
	maxKey    = 1024 // bytes
	minRSA    = 2048 // bits
	maxRSA    = 4096 // bits
	coseKty   = 1
	coseAlg   = 3
	coseCrv   = -1 // of RSA: n
	coseX     = -2 // of RSA: e
	coseY     = -3
	ktyOKP    = 1
	ktyEC2    = 2
	ktyRSA    = 3
	crvP256   = 1
	crv25519  = 6
	pointSize = 32
)

// parseKey reads a COSE_Key (RFC 9052 section 7) of one of our algorithms.
func parseKey(data []byte) (alg int64, key crypto.PublicKey, err error) {
	numbers, strings, ok := coseMap(data)
	if !ok {
		return 0, nil, invalid("COSE key")
	}
	alg = numbers[coseAlg]
	x, y := strings[coseX], strings[coseY]
	switch kty, crv := numbers[coseKty], numbers[coseCrv]; {
	case kty == ktyEC2 && alg == algES256 && crv == crvP256 && len(x) == pointSize && len(y) == pointSize:
		point := append(append([]byte{4}, x...), y...)
		key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case kty == ktyOKP && alg == algEdDSA && crv == crv25519 && len(x) == ed25519.PublicKeySize:
		key = ed25519.PublicKey(x)
	case kty == ktyRSA && alg == algRS256:
		key, err = rsaKey(strings[coseCrv], x)
	default:
		err = invalid("kind of key")
	}
	if err != nil {
		return 0, nil, invalid("key: " + err.Error())
	}
	return alg, key, nil
}

func rsaKey(n, e []byte) (*rsa.PublicKey, error) {
	modulus := new(big.Int).SetBytes(n)
	if bits := modulus.BitLen(); bits < minRSA || bits > maxRSA || modulus.Bit(0) == 0 || len(e) == 0 || len(e) > 4 {
		return nil, invalid("RSA key")
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent < 3 || exponent > 1<<31-1 || exponent%2 == 0 {
		return nil, invalid("RSA exponent")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent)}, nil
}

// coseMap reads a map of integers to integers and byte strings; no label is there twice.
func coseMap(data []byte) (numbers map[int64]int64, strings map[int64][]byte, ok bool) {
	c := cbor{data}
	n, ok := c.pairs()
	if !ok || len(data) > maxKey {
		return nil, nil, false
	}
	numbers, strings = map[int64]int64{}, map[int64][]byte{}
	for range n {
		label, ok := c.integer()
		if _, twice := numbers[label]; !ok || twice || strings[label] != nil || len(c.data) == 0 {
			return nil, nil, false
		}
		if c.data[0]>>5 == majorBytes {
			strings[label], ok = c.str(majorBytes)
		} else {
			numbers[label], ok = c.integer()
		}
		if !ok {
			return nil, nil, false
		}
	}
	return numbers, strings, len(c.data) == 0
}

// verify checks a signature by a COSE_Key (section 6.5.5).
func verify(key, signed, signature []byte) error {
	_, public, err := parseKey(key)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(signed)
	good := false
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(k, digest[:], signature)
	case ed25519.PublicKey:
		good = ed25519.Verify(k, signed, signature)
	case *rsa.PublicKey:
		good = rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], signature) == nil
	}
	if !good {
		return invalid("signature")
	}
	return nil
}
