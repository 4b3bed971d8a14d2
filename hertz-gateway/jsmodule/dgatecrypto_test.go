package jsmodule_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// values runs expressions in one module and compares their JSON. An expression
// that throws gives its error as text.
func values(t *testing.T, imports string, tests [][2]string) {
	t.Helper()
	h := newHost(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500e6}})
	valuesOn(t, h, imports, tests)
}

func valuesOn(t *testing.T, h *jsmodule.Host, imports string, tests [][2]string) {
	t.Helper()
	for _, test := range tests {
		t.Run(test[0], func(t *testing.T) {
			body := test[0]
			if !strings.Contains(body, "return ") {
				body = "return " + body
			}
			c := chainOn(t, h, imports+`
				export async function requestHandler() {
					try { return Response.json((await (async () => { `+body+` })()) ?? null); }
					catch (e) { return Response.json(String(e?.name) + ": " + e?.message); }
				}`)
			var e *exchange
			for attempt := 1; ; attempt++ {
				e = open(t, c)
				_, err := e.Handle()
				if err == nil {
					break
				}
				if !tooSlow(err) || attempt == attempts {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(test[1], string(e.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDGateCrypto(t *testing.T) {
	const imports = `import crypto, { createHash, createHmac, md5, sha1, sha256, sha384, sha512, sha512_256, hmac, randomBytes, randomInt,
		randomUUID, getHashes, hexEncode, timingSafeEqual } from "dgate/crypto";`
	values(t, imports, [][2]string{
		{`createHash("sha1").update("https://example.com/").digest("base64rawurl").slice(-8)`, `"X7dHXmUk"`},
		{`createHash("md5").update("a").update("bc").digest("hex")`, `"900150983cd24fb0d6963f7d28e17f72"`},
		{`createHash("SHA-256").update(new Uint8Array([97, 98, 99]).subarray(1)).digest("hex")`, `"1e0bbd6c686ba050b8eb03ffeedc64fdc9d80947fce821abbe5d6dc8d252c5ac"`},
		{`createHash("sha256").update("616263", "hex").digest("hex") === sha256("abc", "hex")`, `true`},
		{`{ const h = createHash("md5").update("a"); return [h.digest("hex") === h.digest("hex"), h.update("b").digest("hex") === md5("ab", "hex")] }`, `[true,true]`},
		{`md5("abc", "base64")`, `"kAFQmDzST7DWlj99KOF/cg=="`},
		{`md5("abc", "base64raw")`, `"kAFQmDzST7DWlj99KOF/cg"`},
		{`md5("abc", "base64url")`, `"kAFQmDzST7DWlj99KOF_cg=="`},
		{`md5("abc", "b64rawurl")`, `"kAFQmDzST7DWlj99KOF_cg"`},
		{`{ const d = md5("abc"); return [d instanceof ArrayBuffer, d.byteLength, hexEncode(d)] }`, `[true,16,"900150983cd24fb0d6963f7d28e17f72"]`},
		{`Buffer.from(md5("abc")).toString("hex") === md5("abc", "hex")`, `true`},
		{`sha1("abc", "hex")`, `"a9993e364706816aba3e25717850c26c9cd0d89d"`},
		{`sha384("", "hex").length + sha512("", "hex").length`, `224`},
		{`sha512_256("abc", "hex")`, `"53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"`},
		{`getHashes()`, `["md5","sha1","sha256","sha384","sha512","sha512-224","sha512-256"]`},
		{`getHashes().every((h) => createHash(h).update("").digest("hex"))`, `true`},
		{`createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex")`, `"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"`},
		{`hmac("sha256", "key", "The quick brown fox ", "hex") === createHmac("sha256", Buffer.from("key")).update("The quick brown fox ").digest("hex")`, `true`},
		{`hexEncode("é")`, `"c3a9"`},
		{`{ const b = randomBytes(16); return [b instanceof ArrayBuffer, b.byteLength] }`, `[true,16]`},
		{`{ for (let i = 0; i < 100; i++) if (!(randomInt(3) < 3 && randomInt(-2, 2) >= -2)) return "out of range" ; return randomInt(1) }`, `0`},
		{`/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUUID())`, `true`},
		{`[timingSafeEqual("a", "a"), timingSafeEqual("a", "b"), timingSafeEqual("a", "ab")]`, `[true,false,false]`},
		{`crypto.createHash === createHash`, `true`},

		{`createHash("sha3")`, `"TypeError: createHash: there is no hash \"sha3\", getHashes() lists them"`},
		{`createHash("md5").update()`, `"TypeError: update needs text, an ArrayBuffer or a view of one"`},
		{`createHash("md5").update({})`, `"TypeError: update needs text, an ArrayBuffer or a view of one"`},
		{`createHash("md5").digest("base32")`, `"TypeError: digest: there is no encoding \"base32\": hex, base64, base64raw, base64url, base64rawurl, ArrayBuffer"`},
		{`createHash("md5").update.call({}, "a")`, `"TypeError: a function of Hash was called on something else"`},
		{`hmac("md5")`, `"TypeError: hmac needs text, an ArrayBuffer or a view of one"`},
		{`randomBytes(1e12)`, `"RangeError: randomBytes: the size must be between 1 and 16777216"`},
		{`randomBytes(NaN)`, `"RangeError: randomBytes: the size must be between 1 and 16777216"`},
		{`randomInt(0)`, `"RangeError: randomInt: 0 is not below 0"`},
		{`randomInt(5, 1)`, `"RangeError: randomInt: 5 is not below 1"`},
		{`randomInt(2 ** 53)`, `"RangeError: randomInt: 9007199254740992 is not a safe integer"`},
		{`randomInt()`, `"RangeError: randomInt: undefined is not a safe integer"`},
	})
}
