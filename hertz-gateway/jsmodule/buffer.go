package jsmodule

import (
	"bytes"
	_ "embed" // for buffer.js
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

//go:embed buffer.js
var bufferText string

var bufferScript = hostScriptOf(bufferText)

// makeBuffer makes the class Buffer. It is written in JavaScript, over the
// functions that are here.
func (rt *vmRuntime) makeBuffer() goja.Value {
	rt.buffers() // with their guards
	host := rt.scriptHost()
	bytesAt := func(call goja.FunctionCall, i int) []byte {
		if o, ok := call.Argument(i).(*goja.Object); ok {
			if data, ok := rt.viewed(o); ok {
				return data
			}
		}
		rt.throwType("a Buffer is needed")
		return nil
	}
	coding := func(v goja.Value) textCoding {
		name := "utf8"
		if !isNil(v) {
			name = v.String()
		}
		c, ok := textCodingOf(name)
		if !ok {
			rt.throwType("there is no encoding %q", name)
		}
		return c
	}
	decode := func(call goja.FunctionCall, i int) []byte {
		return coding(call.Argument(i + 1)).decode(rt.toString(call.Argument(i)))
	}
	// within gives the part of a buffer from one index to another.
	within := func(data []byte, from, to goja.Value) []byte {
		start := integer(from, 0, int64(len(data)))
		return data[start:max(start, integer(to, 0, int64(len(data))))]
	}

	rt.method(host, "isEncoding", 1, func(call goja.FunctionCall) goja.Value {
		_, ok := textCodingOf(call.Argument(0).String())
		return rt.vm.ToValue(ok)
	})
	rt.method(host, "decode", 2, func(call goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(rt.vm.NewArrayBuffer(decode(call, 0)))
	})
	rt.method(host, "byteLength", 2, func(call goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(len(decode(call, 0)))
	})
	rt.method(host, "encode", 4, func(call goja.FunctionCall) goja.Value {
		c := coding(call.Argument(1))
		return rt.newString(c.encode(within(bytesAt(call, 0), call.Argument(2), call.Argument(3))))
	})
	rt.method(host, "compare", 2, func(call goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(bytes.Compare(bytesAt(call, 0), bytesAt(call, 1)))
	})
	rt.method(host, "indexOf", 4, func(call goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(indexBytes(bytesAt(call, 0), bytesAt(call, 1), call.Argument(2).ToInteger(), call.Argument(3).ToBoolean()))
	})
	rt.method(host, "fill", 4, func(call goja.FunctionCall) goja.Value {
		pattern := bytes.Clone(bytesAt(call, 1))
		target := within(bytesAt(call, 0), call.Argument(2), call.Argument(3))
		for n := copy(target, pattern); n > 0 && n < len(target); n *= 2 {
			copy(target[n:], target[:n])
		}
		return goja.Undefined()
	})
	rt.method(host, "write", 5, func(call goja.FunctionCall) goja.Value {
		data := decode(call, 1)
		target := bytesAt(call, 0)
		start := integer(call.Argument(3), 0, int64(len(target)))
		room := integer(call.Argument(4), 0, int64(len(target))-start)
		if int64(len(data)) > room {
			data = data[:room]
			// Characters are written whole.
			if c := call.Argument(2); isNil(c) || strings.HasPrefix(strings.ToLower(c.String()), "utf") && !strings.Contains(c.String(), "16") {
				data = wholeUTF8(data)
			}
		}
		return rt.vm.ToValue(copy(target[start:], data))
	})
	return rt.runScript(bufferScript, host)
}

// wholeUTF8 leaves out the beginning of a character at the end of valid UTF-8.
func wholeUTF8(data []byte) []byte {
	for i := len(data) - 1; i >= 0; i-- {
		if utf8.RuneStart(data[i]) {
			if !utf8.FullRune(data[i:]) {
				return data[:i]
			}
			break
		}
	}
	return data
}

// indexBytes finds a part, from an index on, or backwards.
func indexBytes(data, part []byte, at int64, last bool) int {
	start := min(int(at), len(data))
	if last {
		if start < 0 {
			return -1
		}
		return bytes.LastIndex(data[:min(start+len(part), len(data))], part)
	}
	start = max(start, 0)
	if i := bytes.Index(data[start:], part); i >= 0 {
		return start + i
	}
	return -1
}
