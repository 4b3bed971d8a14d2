package jsmodule

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// makeEncoder makes the class TextEncoder of the Encoding Standard.
func (rt *vmRuntime) makeEncoder() *class {
	c := rt.newClass("TextEncoder", func([]goja.Value) goja.DynamicObject {
		return &fixed{keys: []string{"encoding"}, get: func(key string) goja.Value {
			if key == "encoding" {
				return rt.newString("utf-8")
			}
			return nil
		}}
	})
	input := func(v goja.Value) string {
		if goja.IsUndefined(v) {
			return ""
		}
		return v.String()
	}
	rt.method(c.proto, "encode", 0, func(call goja.FunctionCall) goja.Value {
		return rt.newBytes([]byte(input(call.Argument(0))))
	})
	rt.method(c.proto, "encodeInto", 2, func(call goja.FunctionCall) goja.Value {
		text := input(call.Argument(0))
		o, _ := call.Argument(1).(*goja.Object)
		if o == nil || !rt.isView(o) {
			rt.throwType("encodeInto needs a Uint8Array")
		}
		target, ok := rt.viewed(o)
		if !ok {
			rt.throwType("encodeInto needs a Uint8Array")
		}
		read, written := 0, 0
		for _, r := range text {
			size := utf8.RuneLen(r)
			if written+size > len(target) {
				break
			}
			utf8.EncodeRune(target[written:], r)
			read, written = read+utf16.RuneLen(r), written+size
		}
		result := rt.vm.NewObject()
		own(result, "read", rt.vm.ToValue(read))
		own(result, "written", rt.vm.ToValue(written))
		return result
	})
	return c
}

// encodingLabels are the names under which scripts ask for the encodings of
// TextDecoder, as the Encoding Standard lists them.
var encodingLabels = map[string][]string{
	"utf-8":    {"utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"},
	"utf-16le": {"utf-16le", "utf-16", "ucs-2", "unicode", "unicodefeff", "iso-10646-ucs-2", "csunicode"},
	"utf-16be": {"utf-16be", "unicodefffe"},
	"windows-1252": {
		"windows-1252", "ansi_x3.4-1968", "ascii", "cp1252", "cp819", "csisolatin1", "ibm819", "iso-8859-1", "iso-ir-100",
		"iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987", "l1", "latin1", "us-ascii", "x-cp1252",
	},
}

// textDecoder is the Go side of TextDecoder.
type textDecoder struct {
	fixed
	encoding       string
	fatal, keepBOM bool

	// Between calls with {stream: true}: what is not a whole character yet,
	// and whether the place of a byte order mark is behind us.
	rest      []byte
	streaming bool
	begun     bool
}

// makeDecoder makes the class TextDecoder of the Encoding Standard.
func (rt *vmRuntime) makeDecoder() *class {
	c := rt.newClass("TextDecoder", func(args []goja.Value) goja.DynamicObject {
		d := &textDecoder{encoding: "utf-8"}
		if label := argument(args, 0); !goja.IsUndefined(label) {
			d.encoding = rt.encodingOf(label.String())
		}
		if o, ok := argument(args, 1).(*goja.Object); ok {
			d.fatal, d.keepBOM = truthy(o.Get("fatal")), truthy(o.Get("ignoreBOM"))
		}
		d.keys = []string{"encoding", "fatal", "ignoreBOM"}
		d.get = func(key string) goja.Value {
			switch key {
			case "encoding":
				return rt.newString(d.encoding)
			case "fatal":
				return rt.vm.ToValue(d.fatal)
			case "ignoreBOM":
				return rt.vm.ToValue(d.keepBOM)
			}
			return nil
		}
		return d
	})
	rt.method(c.proto, "decode", 0, func(call goja.FunctionCall) goja.Value {
		d := receiver[*textDecoder](rt, call, "TextDecoder")
		var data []byte
		if v := call.Argument(0); !goja.IsUndefined(v) {
			o, isObject := v.(*goja.Object)
			ok := false
			if isObject {
				data, ok = rt.viewed(o)
			}
			if !ok {
				rt.throwType("decode needs an ArrayBuffer or a view of one")
			}
		}
		o, _ := call.Argument(1).(*goja.Object)
		text, ok := d.decode(data, o != nil && truthy(o.Get("stream")))
		if !ok {
			rt.throwType("the bytes are not %s", d.encoding)
		}
		return rt.newString(text)
	})
	return c
}

func (rt *vmRuntime) encodingOf(label string) string {
	wanted := strings.ToLower(strings.Trim(label, "\t\n\f\r "))
	for name, labels := range encodingLabels {
		if slices.Contains(labels, wanted) {
			return name
		}
	}
	rt.throwRange("TextDecoder: %q is not supported: utf-8, utf-16le, utf-16be, windows-1252", label)
	return ""
}

// decode reads data, and what the last call of a stream left over.
func (d *textDecoder) decode(data []byte, stream bool) (text string, ok bool) {
	if !d.streaming {
		d.rest, d.begun = nil, false
	}
	d.streaming = stream
	if len(d.rest) > 0 {
		data = append(d.rest, data...)
		d.rest = nil
	}
	if stream {
		whole := d.whole(data)
		data, d.rest = data[:whole], append([]byte(nil), data[whole:]...)
	}
	switch d.encoding {
	case "utf-8":
		ok = utf8.Valid(data)
		text = decodeUTF8(data)
	case "windows-1252":
		text, ok = decodeWindows1252(data), true
	default:
		text = decodeUTF16(data, d.encoding == "utf-16be")
		ok = len(data)%2 == 0 && strings.Count(text, "\ufffd") == countUTF16(data, 0xfffd, d.encoding == "utf-16be")
		if len(data)%2 != 0 {
			text += "\ufffd"
		}
	}
	if !ok && d.fatal {
		d.streaming = false
		return "", false
	}
	if !d.begun && text != "" {
		d.begun = true
		if !d.keepBOM && d.encoding != "windows-1252" {
			text = strings.TrimPrefix(text, "\ufeff")
		}
	}
	return text, true
}

// whole is how many bytes at the start of data end with a whole character.
func (d *textDecoder) whole(data []byte) int {
	switch d.encoding {
	case "utf-8":
		return len(wholeUTF8(data))
	case "windows-1252":
		return len(data)
	}
	n := len(data) &^ 1
	high := n - 1
	if d.encoding == "utf-16be" {
		high = n - 2
	}
	if n >= 2 && data[high]&0xfc == 0xd8 {
		n -= 2
	}
	return n
}

// countUTF16 counts a unit.
func countUTF16(data []byte, unit uint16, bigEndian bool) int {
	n := 0
	for ; len(data) >= 2; data = data[2:] {
		u := uint16(data[1])<<8 | uint16(data[0])
		if bigEndian {
			u = u<<8 | u>>8
		}
		if u == unit {
			n++
		}
	}
	return n
}

// windows1252 are the characters of 0x80 to 0x9f; the others are Latin-1.
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

func decodeWindows1252(data []byte) string {
	special := []rune(windows1252)
	var b strings.Builder
	for _, c := range data {
		r := rune(c)
		if c >= 0x80 && c <= 0x9f {
			r = special[c-0x80]
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (rt *vmRuntime) btoa(call goja.FunctionCall) goja.Value {
	s := call.Argument(0).String()
	data := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			rt.throwDOM("InvalidCharacterError", "btoa: the text holds characters beyond Latin-1")
		}
		data = append(data, byte(r))
	}
	return rt.newString(base64.StdEncoding.EncodeToString(data))
}

func (rt *vmRuntime) atob(call goja.FunctionCall) goja.Value {
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
}
