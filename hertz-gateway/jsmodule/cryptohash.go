package jsmodule

import (
	"crypto"
	"crypto/hmac"
	_ "crypto/md5" // for crypto.MD5
	"crypto/rand"
	_ "crypto/sha1"   // for crypto.SHA1
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and SHA512
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"io"
	"math/big"
	"strings"

	"github.com/dop251/goja"
)

// hashNames are the hashes of "dgate/crypto", as getHashes lists them.
var hashNames = []struct {
	name string
	hash crypto.Hash
}{
	{"md5", crypto.MD5},
	{"sha1", crypto.SHA1},
	{"sha256", crypto.SHA256},
	{"sha384", crypto.SHA384},
	{"sha512", crypto.SHA512},
	{"sha512-224", crypto.SHA512_224},
	{"sha512-256", crypto.SHA512_256},
}

// hashByName reads "sha256", "SHA-256", "sha512_256" …
func hashByName(name string) (crypto.Hash, bool) {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", "/", "").Replace(strings.ToLower(s))
	}
	for _, h := range hashNames {
		if plain(h.name) == plain(name) {
			return h.hash, true
		}
	}
	return 0, false
}

// hasher is the Go side of what createHash, createHmac, createSign and
// createVerify give.
type hasher struct {
	opaque
	hash hash.Hash
	id   crypto.Hash
}

// hashChunk is how many bytes are hashed between two looks at the clock.
const hashChunk = 1 << 20

// feed hashes data of any size without holding the process.
func (rt *vmRuntime) feed(h hash.Hash, data []byte) {
	for len(data) > hashChunk {
		_, _ = h.Write(data[:hashChunk])
		data = data[hashChunk:]
		rt.checkTime()
	}
	_, _ = h.Write(data)
}

// data gives the bytes of an argument: text as UTF-8, or in the coding that is
// named, an ArrayBuffer, a view of one. They are read before the script goes
// on, and not kept.
func (rt *vmRuntime) data(v, coding goja.Value, name string) []byte {
	if s, ok := v.(goja.String); ok {
		if isNil(coding) {
			return []byte(s.String())
		}
		c, ok := textCodingOf(coding.String())
		if !ok {
			rt.throwType("%s: there is no encoding %q", name, coding)
		}
		return c.decode(s)
	}
	if o, ok := v.(*goja.Object); ok {
		if data, ok := rt.viewed(o); ok {
			return data
		}
	}
	rt.throwType("%s needs text, an ArrayBuffer or a view of one", name)
	return nil
}

// encoded gives bytes in the coding that a script asks for: an ArrayBuffer
// when it asks for none, as in DGate.
func (rt *vmRuntime) encoded(data []byte, coding goja.Value, name string) goja.Value {
	switch which := strings.ToLower(str(coding)); which {
	case "", "arraybuffer", "binary":
		return rt.vm.ToValue(rt.vm.NewArrayBuffer(data))
	default:
		c, ok := textCodingOf(which)
		if !ok {
			rt.throwType("%s: there is no encoding %q: hex, base64, base64raw, base64url, base64rawurl, ArrayBuffer", name, coding)
		}
		return rt.newString(c.encode(data))
	}
}

func (rt *vmRuntime) hashNamed(v goja.Value, name string) crypto.Hash {
	id, ok := hashByName(str(v))
	if !ok {
		rt.throwType("%s: there is no hash %q, getHashes() lists them", name, str(v))
	}
	return id
}

