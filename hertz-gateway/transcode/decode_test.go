package transcode

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestValues converts {"v": json} for a single field and expects either the
// field's bytes or the violations.
func TestValues(t *testing.T) {
	stringly := func(t *Type) *Field {
		f := optional(t)
		f.Stringly = true
		return f
	}
	bad := func(code, detail string) []Violation {
		return []Violation{{Pointer: "/v", Code: code, Detail: detail}}
	}
	at := func(pointer, code, detail string) []Violation {
		return []Violation{{Pointer: pointer, Code: code, Detail: detail}}
	}
	uuid := []byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	tests := []struct {
		name string
		typ  *Type
		fld  *Field // instead of typ
		opts Options
		json string
		want []byte
		bad  []Violation
	}{
		{name: "i8", typ: i8Type, json: `-128`, want: []byte{0x80}},
		{name: "i8 above", typ: i8Type, json: `300`, bad: bad(CodeRange, "300 is out of range for i8 (-128 to 127)")},
		{name: "i8 below", typ: i8Type, json: `-129`, bad: bad(CodeRange, "-129 is out of range for i8 (-128 to 127)")},
		{name: "i16", typ: i16Type, json: `32767`, want: be16(32767)},
		{name: "i16 above", typ: i16Type, json: `32768`, bad: bad(CodeRange, "32768 is out of range for i16 (-32768 to 32767)")},
		{name: "i32", typ: i32Type, json: `-2147483648`, want: be32(math.MinInt32)},
		{name: "i32 above", typ: i32Type, json: `2147483648`, bad: bad(CodeRange, "2147483648 is out of range for i32 (-2147483648 to 2147483647)")},
		{name: "i64 beyond float64", typ: i64Type, json: `9007199254740993`, want: be64(9007199254740993)},
		{name: "i64 greatest", typ: i64Type, json: `9223372036854775807`, want: be64(math.MaxInt64)},
		{name: "i64 least", typ: i64Type, json: `-9223372036854775808`, want: be64(math.MinInt64)},
		{name: "i64 above", typ: i64Type, json: `9223372036854775808`, bad: bad(CodeRange, "9223372036854775808 is out of range for i64 (-9223372036854775808 to 9223372036854775807)")},
		{name: "i64 below", typ: i64Type, json: `-9223372036854775809`, bad: bad(CodeRange, "-9223372036854775809 is out of range for i64 (-9223372036854775808 to 9223372036854775807)")},
		{name: "i64 far above", typ: i64Type, json: `1e400000000000000000000`, bad: bad(CodeRange, "1e400000000000000000000 is out of range for i64 (-9223372036854775808 to 9223372036854775807)")},
		{name: "integer with exponent", typ: i32Type, json: `1e3`, want: be32(1000)},
		{name: "integer with positive exponent", typ: i32Type, json: `1.25E+2`, want: be32(125)},
		{name: "integer with negative exponent", typ: i32Type, json: `5000e-3`, want: be32(5)},
		{name: "integer with zero fraction", typ: i32Type, json: `5.0`, want: be32(5)},
		{name: "integer of many digits", typ: i64Type, json: `9007199254740993.000e0`, want: be64(9007199254740993)},
		{name: "integer of a long fraction", typ: i64Type, json: `0.` + strings.Repeat("0", 50) + `12e52`, want: be64(12)},
		{name: "negative zero integer", typ: i32Type, json: `-0`, want: be32(0)},
		{name: "zero with huge exponent", typ: i32Type, json: `0e99999999999999999999`, want: be32(0)},
		{name: "fraction for an integer", typ: i32Type, json: `1.7`, bad: bad(CodeNotInteger, "expected an integer, got 1.7")},
		{name: "small fraction for an integer", typ: i32Type, json: `1e-1`, bad: bad(CodeNotInteger, "expected an integer, got 1e-1")},
		{name: "string for an integer", typ: i32Type, json: `"abc"`, bad: bad(CodeType, "expected an integer, got a string")},
		{name: "numeric string for i32", typ: i32Type, json: `"5"`, bad: bad(CodeType, "expected an integer, got a string")},
		{name: "numeric string for i64", typ: i64Type, json: `"9007199254740993"`, want: be64(9007199254740993)},
		{name: "escaped numeric string for i64", typ: i64Type, json: `"\u0035"`, want: be64(5)},
		{name: "other string for i64", typ: i64Type, json: `"abc"`, bad: bad(CodeType, `expected an integer, got "abc"`)},
		{name: "empty string for i64", typ: i64Type, json: `""`, bad: bad(CodeType, `expected an integer, got ""`)},
		{name: "spaced string for i64", typ: i64Type, json: `" 5"`, bad: bad(CodeType, `expected an integer, got " 5"`)},
		{name: "fraction in a string for i64", typ: i64Type, json: `"5.0"`, bad: bad(CodeNotInteger, "expected an integer, got 5.0")},
		{name: "zero-led string for i64", typ: i64Type, json: `"05"`, bad: bad(CodeType, `expected an integer, got "05"`)},
		{name: "stringly i32", fld: stringly(i32Type), json: `"5"`, want: be32(5)},
		{name: "stringly i32 as a number", fld: stringly(i32Type), json: `5`, want: be32(5)},
		{name: "stringly i32 out of range", fld: stringly(i32Type), json: `"5000000000"`, bad: bad(CodeRange, "5000000000 is out of range for i32 (-2147483648 to 2147483647)")},
		{name: "stringly double", fld: stringly(doubleType), json: `"1.5"`, want: dbl(1.5)},
		{name: "stringly list", fld: stringly(listOf(i16Type)), json: `["5",6]`, want: list(WireI16, be16(5), be16(6))},
		{name: "stringly map", fld: stringly(mapOf(stringType, setOf(i8Type))), json: `{"a":["5"]}`, want: entries(WireString, WireSet, text("a"), list(WireI8, []byte{5}))},
		{name: "stringly does not reach into structs", fld: stringly(pointType), json: `{"x":"5"}`, bad: at("/v/x", CodeType, "expected an integer, got a string")},
		{name: "lax i8", typ: i8Type, opts: Options{LaxNumbers: true}, json: `"5"`, want: []byte{5}},
		{name: "lax is not for doubles", typ: doubleType, opts: Options{LaxNumbers: true}, json: `"5"`, bad: bad(CodeType, "expected a number, got a string")},
		{name: "object for an integer", typ: i32Type, json: `{"a":[1]}`, bad: bad(CodeType, "expected an integer, got an object")},
		{name: "array for an integer", typ: i32Type, json: `[1]`, bad: bad(CodeType, "expected an integer, got an array")},
		{name: "boolean for an integer", typ: i32Type, json: `true`, bad: bad(CodeType, "expected an integer, got a boolean")},

		{name: "enum by number", typ: colorType, json: `2`, want: be32(2)},
		{name: "enum by odd number", typ: colorType, json: `1e3`, want: be32(1000)},
		{name: "enum by negative number", typ: colorType, json: `-1`, want: be32(-1)},
		{name: "enum by name", typ: colorType, json: `"RED"`, want: be32(1)},
		{name: "enum by second name", typ: colorType, json: `"LIME"`, want: be32(2)},
		{name: "enum by escaped name", typ: colorType, json: `"\u0052ED"`, want: be32(1)},
		{name: "undefined number", typ: colorType, json: `3`, bad: bad(CodeEnum, "undefined value 3 of enum book.Color")},
		{name: "undefined name", typ: colorType, json: `"X"`, bad: bad(CodeEnum, `undefined value "X" of enum book.Color`)},
		{name: "fraction for an enum", typ: colorType, json: `1.5`, bad: bad(CodeEnum, "undefined value 1.5 of enum book.Color")},
		{name: "numeric string for an enum", typ: colorType, json: `"1"`, bad: bad(CodeEnum, `undefined value "1" of enum book.Color`)},
		{name: "stringly enum", fld: stringly(colorType), json: `"1000"`, want: be32(1000)},
		{name: "stringly enum undefined", fld: stringly(colorType), json: `"7"`, bad: bad(CodeEnum, `undefined value "7" of enum book.Color`)},
		{name: "boolean for an enum", typ: colorType, json: `true`, bad: bad(CodeType, "expected a name or number of enum book.Color, got a boolean")},

		{name: "true", typ: boolType, json: `true`, want: []byte{1}},
		{name: "false", typ: boolType, json: `false`, want: []byte{0}},
		{name: "number for a bool", typ: boolType, json: `1`, bad: bad(CodeType, "expected true or false, got a number")},
		{name: "string for a bool", typ: boolType, json: `"true"`, bad: bad(CodeType, "expected true or false, got a string")},

		{name: "double", typ: doubleType, json: `1.5`, want: dbl(1.5)},
		{name: "double of an integer", typ: doubleType, json: `3`, want: dbl(3)},
		{name: "double with an exponent", typ: doubleType, json: `-2.5e-3`, want: dbl(-2.5e-3)},
		{name: "double of many digits", typ: doubleType, json: `0.1000000000000000055511151231257827021181583404541015625`, want: dbl(0.1)},
		{name: "double halfway", typ: doubleType, json: `9007199254740993`, want: dbl(9007199254740992)},
		{name: "double negative zero", typ: doubleType, json: `-0.0`, want: dbl(negativeZero)},
		{name: "double underflow", typ: doubleType, json: `1e-400`, want: dbl(0)},
		{name: "greatest double", typ: doubleType, json: `1.7976931348623157e308`, want: dbl(math.MaxFloat64)},
		{name: "double overflow", typ: doubleType, json: `1e309`, bad: bad(CodeRange, "1e309 is out of range for double")},
		{name: "string for a double", typ: doubleType, json: `"NaN"`, opts: Options{SpecialFloats: true}, bad: bad(CodeType, "expected a number, got a string")},

		{name: "string", typ: stringType, json: `"héllo"`, want: text("héllo")},
		{name: "string of every escape", typ: stringType, json: `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, want: text("\"\\/\b\f\n\r\té😀")},
		{name: "long string", typ: stringType, json: `"` + strings.Repeat("abc", 100) + `"`, want: text(strings.Repeat("abc", 100))},
		{name: "long string with an escape", typ: stringType, json: `"` + strings.Repeat("abc", 100) + `\n"`, want: text(strings.Repeat("abc", 100) + "\n")},
		{name: "escaped NUL", typ: stringType, json: `"\u0000"`, want: text("\x00")},
		{name: "lone high surrogate", typ: stringType, json: `"\ud83d"`, bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "lone low surrogate", typ: stringType, json: `"\ude00x"`, bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "two high surrogates", typ: stringType, json: `"\ud83d\ud83d"`, bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "invalid UTF-8", typ: stringType, json: "\"a\xff\"", bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "overlong UTF-8", typ: stringType, json: "\"\xc0\x80\"", bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "encoded surrogate", typ: stringType, json: "\"\xed\xa0\x80\"", bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "UTF-8 cut by an escape", typ: stringType, json: "\"\xc3\\u00a9\"", bad: bad(CodeEncoding, "the string is not valid Unicode")},
		{name: "number for a string", typ: stringType, json: `5`, bad: bad(CodeType, "expected a string, got a number")},

		{name: "base64", typ: binaryType, json: `"+/8A"`, want: text("\xfb\xff\x00")},
		{name: "base64 URL alphabet", typ: binaryType, json: `"-_8A"`, want: text("\xfb\xff\x00")},
		{name: "base64 padded", typ: binaryType, json: `"QQ=="`, want: text("A")},
		{name: "base64 not padded", typ: binaryType, json: `"QUI"`, want: text("AB")},
		{name: "base64 with escaped slash", typ: binaryType, json: `"+\/8A"`, want: text("\xfb\xff\x00")},
		{name: "empty base64", typ: binaryType, json: `""`, want: text("")},
		{name: "base64 of one character", typ: binaryType, json: `"Q"`, bad: bad(CodeBase64, `expected base64 text, got "Q"`)},
		{name: "base64 with lost bits", typ: binaryType, json: `"QR=="`, bad: bad(CodeBase64, `expected base64 text, got "QR=="`)},
		{name: "base64 badly padded", typ: binaryType, json: `"QUI=="`, bad: bad(CodeBase64, `expected base64 text, got "QUI=="`)},
		{name: "base64 with white space", typ: binaryType, json: `"QU I="`, bad: bad(CodeBase64, `expected base64 text, got "QU I="`)},
		{name: "base64 of padding only", typ: binaryType, json: `"===="`, bad: bad(CodeBase64, `expected base64 text, got "===="`)},
		{name: "number for a binary", typ: binaryType, json: `1`, bad: bad(CodeType, "expected a base64 string, got a number")},

		{name: "uuid", typ: uuidType, json: `"123e4567-e89b-12d3-a456-426614174000"`, want: uuid},
		{name: "uuid in capitals", typ: uuidType, json: `"123E4567-E89B-12D3-A456-426614174000"`, want: uuid},
		{name: "uuid without hyphens", typ: uuidType, json: `"123e4567e89b12d3a456426614174000"`, bad: bad(CodeUUID, `expected a uuid of 36 characters, got "123e4567e89b12d3a456426614174000"`)},
		{name: "uuid with a bad digit", typ: uuidType, json: `"123e4567-e89b-12d3-a456-42661417400g"`, bad: bad(CodeUUID, `expected a uuid of 36 characters, got "123e4567-e89b-12d3-a456-42661417400g"`)},
		{name: "uuid with a hyphen out of place", typ: uuidType, json: `"123e4567e-89b-12d3-a456-426614174000"`, bad: bad(CodeUUID, `expected a uuid of 36 characters, got "123e4567e-89b-12d3-a456-426614174000"`)},

		{name: "list", typ: listOf(i32Type), json: `[1, 2 ,3]`, want: list(WireI32, be32(1), be32(2), be32(3))},
		{name: "empty list", typ: listOf(pointType), json: `[ ]`, want: list(WireStruct)},
		{name: "null in a list", typ: listOf(i32Type), json: `[1,null]`, bad: at("/v/1", CodeNull, "null is not allowed in a list")},
		{name: "too many elements", typ: listOf(i32Type), opts: Options{MaxElements: 2}, json: `[1,2,3,4]`, bad: at("/v/2", CodeElements, "more than 2 elements")},
		{name: "object for a list", typ: listOf(i32Type), json: `{}`, bad: bad(CodeType, "expected an array, got an object")},
		{name: "set", typ: setOf(stringType), json: `["a","b"]`, want: list(WireString, text("a"), text("b"))},
		{name: "set with a repeated element", typ: setOf(stringType), json: `["a","b","\u0061"]`, bad: at("/v/2", CodeDuplicateElement, "the set has this element twice")},
		{name: "large set with a repeated element", typ: setOf(i32Type), json: `[1,2,3,4,5,6,7,8,9,10,11,12,1e0]`, bad: at("/v/12", CodeDuplicateElement, "the set has this element twice")},
		{name: "set of structs in another order", typ: setOf(pointType), json: `[{"x":1,"y":2},{"y":2,"x":1}]`, bad: at("/v/1", CodeDuplicateElement, "the set has this element twice")},
		{name: "set of structs with crossed values", typ: setOf(pointType), json: `[{"x":1,"y":2},{"y":1,"x":2}]`, want: list(WireStruct, point(1, 2), message(nil).i32(2, 1).i32(1, 2).stop())},
		{name: "set of sets in another order", typ: setOf(setOf(i8Type)), json: `[[1,2],[2,1]]`, bad: at("/v/1", CodeDuplicateElement, "the set has this element twice")},
		{name: "set of lists in another order", typ: setOf(listOf(i8Type)), json: `[[1,2],[2,1]]`, want: list(WireList, list(WireI8, []byte{1}, []byte{2}), list(WireI8, []byte{2}, []byte{1}))},
		{name: "set of maps in another order", typ: setOf(mapOf(i8Type, boolType)), json: `[{"1":true,"2":false},{"2":false,"1":true}]`, bad: at("/v/1", CodeDuplicateElement, "the set has this element twice")},
		{name: "set of both zeros", typ: setOf(doubleType), json: `[0,-0.0]`, bad: at("/v/1", CodeDuplicateElement, "the set has this element twice")},
		{name: "null in a set", typ: setOf(i32Type), json: `[null]`, bad: at("/v/0", CodeNull, "null is not allowed in a set")},

		{name: "map", typ: mapOf(stringType, i32Type), json: `{"a":1, "b" : 2}`, want: entries(WireString, WireI32, text("a"), be32(1), text("b"), be32(2))},
		{name: "empty map", typ: mapOf(stringType, i32Type), json: `{}`, want: entries(WireString, WireI32)},
		{name: "map keys of bool", typ: mapOf(boolType, i8Type), json: `{"true":1,"false":2}`, want: entries(WireBool, WireI8, []byte{1}, []byte{1}, []byte{0}, []byte{2})},
		{name: "map keys of i8", typ: mapOf(i8Type, i8Type), json: `{"-128":1}`, want: entries(WireI8, WireI8, []byte{0x80}, []byte{1})},
		{name: "map keys of i64", typ: mapOf(i64Type, i8Type), json: `{"9007199254740993":1}`, want: entries(WireI64, WireI8, be64(9007199254740993), []byte{1})},
		{name: "map keys of double", typ: mapOf(doubleType, i8Type), json: `{"1.5":1}`, want: entries(WireDouble, WireI8, dbl(1.5), []byte{1})},
		{name: "map keys of enum", typ: mapOf(colorType, i8Type), json: `{"RED":1,"2":2}`, want: entries(WireI32, WireI8, be32(1), []byte{1}, be32(2), []byte{2})},
		{name: "map keys of uuid", typ: mapOf(uuidType, i8Type), json: `{"123E4567-e89b-12d3-a456-426614174000":1}`, want: entries(WireUUID, WireI8, uuid, []byte{1})},
		{name: "map keys of binary", typ: mapOf(binaryType, i8Type), json: `{"QQ":1}`, want: entries(WireString, WireI8, text("A"), []byte{1})},
		{name: "escaped map key", typ: mapOf(stringType, i8Type), json: `{"\u0061\n":1,"b":2}`, want: entries(WireString, WireI8, text("a\n"), []byte{1}, text("b"), []byte{2})},
		{name: "map key of another type", typ: mapOf(i8Type, i8Type), json: `{"x/y~":1}`, bad: at("/v/x~1y~0", CodeMapKey, `not a key of the map: expected an integer, got "x/y~"`)},
		{name: "map key out of range", typ: mapOf(i8Type, i8Type), json: `{"128":1}`, bad: at("/v/128", CodeMapKey, "not a key of the map: 128 is out of range for i8 (-128 to 127)")},
		{name: "map key twice", typ: mapOf(stringType, i8Type), json: `{"a":1,"\u0061":2}`, bad: at("/v/a", CodeDuplicateKey, "the map has this key twice")},
		{name: "equal map keys", typ: mapOf(colorType, i8Type), json: `{"GREEN":1,"LIME":2}`, bad: at("/v/LIME", CodeDuplicateKey, "the map has this key twice")},
		{name: "map keys of both zeros", typ: mapOf(doubleType, i8Type), json: `{"0":1,"-0":2}`, bad: at("/v/-0", CodeDuplicateKey, "the map has this key twice")},
		{name: "null in a map", typ: mapOf(stringType, i8Type), json: `{"a":null}`, bad: at("/v/a", CodeNull, "null is not allowed in a map")},
		{name: "too many entries", typ: mapOf(stringType, i8Type), opts: Options{MaxElements: 1}, json: `{"a":1,"b":2,"c":3}`, bad: at("/v/b", CodeElements, "more than 1 elements")},

		{name: "struct", typ: pointType, json: `{"y":2,"x":1}`, want: message(nil).i32(2, 2).i32(1, 1).stop()},
		{name: "struct with unknown members", typ: pointType, json: `{"z":{"a":[1,"b",null,true,-1.5e3]},"x":1}`, want: message(nil).i32(1, 1).stop()},
		{name: "unknown member refused", typ: pointType, opts: Options{RejectUnknown: true}, json: `{"x":1,"z":{}}`, bad: at("/v/z", CodeUnknown, "unknown field")},
		{name: "escaped member name", typ: pointType, json: `{"\u0078":1}`, want: message(nil).i32(1, 1).stop()},
		{name: "duplicate member", typ: pointType, json: `{"x":1,"x":1}`, bad: at("/v/x", CodeDuplicateKey, "the object has this member twice")},
		{name: "duplicate escaped member", typ: pointType, json: `{"x":1,"\u0078":1}`, bad: at("/v/x", CodeDuplicateKey, "the object has this member twice")},
		{name: "duplicate null member", typ: pointType, json: `{"x":null,"x":1}`, bad: at("/v/x", CodeDuplicateKey, "the object has this member twice")},
		{name: "duplicate unknown member", typ: pointType, json: `{"z":1,"x":1,"\u007a":2}`, bad: at("/v/z", CodeDuplicateKey, "the object has this member twice")},
		{name: "duplicate member of an unknown object", typ: pointType, json: `{"z":[{"a":1,"b":{},"a":2}]}`, bad: at("/v/z/0/a", CodeDuplicateKey, "the object has this member twice")},
		{name: "duplicates among many unknown", typ: pointType, json: `{"z":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"\u0061":1}}`, bad: at("/v/z/a", CodeDuplicateKey, "the object has this member twice")},
		{name: "invalid UTF-8 in an unknown member", typ: pointType, json: "{\"z\":[\"\xff\"]}", bad: at("/v/z/0", CodeEncoding, "the string is not valid Unicode")},
		{name: "null member", typ: pointType, json: `{"x":null,"y":2}`, want: message(nil).i32(2, 2).stop()},
		{name: "array for a struct", typ: pointType, json: `[]`, bad: bad(CodeType, "expected an object, got an array")},
		{name: "several violations", typ: listOf(pointType), json: `[{"x":"a","y":1.5},{"x":true},7]`, bad: []Violation{
			{Pointer: "/v/0/x", Code: CodeType, Detail: "expected an integer, got a string"},
			{Pointer: "/v/0/y", Code: CodeNotInteger, Detail: "expected an integer, got 1.5"},
			{Pointer: "/v/1/x", Code: CodeType, Detail: "expected an integer, got a boolean"},
			{Pointer: "/v/2", Code: CodeType, Detail: "expected an object, got a number"},
		}},
		{name: "recursive struct", typ: treeType, json: `{"sub":{"v":1},"subs":[{},{"v":2}],"named":{"k":{}}}`, want: message(nil).
			field(WireStruct, 2, message(nil).i32(1, 1).stop()...).
			field(WireList, 3, list(WireStruct, []byte{0}, message(nil).i32(1, 2).stop())...).
			field(WireMap, 4, entries(WireString, WireStruct, text("k"), []byte{0})...).stop()},

		{name: "union", typ: choiceType, json: `{"n":5}`, want: message(nil).i32(1, 5).stop()},
		{name: "union with a null beside", typ: choiceType, json: `{"n":5,"s":null}`, want: message(nil).i32(1, 5).stop()},
		{name: "union without a member", typ: choiceType, json: `{}`, bad: bad(CodeUnion, "the union has no member; it takes exactly one")},
		{name: "union of unknown members", typ: choiceType, json: `{"z":1}`, bad: bad(CodeUnion, "the union has no member; it takes exactly one")},
		{name: "union of two members", typ: choiceType, json: `{"n":5,"s":"a"}`, bad: bad(CodeUnion, "the union has 2 members; it takes exactly one")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.fld
			if f == nil {
				f = optional(tt.typ)
			}
			c := mustCompile(t, structOf(f), tt.opts)
			got, err := c.AppendThrift(nil, []byte(`{"v":`+tt.json+`}`))
			if diff := cmp.Diff(tt.bad, violations(t, err)); diff != "" {
				t.Fatalf("violations (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			want := message(nil).field(f.Type.Kind.WireType(), 1, tt.want...).stop()
			if diff := cmp.Diff([]byte(want), got); diff != "" {
				t.Errorf("wire (-want +got):\n%s", diff)
			}
			// White space anywhere changes nothing.
			spaced, err := c.AppendThrift(nil, []byte(" \n{ \"v\"\t: \r"+tt.json+" } "))
			if err != nil || string(spaced) != string(got) {
				t.Errorf("with white space: %x, %v", spaced, err)
			}
		})
	}
}

func violations(t *testing.T, err error) []Violation {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("error is not an InvalidError: %v", err)
	}
	return invalid.Violations
}

func TestDocuments(t *testing.T) {
	syntax := func(pointer, detail string) []Violation {
		return []Violation{{Pointer: pointer, Code: CodeSyntax, Detail: "invalid JSON at " + detail}}
	}
	typ := structOf(
		&Field{Name: "a", Type: i32Type, Requiredness: Required},
		&Field{Name: "b", Type: i32Type, Default: be32(7)},
		&Field{Name: "c", Type: stringType},
		&Field{Name: "p", Type: pointType},
	)
	tests := []struct {
		name, json string
		want       message
		bad        []Violation
	}{
		{name: "default fills an absent field", json: `{"a":1}`, want: message(nil).i32(1, 1).i32(2, 7).stop()},
		{name: "default fills a null field", json: `{"b":null,"a":1}`, want: message(nil).i32(2, 7).i32(1, 1).stop()},
		{name: "a value beats the default", json: `{"a":1,"b":0}`, want: message(nil).i32(1, 1).i32(2, 0).stop()},
		{name: "required absent", json: `{"b":1}`, bad: []Violation{{Pointer: "/a", Code: CodeRequired, Detail: "required field is missing"}}},
		{name: "required null", json: `{"a":null}`, bad: []Violation{{Pointer: "/a", Code: CodeRequired, Detail: "required field is missing"}}},
		{name: "empty text", json: ``, bad: syntax("", "line 1, column 1: a value is missing")},
		{name: "null", json: `null`, bad: []Violation{{Code: CodeNull, Detail: "expected an object, got null"}}},
		{name: "half of null", json: `nul`, bad: syntax("", "line 1, column 1: a value is missing or malformed")},
		{name: "array", json: `[]`, bad: []Violation{{Code: CodeType, Detail: "expected an object, got an array"}}},
		{name: "trailing bytes", json: `{"a":1} x`, bad: syntax("", "line 1, column 9: there is more after the JSON value")},
		{name: "two documents", json: `{"a":1}{"a":1}`, bad: syntax("", "line 1, column 8: there is more after the JSON value")},
		{name: "not closed", json: `{"a":1`, bad: syntax("", "line 1, column 7: the object is not closed")},
		{name: "trailing comma", json: `{"a":1,}`, bad: syntax("", "line 1, column 8: expected the name of a member in quotes")},
		{name: "no colon", json: `{"a" 1}`, bad: syntax("", "line 1, column 6: expected ':' after the name of a member")},
		{name: "no comma", json: "{\"a\":1\n \"b\":2}", bad: syntax("", "line 2, column 2: expected ',' or '}' after a member")},
		{name: "leading zero", json: `{"a":01}`, bad: syntax("/a", "line 1, column 7: expected ',' or '}' after a member")},
		{name: "bare word", json: `{"a":nil}`, bad: syntax("/a", "line 1, column 6: a value is missing or malformed")},
		{name: "malformed number", json: `{"p":{"x":-}}`, bad: syntax("/p/x", "line 1, column 11: malformed number")},
		{name: "control character", json: "{\"c\":\"a\nb\"}", bad: syntax("/c", "line 1, column 8: a control character in a string")},
		{name: "unknown escape", json: `{"c":"é\x"}`, bad: syntax("/c", "line 1, column 8: unknown escape in a string")},
		{name: "malformed escape", json: `{"c":"\u12g4"}`, bad: syntax("/c", `line 1, column 7: malformed \u escape`)},
		{name: "open string", json: `{"c":"abc`, bad: syntax("/c", "line 1, column 6: the string is not closed")},
		{name: "invalid UTF-8 in a name", json: "{\"p\":{\"\xff\":1}}", bad: []Violation{{Pointer: "/p", Code: CodeEncoding, Detail: "the string is not valid Unicode"}}},
		{name: "violations before a syntax error", json: `{"a":"x","b":1.5,}`, bad: []Violation{
			{Pointer: "/a", Code: CodeType, Detail: "expected an integer, got a string"},
			{Pointer: "/b", Code: CodeNotInteger, Detail: "expected an integer, got 1.5"},
			{Code: CodeSyntax, Detail: "invalid JSON at line 1, column 18: expected the name of a member in quotes"},
		}},
	}
	c := mustCompile(t, typ, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := []byte("before")
			got, err := c.AppendThrift(before, []byte(tt.json))
			if diff := cmp.Diff(tt.bad, violations(t, err)); diff != "" {
				t.Fatalf("violations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff("before"+string(tt.want), string(got)); diff != "" {
				t.Errorf("wire (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmptyBody(t *testing.T) {
	c := mustCompile(t, pointType, Options{})
	for _, body := range []string{"", " \r\n\t", "{}"} {
		got, err := c.AppendThriftWith(nil, []byte(body), nil)
		if err != nil || string(got) != "\x00" {
			t.Errorf("%q: %x, %v", body, got, err)
		}
	}
	if _, err := mustCompile(t, listOf(i32Type), Options{}).AppendThriftWith(nil, nil, nil); err == nil {
		t.Error("an empty body is no list")
	}
}

func TestHiddenFields(t *testing.T) {
	typ := structOf(
		&Field{Name: "a", Type: i32Type, Hidden: true},
		&Field{Name: "b", Type: i32Type, Hidden: true, Default: be32(7)},
		&Field{Name: "c", Type: pointType, Hidden: true, Requiredness: Required},
		&Field{Name: "d", Type: i32Type, Requiredness: Optional},
	)
	want := message(nil).i32(4, 4).i32(2, 7).field(WireStruct, 3, 0).stop()
	c := mustCompile(t, typ, Options{})
	got, err := c.AppendThrift(nil, []byte(`{"a":1,"b":2,"c":{"x":3},"d":4}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte(want), got); diff != "" {
		t.Errorf("wire (-want +got):\n%s", diff)
	}
	out, err := c.AppendJSON(nil, message(nil).i32(1, 1).i32(2, 2).i32(4, 4).stop())
	if err != nil || string(out) != `{"d":4}` {
		t.Errorf("JSON: %s, %v", out, err)
	}
	_, err = mustCompile(t, typ, Options{RejectUnknown: true}).AppendThrift(nil, []byte(`{"a":1}`))
	if diff := cmp.Diff([]Violation{{Pointer: "/a", Code: CodeUnknown, Detail: "unknown field"}}, violations(t, err)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

func TestDepth(t *testing.T) {
	c := mustCompile(t, treeType, Options{})
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	tests := []struct {
		name, json, pointer string
		ok                  bool
	}{
		{name: "structs at the limit", json: nested(`{"sub":`, `{}`, `}`, 63), ok: true},
		{name: "structs beyond", json: nested(`{"sub":`, `{}`, `}`, 64), pointer: strings.Repeat("/sub", 64)},
		{name: "lists at the limit", json: nested(`{"subs":[`, `{"v":1}`, `]}`, 31), ok: true},
		{name: "lists beyond", json: nested(`{"subs":[`, `{"sub":{"v":1}}`, `]}`, 32), pointer: strings.Repeat("/subs/0", 32)},
		{name: "maps beyond", json: nested(`{"named":{"k":`, `{"sub":{"v":1}}`, `}}`, 32), pointer: strings.Repeat("/named/k", 32)},
		{name: "unknown at the limit", json: `{"z":` + nested(`[`, ``, `]`, 63) + `}`, ok: true},
		{name: "unknown arrays beyond", json: `{"z":` + nested(`[`, ``, `]`, 64) + `}`, pointer: "/z" + strings.Repeat("/0", 63)},
		{name: "unknown objects beyond", json: `{"z":` + nested(`{"a":`, `{}`, `}`, 64) + `}`, pointer: "/z" + strings.Repeat("/a", 63)},
		{name: "72 KB of brackets", json: `{"z":` + strings.Repeat("[", 72<<10), pointer: "/z" + strings.Repeat("/0", 63)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.AppendThrift(nil, []byte(tt.json))
			var want []Violation
			if !tt.ok {
				want = []Violation{{Pointer: tt.pointer, Code: CodeDepth, Detail: "nested deeper than 64 levels"}}
			}
			if diff := cmp.Diff(want, violations(t, err)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManyViolations(t *testing.T) {
	c := mustCompile(t, listOf(i32Type), Options{})
	_, err := c.AppendThrift(nil, []byte("["+strings.Repeat(`"x",`, 1000)+`1]`))
	got := violations(t, err)
	if len(got) != maxFindings {
		t.Fatalf("%d violations", len(got))
	}
	for i, v := range got {
		if v.Pointer != fmt.Sprintf("/%d", i) {
			t.Errorf("violation %d is at %s", i, v.Pointer)
		}
	}
}

// A name of a client's is not repeated whole in each violation below it.
func TestLongNames(t *testing.T) {
	c := mustCompile(t, treeType, Options{})
	name := strings.Repeat("a", maxToken-1) + "é" + strings.Repeat("b", 1<<20)
	_, err := c.AppendThrift(nil, []byte(`{"named":{"`+name+`":{"subs":[`+strings.Repeat(`1,`, 100)+`1]}}}`))
	got := violations(t, err)
	if len(got) != maxFindings {
		t.Fatalf("%d violations", len(got))
	}
	for i, v := range got {
		if want := fmt.Sprintf("/named/%s…/subs/%d", strings.Repeat("a", maxToken-1), i); v.Pointer != want {
			t.Errorf("violation %d is at %.300s", i, v.Pointer)
		}
	}
}

// TestManyFields covers bit sets of several words, and ids far apart.
func TestManyFields(t *testing.T) {
	for _, step := range []int16{1, 100} {
		var fields []*Field
		for i := range 200 {
			f := &Field{ID: 1 + int16(i)*step, Name: fmt.Sprintf("f%d", i), Type: i32Type}
			switch i % 3 {
			case 1:
				f.Requiredness = Required
			case 2:
				f.Default = be32(int32(i))
			}
			fields = append(fields, f)
		}
		typ := structOf(fields...)
		c := mustCompile(t, typ, Options{})
		var members []string
		for i := range 200 {
			members = append(members, fmt.Sprintf(`"f%d":%d`, i, i))
		}
		whole := "{" + strings.Join(members, ",") + "}"
		wire, err := c.AppendThrift(nil, []byte(whole))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := c.AppendJSON(nil, wire); err != nil || string(out) != whole {
			t.Errorf("round trip: %s, %v", out, err)
		}
		reversed := message(nil)
		for i := len(wire) - 1; i > 0; i -= 7 {
			reversed = append(reversed, wire[i-7:i]...)
		}
		if out, err := c.AppendJSON(nil, reversed.stop()); err != nil || string(out) != whole {
			t.Errorf("in reverse: %s, %v", out, err)
		}
		_, err = c.AppendThrift(nil, []byte(`{"f199":1,"f4":2}`))
		if got := violations(t, err); len(got) != maxFindings || got[0].Pointer != "/f1" || got[1].Pointer != "/f7" {
			t.Errorf("violations %v", got)
		}
		_, err = c.AppendThrift(nil, []byte("{"+strings.Join(append(members, `"f150":1`), ",")+"}"))
		if got := violations(t, err); len(got) != 1 || got[0].Pointer != "/f150" {
			t.Errorf("violations %v", got)
		}
	}
}
