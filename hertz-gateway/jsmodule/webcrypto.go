package jsmodule

import (
	"encoding/hex"
	"io"
	"strings"

	"github.com/dop251/goja"
)

// maxRandom is the most that getRandomValues fills at once, as on the web.
const maxRandom = 65536

// makeCrypto makes the global crypto, of the Web Cryptography API.
func (rt *vmRuntime) makeCrypto() goja.Value {
	o := rt.vm.NewObject()
	var subtle goja.Value
	rt.accessor(o, "subtle", func(goja.FunctionCall) goja.Value {
		if subtle == nil {
			subtle = rt.makeSubtle()
		}
		return subtle
	}, nil)
	rt.method(o, "randomUUID", 0, func(goja.FunctionCall) goja.Value {
		return rt.newString(randomUUID(rt.host.random()))
	})
	rt.method(o, "getRandomValues", 1, func(call goja.FunctionCall) goja.Value {
		view, ok := call.Argument(0).(*goja.Object)
		if !ok || !rt.isView(view) {
			rt.throwType("getRandomValues needs a typed array")
		}
		if tag := str(view.GetSymbol(goja.SymToStringTag)); tag == "" || strings.HasPrefix(tag, "Float") || tag == "DataView" {
			rt.throwDOM("TypeMismatchError", "getRandomValues needs a typed array of integers")
		}
		data, ok := rt.viewed(view)
		if !ok {
			rt.throwType("getRandomValues needs a typed array")
		}
		if len(data) > maxRandom {
			rt.throwDOM("QuotaExceededError", "getRandomValues fills at most 65536 bytes")
		}
		_, err := io.ReadFull(rt.host.random(), data)
		must(err)
		return view
	})
	return o
}

// randomUUID is version 4 of RFC 9562.
func randomUUID(random io.Reader) string {
	var id [16]byte
	_, err := io.ReadFull(random, id[:])
	must(err)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
