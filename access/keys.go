package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	minRSA = 2048 // bits; RFC 7518 section 3.3
	maxRSA = 8192 // bits; beyond, a signature takes milliseconds to check
)

// key verifies the signatures of one algorithm and no other.
type key struct {
	alg    string
	kid    string // empty: unnamed
	public any    // []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// algorithmOf binds a public key to the one algorithm that it serves.
func algorithmOf(public any) (string, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return "", fmt.Errorf("an RSA key of %d bits; %d to %d are accepted", n, minRSA, maxRSA)
		}
		return RS256, nil
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", errors.New("an elliptic key on another curve than P-256, which ES256 needs")
		}
		return ES256, nil
	case ed25519.PublicKey:
		return EdDSA, nil
	}
	return "", fmt.Errorf("a key of type %T, which none of RS256, ES256 and EdDSA uses", public)
}

// parsePublicKeys reads PEM: PKIX and PKCS #1 public keys, and certificates, whose
// validity isn't checked. A private key is refused: it has no business here.
func parsePublicKeys(text []byte) ([]key, error) {
	var keys []key
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		public, err := parsePublicKey(block)
		if err != nil {
			return nil, fmt.Errorf("public key %d: %w", len(keys)+1, err)
		}
		alg, err := algorithmOf(public)
		if err != nil {
			return nil, fmt.Errorf("public key %d: %w", len(keys)+1, err)
		}
		keys = append(keys, key{alg: alg, public: public})
	}
	if strings.TrimSpace(string(text)) != "" {
		return nil, errors.New("public keys: not PEM (a block begins with -----BEGIN PUBLIC KEY-----)")
	}
	return keys, nil
}

func parsePublicKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	return nil, fmt.Errorf("a PEM block of type %q; PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE is wanted", block.Type)
}
