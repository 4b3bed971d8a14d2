package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeResource(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []FieldError
	}{
		{"route", `{"kind":"route","name":"r","paths":["/a"],"service":"s","methods":["GET"]}`, nil},
		{"short kind", `{"kind":"svc","name":"s","urls":["http://127.0.0.1:1"],"requestTimeout":1500000000}`, nil},
		{"duration", `{"kind":"service","name":"s","requestTimeout":"1.5s"}`, nil},
		{"null is absent", `{"kind":"route","name":"r","paths":["/a"],"service":"s","policies":null}`, nil},
		{"no kind", `{"name":"r"}`, []FieldError{{Pointer: "/kind", Code: CodeRequired, Detail: "kind is required: one of namespace, domain, idl, secret, collection, module, service, route, consumer, document"}}},
		{"unknown kind", `{"kind":"rout"}`, []FieldError{{Pointer: "/kind", Code: CodeRequired, Detail: `"rout" is no kind; did you mean route?; the kinds are namespace, domain, idl, secret, collection, module, service, route, consumer, document`}}},
		{"unknown field", `{"kind":"route","name":"r","path":["/a"],"service":"s"}`, []FieldError{{Pointer: "/path", Code: CodeUnknownField, Detail: "there is no field path; did you mean paths?"}}},
		{"several", `{"kind":"route","name":1,"paths":"/a","policies":{"timeout":true,"jason":{}},"tags":[1]}`, []FieldError{
			{Pointer: "/name", Code: CodeType, Detail: "expected a text, found a number"},
			{Pointer: "/paths", Code: CodeType, Detail: "expected a list, found a text"},
			{Pointer: "/policies/timeout", Code: CodeType, Detail: `true is not a duration; write for example "1.5s"`},
			{Pointer: "/policies/jason", Code: CodeUnknownField, Detail: "there is no field jason; did you mean json?"},
			{Pointer: "/tags/0", Code: CodeType, Detail: "expected a text, found a number"},
		}},
		{"twice", `{"kind":"secret","name":"a","data":"x","data":"y"}`, []FieldError{{Pointer: "/data", Code: CodeDuplicateKey, Detail: "data stands here twice"}}},
		{"nested kind", `{"kind":"route","name":"r","paths":["/a"],"service":"s","policies":{"kind":1}}`, []FieldError{{Pointer: "/policies/kind", Code: CodeUnknownField, Detail: "there is no field kind"}}},
		{"ends early", `{"kind":"route",`, []FieldError{{Code: CodeSyntax, Detail: "not JSON: it ends too early (line 1, column 17)"}}},
		{"an array", `[1]`, []FieldError{{Code: CodeType, Detail: "expected an object with a kind"}}},
		{"policy of later", `{"kind":"route","name":"r","paths":["/a"],"service":"s","policies":{"rateLimit":{"requests":1}}}`, []FieldError{{Pointer: "/policies/rateLimit", Code: CodeNotEnforced, Detail: "the policy rateLimit is not enforced by this version, so it is refused"}}},
		{"bad name", `{"kind":"namespace","name":"a/b"}`, []FieldError{{Pointer: "/name", Code: CodeInvalid, Detail: `"a/b" is no name: 1 to 63 of A-Z a-z 0-9 . _ -`}}},
		{"base64 with newlines", "{\"kind\":\"module\",\"name\":\"m\",\"payload\":\"ZXhw\\nb3J0\"}", nil},
		{"no base64", `{"kind":"module","name":"m","payload":"export"}`, []FieldError{{Pointer: "/payload", Code: CodeInvalid, Detail: "payload is not base64 (illegal base64 data at input byte 4); payloadRaw takes the text itself"}}},
		{"control character in an id", `{"kind":"document","id":"a\u0001","collection":"c","data":1}`, []FieldError{{Pointer: "/id", Code: CodeInvalid, Detail: "the id is not 1 to 255 bytes of UTF-8 without control characters"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := DecodeResource([]byte(tt.in))
			var invalid *InvalidError
			var got []FieldError
			if errors.As(err, &invalid) {
				got = invalid.Errors
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if err == nil && r.Head().Namespace != DefaultNamespace {
				t.Errorf("namespace %q", r.Head().Namespace)
			}
		})
	}
}

func FuzzDecodeResource(f *testing.F) {
	for _, seed := range []string{
		`{"kind":"route","name":"r","paths":["/a"],"policies":{"timeout":"1s","json":{"int64":"string"}}}`,
		`{"kind":"module","name":"m","payload":"ZXhw"}`, `{"kind":"document","id":"x","collection":"c","data":{"a":[1,{}]}}`, `[`, `{"kind":`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeResource(data)
		if (r == nil) == (err == nil) {
			t.Fatalf("resource %v, error %v", r, err)
		}
	})
}

// A module without any permission must not come back with those of the gateway.
func TestNoPermissionsAreKept(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"none", `{"name":"m","namespace":"default","payloadRaw":"x","permissions":[]}`, `,"permissions":[]}`},
		{"the defaults", `{"name":"m","namespace":"default","payloadRaw":"x"}`, `"payloadRaw":"x"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := DecodeKind(KindModule, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(string(text), tt.want) {
				t.Errorf("got %s", text)
			}
		})
	}
}

// What is hostile is refused at a bound, and the errors stay short.
func TestDecodeBounds(t *testing.T) {
	var many strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&many, `,"m%d":1`, i)
	}
	for _, tt := range []struct {
		name, data string
		errors     int
	}{
		{"deep", `{"x":` + strings.Repeat("[", 500_000), 2},
		{"deep objects", `{"labels":` + strings.Repeat(`{"a":`, 100_000), 2},
		{"many", `{"a":1` + many.String() + `}`, 100},
		{"long name", `{"` + strings.Repeat("x", 1_000_000) + `":1}`, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var invalid *InvalidError
			_, err := DecodeKind(KindRoute, []byte(tt.data))
			if !errors.As(err, &invalid) || len(invalid.Errors) > tt.errors {
				t.Fatalf("%.300v", err)
			}
			if n := len(err.Error()); n > 20_000 {
				t.Errorf("%d bytes of errors", n)
			}
		})
	}
}
