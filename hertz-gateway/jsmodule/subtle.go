package jsmodule

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// The algorithms of crypto.subtle.
const (
	algHMAC    = "HMAC"
	algRSA     = "RSASSA-PKCS1-v1_5"
	algPSS     = "RSA-PSS"
	algECDSA   = "ECDSA"
	algEd25519 = "Ed25519"
)

var subtleHashes = map[string]crypto.Hash{
	"SHA-1": crypto.SHA1, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
}

// webKey is the Go side of a CryptoKey.
type webKey struct {
	fixed
	*cryptoKey
	name   string // of the algorithm
	hash   crypto.Hash
	usages []string
}

// makeSubtle makes crypto.subtle: digest, importKey, sign and verify of the Web
// Cryptography API. Its promises are settled at once.
func (rt *vmRuntime) makeSubtle() goja.Value {
	o := rt.vm.NewObject()
	keys := rt.newClass("CryptoKey", func([]goja.Value) goja.DynamicObject {
		rt.throwType("a CryptoKey is made by crypto.subtle.importKey")
		return nil
	})
	method := func(name string, length int, f nativeFunc) {
		rt.method(o, name, length, func(call goja.FunctionCall) goja.Value {
			return rt.promised(func() goja.Value { return f(call) })
		})
	}
	method("digest", 2, func(call goja.FunctionCall) goja.Value {
		name, _ := rt.algorithm(call.Argument(0))
		h, ok := subtleHashes[name]
		if !ok {
			rt.throwDOM("NotSupportedError", "digest: "+name+" is not a hash")
		}
		return rt.arrayBuffer(rt.digest(h, rt.source(call.Argument(1), "digest")))
	})
	method("importKey", 5, func(call goja.FunctionCall) goja.Value {
		return keys.instance(rt, rt.importKey(call.Argument(0).String(), call.Argument(1), call.Argument(2), call.Argument(3), call.Argument(4)))
	})
	method("sign", 3, func(call goja.FunctionCall) goja.Value {
		key, s := rt.usedKey(call.Argument(0), call.Argument(1), "sign")
		return rt.arrayBuffer(rt.subtleSign(key, s, rt.source(call.Argument(2), "sign")))
	})
	method("verify", 4, func(call goja.FunctionCall) goja.Value {
		key, s := rt.usedKey(call.Argument(0), call.Argument(1), "verify")
		signature := slices.Clone(rt.source(call.Argument(2), "verify"))
		return rt.vm.ToValue(rt.subtleVerify(key, s, signature, rt.source(call.Argument(3), "verify")))
	})
	return o
}

func (rt *vmRuntime) arrayBuffer(data []byte) goja.Value {
	return rt.vm.ToValue(rt.vm.NewArrayBuffer(data))
}

func (rt *vmRuntime) digest(h crypto.Hash, data []byte) []byte {
	sum := h.New()
	rt.feed(sum, data)
	return sum.Sum(nil)
}

// source is a BufferSource argument.
func (rt *vmRuntime) source(v goja.Value, name string) []byte {
	if o, ok := v.(*goja.Object); ok {
		if data, ok := rt.viewed(o); ok {
			return data
		}
	}
	rt.throwType("%s needs an ArrayBuffer or a view of one", name)
	return nil
}

// algorithm reads an AlgorithmIdentifier: a name in its standard spelling and
// the object around it, if there is one.
func (rt *vmRuntime) algorithm(v goja.Value) (name string, params *goja.Object) {
	if o, ok := v.(*goja.Object); ok {
		params = o
		v = o.Get("name")
	}
	if isNil(v) {
		rt.throwType("an algorithm needs a name")
	}
	name = v.String()
	known := []string{algHMAC, algRSA, algPSS, algECDSA, algEd25519}
	for hash := range subtleHashes {
		known = append(known, hash)
	}
	for _, k := range known {
		if strings.EqualFold(k, name) {
			return k, params
		}
	}
	rt.throwDOM("NotSupportedError", fmt.Sprintf("algorithm %q is not supported", name))
	return "", nil
}

// hashParam is the hash of an algorithm's parameters.
func (rt *vmRuntime) hashParam(params *goja.Object, algorithm string) (crypto.Hash, string) {
	if params == nil || isNil(params.Get("hash")) {
		rt.throwType("%s needs a hash", algorithm)
	}
	name, _ := rt.algorithm(params.Get("hash"))
	h, ok := subtleHashes[name]
	if !ok {
		rt.throwDOM("NotSupportedError", name+" is not a hash")
	}
	return h, name
}

