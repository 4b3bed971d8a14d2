package jsmodule

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

const (
	// maxKeyText bounds the text of a key, maxKeySet the keys of a set.
	maxKeyText = 64 << 10
	maxKeySet  = 64
	// maxRSABits bounds RSA keys: what they cost grows with the cube.
	maxRSABits = 8192
	minRSABits = 1024
)

// cryptoKey is a key of any kind. Exactly one of secret and public is set;
// private goes with public, or is nil.
type cryptoKey struct {
	secret  []byte
	public  crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	private crypto.Signer

	// What a JWK says beside the key: its name, the only algorithm and the
	// only uses that it is for.
	id, algorithm, use string
	operations         []string
	notExtractable     bool
}

func newPrivateKey(k crypto.Signer) *cryptoKey { return &cryptoKey{public: k.Public(), private: k} }

// keyFromText reads PEM, a JWK, or takes the text itself for a shared secret.
// What is PEM or a JWK never serves as a secret: a verifier that has a public
// key cannot be talked into HMAC with its text.
func keyFromText(text []byte) (*cryptoKey, error) {
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("a key of %d bytes is too long", len(text))
	}
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("the key is empty")
	case bytes.Contains(trimmed, []byte("-----BEGIN ")):
		return keyFromPEM(trimmed)
	case trimmed[0] == '{' && isJWK(trimmed):
		return keyFromJWK(trimmed)
	}
	return &cryptoKey{secret: text}, nil
}

func keyFromPEM(text []byte) (*cryptoKey, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("the PEM text holds no key")
		}
		text = rest
		switch block.Type {
		case "EC PARAMETERS":
			continue
		case "PUBLIC KEY":
			return keyFromSPKI(block.Bytes)
		case "RSA PUBLIC KEY":
			k, err := x509.ParsePKCS1PublicKey(block.Bytes)
			return publicKey(k, err)
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, keyError(err)
			}
			return publicKey(c.PublicKey, nil)
		case "PRIVATE KEY":
			return keyFromPKCS8(block.Bytes)
		case "RSA PRIVATE KEY":
			k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			return privateKey(k, err)
		case "EC PRIVATE KEY":
			k, err := x509.ParseECPrivateKey(block.Bytes)
			return privateKey(k, err)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("encrypted private keys are not supported")
		}
		return nil, fmt.Errorf("PEM of type %q is not a key", block.Type)
	}
}

func keyFromSPKI(der []byte) (*cryptoKey, error) { return publicKey(x509.ParsePKIXPublicKey(der)) }

func keyFromPKCS8(der []byte) (*cryptoKey, error) { return privateKey(x509.ParsePKCS8PrivateKey(der)) }

func keyError(err error) error { return fmt.Errorf("the key cannot be read: %w", err) }

func publicKey(k any, err error) (*cryptoKey, error) {
	if err != nil {
		return nil, keyError(err)
	}
	key := &cryptoKey{public: k}
	return key, key.check()
}

func privateKey(k any, err error) (*cryptoKey, error) {
	if err != nil {
		return nil, keyError(err)
	}
	signer, ok := k.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("keys of type %T are not supported", k)
	}
	key := newPrivateKey(signer)
	return key, key.check()
}

// check refuses kinds and sizes of keys that nothing here works with.
func (k *cryptoKey) check() error {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("an RSA key of %d bits is not supported: %d to %d", bits, minRSABits, maxRSABits)
		}
	case *ecdsa.PublicKey:
		if curveName(public.Curve) == "" {
			return fmt.Errorf("keys of curve %s are not supported", public.Params().Name)
		}
	case ed25519.PublicKey:
	default:
		return fmt.Errorf("keys of type %T are not supported", k.public)
	}
	return nil
}

// curveName is the name that JWK and WebCrypto give a curve.
func curveName(c elliptic.Curve) string {
	switch c {
	case elliptic.P256():
		return "P-256"
	case elliptic.P384():
		return "P-384"
	case elliptic.P521():
		return "P-521"
	}
	return ""
}

func curveNamed(name string) elliptic.Curve {
	for _, c := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		if curveName(c) == name {
			return c
		}
	}
	return nil
}

// jwk is a JSON Web Key, RFC 7517 and 7518.
type jwk struct {
	Kty     string   `json:"kty"`
	Kid     string   `json:"kid"`
	Alg     string   `json:"alg"`
	Use     string   `json:"use"`
	KeyOps  []string `json:"key_ops"`
	Ext     *bool    `json:"ext"`
	Crv     string   `json:"crv"`
	K       string   `json:"k"`
	N, E    string
	X, Y, D string
	P, Q    string
}

func isJWK(text []byte) bool {
	var k jwk
	return json.Unmarshal(text, &k) == nil && k.Kty != ""
}

