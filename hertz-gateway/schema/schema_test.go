package schema

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	const book = `{"type":"object","properties":{"title":{"type":"string","minLength":1},"id":{"type":"integer","maximum":9223372036854775807},
		"link":{"type":"string","format":"uri"},"tags":{"type":"array","items":{"$ref":"#/$defs/tag"},"uniqueItems":true}},
		"required":["title"],"additionalProperties":false,"$defs":{"tag":{"type":"string","pattern":"^[a-z]+$"}}}`
	for _, tt := range []struct{ name, schema, data, want string }{
		{"good", book, `{"title":"Go","id":9223372036854775807,"link":"https://go.dev","tags":["a","b"]}`, ""},
		{"all digits count", book, `{"title":"Go","id":9223372036854775808}`, "/id: maximum: got 9.223372036854776×10¹⁸, want 9.223372036854776×10¹⁸"},
		{"missing", book, `{}`, "missing property 'title'"},
		{"several", book, `{"title":"","tags":["A"]}`, "/tags/0: 'A' does not match pattern '^[a-z]+$'; /title: minLength: got 0, want 1"},
		{"format", book, `{"title":"Go","link":":"}`, `/link: ':' is not valid uri: parse ":": missing protocol scheme`},
		{"unknown member", book, `{"title":"Go","x":1}`, "additional properties 'x' not allowed"},
		{"pointer is escaped", `{"additionalProperties":{"type":"string"}}`, `{"a/b~c":1}`, "/a~1b~0c: got number, want string"},
		{"long value", `{"pattern":"^a$"}`, `"` + strings.Repeat("x", 1000) + `"`, "'" + strings.Repeat("x", maxDetail-1) + "…"},
		{"true", `true`, `1`, ""},
		{"false", `false`, `1`, "false schema"},
		{"an older draft", `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}]}`, `[1]`, "/0: got number, want string"},
		{"no JSON", `true`, `{`, "not valid JSON: unexpected EOF"},
		{"two values", `true`, `1 2`, "not valid JSON: invalid character after top-level value"},
		{"huge number", `{"maximum":1}`, `{"a":[1e999999]}`, "the number 1e999999 is out of range"},
		{"tiny number", `{"maximum":1}`, `1e-999999`, "the number 1e-999999 is out of range"},
		{"repeating references", doubling, `{}`, "the check takes too many steps: the schema's references repeat each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Compile([]byte(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a checker is used again
				got := ""
				if err := s.Check([]byte(tt.data)); err != nil {
					got = err.Error()
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// doubling asks everything twice, forty levels deep.
var doubling = func() string {
	var b strings.Builder
	b.WriteString(`{"$ref":"#/$defs/d0","$defs":{"d40":{}`)
	for i := range 40 {
		fmt.Fprintf(&b, `,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i+1, i+1)
	}
	return b.String() + "}}"
}()

func TestCompileRefuses(t *testing.T) {
	for _, tt := range []struct{ name, schema, want string }{
		{"no JSON", `{`, "not valid JSON: unexpected EOF"},
		{"wrong keyword", `{"properties":{"a":{"type":"strin"}}}`, "/properties/a/type: "},
		{"wrong pattern", `{"pattern":"("}`, "/pattern: '(' is not valid regex"},
		{"a file", `{"$ref":"file:///etc/passwd"}`, "references lead into the schema itself only"},
		{"a web page", `{"$ref":"https://example.com/schema"}`, "references lead into the schema itself only"},
		{"a place that is not there", `{"$ref":"#/$defs/x"}`, "#/$defs/x"},
		{"unknown draft", `{"$schema":"https://example.com/draft"}`, "references lead into the schema itself only"},
		{"too long", `"` + strings.Repeat("x", MaxSize) + `"`, "the schema has 65538 bytes, 65536 is the most"},
		{"huge number", `{"maximum":1e999999}`, "the number 1e999999 is out of range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile([]byte(tt.schema))
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), location) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestCheckConcurrently(t *testing.T) {
	s, err := Compile([]byte(`{"items":{"type":"integer"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if s.Check([]byte(`[1,2,3]`)) != nil || s.Check([]byte(`[1,"2"]`)) == nil {
					t.Error("wrong")
					return
				}
			}
		})
	}
	all.Wait()
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"type":"object","required":["a"]}`), []byte(`{"a":1}`))
	f.Add([]byte(doubling), []byte(`[]`))
	f.Add([]byte(`{"multipleOf":0.1,"format":"date-time","pattern":"a*"}`), []byte(`1.5`))
	f.Fuzz(func(t *testing.T, text, data []byte) {
		s, err := Compile(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		if err := s.Check(data); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