// importKey reads a key in one of the formats raw, jwk, spki and pkcs8.
func (rt *vmRuntime) importKey(format string, data, algorithm, extractable, usages goja.Value) *webKey {
	k := &webKey{}
	name, params := rt.algorithm(algorithm)
	k.name = name
	described := rt.vm.NewObject()
	own(described, "name", rt.newString(name))

	var err error
	if k.cryptoKey, err = rt.readKey(format, data, name, params); err != nil {
		rt.throwDOM("DataError", "importKey: "+err.Error())
	}
	switch name {
	case algHMAC, algRSA, algPSS:
		var hash string
		k.hash, hash = rt.hashParam(params, name)
		o := rt.vm.NewObject()
		own(o, "name", rt.newString(hash))
		own(described, "hash", o)
	case algECDSA:
		own(described, "namedCurve", params.Get("namedCurve"))
	}
	switch public := k.public.(type) {
	case nil:
		own(described, "length", rt.vm.ToValue(8*len(k.secret)))
	case *rsa.PublicKey:
		own(described, "modulusLength", rt.vm.ToValue(public.N.BitLen()))
		own(described, "publicExponent", rt.newBytes(big.NewInt(int64(public.E)).Bytes()))
	}
	k.readUsages(rt, usages)
	k.checkJWK(rt, truthy(extractable))

	attributes := map[string]goja.Value{
		"type": rt.newString(k.kind()), "extractable": rt.vm.ToValue(truthy(extractable)),
		"algorithm": described, "usages": rt.strings(k.usages),
	}
	k.keys = []string{"type", "extractable", "algorithm", "usages"}
	k.get = func(key string) goja.Value { return attributes[key] }
	return k
}

func (k *webKey) kind() string {
	switch {
	case k.public == nil:
		return "secret"
	case k.private != nil:
		return "private"
	}
	return "public"
}

// readKey reads the bytes or the JWK of a key, and checks its kind.
func (rt *vmRuntime) readKey(format string, data goja.Value, algorithm string, params *goja.Object) (*cryptoKey, error) {
	curve := ""
	if algorithm == algECDSA {
		if params == nil || curveNamed(str(params.Get("namedCurve"))) == nil {
			rt.throwDOM("NotSupportedError", "importKey: namedCurve must be P-256, P-384 or P-521")
		}
		curve = params.Get("namedCurve").String()
	}
	var key *cryptoKey
	var err error
	switch format {
	case "raw":
		key, err = rawKey(rt.source(data, "importKey"), algorithm, curve)
	case "spki":
		key, err = keyFromSPKI(rt.source(data, "importKey"))
	case "pkcs8":
		key, err = keyFromPKCS8(rt.source(data, "importKey"))
	case "jwk":
		o, ok := data.(*goja.Object)
		if !ok {
			rt.throwType("importKey: a JWK is an object")
		}
		key, err = keyFromJWK(rt.marshal(o))
	default:
		rt.throwType("importKey: format %q is none of raw, jwk, spki, pkcs8", format)
	}
	if err != nil {
		return nil, err
	}
	fits := false
	switch public := key.public.(type) {
	case nil:
		fits = algorithm == algHMAC && (format == "raw" || format == "jwk")
	case *rsa.PublicKey:
		fits = algorithm == algRSA || algorithm == algPSS
	case *ecdsa.PublicKey:
		fits = algorithm == algECDSA && curveName(public.Curve) == curve
	case ed25519.PublicKey:
		fits = algorithm == algEd25519
	}
	if !fits {
		return nil, fmt.Errorf("the key is not one for %s %s", algorithm, curve)
	}
	return key, nil
}

// rawKey reads a shared secret, or the point of a public key.
func rawKey(data []byte, algorithm, curve string) (*cryptoKey, error) {
	switch {
	case len(data) == 0:
		return nil, errors.New("the key is empty")
	case algorithm == algHMAC:
		return &cryptoKey{secret: slices.Clone(data)}, nil
	case algorithm == algECDSA:
		k, err := ecdsa.ParseUncompressedPublicKey(curveNamed(curve), data)
		return publicKey(k, err)
	case algorithm == algEd25519 && len(data) == ed25519.PublicKeySize:
		return publicKey(ed25519.PublicKey(slices.Clone(data)), nil)
	}
	return nil, fmt.Errorf("%d bytes are not a raw key for %s", len(data), algorithm)
}

