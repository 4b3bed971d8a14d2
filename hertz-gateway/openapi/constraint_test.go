package openapi_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/openapi"
	"dgate/hertz-gateway/servicemapping"
)

// idl is a directory with one file.
func idl(text string) fstest.MapFS { return fstest.MapFS{"test.thrift": {Data: []byte(text)}} }

// TestConstraints reads the schema of one field with rules.
func TestConstraints(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"upper bound", `i32 f (api.vd = "$<100; msg:'a && b'")`, `{"type":"integer","format":"int32","exclusiveMaximum":100}`},
		{"both bounds", `i32 f (api.vd = "($>=1) && ($<=5)")`, `{"type":"integer","format":"int32","minimum":1,"maximum":5}`},
		{"a choice is no bound", `i32 f (api.vd = "$<1 || $>5")`, `{"type":"integer","format":"int32"}`},
		{"a choice inside is left out alone", `i32 f (api.vd = "$<9 && ($<1 || $>5)")`, `{"type":"integer","format":"int32","exclusiveMaximum":9}`},
		{"a number of another field", `i32 f (api.vd = "$<(g)$")`, `{"type":"integer","format":"int32"}`},
		{"equal", `double f (api.vd = "$==1.5")`, `{"type":"number","format":"double","const":1.5}`},
		{"length in bytes, from below", `string f (api.vd = "len($)>3")`, `{"type":"string","minLength":1}`},
		{"length in bytes, from above", `string f (api.vd = "len($)<3")`, `{"type":"string","maxLength":2}`},
		{"length in characters", `string f (api.vd = "mblen($)>3")`, `{"type":"string","minLength":4}`},
		{"length of a list", `list<i32> f (api.vd = "len($)==2")`, `{"type":"array","items":{"type":"integer","format":"int32"},"minItems":2,"maxItems":2}`},
		{"length of a map", `map<string, i32> f (vt.max_size = "2")`, `{"type":"object","additionalProperties":{"type":"integer","format":"int32"},"maxProperties":2}`},
		{"length of binary", `binary f (vt.max_size = "2")`, `{"type":"string","contentEncoding":"base64"}`},
		{"expression", `string f (api.vd = "regexp('^\\d+$')")`, `{"type":"string","pattern":"^\\d+$"}`},
		{"expression escaped once more", `string f (api.vd = "regexp('^\\\\d+$')")`, `{"type":"string","pattern":"^\\d+$"}`},
		{"expression of Go", `string f (vt.pattern = "(?i)^a$")`, `{"type":"string"}`},
		{"prefix", `string f (vt.prefix = "a.")`, `{"type":"string","pattern":"^a\\."}`},
		{"suffix", `string f (vt.suffix = "z")`, `{"type":"string","pattern":"z$"}`},
		{"const", `string f (vt.const = "a")`, `{"type":"string","const":"a"}`},
		{"const of a number", `i16 f (vt.const = "7")`, `{"type":"integer","format":"int16","const":7}`},
		{"in", `i32 f (vt.in = "1", vt.in = "2")`, `{"type":"integer","format":"int32","enum":[1,2]}`},
		{"in of strings", `string f (vt.in = "a", vt.in = "b")`, `{"type":"string","enum":["a","b"]}`},
		{"in of an expression", `string f (api.vd = "in($, 'a', 'b')")`, `{"type":"string","enum":["a","b"]}`},
		{"computed", `i32 f (vt.lt = "$g", vt.gt = "@add(1, 2)")`, `{"type":"integer","format":"int32"}`},
		{"elements", `list<string> f (vt.elem.min_size = "1", vt.elem.pattern = "^a")`, `{"type":"array","items":{"type":"string","minLength":1,"pattern":"^a"}}`},
		{"values", `map<string, i64> f (vt.value.ge = "0")`, `{"type":"object","additionalProperties":{"type":["integer","string"],"format":"int64","pattern":"^-?[0-9]+$","minimum":0}}`},
		{"omitted", `i32 f (api.vd = "-", vt.lt = "3")`, `{"type":"integer","format":"int32"}`},
		{"a number that is a string", `i32 f (api.js_conv = "true", api.vd = "$<3")`, `{"type":"string","format":"int32","pattern":"^-?[0-9]+$"}`},
		{"email", `string f (api.vd = "email($)")`, `{"type":"string","format":"email"}`},
		{"an expression with nil", `optional i32 f (api.vd = "$==nil || $<3")`, `{"type":"integer","format":"int32"}`},
		{"a word in quotes", `string f (api.vd = "regexp('a&&b||c')")`, `{"type":"string","pattern":"a&&b||c"}`},
		{"comment", "// What it is.\n 1: i32 f /* and more */", `{"type":"integer","format":"int32","description":"What it is."}`},
		{"comment behind", "1: string f (api.key = \"f\") // what # it is", `{"type":"string","description":"what # it is"}`},
		{"default", `i64 f = 5`, `{"type":["integer","string"],"format":"int64","pattern":"^-?[0-9]+$","default":5}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := servicemapping.Load(idl("struct S {\n"+tt.field+"\n, 90: i32 g }\nservice Svc { S put(1: S s) (api.post = \"/s\") }"), servicemapping.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range m.Diagnostics {
				t.Logf("%d: %s", d.Line, d.Message)
			}
			text, _ := openapi.Generate(m, openapi.Info{})
			var doc struct {
				Components struct {
					Schemas map[string]struct{ Properties struct{ F json.RawMessage } }
				}
			}
			if err := json.Unmarshal(text, &doc); err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(doc.Components.Schemas["SInput"].Properties.F, &got); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
