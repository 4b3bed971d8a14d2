package jsmodule_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// testKeys are private keys as PKCS #8 and their public halves as PEM.
type testKeys struct {
	signer          map[string]crypto.Signer
	private, public map[string]string
}

var keysOfTests = sync.OnceValue(func() testKeys {
	k := testKeys{map[string]crypto.Signer{}, map[string]string{}, map[string]string{}}
	add := func(name string, key crypto.Signer, err error) {
		if err != nil {
			panic(err)
		}
		private, err1 := x509.MarshalPKCS8PrivateKey(key)
		public, err2 := x509.MarshalPKIXPublicKey(key.Public())
		if err1 != nil || err2 != nil {
			panic("a key of the test cannot be written")
		}
		k.signer[name] = key
		k.private[name] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
		k.public[name] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	add("RSA", rsaKey, err)
	for name, curve := range map[string]elliptic.Curve{"P256": elliptic.P256(), "P384": elliptic.P384(), "P521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		add(name, key, err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	add("Ed", edKey, err)
	return k
})

// keyConstants declares the keys for a module.
func keyConstants() string {
	var b strings.Builder
	k := keysOfTests()
	for name := range k.private {
		b.WriteString("const " + name + " = { private: " + strconv.Quote(k.private[name]) + ", public: " + strconv.Quote(k.public[name]) + " };\n")
	}
	return b.String()
}

const rfc7515 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`

const rfc7515EC = `eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`

const jwtImports = `
	import { sign, verify } from "dgate/jwt";
	import { createHmac } from "dgate/crypto";
	const rfcKey = { kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" };
	const rfcEC = { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" };
	const rfcToken = "` + rfc7515 + `", rfcTokenEC = "` + rfc7515EC + `";
	const edKey = { kty: "OKP", crv: "Ed25519", kid: "ed", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
	const b64 = (v) => Buffer.from(typeof v === "string" ? v : JSON.stringify(v)).toString("base64url").replace(/=/g, "");
	const at = (t, o) => ({ clockTimestamp: t, ...o });
	const bare = (claims, key = "k") => sign({ iat: 1000, ...claims }, key);
	const code = (f) => { try { return f() } catch (e) { return e.code ? e.code + " " + e.status + (e.claim ? " " + e.claim : "") : String(e) } };
`

func TestJWT(t *testing.T) {
	h := newHost(t, jsmodule.Config{
		Limits:             jsmodule.Limits{Budget: 500e6},
		DefaultPermissions: []string{"secret:jwt", "secret:rsa", "secret:none"},
		Secrets:            secretMap{"default/jwt": "hush hush", "default/rsa": keysOfTests().private["RSA"], "default/other": "x"},
	})
	valuesOn(t, h, jwtImports+keyConstants(), [][2]string{
		{`verify(rfcToken, rfcKey, at(1300819379))`, `{"iss":"joe","exp":1300819380,"http://example.com/is_root":true}`},
		{`verify(rfcToken, JSON.stringify(rfcKey), at(1300819379)).iss`, `"joe"`},
		{`verify(rfcTokenEC, rfcEC, at(1300819379)).iss`, `"joe"`},
		{`verify(rfcTokenEC, { keys: [{ kty: "new" }, rfcKey, rfcEC] }, at(1300819379)).iss`, `"joe"`},
		{`sign({ a: 1 }, "k", { noTimestamp: true })`, `"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.HYfzqBpLbCOo950TeHdytWxg8UHtAmEQCW7ITVky6Gc"`},
		{`verify(sign({ a: 1 }, "k"), "k").a`, `1`},
		{`await verify(await sign({ a: 1 }, "k"), Buffer.from("k")).a`, `1`},
		{`verify(sign({ id: 9007199254740993n }, "k", { noTimestamp: true, algorithm: "HS512" }), "k", { complete: true }).header`, `{"alg":"HS512","typ":"JWT"}`},
		{`verify(sign({}, edKey), { ...edKey, d: undefined }, { complete: true }).header`, `{"alg":"EdDSA","typ":"JWT","kid":"ed"}`},
		{`verify(sign({}, { secret: "jwt" }), "hush hush") !== null`, `true`},
		{`verify(sign({ a: 2 }, { secret: "rsa" }), RSA.public).a`, `2`},
		{`code(() => verify(rfcToken, { secret: "other" }))`, `"permission_denied 403"`},
		{`code(() => verify(rfcToken, { secret: "none" }))`, `"not_found 404"`},
		{
			`const t = sign({ iat: 100 }, "k", { expiresIn: "1m", notBefore: 10, audience: ["a", "b"], issuer: "me", subject: "you", jwtid: "1", keyid: "x", header: { typ: "at+jwt", alg: "none" } });
			return verify(t, "k", at(120, { complete: true })).header.typ + JSON.stringify(verify(t, "k", at(120)))`,
			`"at+jwt{\"iat\":100,\"aud\":[\"a\",\"b\"],\"iss\":\"me\",\"sub\":\"you\",\"jti\":\"1\",\"nbf\":110,\"exp\":160}"`,
		},
		{`["HS256", "HS384", "HS512"].every((algorithm) => verify(sign({}, "k", { algorithm }), "k", { algorithms: [algorithm] }))`, `true`},
		{`["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].every((algorithm) => verify(sign({}, RSA.private, { algorithm }), RSA.public, { algorithms: algorithm }))`, `true`},
		{`[P256, P384, P521, Ed].map((k) => verify(sign({}, k.private), k.public, { complete: true }).header.alg)`, `["ES256","ES384","ES512","EdDSA"]`},
		{`verify(sign({}, P256.private), P256.private) !== null`, `true`},

		// A token does not choose how it is verified.
		{`code(() => verify(b64({ alg: "none" }) + "." + b64({}) + ".", "k"))`, `"jwt_algorithm 401"`},
		{`code(() => verify(b64({ alg: "None" }) + "." + b64({}) + ".", RSA.public))`, `"jwt_algorithm 401"`},
		{`code(() => verify("a.b.c", "k", { algorithms: ["none"] }))`, `"TypeError: verify: algorithm \"none\" is never accepted"`},
		{`const h = b64({ alg: "HS256" }) + "." + b64({}); return code(() => verify(h + "." + createHmac("sha256", RSA.public).update(h).digest("b64rawurl"), RSA.public))`, `"jwt_algorithm 401"`},
		{`code(() => verify(rfcToken, RSA.public, { algorithms: ["HS256"] }))`, `"TypeError: verify: the key goes with none of the algorithms HS256"`},
		{`code(() => verify(rfcToken, rfcKey, { algorithms: ["HS512"] }))`, `"jwt_algorithm 401"`},
		{`code(() => verify(sign({}, RSA.private, { algorithm: "PS256" }), RSA.public, { algorithms: ["RS256"] }))`, `"jwt_algorithm 401"`},
		{`code(() => verify(rfcToken, { ...rfcKey, alg: "HS384" }))`, `"jwt_algorithm 401"`},
		{`code(() => verify(rfcToken, { ...rfcKey, use: "enc" }))`, `"TypeError: verify: the key goes with none of the algorithms "`},
		{`code(() => verify(rfcToken, { ...rfcKey, key_ops: ["sign"] }))`, `"TypeError: verify: the key goes with none of the algorithms "`},
		{`code(() => sign({}, RSA.private, { algorithm: "HS256" }))`, `"TypeError: sign: algorithm \"HS256\" does not go with this key: RS256, RS384, RS512, PS256, PS384, PS512"`},
		{`code(() => sign({}, "k", { algorithm: "none" }))`, `"TypeError: sign: algorithm \"none\" does not go with this key: HS256, HS384, HS512"`},
		{`code(() => sign({}, P256.private, { algorithm: "ES384" }))`, `"TypeError: sign: algorithm \"ES384\" does not go with this key: ES256"`},
		{`code(() => sign({}, RSA.public))`, `"TypeError: sign: signing needs a private key"`},
		{`code(() => verify(sign({}, "k", { header: { crit: ["exp"] } }), "k"))`, `"jwt_algorithm 401"`},
		{`code(() => verify(sign({}, { ...rfcKey, kid: "2" }), { keys: [{ ...rfcKey, kid: "2", k: "AAAA" }, { ...rfcKey, kid: "1" }] }))`, `"jwt_signature 401"`},

		{`code(() => verify(rfcToken, rfcKey))`, `"jwt_expired 401 exp"`},
		{`code(() => verify(rfcToken, rfcKey, at(1300819385, { clockTolerance: 10 })).iss)`, `"joe"`},
		{`code(() => verify(rfcToken, rfcKey, at(1300819395, { clockTolerance: "10s" })))`, `"jwt_expired 401 exp"`},
		{`code(() => verify(rfcToken, "k", at(0)))`, `"jwt_signature 401"`},
		{`code(() => verify(rfcToken.replace("dBjf", "dBjg"), rfcKey, at(0)))`, `"jwt_signature 401"`},
		{`code(() => verify(bare({ nbf: 2000 }), "k", at(1999)))`, `"jwt_not_yet_valid 401 nbf"`},
		{`code(() => verify(bare({ nbf: 2000 }), "k", at(1999, { clockTolerance: 1 })).nbf)`, `2000`},
		{`code(() => verify(bare(), "k", at(990)))`, `"jwt_not_yet_valid 401 iat"`},
		{`code(() => verify(bare({ exp: 0 }), "k", at(2000)))`, `"jwt_expired 401 exp"`},
		{`code(() => verify(bare({ aud: "a" }), "k", at(2000, { audience: "a" })).aud)`, `"a"`},
		{`code(() => verify(bare({ aud: ["a", "b"] }), "k", at(2000, { audience: ["x", "b"] })).aud)`, `["a","b"]`},
		{`code(() => verify(bare({ aud: "a" }), "k", at(2000, { audience: "b" })))`, `"jwt_claim 401 aud"`},
		{`code(() => verify(bare(), "k", at(2000, { audience: "b" })))`, `"jwt_claim 401 aud"`},
		{`code(() => verify(bare({ iss: "a" }), "k", at(2000, { issuer: ["b", "a"] })).iss)`, `"a"`},
		{`code(() => verify(bare({ iss: "a" }), "k", at(2000, { issuer: "b" })))`, `"jwt_claim 401 iss"`},
		{`code(() => verify(bare(), "k", at(2000, { issuer: "b" })))`, `"jwt_claim 401 iss"`},
		{`code(() => verify(bare({ sub: "a" }), "k", at(2000, { subject: "b" })))`, `"jwt_claim 401 sub"`},
		{`code(() => verify(bare(), "k", at(2000, { maxAge: 100 })))`, `"jwt_expired 401 iat"`},
		{`code(() => verify(bare(), "k", at(2000, { maxAge: "1h" })).iat)`, `1000`},
		{`code(() => verify(bare(), "k", at(2000, { requiredClaims: ["exp"] })))`, `"jwt_claim 401 exp"`},
		{`[undefined, null, 1, "", "a", "a.b", "a.b.c", "a.b.c.d", "....", {}, "x".repeat(1e6)].map((t) => code(() => verify(t, "k"))).join()`, `"` + strings.Repeat("jwt_malformed 401,", 10) + `jwt_malformed 401"`},
		{`[b64([1]), b64("1"), b64("{"), "%%%"].map((p) => code(() => verify(b64({ alg: "HS256" }) + "." + p + ".AAAA", "k"))).join()`, `"jwt_malformed 401,jwt_malformed 401,jwt_malformed 401,jwt_malformed 401"`},

		{`[undefined, null, 1, "", {}, [], new Uint8Array(0), { kty: "oct" }, { kty: "x" }, { kty: "EC", crv: "P-256", x: "AA", y: "AA" }, { keys: [] }].map((k) => code(() => verify("a.b.c", k)).split(":")[0]).join()`, `"` + strings.Repeat("TypeError,", 10) + `TypeError"`},
		{`code(() => sign("x", "k"))`, `"TypeError: sign: the payload must be an object"`},
		{`code(() => sign({ exp: 1 }, "k", { expiresIn: 1 }))`, `"TypeError: sign: the payload has \"exp\" already"`},
		{`code(() => sign({ exp: "soon" }, "k"))`, `"TypeError: sign: \"exp\" must be a number of seconds"`},
		{`code(() => sign({}, "k", { expiresIn: "soon" }))`, `"TypeError: sign: expiresIn must be seconds, or text such as \"15m\" or \"7d\""`},
		{`code(() => verify("a.b.c", "k", { audience: 1 }))`, `"TypeError: verify: audience must be a string or an array of strings"`},
		{`code(() => verify("a.b.c", "k", "HS256"))`, `"TypeError: verify: the options must be an object"`},
		{`code(() => verify("a.b.c", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")).slice(0, 42)`, `"TypeError: verify: the key cannot be read:"`},
	})
}

// TestJWTAgainstLibrary lets the library read tokens that modules sign.
func TestJWTAgainstLibrary(t *testing.T) {
	keys := keysOfTests()
	for _, test := range []struct{ algorithm, key string }{
		{"RS256", "RSA"}, {"PS384", "RSA"}, {"ES256", "P256"}, {"ES384", "P384"}, {"ES512", "P521"}, {"EdDSA", "Ed"},
	} {
		t.Run(test.algorithm, func(t *testing.T) {
			c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500e6}}, jwtImports+keyConstants()+
				`export const requestHandler = () => sign({ sub: "ann" }, `+test.key+`.private, { algorithm: "`+test.algorithm+`" })`)
			e := open(t, c)
			if _, err := e.Handle(); err != nil {
				t.Fatal(err)
			}
			token, err := jwt.Parse(string(e.r.body), func(*jwt.Token) (any, error) { return keys.signer[test.key].Public(), nil },
				jwt.WithValidMethods([]string{test.algorithm}))
			if err != nil {
				t.Fatal(err)
			}
			subject, _ := token.Claims.GetSubject()
			if diff := cmp.Diff("ann", subject); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSign signs and verifies with createSign and createVerify.
func TestSign(t *testing.T) {
	h := newHost(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500e6}})
	const imports = `import { createSign, createVerify, constants } from "dgate/crypto";
		const text = "some text";
		const round = (alg, k, options, other = options) => {
			const signature = createSign(alg).update("some ").update("text").sign({ key: k.private, ...options }, "base64");
			const ok = (t, s = signature) => createVerify(alg).update(t).verify({ key: k.public, ...other }, s, "base64");
			return [ok(text), ok("other"), ok(text, "AAAA")];
		};
	`
	const good = `[true,false,false]`
	valuesOn(t, h, imports+keyConstants(), [][2]string{
		{`round("RSA-SHA256", RSA)`, good},
		{`round("sha512", RSA)`, good},
		{`round("SHA384", RSA, { padding: constants.RSA_PKCS1_PSS_PADDING })`, good},
		{`round("SHA384", RSA, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 })`, good},
		{`round("SHA256", RSA, { padding: 6 }, { padding: 1 })`, `[false,false,false]`},
		{`round("SHA256", P256)`, good},
		{`round("SHA256", P384, { dsaEncoding: "ieee-p1363" })`, good},
		{`round("SHA256", P521, { dsaEncoding: "ieee-p1363" }, { dsaEncoding: "der" })`, `[false,false,false]`},
		{`createSign("sha256").update(text).sign(P256.private) instanceof ArrayBuffer`, `true`},
		{`{ const s = createSign("sha256").update(text).sign(RSA.private); return createVerify("sha256").update(text).verify(RSA.private, s) }`, `true`},

		{`createSign("sha3")`, `"TypeError: createSign: there is no algorithm \"sha3\": RSA-SHA256, SHA256 and the like"`},
		{`createSign("sha256").sign(RSA.public)`, `"TypeError: sign: signing needs a private key"`},
		{`createSign("sha256").sign("secret")`, `"TypeError: sign: signing needs a private key"`},
		{`createVerify("sha256").verify("secret", "")`, `"TypeError: verify: verifying needs a public key, not a shared secret"`},
		{`createSign("sha256").sign(Ed.private)`, `"TypeError: sign: keys of type ed25519.PrivateKey sign no digests"`},
		{`createSign("sha256").sign({ key: RSA.private, padding: 6, saltLength: 1e12 })`, `"RangeError: sign: a salt of 1000000000000 bytes is not supported: 1 to 512"`},
		{`createSign("sha256").sign({ key: RSA.private, padding: 3 })`, `"RangeError: sign: padding 3 is not supported"`},
		{`createSign("sha256").sign({})`, `"TypeError: sign: a key is text, bytes, a JWK or {secret: \"name\"}"`},
	})
}
