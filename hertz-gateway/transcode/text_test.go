package transcode

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendText(t *testing.T) {
	tests := []struct {
		name, text string
		typ        *Type
		want       []byte
		bad        *Violation
	}{
		{name: "true", typ: boolType, text: "true", want: []byte{1}},
		{name: "1", typ: boolType, text: "1", want: []byte{1}},
		{name: "0", typ: boolType, text: "0", want: []byte{0}},
		{name: "yes", typ: boolType, text: "yes", bad: &Violation{Code: CodeType, Detail: `expected true or false, got "yes"`}},
		{name: "i8", typ: i8Type, text: "-128", want: []byte{0x80}},
		{name: "i8 out of range", typ: i8Type, text: "300", bad: &Violation{Code: CodeRange, Detail: "300 is out of range for i8 (-128 to 127)"}},
		{name: "i16", typ: i16Type, text: "7", want: be16(7)},
		{name: "i32", typ: i32Type, text: "200", want: be32(200)},
		{name: "i64", typ: i64Type, text: "9007199254740993", want: be64(9007199254740993)},
		{name: "i64 out of range", typ: i64Type, text: "99999999999999999999", bad: &Violation{Code: CodeRange, Detail: "99999999999999999999 is out of range for i64 (-9223372036854775808 to 9223372036854775807)"}},
		{name: "plus", typ: i32Type, text: "+5", bad: &Violation{Code: CodeType, Detail: `expected an integer, got "+5"`}},
		{name: "leading zero", typ: i32Type, text: "05", bad: &Violation{Code: CodeType, Detail: `expected an integer, got "05"`}},
		{name: "space", typ: i32Type, text: "5 ", bad: &Violation{Code: CodeType, Detail: `expected an integer, got "5 "`}},
		{name: "empty integer", typ: i32Type, text: "", bad: &Violation{Code: CodeType, Detail: `expected an integer, got ""`}},
		{name: "minus only", typ: i32Type, text: "-", bad: &Violation{Code: CodeType, Detail: `expected an integer, got "-"`}},
		{name: "fraction", typ: i32Type, text: "1.7", bad: &Violation{Code: CodeNotInteger, Detail: "expected an integer, got 1.7"}},
		{name: "exponent", typ: i32Type, text: "1e3", bad: &Violation{Code: CodeNotInteger, Detail: "expected an integer, got 1e3"}},
		{name: "double", typ: doubleType, text: "-1.5e3", want: dbl(-1500)},
		{name: "double overflow", typ: doubleType, text: "1e999", bad: &Violation{Code: CodeRange, Detail: "1e999 is out of range for double"}},
		{name: "NaN", typ: doubleType, text: "NaN", bad: &Violation{Code: CodeType, Detail: `expected a number, got "NaN"`}},
		{name: "hexadecimal", typ: doubleType, text: "0x10", bad: &Violation{Code: CodeType, Detail: `expected a number, got "0x10"`}},
		{name: "string", typ: stringType, text: "a b\x00", want: text("a b\x00")},
		{name: "empty string", typ: stringType, text: "", want: text("")},
		{name: "invalid UTF-8", typ: stringType, text: "\xff", bad: &Violation{Code: CodeEncoding, Detail: "the string is not valid Unicode"}},
		{name: "binary", typ: binaryType, text: "-_8", want: text("\xfb\xff")},
		{name: "not base64", typ: binaryType, text: "a b", bad: &Violation{Code: CodeBase64, Detail: `expected base64 text, got "a b"`}},
		{name: "uuid", typ: uuidType, text: "30313233-3435-3637-3839-616263646566", want: []byte("0123456789abcdef")},
		{name: "not a uuid", typ: uuidType, text: "x", bad: &Violation{Code: CodeUUID, Detail: `expected a uuid of 36 characters, got "x"`}},
		{name: "enum name", typ: colorType, text: "LIME", want: be32(2)},
		{name: "enum number", typ: colorType, text: "1000", want: be32(1000)},
		{name: "undefined enum number", typ: colorType, text: "3", bad: &Violation{Code: CodeEnum, Detail: `undefined value "3" of enum book.Color`}},
		{name: "undefined enum name", typ: colorType, text: strings.Repeat("é", 50), bad: &Violation{Code: CodeEnum, Detail: `undefined value "` + strings.Repeat("é", 20) + `…" of enum book.Color`}},
		{name: "list", typ: listOf(i32Type), text: "1", bad: &Violation{Code: CodeType, Detail: "expected an array, got text"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, bad := AppendText([]byte("before"), tt.typ, []byte(tt.text))
			if diff := cmp.Diff(tt.bad, bad); diff != "" {
				t.Fatalf("violation (-want +got):\n%s", diff)
			}
			if want := "before" + string(tt.want); string(got) != want {
				t.Errorf("wire %x, want %x", got, want)
			}
		})
	}
}

func TestAppendTextOf(t *testing.T) {
	tests := []struct {
		name, want, bad string
		typ             *Type
		wire            []byte
	}{
		{name: "bool", typ: boolType, wire: []byte{1}, want: "true"},
		{name: "bool of 2", typ: boolType, wire: []byte{2}, bad: "a bool that is neither 0 nor 1"},
		{name: "i8", typ: i8Type, wire: []byte{0x80}, want: "-128"},
		{name: "i16", typ: i16Type, wire: be16(-3), want: "-3"},
		{name: "i32", typ: i32Type, wire: be32(-4), want: "-4"},
		{name: "i64", typ: i64Type, wire: be64(9007199254740993), want: "9007199254740993"},
		{name: "double", typ: doubleType, wire: dbl(1.5), want: "1.5"},
		{name: "NaN", typ: doubleType, wire: dbl(math.NaN()), want: "NaN"},
		{name: "string", typ: stringType, wire: text("a\"b"), want: "a\"b"},
		{name: "invalid UTF-8", typ: stringType, wire: text("a\xff"), want: "a\ufffd"},
		{name: "binary", typ: binaryType, wire: text("\xfb\xff"), want: "+/8="},
		{name: "uuid", typ: uuidType, wire: []byte("0123456789abcdef"), want: "30313233-3435-3637-3839-616263646566"},
		{name: "enum", typ: colorType, wire: be32(77), want: "77"},
		{name: "cut short", typ: i32Type, wire: []byte{1}, bad: "i32: the message ends too early"},
		{name: "too long", typ: i32Type, wire: make([]byte, 5), bad: "i32: there is more after the value"},
		{name: "claimed size", typ: stringType, wire: []byte{0x7f, 0, 0, 0}, bad: "string: a claimed size is larger than what was sent"},
		{name: "struct", typ: pointType, wire: []byte{0}, bad: "a struct is no text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendTextOf([]byte("before:"), tt.typ, tt.wire)
			var wireError *WireError
			if tt.bad != "" && (!errors.As(err, &wireError) || wireError.Reason != tt.bad) || tt.bad == "" && err != nil {
				t.Fatalf("error %v, want %q", err, tt.bad)
			}
			if want := "before:" + tt.want; string(got) != want {
				t.Errorf("text %q, want %q", got, want)
			}
		})
	}
}