// makeCryptoModule makes `import … from "dgate/crypto"`, with DGate's names
// and Node's.
func (m *moduleInstance) makeCryptoModule() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	hashes := rt.hasherClass("Hash")
	hmacs := rt.hasherClass("Hmac")

	rt.method(o, "createHash", 1, func(call goja.FunctionCall) goja.Value {
		id := rt.hashNamed(call.Argument(0), "createHash")
		return hashes.instance(rt, &hasher{hash: id.New(), id: id})
	})
	newHMAC := func(algorithm, key goja.Value, name string) *hasher {
		id := rt.hashNamed(algorithm, name)
		return &hasher{hash: hmac.New(id.New, m.hmacKey(key, name)), id: id}
	}
	rt.method(o, "createHmac", 2, func(call goja.FunctionCall) goja.Value {
		return hmacs.instance(rt, newHMAC(call.Argument(0), call.Argument(1), "createHmac"))
	})
	rt.method(o, "hmac", 4, func(call goja.FunctionCall) goja.Value {
		h := newHMAC(call.Argument(0), call.Argument(1), "hmac").hash
		rt.feed(h, rt.data(call.Argument(2), nil, "hmac"))
		return rt.encoded(h.Sum(nil), call.Argument(3), "hmac")
	})
	for _, h := range hashNames {
		name := strings.ReplaceAll(h.name, "-", "_")
		rt.method(o, name, 2, func(call goja.FunctionCall) goja.Value {
			sum := h.hash.New()
			rt.feed(sum, rt.data(call.Argument(0), nil, name))
			return rt.encoded(sum.Sum(nil), call.Argument(1), name)
		})
	}
	rt.method(o, "getHashes", 0, func(goja.FunctionCall) goja.Value {
		names := make([]string, len(hashNames))
		for i, h := range hashNames {
			names[i] = h.name
		}
		return rt.strings(names)
	})
	rt.method(o, "hexEncode", 1, func(call goja.FunctionCall) goja.Value {
		return rt.newString(hex.EncodeToString(rt.data(call.Argument(0), nil, "hexEncode")))
	})
	rt.method(o, "timingSafeEqual", 2, func(call goja.FunctionCall) goja.Value {
		a, b := rt.data(call.Argument(0), nil, "timingSafeEqual"), rt.data(call.Argument(1), nil, "timingSafeEqual")
		return rt.vm.ToValue(subtle.ConstantTimeCompare(a, b) == 1)
	})
	rt.randomFunctions(o)
	m.signFunctions(o)
	return o
}

// hasherClass makes the prototype of objects with update and digest. As in
// DGate, digest can be called again, and update after it.
func (rt *vmRuntime) hasherClass(name string) *class {
	c := rt.updateClass(name)
	rt.method(c.proto, "digest", 1, func(call goja.FunctionCall) goja.Value {
		h := receiver[*hasher](rt, call, name)
		return rt.encoded(h.hash.Sum(nil), call.Argument(0), "digest")
	})
	return c
}

// updateClass makes the prototype of objects with update.
func (rt *vmRuntime) updateClass(name string) *class {
	c := rt.newClass(name, func([]goja.Value) goja.DynamicObject {
		rt.throwType("%s is made by create%s", name, name)
		return nil
	})
	rt.method(c.proto, "update", 1, func(call goja.FunctionCall) goja.Value {
		h := receiver[*hasher](rt, call, name)
		rt.feed(h.hash, rt.data(call.Argument(0), call.Argument(1), "update"))
		return call.This
	})
	return c
}

// hmacKey is the key of an HMAC: text, bytes, or {secret: "name"}.
func (m *moduleInstance) hmacKey(v goja.Value, name string) []byte {
	if _, ok := v.(goja.String); ok {
		return []byte(v.String())
	}
	return m.keyText(v, name)
}

func (rt *vmRuntime) randomFunctions(o *goja.Object) {
	rt.method(o, "randomBytes", 1, func(call goja.FunctionCall) goja.Value {
		size := integer(call.Argument(0), 0, maxBuffer+1)
		if size < 1 || size > maxBuffer {
			rt.throwRange("randomBytes: the size must be between 1 and %d", maxBuffer)
		}
		data := make([]byte, size)
		_, err := io.ReadFull(rt.host.random(), data)
		must(err)
		return rt.vm.ToValue(rt.vm.NewArrayBuffer(data))
	})
	rt.method(o, "randomInt", 2, func(call goja.FunctionCall) goja.Value {
		low, high := int64(0), rt.safeInteger(call.Argument(0), "randomInt")
		if !goja.IsUndefined(call.Argument(1)) {
			low, high = high, rt.safeInteger(call.Argument(1), "randomInt")
		}
		if low >= high {
			rt.throwRange("randomInt: %d is not below %d", low, high)
		}
		n, err := rand.Int(rt.host.random(), big.NewInt(high-low))
		must(err)
		return rt.vm.ToValue(low + n.Int64())
	})
	rt.method(o, "randomUUID", 0, func(goja.FunctionCall) goja.Value { return rt.newString(randomUUID(rt.host.random())) })
}

// safeInteger is an argument that must be an integer of at most 2^53 - 1.
func (rt *vmRuntime) safeInteger(v goja.Value, name string) int64 {
	const most = 1<<53 - 1
	f := v.ToFloat()
	n := integer(v, -most-1, most+1)
	if float64(n) != f || n < -most || n > most {
		rt.throwRange("%s: %s is not a safe integer", name, v)
	}
	return n
}
