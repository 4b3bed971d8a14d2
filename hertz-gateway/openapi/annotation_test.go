package openapi

import (
	"testing"
)

func TestParseOperation(t *testing.T) {
	tests := []struct{ name, text, want, wantErr string }{
		{"JSON", `{"summary": "a \"b\"", "tags": ["x", "y"], "deprecated": true}`, `{"summary":"a \"b\"","tags":["x","y"],"deprecated":true}`, ""},
		{"loose", "summary: 'it''s', tags: [a; b]\n x-n: 1.5;", "", `at 17: expected ":", found ", tags: [a; b]\n x-n:…"`},
		{"without braces", "summary: 'a'\ntags: [a, \"b\";c]; x-n: 1.5;", `{"summary":"a","tags":["a","b","c"],"x-n":1.5}`, ""},
		{"no colon before an object", `responses { "200" { description: "x" } }`, `{"responses":{"200":{"description":"x"}}}`, ""},
		{"null", "x-a: null", `{"x-a":null}`, ""},
		{"line breaks in a string", "summary: 'a\n\tb'", `{"summary":"a\n\tb"}`, ""},
		{"empty", "", `{}`, ""},
		{"no end", `{"a": [1`, "", `at 9: expected "]", found the end`},
		{"no value", `a:`, "", "at 3: expected a value, found the end"},
		{"twice", `a: 1, a: 2`, "", `"a" stands there twice`},
		{"more", `{} x`, "", `at 4: expected the end, found "x"`},
		{"open string", `a: "x`, "", `at 4: expected a string that ends, found "\"x"`},
		{"bad escape", `a: "\q"`, "", "at 7: a string with an escape that JSON does not have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseOperation(tt.text)
			got, gotErr := "", ""
			if err != nil {
				gotErr = err.Error()
			} else {
				got = string(appendValue(nil, o))
			}
			if got != tt.want && tt.wantErr == "" || gotErr != tt.wantErr {
				t.Errorf("got %s, %q; want %s, %q", got, gotErr, tt.want, tt.wantErr)
			}
		})
	}
}

// FuzzParseOperation: whatever an IDL says, the result is a document that reads
// as itself.
func FuzzParseOperation(f *testing.F) {
	f.Add(`{summary: "x"; tags: ['a', b]}`)
	f.Add(`a { b: [1, {c: "é\u0041"}] }`)
	f.Add("[[[[")
	f.Add("{0:[\xff]}")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOperation(text)
		if err != nil {
			return
		}
		once := string(encode(o))
		again, err := parseOperation(once)
		if err != nil {
			t.Fatalf("%s cannot be read: %v", once, err)
		}
		if twice := string(encode(again)); twice != once {
			t.Fatalf("%s became %s", once, twice)
		}
		_ = mergeOperation(obj("operationId", "x", "parameters", []any{obj("name", "a", "in", "query")}), o)
	})
}
