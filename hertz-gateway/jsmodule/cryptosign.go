package jsmodule

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/dop251/goja"
)

// maxSalt bounds the salt of RSA-PSS, in bytes.
const maxSalt = 512

// scheme is how a signature is made with a key of a kind.
type scheme struct {
	hash crypto.Hash
	// pss asks for RSASSA-PSS instead of RSASSA-PKCS1-v1_5, with a salt of
	// salt bytes; rsa.PSSSaltLengthAuto is the most there can be, and any
	// when verifying.
	pss  bool
	salt int
	// pair asks for r and s of ECDSA side by side (IEEE P1363) instead of DER.
	pair bool
}

// sign signs a digest.
func (k *cryptoKey) sign(s scheme, digest []byte) ([]byte, error) {
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		if s.pss {
			return rsa.SignPSS(rand.Reader, key, s.hash, digest, &rsa.PSSOptions{SaltLength: s.salt})
		}
		return rsa.SignPKCS1v15(rand.Reader, key, s.hash, digest)
	case *ecdsa.PrivateKey:
		if !s.pair {
			return ecdsa.SignASN1(rand.Reader, key, digest)
		}
		r, t, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			return nil, err
		}
		size := (key.Params().BitSize + 7) / 8
		pair := make([]byte, 2*size)
		r.FillBytes(pair[:size])
		t.FillBytes(pair[size:])
		return pair, nil
	case nil:
		return nil, errors.New("signing needs a private key")
	}
	return nil, fmt.Errorf("keys of type %T sign no digests", k.private)
}

// verify says whether a signature of a digest is right.
func (k *cryptoKey) verify(s scheme, digest, signature []byte) (bool, error) {
	switch key := k.public.(type) {
	case *rsa.PublicKey:
		if s.pss {
			return rsa.VerifyPSS(key, s.hash, digest, signature, &rsa.PSSOptions{SaltLength: s.salt}) == nil, nil
		}
		return rsa.VerifyPKCS1v15(key, s.hash, digest, signature) == nil, nil
	case *ecdsa.PublicKey:
		if !s.pair {
			return ecdsa.VerifyASN1(key, digest, signature), nil
		}
		size := (key.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false, nil
		}
		r, t := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, digest, r, t), nil
	case nil:
		return false, errors.New("verifying needs a public key, not a shared secret")
	case ed25519.PublicKey:
		return false, errors.New("Ed25519 verifies no digests, crypto.subtle has it")
	}
	return false, fmt.Errorf("keys of type %T verify no digests", k.public)
}

// key reads a key out of an argument: text or bytes of PEM, a JWK or a shared
// secret, a JWK as an object, or {secret: "name"} for one of them by its name.
func (m *moduleInstance) key(v goja.Value, name string) *cryptoKey {
	key, err := keyFromText(m.keyText(v, name))
	if err != nil {
		m.rt.throwType("%s: %v", name, err)
	}
	return key
}

// keyText gives the text of a key.
func (m *moduleInstance) keyText(v goja.Value, name string) []byte {
	rt := m.rt
	if o, ok := v.(*goja.Object); ok {
		if _, isBytes := rt.viewed(o); !isBytes {
			if secret := o.Get("secret"); !isNil(secret) {
				value, err := m.secret(secret.String())
				if err != nil {
					panic(rt.hostError("SecretError", err))
				}
				return []byte(value)
			}
			if isFunction(o) || rt.isArray(o) || isNil(o.Get("kty")) && isNil(o.Get("keys")) {
				rt.throwType("%s: a key is text, bytes, a JWK or {secret: \"name\"}", name)
			}
			return rt.marshal(v)
		}
	}
	// A copy: keys outlive the script's next step.
	return append([]byte(nil), rt.data(v, nil, name)...)
}

// Numbers of Node's crypto.constants.
const (
	paddingPKCS1 = 1
	paddingPSS   = 6
)

// signFunctions adds createSign and createVerify, which are Node's.
func (m *moduleInstance) signFunctions(o *goja.Object) {
	rt := m.rt
	create := func(class *class, name string) {
		rt.method(o, name, 1, func(call goja.FunctionCall) goja.Value {
			wanted := str(call.Argument(0))
			id, ok := hashByName(strings.TrimPrefix(strings.ToUpper(wanted), "RSA-"))
			if !ok {
				rt.throwType("%s: there is no algorithm %q: RSA-SHA256, SHA256 and the like", name, wanted)
			}
			return class.instance(rt, &hasher{hash: id.New(), id: id})
		})
	}
	signs, verifies := rt.updateClass("Sign"), rt.updateClass("Verify")
	create(signs, "createSign")
	create(verifies, "createVerify")
	rt.method(signs.proto, "sign", 2, func(call goja.FunctionCall) goja.Value {
		h := receiver[*hasher](rt, call, "Sign")
		key, s := m.signKey(call.Argument(0), "sign")
		s.hash = h.id
		signature, err := key.sign(s, h.hash.Sum(nil))
		if err != nil {
			rt.throwType("sign: %v", err)
		}
		return rt.encoded(signature, call.Argument(1), "sign")
	})
	rt.method(verifies.proto, "verify", 3, func(call goja.FunctionCall) goja.Value {
		h := receiver[*hasher](rt, call, "Verify")
		key, s := m.signKey(call.Argument(0), "verify")
		s.hash = h.id
		ok, err := key.verify(s, h.hash.Sum(nil), rt.data(call.Argument(1), call.Argument(2), "verify"))
		if err != nil {
			rt.throwType("verify: %v", err)
		}
		return rt.vm.ToValue(ok)
	})
	constants := rt.vm.NewObject()
	own(constants, "RSA_PKCS1_PADDING", rt.vm.ToValue(paddingPKCS1))
	own(constants, "RSA_PKCS1_PSS_PADDING", rt.vm.ToValue(paddingPSS))
	own(o, "constants", constants)
}

// signKey reads the key of sign and verify, which can stand in an object with
// options: {key, padding, saltLength, dsaEncoding}.
func (m *moduleInstance) signKey(v goja.Value, name string) (*cryptoKey, scheme) {
	rt, s := m.rt, scheme{salt: rsa.PSSSaltLengthAuto}
	o, ok := v.(*goja.Object)
	if !ok || isNil(o.Get("key")) {
		return m.key(v, name), s
	}
	switch padding := o.Get("padding"); {
	case isNil(padding):
	case padding.ToFloat() == paddingPSS:
		s.pss = true
	case padding.ToFloat() != paddingPKCS1:
		rt.throwRange("%s: padding %s is not supported", name, padding)
	}
	if salt := o.Get("saltLength"); !isNil(salt) {
		s.salt = rt.saltLength(salt, name)
	}
	switch coding := str(o.Get("dsaEncoding")); coding {
	case "", "der":
	case "ieee-p1363":
		s.pair = true
	default:
		rt.throwType("%s: dsaEncoding %q is not supported: der, ieee-p1363", name, coding)
	}
	return m.key(o.Get("key"), name), s
}

// saltLength reads the length of a salt, -1 and -2 as in Node. Go has no way to
// ask for none: its 0 is "as long as can be".
func (rt *vmRuntime) saltLength(v goja.Value, name string) int {
	switch n := integer(v, -3, maxSalt+1); {
	case n == -1:
		return rsa.PSSSaltLengthEqualsHash
	case n == -2:
		return rsa.PSSSaltLengthAuto
	case n >= 1 && n <= maxSalt:
		return int(n)
	}
	rt.throwRange("%s: a salt of %s bytes is not supported: 1 to %d", name, v, maxSalt)
	return 0
}
