package transcode

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWireValues converts a struct with the single field v and expects its
// JSON or the reason of the WireError.
func TestWireValues(t *testing.T) {
	stringly := func(t *Type) *Field {
		f := optional(t)
		f.Stringly = true
		return f
	}
	const inV = "field 1 (v) of book.S: "
	tests := []struct {
		name string
		typ  *Type
		fld  *Field // instead of typ
		opts Options
		wire []byte
		want string
		bad  string
	}{
		{name: "i8", typ: i8Type, wire: []byte{0x80}, want: `-128`},
		{name: "i16", typ: i16Type, wire: be16(-2), want: `-2`},
		{name: "i32", typ: i32Type, wire: be32(math.MinInt32), want: `-2147483648`},
		{name: "i64", typ: i64Type, wire: be64(9007199254740993), want: `9007199254740993`},
		{name: "i64 as a string", typ: i64Type, opts: Options{Int64AsString: true}, wire: be64(-5), want: `"-5"`},
		{name: "i32 stays a number", typ: i32Type, opts: Options{Int64AsString: true}, wire: be32(5), want: `5`},
		{name: "list of i64 as strings", typ: listOf(i64Type), opts: Options{Int64AsString: true}, wire: list(WireI64, be64(1)), want: `["1"]`},
		{name: "stringly i32", fld: stringly(i32Type), wire: be32(5), want: `"5"`},
		{name: "stringly double", fld: stringly(doubleType), wire: dbl(1.5), want: `"1.5"`},
		{name: "stringly enum", fld: stringly(colorType), wire: be32(1), want: `"1"`},
		{name: "stringly map", fld: stringly(mapOf(i32Type, listOf(i64Type))), wire: entries(WireI32, WireList, be32(5), list(WireI64, be64(6))), want: `{"5":["6"]}`},

		{name: "false", typ: boolType, wire: []byte{0}, want: `false`},
		{name: "true", typ: boolType, wire: []byte{1}, want: `true`},
		{name: "bool of 2", typ: boolType, wire: []byte{2}, bad: inV + "a bool that is neither 0 nor 1"},

		{name: "integral double", typ: doubleType, wire: dbl(5), want: `5`},
		{name: "double", typ: doubleType, wire: dbl(0.1), want: `0.1`},
		{name: "negative zero", typ: doubleType, wire: dbl(negativeZero), want: `-0`},
		{name: "small double", typ: doubleType, wire: dbl(1.5e-7), want: `1.5e-7`},
		{name: "tiny double", typ: doubleType, wire: dbl(5e-324), want: `5e-324`},
		{name: "large double", typ: doubleType, wire: dbl(1e20), want: `100000000000000000000`},
		{name: "huge double", typ: doubleType, wire: dbl(1e21), want: `1e+21`},
		{name: "greatest double", typ: doubleType, wire: dbl(math.MaxFloat64), want: `1.7976931348623157e+308`},
		{name: "NaN", typ: doubleType, wire: dbl(math.NaN()), bad: inV + "a double that is no number: NaN"},
		{name: "infinity", typ: doubleType, wire: dbl(math.Inf(1)), bad: inV + "a double that is no number: Infinity"},
		{name: "NaN as a string", typ: doubleType, opts: Options{SpecialFloats: true}, wire: dbl(math.NaN()), want: `"NaN"`},
		{name: "infinities as strings", typ: listOf(doubleType), opts: Options{SpecialFloats: true}, wire: list(WireDouble, dbl(math.Inf(1)), dbl(math.Inf(-1))), want: `["Infinity","-Infinity"]`},

		{name: "string", typ: stringType, wire: text("héllo <&>\u2028"), want: "\"héllo <&>\u2028\""},
		{name: "escapes", typ: stringType, wire: text("a\"\\/\b\f\n\r\t\x00\x1f\x7f"), want: `"a\"\\/\b\f\n\r\t\u0000\u001f` + "\x7f\""},
		{name: "long string", typ: stringType, wire: text(strings.Repeat("x", 99) + "\n" + strings.Repeat("y", 99)), want: `"` + strings.Repeat("x", 99) + `\n` + strings.Repeat("y", 99) + `"`},
		{name: "invalid UTF-8", typ: stringType, wire: text("a\xffb\xed\xa0\x80\n"), want: "\"a\ufffdb\ufffd\ufffd\ufffd\\n\""},
		{name: "binary", typ: binaryType, wire: text("\xfb\xff\x00A"), want: `"+/8AQQ=="`},
		{name: "uuid", typ: uuidType, wire: []byte("0123456789abcdef"), want: `"30313233-3435-3637-3839-616263646566"`},

		{name: "enum", typ: colorType, wire: be32(2), want: `2`},
		{name: "enum name", typ: colorType, opts: Options{EnumNames: true}, wire: be32(2), want: `"GREEN"`},
		{name: "undefined enum value", typ: colorType, opts: Options{EnumNames: true}, wire: be32(77), want: `77`},

		{name: "list", typ: listOf(i32Type), wire: list(WireI32, be32(1), be32(2)), want: `[1,2]`},
		{name: "empty list", typ: listOf(i32Type), wire: list(WireI32), want: `[]`},
		{name: "empty list of no type", typ: listOf(i32Type), wire: list(0), want: `[]`},
		{name: "list of lists", typ: listOf(listOf(stringType)), wire: list(WireList, list(WireString, text("a")), list(WireString)), want: `[["a"],[]]`},
		{name: "set", typ: setOf(stringType), wire: list(WireString, text("a")), want: `["a"]`},
		{name: "list of another type", typ: listOf(i32Type), wire: list(WireI64, be64(1)), bad: inV + "list: elements of wire type 10, expected 8"},
		{name: "list of negative size", typ: listOf(i32Type), wire: []byte{WireI32, 0xff, 0xff, 0xff, 0xff}, bad: inV + "list: a claimed size is larger than what was sent"},
		{name: "list of claimed size", typ: listOf(structOf()), wire: []byte{WireStruct, 0x7f, 0xff, 0xff, 0xff}, bad: inV + "list: a claimed size is larger than what was sent"},
		{name: "list with too many elements", typ: listOf(i8Type), opts: Options{MaxElements: 2}, wire: list(WireI8, []byte{1}, []byte{2}, []byte{3}), bad: inV + "list: more than 2 elements"},
		{name: "string of claimed size", typ: stringType, wire: []byte{0x7f, 0xff, 0xff, 0xff}, bad: inV + "string: a claimed size is larger than what was sent"},
		{name: "string of negative size", typ: stringType, wire: []byte{0xff, 0xff, 0xff, 0xff}, bad: inV + "string: a claimed size is larger than what was sent"},
		{name: "binary of claimed size", typ: binaryType, wire: []byte{0, 0, 0, 9, 1}, bad: inV + "binary: a claimed size is larger than what was sent"},

		{name: "map", typ: mapOf(stringType, i32Type), wire: entries(WireString, WireI32, text("b"), be32(1), text("a"), be32(2)), want: `{"b":1,"a":2}`},
		{name: "empty map of no type", typ: mapOf(stringType, i32Type), wire: entries(0, 0), want: `{}`},
		{name: "map keys of bool", typ: mapOf(boolType, i8Type), wire: entries(WireBool, WireI8, []byte{1}, []byte{1}), want: `{"true":1}`},
		{name: "map keys of i64", typ: mapOf(i64Type, i8Type), opts: Options{Int64AsString: true}, wire: entries(WireI64, WireI8, be64(-7), []byte{1}), want: `{"-7":1}`},
		{name: "map keys of double", typ: mapOf(doubleType, i8Type), opts: Options{SpecialFloats: true}, wire: entries(WireDouble, WireI8, dbl(1.5), []byte{1}, dbl(math.NaN()), []byte{2}), want: `{"1.5":1,"NaN":2}`},
		{name: "map keys of enum", typ: mapOf(colorType, i8Type), wire: entries(WireI32, WireI8, be32(1), []byte{1}), want: `{"1":1}`},
		{name: "map keys of enum names", typ: mapOf(colorType, i8Type), opts: Options{EnumNames: true}, wire: entries(WireI32, WireI8, be32(1), []byte{1}, be32(9), []byte{2}), want: `{"RED":1,"9":2}`},
		{name: "map keys of binary", typ: mapOf(binaryType, i8Type), wire: entries(WireString, WireI8, text("A"), []byte{1}), want: `{"QQ==":1}`},
		{name: "map keys of uuid", typ: mapOf(uuidType, i8Type), wire: entries(WireUUID, WireI8, []byte("0123456789abcdef"), []byte{1}), want: `{"30313233-3435-3637-3839-616263646566":1}`},
		{name: "map key twice", typ: mapOf(stringType, i8Type), wire: entries(WireString, WireI8, text("a"), []byte{1}, text("a"), []byte{2}), bad: inV + "map: a key is there twice"},
		{name: "map keys that become one", typ: mapOf(stringType, i8Type), wire: entries(WireString, WireI8, text("\xff"), []byte{1}, text("\xfe"), []byte{2}), bad: inV + "map: a key is there twice"},
		{name: "map keys of both zeros", typ: mapOf(doubleType, i8Type), wire: entries(WireDouble, WireI8, dbl(0), []byte{1}, dbl(negativeZero), []byte{2}), bad: inV + "map: a key is there twice"},
		{name: "map of another type", typ: mapOf(stringType, i8Type), wire: entries(WireString, WireI16, text("a"), be16(1)), bad: inV + "map: entries of wire types 11 and 6, expected 11 and 3"},
		{name: "map of claimed size", typ: mapOf(stringType, i8Type), wire: []byte{WireString, WireI8, 0x7f, 0xff, 0xff, 0xff}, bad: inV + "map: a claimed size is larger than what was sent"},
		{name: "map with too many entries", typ: mapOf(i8Type, i8Type), opts: Options{MaxElements: 1}, wire: entries(WireI8, WireI8, []byte{1}, []byte{1}, []byte{2}, []byte{2}), bad: inV + "map: more than 1 elements"},

		{name: "struct", typ: pointType, wire: point(1, 2), want: `{"x":1,"y":2}`},
		{name: "struct in another order", typ: pointType, wire: message(nil).i32(2, 2).i32(1, 1).stop(), want: `{"x":1,"y":2}`},
		{name: "absent fields", typ: pointType, wire: message(nil).stop(), want: `{"x":0,"y":0}`},
		{name: "unknown fields", typ: pointType, wire: message(nil).i32(1, 1).str(9, "x").field(WireMap, -3, entries(WireI8, WireList, []byte{1}, list(WireStruct, []byte{0}))...).i32(2, 2).stop(), want: `{"x":1,"y":2}`},
		{name: "field of another type", typ: pointType, wire: message(nil).str(1, "a").stop(), bad: "field 1 (x) of book.Point: wire type 11, expected 8"},
		{name: "field twice", typ: pointType, wire: message(nil).i32(1, 1).i32(1, 1).stop(), bad: "field 1 (x) of book.Point: the field is there twice"},
		{name: "unknown field of no type", typ: pointType, wire: message(nil).field(1, 9).stop(), bad: "unknown field 9 of book.Point: unknown wire type"},
		{name: "union", typ: choiceType, wire: message(nil).str(2, "a").stop(), want: `{"s":"a"}`},
		{name: "empty union", typ: choiceType, wire: message(nil).stop(), want: `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.fld
			if f == nil {
				f = optional(tt.typ)
			}
			c := mustCompile(t, structOf(f), tt.opts)
			wire := message(nil).field(f.Type.Kind.WireType(), 1, tt.wire...).stop()
			got, err := c.AppendJSON([]byte("before"), wire)
			if tt.bad != "" {
				if string(got) != "before" {
					t.Errorf("dst became %q", got)
				}
				var wireError *WireError
				if !errors.As(err, &wireError) {
					t.Fatalf("error %v", err)
				}
				// An error is named with the innermost field.
				if reason := wireError.Reason; reason != tt.bad {
					t.Errorf("reason %q, want %q", reason, tt.bad)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := `before{"v":` + tt.want + `}`; string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid(got[len("before"):]) {
				t.Errorf("not JSON: %s", got)
			}
			// Nothing that is cut short is a value, and nothing may follow one.
			for n := range wire {
				if out, err := c.AppendJSON(nil, wire[:n]); err == nil {
					t.Errorf("the first %d bytes are %s", n, out)
				}
			}
			if _, err := c.AppendJSON(nil, append(wire, 0)); err == nil {
				t.Error("a trailing byte is accepted")
			}
			if out, n, err := c.AppendJSONPrefix(nil, append(wire, 1, 2, 3)); err != nil || n != len(wire) || !bytes.Equal(out, got[len("before"):]) {
				t.Errorf("prefix: %s, %d, %v", out, n, err)
			}
		})
	}
}

func TestAbsentOnTheWire(t *testing.T) {
	typ := structOf(
		&Field{Name: "b", Type: boolType},
		&Field{Name: "i", Type: i64Type},
		&Field{Name: "d", Type: doubleType},
		&Field{Name: "s", Type: stringType},
		&Field{Name: "bin", Type: binaryType},
		&Field{Name: "u", Type: uuidType},
		&Field{Name: "e", Type: colorType},
		&Field{Name: "l", Type: listOf(i32Type)},
		&Field{Name: "m", Type: mapOf(i32Type, i32Type)},
		&Field{Name: "p", Type: pointType},
		&Field{Name: "o", Type: i32Type, Requiredness: Optional},
		&Field{Name: "r", Type: i32Type, Requiredness: Required},
		&Field{Name: "df", Type: i32Type, Default: be32(7)},
		&Field{Name: "od", Type: i32Type, Default: be32(8), Requiredness: Optional},
		&Field{Name: "pd", Type: pointType, Default: message(nil).i32(1, 9).stop()},
		&Field{Name: "h", Type: i32Type, Hidden: true, Default: be32(9)},
	)
	zero := []byte{0}
	full := message(nil).
		field(WireBool, 1, 0).field(WireI64, 2, be64(0)...).field(WireDouble, 3, dbl(negativeZero)...).str(4, "").str(5, "").
		field(WireUUID, 6, make([]byte, 16)...).i32(7, 0).field(WireList, 8, list(WireI32)...).field(WireMap, 9, entries(0, 0)...).
		field(WireStruct, 10, zero...).i32(11, 0).i32(12, 0).i32(13, 0).i32(14, 0).field(WireStruct, 15, zero...).stop()
	tests := []struct {
		name string
		opts Options
		wire message
		want string
	}{
		{
			name: "zero values and defaults", wire: message(nil).stop(),
			want: `{"b":false,"i":0,"d":0,"s":"","bin":"","u":"00000000-0000-0000-0000-000000000000","e":0,"l":[],"m":{},"p":null,"r":0,"df":7,"od":8,"pd":{"x":9,"y":0}}`,
		},
		{
			name: "as the settings say", opts: Options{Int64AsString: true, EnumNames: true}, wire: message(nil).stop(),
			want: `{"b":false,"i":"0","d":0,"s":"","bin":"","u":"00000000-0000-0000-0000-000000000000","e":0,"l":[],"m":{},"p":null,"r":0,"df":7,"od":8,"pd":{"x":9,"y":0}}`,
		},
		{name: "zero values left out", opts: Options{OmitZero: true}, wire: message(nil).stop(), want: `{"r":0,"df":7,"od":8,"pd":{"x":9}}`},
		{
			name: "zero values sent", wire: full,
			want: `{"b":false,"i":0,"d":-0,"s":"","bin":"","u":"00000000-0000-0000-0000-000000000000","e":0,"l":[],"m":{},"p":{"x":0,"y":0},"o":0,"r":0,"df":0,"od":0,"pd":{"x":0,"y":0}}`,
		},
		{name: "zero values sent and left out", opts: Options{OmitZero: true}, wire: full, want: `{"p":{},"r":0,"df":0,"od":0,"pd":{}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mustCompile(t, typ, tt.opts).AppendJSON(nil, tt.wire)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWireOrder sends the fields of a struct in every order, with every subset
// of them absent.
func TestWireOrder(t *testing.T) {
	typ := structOf(
		&Field{Name: "a", Type: stringType},
		&Field{Name: "b", Type: listOf(pointType)},
		&Field{Name: "c", Type: i32Type, Requiredness: Optional},
		&Field{Name: "d", Type: pointType},
		&Field{Name: "e", Type: mapOf(stringType, i32Type), Requiredness: Optional},
	)
	values := []message{
		message(nil).str(1, "x"),
		message(nil).field(WireList, 2, list(WireStruct, point(1, 2), message(nil).i32(2, 4).i32(1, 3).stop())...),
		message(nil).i32(3, 5),
		message(nil).field(WireStruct, 4, point(6, 7)...),
		message(nil).field(WireMap, 5, entries(WireString, WireI32, text("k"), be32(8))...),
	}
	present := []string{`"a":"x"`, `"b":[{"x":1,"y":2},{"x":3,"y":4}]`, `"c":5`, `"d":{"x":6,"y":7}`, `"e":{"k":8}`}
	absent := []string{`"a":""`, `"b":[]`, ``, `"d":null`, ``}
	for _, omit := range []bool{false, true} {
		c := mustCompile(t, typ, Options{OmitZero: omit})
		var try func(order []int, used int)
		try = func(order []int, used int) {
			var wire message
			for _, i := range order {
				wire = append(wire, values[i]...)
			}
			var members []string
			for i := range values {
				if used>>i&1 != 0 {
					members = append(members, present[i])
				} else if absent[i] != "" && !omit {
					members = append(members, absent[i])
				}
			}
			want := "{" + strings.Join(members, ",") + "}"
			got, err := c.AppendJSON(nil, wire.stop())
			if err != nil || string(got) != want {
				t.Fatalf("order %v: %v\ngot  %s\nwant %s", order, err, got, want)
			}
			for i := range values {
				if used>>i&1 == 0 {
					try(append(order[:len(order):len(order)], i), used|1<<i)
				}
			}
		}
		try(nil, 0)
	}
}

// TestErrorsOutOfOrder: a value that is read only when its turn comes is
// refused then.
func TestErrorsOutOfOrder(t *testing.T) {
	c := mustCompile(t, structOf(
		&Field{Name: "a", Type: stringType},
		&Field{Name: "b", Type: boolType},
		&Field{Name: "c", Type: listOf(boolType)},
		&Field{Name: "d", Type: listOf(boolType)},
	), Options{})
	bad := message(nil).field(WireBool, 2, 2)
	tests := []struct {
		name, want string
		wire       message
	}{
		{"before a list", "field 2 (b) of book.S: a bool that is neither 0 nor 1", bad.field(WireList, 3, list(WireBool)...).stop()},
		{"at the end", "field 2 (b) of book.S: a bool that is neither 0 nor 1", bad.stop()},
		{"in a gap", "field 3 (c) of book.S: a bool that is neither 0 nor 1", message(nil).field(WireList, 4, list(WireBool)...).field(WireList, 3, list(WireBool, []byte{2})...).stop()},
		{"cut short", "field 2 (b) of book.S: bool: the message ends too early", message(nil).field(WireBool, 2)},
		{"cut short in a string", "struct book.S: the message ends too early", message(nil).field(WireBool, 2, 1).field(WireString, 1)[:6]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var wireError *WireError
			if out, err := c.AppendJSON(nil, tt.wire); !errors.As(err, &wireError) || wireError.Reason != tt.want {
				t.Errorf("%s, %v, want %s", out, err, tt.want)
			}
		})
	}
}

func TestWireDepth(t *testing.T) {
	c := mustCompile(t, treeType, Options{})
	nested := func(n int) []byte {
		return append(bytes.Repeat([]byte{WireStruct, 0, 2}, n), make([]byte, n+1)...)
	}
	if _, err := c.AppendJSON(nil, nested(63)); err != nil {
		t.Error(err)
	}
	for _, wire := range [][]byte{
		nested(64),
		nested(1 << 20),
		bytes.Repeat([]byte{WireStruct, 0, 9}, 1<<20),                                                  // unknown fields
		bytes.Repeat([]byte{WireList, 0, 3, WireStruct, 0, 0, 0, 1}, 1<<18),                            // known lists
		append([]byte{WireList, 0, 9}, bytes.Repeat([]byte{WireList, 0, 0, 0, 1}, 1<<18)...),           // unknown lists
		append([]byte{WireMap, 0, 9}, bytes.Repeat([]byte{WireMap, WireI8, 0, 0, 0, 1}, 1<<18)...),     // unknown maps
		append([]byte{WireMap, 0, 9}, bytes.Repeat([]byte{WireI8, WireMap, 0, 0, 0, 1, 5}, 1<<18)...),  // deeper ones
		append([]byte{WireStruct, 0, 2}, bytes.Repeat([]byte{WireStruct, 0, 3, WireStruct}, 1<<18)...), // garbage
	} {
		var wireError *WireError
		if _, err := c.AppendJSON(nil, wire); !errors.As(err, &wireError) {
			t.Errorf("%x…: %v", wire[:8], err)
		}
	}
}

// TestGrowth sends as many empty structs as fit: what stands for their absent
// fields must not fill the memory.
func TestGrowth(t *testing.T) {
	field := &Field{Name: strings.Repeat("n", 1000), Type: i32Type, Default: be32(1)}
	c := mustCompile(t, listOf(structOf(field)), Options{})
	const n = 100_000
	wire := append(AppendListHeader(nil, WireStruct, n), make([]byte, n)...)
	var wireError *WireError
	if _, err := c.AppendJSON(nil, wire); !errors.As(err, &wireError) || !strings.Contains(err.Error(), "too large") {
		t.Errorf("to JSON: %v", err)
	}
	field.Default, field.Type = text(strings.Repeat("d", 1000)), stringType
	c = mustCompile(t, listOf(structOf(field)), Options{})
	_, err := c.AppendThrift(nil, []byte("[{}"+strings.Repeat(",{}", n)+"]"))
	if got := violations(t, err); len(got) == 0 || got[0].Code != CodeSize {
		t.Errorf("to Thrift: %v", err)
	}
}

func TestRepaired(t *testing.T) {
	c := mustCompile(t, listOf(stringType), Options{})
	for range 2 {
		if _, err := c.AppendJSON(nil, list(WireString, text("ok"), text("\xff"), text("\xfe"))); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Repaired(); got != 4 {
		t.Errorf("%d strings repaired", got)
	}
}