func (k *webKey) readUsages(rt *vmRuntime, v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok || !rt.isArray(o) {
		rt.throwType("importKey: the usages must be an array")
	}
	allowed := map[string][]string{"secret": {"sign", "verify"}, "private": {"sign"}, "public": {"verify"}}[k.kind()]
	for _, u := range rt.list(o) {
		usage := u.String()
		if !slices.Contains(allowed, usage) {
			rt.throwDOM("SyntaxError", fmt.Sprintf("importKey: usage %q does not go with a %s key", usage, k.kind()))
		}
		if !slices.Contains(k.usages, usage) {
			k.usages = append(k.usages, usage)
		}
	}
	if len(k.usages) == 0 && k.kind() != "public" {
		rt.throwDOM("SyntaxError", "importKey: a key without usages is of no use")
	}
}

// checkJWK compares what a JWK says of its use with what the caller wants.
func (k *webKey) checkJWK(rt *vmRuntime, extractable bool) {
	refuse := func(what string) { rt.throwDOM("DataError", "importKey: the JWK's "+what) }
	if k.algorithm != "" {
		want := map[string]string{
			algHMAC: "HS", algRSA: "RS", algPSS: "PS", algECDSA: "ES", algEd25519: "EdDSA",
		}[k.name]
		switch {
		case k.hash == crypto.SHA1:
			want += "1"
		case k.hash != 0:
			want += fmt.Sprint(8 * k.hash.Size())
		case k.name == algECDSA:
			want = k.algorithms()[0]
		}
		if k.algorithm != want && (k.name != algEd25519 || k.algorithm != algEd25519) {
			refuse(fmt.Sprintf("alg is %s, not %s", k.algorithm, want))
		}
	}
	if k.use != "" && k.use != "sig" {
		refuse("use is " + k.use)
	}
	for _, usage := range k.usages {
		if k.operations != nil && !slices.Contains(k.operations, usage) {
			refuse("key_ops lack " + usage)
		}
	}
	if k.notExtractable && extractable {
		refuse("ext is false")
	}
}

// usedKey reads the algorithm and the key of sign and verify.
func (rt *vmRuntime) usedKey(algorithm, key goja.Value, usage string) (*webKey, scheme) {
	name, params := rt.algorithm(algorithm)
	o, _ := key.(*goja.Object)
	if o == nil {
		rt.throwType("%s needs a CryptoKey", usage)
	}
	k, ok := dynamic[*webKey](o)
	if !ok {
		rt.throwType("%s needs a CryptoKey", usage)
	}
	if k.name != name {
		rt.throwDOM("InvalidAccessError", usage+": the key is for "+k.name+", not "+name)
	}
	if !slices.Contains(k.usages, usage) {
		rt.throwDOM("InvalidAccessError", usage+": the key is not for that")
	}
	s := scheme{hash: k.hash, pair: true}
	switch name {
	case algECDSA:
		s.hash, _ = rt.hashParam(params, name)
	case algPSS:
		s.pss = true
		if params == nil || isNil(params.Get("saltLength")) {
			rt.throwType("%s: RSA-PSS needs a saltLength", usage)
		}
		if s.salt = rt.saltLength(params.Get("saltLength"), usage); s.salt < 1 {
			rt.throwType("%s: saltLength must be positive", usage)
		}
	}
	return k, s
}

func (rt *vmRuntime) subtleSign(k *webKey, s scheme, data []byte) []byte {
	var signature []byte
	var err error
	switch k.name {
	case algHMAC:
		signature = rt.mac(k, data)
	case algEd25519:
		signature, err = k.private.Sign(nil, data, crypto.Hash(0))
	default:
		signature, err = k.sign(s, rt.digest(s.hash, data))
	}
	if err != nil {
		rt.throwDOM("OperationError", "sign: "+err.Error())
	}
	return signature
}

func (rt *vmRuntime) subtleVerify(k *webKey, s scheme, signature, data []byte) bool {
	switch k.name {
	case algHMAC:
		return hmac.Equal(signature, rt.mac(k, data))
	case algEd25519:
		public, _ := k.public.(ed25519.PublicKey)
		return ed25519.Verify(public, data, signature)
	}
	ok, err := k.verify(s, rt.digest(s.hash, data), signature)
	return ok && err == nil
}

func (rt *vmRuntime) mac(k *webKey, data []byte) []byte {
	h := hmac.New(k.hash.New, k.secret)
	rt.feed(h, data)
	return h.Sum(nil)
}
