package transcode

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkSpacing converts doc again at other places of a text and with white
// space in it, which decides how it is read but not what comes out.
func checkSpacing(t *testing.T, c *Codec, doc []byte) {
	t.Helper()
	wire, err := c.AppendThrift(nil, doc)
	spaces := strings.Repeat(" ", padded+window)
	spaced := map[string][]byte{
		"before":     []byte(spaces + string(doc)),
		"behind":     []byte(string(doc) + spaces),
		"far behind": []byte(string(doc) + spaces + spaces),
		"both":       []byte(spaces + string(doc) + spaces),
		"a little":   []byte(spaces + string(doc) + spaces[:20]),
	}
	var indented bytes.Buffer
	if json.Indent(&indented, doc, "\n", "\t") == nil {
		spaced["inside"] = indented.Bytes()
	}
	for name, text := range spaced {
		got, gotErr := c.AppendThrift([]byte("kept"), text)
		if diff := cmp.Diff(foundIn(err), foundIn(gotErr)); diff != "" {
			t.Fatalf("spaces %s: %q\n%s", name, doc, diff)
		}
		if err == nil && string(got) != "kept"+string(wire) {
			t.Fatalf("spaces %s: %q\nwant %x\ngot  %x", name, doc, wire, got)
		}
	}
}

// foundIn are the violations of err, without the details, which have columns.
func foundIn(err error) []Violation {
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	found := make([]Violation, len(invalid.Violations))
	for i, v := range invalid.Violations {
		found[i] = Violation{Pointer: v.Pointer, Code: v.Code}
	}
	return found
}

func TestSpacing(t *testing.T) {
	c := mustCompile(t, structOf(
		&Field{Name: "a", Type: i32Type}, &Field{Name: "b", Type: i64Type}, &Field{Name: "c", Type: doubleType},
		&Field{Name: "d", Type: boolType}, &Field{Name: "e", Type: stringType}, &Field{Name: "f", Type: listOf(stringType)},
		&Field{Name: "g", Type: listOf(pointType)}, &Field{Name: "aNameOfTwentySixCharacters", Type: i64Type},
		&Field{Name: "aNameOf14Chars", Type: stringType}, &Field{Name: "n", Type: setOf(i64Type)},
		&Field{Name: "o", Type: listOf(i32Type)}, &Field{Name: "p", Type: listOf(i64Type)}, &Field{Name: "q", Type: listOf(doubleType)},
	), Options{})
	values := []string{
		``, ` `, `}`, `"`, `null`, `true`, `false`, `tru`, `falsy`, `-`, `0`, `-0`, `00`, `01`, `-01`, `1`, `-1`, `1.`, `.5`, `1e`, `1.5`, `1.5e3`, `1e400`, `1.50`, `5.0`, `-122.419415`,
		`1234567`, `12345678`, `123456789`, `2147483647`, `2147483648`, `-2147483648`, `123456789012345`, `1234567890123456`, `12345678901234567`, `1234567890123456789`,
		`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `18446744073709551617`, `99999999999999999999`, `100000000000000000000000001`,
		`12345678.5`, `1234567.12345678`, `1.12345678901234`, `1.123456789012345678`, `12345678901234567890.5`, `"5"`, `"x"`, `""`, `{}`, `[]`, `[1]`, `["a"]`, `["a","b"]`, `["a",]`, `["a","b"`, `["a" ,"b"]`, `["a",1]`, `["a",null]`, `[1,2,1]`, `[1,]`, `[1,2`, `[1,2}`, `[1,null,2]`, `[1, 2,3 ,4]`, `[01,2]`, `[1,02]`, `[1234567,12345678,123456789012345,1234567890123456]`, `[2147483647,2147483648]`, `[-5,-0,5.0,1e2]`, `[1.5,-2.25,0.30000000000000004,1e300,12345678901234567890]`, `[1.,2]`, `["1",2]`, `[1.5,[2]]`,
		`[{"x":1,"y":2},{"y":3,"x":4},{}]`, `[{"x":1,"x":2}]`, `[{"y":1,"x":2},{"y":3,"x":4},{"x":5,"y":6},{"y":7},{"z":1,"y":2},{"z":1,"y":2,"x":3,"y":4}]`, `[{"x":1}{}]`, `"` + strings.Repeat("a", 31) + `"`, `"` + strings.Repeat("a", 32) + `"`, `"` + strings.Repeat("a", 33) + `"`, `"` + strings.Repeat("é", 16) + `"`,
		`["` + strings.Repeat("a", 32) + `","` + strings.Repeat("a", 33) + `","b"]`, `"a\nb"`, "\"a\nb\"", "\"\xff\"", `"\ud800"`, `["\u0041","b"]`,
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "n", "o", "p", "q", "aNameOfTwentySixCharacters", "aNameOf14Chars", "unknown"} {
		for _, value := range values {
			for _, around := range []string{`{"%":$}`, `{"%":$,"e":"end"}`, `{"e":"first","%":$,"%":$}`, `{"%":$ }`, `{"%":null,"%":$}`, `{"%":$"e":1}`, `{,"%":$}`, `{"%":$,}`, `{"\u0061":1,"%":$,"":5}`} {
				checkSpacing(t, c, []byte(strings.NewReplacer("%", name, "$", value).Replace(around)))
			}
		}
	}
	checkSpacing(t, c, []byte("{\"e\":\"x\"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
}

// TestUnexpectedMembers has members that begin as if there were no field to expect.
func TestUnexpectedMembers(t *testing.T) {
	c := mustCompile(t, structOf(), Options{})
	for _, text := range []string{"{\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00}", "{\"a\":1\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00}", "{\"a\":1\x01\x00\x00\x00\x00\x00\x00\x00\x01"} {
		if found := violations(t, errorOf(c.AppendThrift(nil, []byte(text)))); len(found) != 1 || found[0].Code != CodeSyntax {
			t.Errorf("%q: %v", text, found)
		}
	}
}

// TestHabits has members that came in another order before, and then text that
// begins like no member.
func TestHabits(t *testing.T) {
	long := strings.Repeat("long", 10)
	c := mustCompile(t, structOf(&Field{Name: "l", Type: listOf(structOf(
		&Field{Name: long + "1", Type: i32Type}, &Field{Name: long + "2", Type: i32Type}, &Field{Name: "a", Type: i32Type}, &Field{Name: "b", Type: i32Type},
	))}), Options{})
	nothing := "\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"
	for _, end := range []string{"", nothing, "," + nothing, `,"a":5`, `,"` + long + `1":5`} {
		for _, text := range []string{`{"b":1,"a":2}`, `{"@1":1,"a":1,"@2":2,"@1":1}`, `{"a":1,"@1":2,"@2":3,"b":4`, `{"@2":1,"@1":2,"b":3,"a":4`, `{"b":3,"a":4,"@2":1,"@1":2`} {
			text = strings.ReplaceAll(text, "@", long)
			text = strings.TrimSuffix(text, "}")
			checkSpacing(t, c, []byte(`{"l":[`+text+`},`+text+end+`}]}`))
		}
	}
	// Each of the long ones has come instead of the other.
	checkSpacing(t, c, []byte(strings.ReplaceAll(`{"l":[{"b":1,"@2":2},{"@1":1,"@1":1,"@2":2,"b":3`+nothing+`}]}`, "@", long)))
}

func errorOf(_ []byte, err error) error { return err }