func keyFromJWK(text []byte) (*cryptoKey, error) {
	var k jwk
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("a key of %d bytes is too long", len(text))
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("not a JWK: %w", err)
	}
	key, err := k.key()
	if err != nil {
		return nil, fmt.Errorf("JWK: %w", err)
	}
	key.id, key.algorithm, key.use, key.operations = k.Kid, k.Alg, k.Use, k.KeyOps
	key.notExtractable = k.Ext != nil && !*k.Ext
	return key, nil
}

// keysFromJWKSet reads a JWK Set. Keys of kinds that are not known are left
// out, as RFC 7517 section 5 wants.
func keysFromJWKSet(text []byte) ([]*cryptoKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(text) > maxKeyText*maxKeySet {
		return nil, fmt.Errorf("a JWK set of %d bytes is too long", len(text))
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("not a JWK set: %w", err)
	}
	if len(set.Keys) > maxKeySet {
		return nil, fmt.Errorf("a JWK set of %d keys is too long, %d are the most", len(set.Keys), maxKeySet)
	}
	var keys []*cryptoKey
	for _, raw := range set.Keys {
		if k, err := keyFromJWK(raw); err == nil {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the JWK set holds no key that is known here")
	}
	return keys, nil
}

func (k *jwk) key() (*cryptoKey, error) {
	p := jwkParts{}
	key, err := func() (*cryptoKey, error) {
		switch k.Kty {
		case "oct":
			return &cryptoKey{secret: p.bytes("k", k.K)}, nil
		case "RSA":
			return k.rsa(&p)
		case "EC":
			return k.ec(&p)
		case "OKP":
			return k.okp(&p)
		}
		return nil, fmt.Errorf("kty %q is not supported: oct, RSA, EC, OKP", k.Kty)
	}()
	if p.err != nil {
		return nil, p.err
	}
	return key, err
}

// jwkParts reads the base64url members of a JWK and keeps the first error.
type jwkParts struct{ err error }

func (p *jwkParts) bytes(name, text string) []byte {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if p.err == nil && err != nil {
		p.err = fmt.Errorf("%s is not base64url", name)
	}
	if p.err == nil && len(data) == 0 {
		p.err = fmt.Errorf("%s is missing", name)
	}
	return data
}

func (p *jwkParts) number(name, text string) *big.Int {
	return new(big.Int).SetBytes(p.bytes(name, text))
}

func (k *jwk) rsa(p *jwkParts) (*cryptoKey, error) {
	n, e := p.number("n", k.N), p.number("e", k.E)
	if p.err != nil {
		return nil, p.err
	}
	if e.BitLen() > 31 || e.Bit(0) == 0 || e.Cmp(big.NewInt(3)) < 0 {
		return nil, errors.New("e is out of range")
	}
	key := &cryptoKey{public: &rsa.PublicKey{N: n, E: int(e.Int64())}}
	if err := key.check(); err != nil || k.D == "" {
		return key, err
	}
	private := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: p.number("d", k.D),
		Primes: []*big.Int{p.number("p", k.P), p.number("q", k.Q)},
	}
	if p.err != nil {
		return nil, p.err
	}
	for _, part := range append(private.Primes, private.D) {
		if part.BitLen() > n.BitLen() {
			return nil, errors.New("d, p or q is larger than n")
		}
	}
	if err := private.Validate(); err != nil {
		return nil, keyError(err)
	}
	private.Precompute()
	key.private = private
	return key, nil
}

func (k *jwk) ec(p *jwkParts) (*cryptoKey, error) {
	curve := curveNamed(k.Crv)
	if curve == nil {
		return nil, fmt.Errorf("crv %q is not supported: P-256, P-384, P-521", k.Crv)
	}
	size := (curve.Params().BitSize + 7) / 8
	x, y := p.bytes("x", k.X), p.bytes("y", k.Y)
	if p.err != nil {
		return nil, p.err
	}
	if len(x) != size || len(y) != size {
		return nil, fmt.Errorf("x and y must have %d bytes", size)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, keyError(err)
	}
	if k.D == "" {
		return &cryptoKey{public: public}, nil
	}
	private, err := ecdsa.ParseRawPrivateKey(curve, p.bytes("d", k.D))
	if err != nil {
		return nil, keyError(err)
	}
	if !private.PublicKey.Equal(public) {
		return nil, errors.New("d does not belong to x and y")
	}
	return newPrivateKey(private), nil
}

func (k *jwk) okp(p *jwkParts) (*cryptoKey, error) {
	if k.Crv != "Ed25519" {
		return nil, fmt.Errorf("crv %q is not supported: Ed25519", k.Crv)
	}
	x := p.bytes("x", k.X)
	if p.err == nil && len(x) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("x must have %d bytes", ed25519.PublicKeySize)
	}
	public := ed25519.PublicKey(x)
	if k.D == "" || p.err != nil {
		return &cryptoKey{public: public}, p.err
	}
	seed := p.bytes("d", k.D)
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("d must have %d bytes", ed25519.SeedSize)
	}
	private := ed25519.NewKeyFromSeed(seed)
	if !public.Equal(private.Public()) {
		return nil, errors.New("d does not belong to x")
	}
	return newPrivateKey(private), nil
}
