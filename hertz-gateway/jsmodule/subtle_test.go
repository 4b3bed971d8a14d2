package jsmodule_test

import "testing"

func TestSubtle(t *testing.T) {
	imports := `
		import { createSign, createVerify, createHmac } from "dgate/crypto";
		const { subtle } = crypto;
		const bytes = (s) => new TextEncoder().encode(s);
		const hex = (b) => Buffer.from(b).toString("hex");
		const der = (pem) => Buffer.from(pem.replace(/-----.*-----/g, ""), "base64");
		const name = async (p) => { try { await p; return "none" } catch (e) { return e.name } };
		const edJWK = { kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
		// round signs and verifies: right, changed data, changed signature.
		const round = async (k, importAlg, alg = importAlg) => {
			const priv = await subtle.importKey("pkcs8", der(k.private), importAlg, false, ["sign"]);
			const pub = await subtle.importKey("spki", der(k.public), importAlg, true, ["verify"]);
			const s = new Uint8Array(await subtle.sign(alg, priv, bytes("data")));
			const ok = [await subtle.verify(alg, pub, s, bytes("data")), await subtle.verify(alg, pub, s, bytes("date"))];
			s[s.length - 1] ^= 1;
			return [...ok, await subtle.verify(alg, pub, s, bytes("data")), priv.type, pub.type, priv.extractable, pub.usages];
		};
	` + keyConstants()
	const good = `[true,false,false,"private","public",false,["verify"]]`
	values(t, imports, [][2]string{
		{`hex(await subtle.digest("SHA-1", bytes("abc")))`, `"a9993e364706816aba3e25717850c26c9cd0d89d"`},
		{`(await Promise.all(["sha-256", { name: "SHA-384" }, "SHA-512"].map((a) => subtle.digest(a, new ArrayBuffer(0))))).map((b) => b.byteLength)`, `[32,48,64]`},
		{
			`const k = await subtle.importKey("raw", bytes("key"), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
			const s = await subtle.sign("HMAC", k, bytes("data"));
			return [k.type, k.algorithm, k.usages, String(k), hex(s) === createHmac("sha256", "key").update("data").digest("hex"), await subtle.verify("HMAC", k, s, bytes("data")), await subtle.verify("HMAC", k, s, bytes("x"))]`,
			`["secret",{"name":"HMAC","hash":{"name":"SHA-256"},"length":24},["sign","verify"],"[object CryptoKey]",true,true,false]`,
		},
		{`const k = await subtle.importKey("jwk", { kty: "oct", k: "a2V5", alg: "HS512", key_ops: ["verify"] }, { name: "hmac", hash: { name: "sha-512" } }, false, ["verify"]);
			return await subtle.verify("HMAC", k, createHmac("sha512", "key").update("d").digest(), bytes("d"))`, `true`},
		{`round(RSA, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" })`, good},
		{`round(RSA, { name: "RSA-PSS", hash: "SHA-512" }, { name: "RSA-PSS", saltLength: 64 })`, good},
		{`round(P256, { name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" })`, good},
		{`round(P384, { name: "ECDSA", namedCurve: "P-384" }, { name: "ECDSA", hash: { name: "SHA-384" } })`, good},
		{`round(P521, { name: "ECDSA", namedCurve: "P-521" }, { name: "ECDSA", hash: "SHA-512" })`, good},
		{`round(Ed, "Ed25519")`, good},
		{
			`const k = await subtle.importKey("jwk", edJWK, { name: "Ed25519" }, false, ["sign"]); return hex(await subtle.sign("Ed25519", k, new Uint8Array(0)))`,
			`"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"`,
		},
		{`const k = await subtle.importKey("raw", Buffer.from(edJWK.x, "base64url"), "Ed25519", true, ["verify"]); return [k.type, k.algorithm]`, `["public",{"name":"Ed25519"}]`},
		{
			`const k = await subtle.importKey("spki", der(RSA.public), { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]); const { publicExponent, ...a } = k.algorithm;
			return [a, [...publicExponent], await subtle.verify("RSASSA-PKCS1-v1_5", k, createSign("sha256").update("x").sign(RSA.private), bytes("x"))]`,
			`[{"name":"RSASSA-PKCS1-v1_5","hash":{"name":"SHA-256"},"modulusLength":2048},[1,0,1],true]`,
		},
		{
			`const [h, p, s] = "` + rfc7515EC + `".split(".");
			const k = await subtle.importKey("jwk", { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", alg: "ES256" }, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
			return [k.algorithm, await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, k, Buffer.from(s, "base64url"), bytes(h + "." + p))]`,
			`[{"name":"ECDSA","namedCurve":"P-256"},true]`,
		},
		{`subtle.digest("SHA-1", bytes("")) instanceof Promise`, `true`},

		{`name(subtle.digest("MD5", bytes("")))`, `"NotSupportedError"`},
		{`name(subtle.digest("HMAC", bytes("")))`, `"NotSupportedError"`},
		{`name(subtle.digest("SHA-1", "text"))`, `"TypeError"`},
		{`name(subtle.importKey("raw", bytes(""), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]))`, `"DataError"`},
		{`name(subtle.importKey("raw", bytes("k"), { name: "HMAC" }, false, ["sign"]))`, `"TypeError"`},
		{`name(subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, false, []))`, `"SyntaxError"`},
		{`name(subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, false, ["encrypt"]))`, `"SyntaxError"`},
		{`name(subtle.importKey("raw", bytes("k"), { name: "AES-GCM" }, false, ["sign"]))`, `"NotSupportedError"`},
		{`name(subtle.importKey("pem", bytes("k"), "Ed25519", false, ["sign"]))`, `"TypeError"`},
		{`name(subtle.importKey("raw", bytes("k"), "Ed25519", false, ["verify"]))`, `"DataError"`},
		{`name(subtle.importKey("spki", bytes("k"), "Ed25519", false, ["verify"]))`, `"DataError"`},
		{`name(subtle.importKey("spki", der(P256.public), "Ed25519", false, ["verify"]))`, `"DataError"`},
		{`name(subtle.importKey("spki", der(P256.public), { name: "ECDSA", namedCurve: "P-384" }, false, ["verify"]))`, `"DataError"`},
		{`name(subtle.importKey("spki", der(P256.public), { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]))`, `"SyntaxError"`},
		{`name(subtle.importKey("jwk", { kty: "oct", k: "a2V5", alg: "HS256" }, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]))`, `"DataError"`},
		{`name(subtle.importKey("jwk", { kty: "oct", k: "a2V5", ext: false }, { name: "HMAC", hash: "SHA-512" }, true, ["sign"]))`, `"DataError"`},
		{`name(subtle.importKey("jwk", { ...edJWK, use: "enc" }, "Ed25519", true, ["sign"]))`, `"DataError"`},
		{`name(subtle.importKey("jwk", { ...edJWK, key_ops: ["verify"] }, "Ed25519", true, ["sign"]))`, `"DataError"`},
		{
			`const k = await subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]); return [await name(subtle.verify("HMAC", k, bytes(""), bytes(""))), await name(subtle.sign("Ed25519", k, bytes(""))), await name(subtle.sign("HMAC", {}, bytes("")))]`,
			`["InvalidAccessError","InvalidAccessError","TypeError"]`,
		},
		{`name(round(RSA, { name: "RSA-PSS", hash: "SHA-512" }, { name: "RSA-PSS", saltLength: 1e12 }))`, `"RangeError"`},
		{`name(round(RSA, { name: "RSA-PSS", hash: "SHA-512" }, { name: "RSA-PSS", saltLength: 300 }))`, `"OperationError"`},
		{`new CryptoKey()`, `"ReferenceError: CryptoKey is not defined"`},
		{`crypto.getRandomValues(new Uint8Array(65537))`, `"QuotaExceededError: getRandomValues fills at most 65536 bytes"`},
		{`crypto.getRandomValues(new Float64Array(1))`, `"TypeMismatchError: getRandomValues needs a typed array of integers"`},
		{`crypto.getRandomValues({})`, `"TypeError: getRandomValues needs a typed array"`},
	})
}
