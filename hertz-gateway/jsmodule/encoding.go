package jsmodule

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

func (rt *vmRuntime) makeEncoder() *class {
	c := rt.newClass("TextEncoder", func([]goja.Value) goja.DynamicObject {
		return &fixed{keys: []string{"encoding"}, get: func(key string) goja.Value {
			if key == "encoding" {
				return rt.newString("utf-8")
			}
			return nil
		}}
	})
	rt.method(c.proto, "encode", 1, func(call goja.FunctionCall) goja.Value {
		return rt.newBytes([]byte(str(call.Argument(0))))
	})
	return c
}

// textDecoder is the Go side of TextDecoder, for UTF-8.
type textDecoder struct {
	fixed
	fatal, keepBOM bool
}

func (rt *vmRuntime) makeDecoder() *class {
	c := rt.newClass("TextDecoder", func(args []goja.Value) goja.DynamicObject {
		d := &textDecoder{}
		if label := strings.ToLower(strings.TrimSpace(str(argument(args, 0)))); label != "" && label != "utf-8" && label != "utf8" {
			rt.throwRange("TextDecoder: %q is not supported, UTF-8 is", label)
		}
		if o, ok := argument(args, 1).(*goja.Object); ok {
			d.fatal, d.keepBOM = truthy(o.Get("fatal")), truthy(o.Get("ignoreBOM"))
		}
		d.keys = []string{"encoding", "fatal", "ignoreBOM"}
		d.get = func(key string) goja.Value {
			switch key {
			case "encoding":
				return rt.newString("utf-8")
			case "fatal":
				return rt.vm.ToValue(d.fatal)
			case "ignoreBOM":
				return rt.vm.ToValue(d.keepBOM)
			}
			return nil
		}
		return d
	})
	rt.method(c.proto, "decode", 1, func(call goja.FunctionCall) goja.Value {
		d := receiver[*textDecoder](rt, call, "TextDecoder")
		v := call.Argument(0)
		data, ok := rt.bytesOf(v)
		if _, isString := v.(goja.String); !ok || isString {
			rt.throwType("decode needs an ArrayBuffer or a view of one")
		}
		if d.fatal && !utf8.Valid(data) {
			rt.throwType("the bytes are not UTF-8")
		}
		s := string(data)
		if !d.keepBOM {
			s = strings.TrimPrefix(s, "\ufeff")
		}
		return rt.newString(strings.ToValidUTF8(s, "\ufffd"))
	})
	return c
}

// installBase64 defines atob and btoa.
func (rt *vmRuntime) installBase64() {
	rt.lazyFunction("btoa", 1, func(call goja.FunctionCall) goja.Value {
		s := call.Argument(0).String()
		data := make([]byte, 0, len(s))
		for _, r := range s {
			if r > 0xff {
				rt.throwDOM("InvalidCharacterError", "btoa: the text holds characters beyond Latin-1")
			}
			data = append(data, byte(r))
		}
		return rt.newString(base64.StdEncoding.EncodeToString(data))
	})
	rt.lazyFunction("atob", 1, func(call goja.FunctionCall) goja.Value {
		s := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\n\f\r", r) {
				return -1
			}
			return r
		}, call.Argument(0).String())
		if len(s)%4 == 0 {
			s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
		}
		data, err := base64.RawStdEncoding.DecodeString(s)
		if err != nil {
			rt.throwDOM("InvalidCharacterError", "atob: the text is not base64")
		}
		return rt.newString(latin1(data))
	})
}
