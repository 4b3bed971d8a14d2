package kitex

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// idl has what Kitex's JSON generic would refuse or read its own way.
var idl = fstest.MapFS{
	"api/test.thrift": {Data: []byte(`namespace go test
include "types.thrift" // relative to the root
include "more.thrift"
/* ( a comment */
struct Holder { 1: types.Item item (api.body="x", go.tag = 'json:"other"') }
service TestService extends more.More {
  Holder echo(1: types.Item item) (api.post="no/slash", api.get="/twice")
  Holder echoToo(1: types.Item item) (api.get="/twice")
  string text(1: string s)
  binary bin(1: binary b)
  bool flag(1: bool b)
  void void(1: i32 n)
  string who()
  string meta(1: i32 n, 2: i32 m)
  uuid ids(1: list<uuid> uuid, 2: map<string,uuid> m)
  string keyed(1: map<list<i32>, types.Item> m)
  Holder throw(1: i32 n) throws (1: types.Bad bad (api.http_code="404"), 2: types.Worse worse)
  Holder throwSecond(1: i32 n) throws (1: types.Bad bad, 2: types.Worse worse)
  Holder unknownException(1: i32 n)
  Holder biz(1: i32 n)
  Holder fail(1: i32 n)
  oneway void oneway(1: i32 n)
}`)},
	"api/more.thrift": {Data: []byte(`service More { i64 sleep(1: i32 ms) }`)},
	"types.thrift": {Data: []byte(`
enum Colour { RED = 1, BLUE = 2 }
exception Bad { 1: i32 code }
exception Worse {}
struct Item {
  1: string name (api.none="true")
  2: i64 big (api.js_conv="")
  3: optional Item next
  4: map<i32, list<double>> m
  5: binary b
  6: Colour colour
  7: set<string> s (go.tag='json:"-"')
  8: bool uuid
  9: i8 small
}`)},
}

func testService(t testing.TB) *servicemapping.Service {
	t.Helper()
	m, err := servicemapping.Load(idl, servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Services {
		if s.Name == "TestService" {
			return s
		}
	}
	t.Fatalf("no service: %v", m.Diagnostics)
	return nil
}

// item is an Item in Thrift.
func item(depth int) []byte {
	b := transcode.AppendFieldHeader(nil, 11, 1)
	b = transcode.AppendString(b, "a \"name\" \u00e9 \n")
	b = transcode.AppendI64(transcode.AppendFieldHeader(b, 10, 2), math.MaxInt64)
	if depth > 0 {
		b = append(transcode.AppendFieldHeader(b, 12, 3), item(depth-1)...)
	}
	b = transcode.AppendMapHeader(transcode.AppendFieldHeader(b, 13, 4), 8, 15, 1)
	b = transcode.AppendI32(b, -5)
	b = transcode.AppendListHeader(b, 4, 2)
	b = transcode.AppendDouble(transcode.AppendDouble(b, 0.1), -1e300)
	b = transcode.AppendString(transcode.AppendFieldHeader(b, 11, 5), "\x00\xff\x80")
	b = transcode.AppendI32(transcode.AppendFieldHeader(b, 8, 6), 2)
	b = transcode.AppendListHeader(transcode.AppendFieldHeader(b, 14, 7), 11, 1)
	b = transcode.AppendString(b, "one")
	b = transcode.AppendBool(transcode.AppendFieldHeader(b, 2, 8), true)
	b = transcode.AppendI8(transcode.AppendFieldHeader(b, 3, 9), -128)
	return transcode.AppendStop(b)
}

// argument is an argument struct with one argument.
func argument(kind byte, wire []byte) []byte {
	return transcode.AppendStop(append(transcode.AppendFieldHeader(nil, kind, 1), wire...))
}

// TestKitexJSON compares the answers by way of Kitex's JSON with those of the
// binary way.
func TestKitexJSON(t *testing.T) {
	serve(t, name(t), 10)
	svc := testService(t)
	spec := upstream.Spec{Destination: name(t), Service: "TestService", Settings: upstream.Settings{Codec: upstream.CodecKitexJSON}, IDL: svc}
	viaJSON, err := factory.Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = viaJSON.Close() }()
	spec.Settings.Codec = upstream.CodecDGate
	viaBinary, err := factory.Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = viaBinary.Close() }()
	tests := []struct {
		name string
		call upstream.Call
		// binary: Kitex's JSON cannot express it.
		binary bool
	}{
		{"struct", upstream.Call{Method: "echo", Args: argument(12, item(3))}, false},
		{"string", upstream.Call{Method: "text", Args: argument(11, transcode.AppendString(nil, "\"null\" \u2028 <&>"))}, false},
		{"empty string", upstream.Call{Method: "text", Args: argument(11, transcode.AppendString(nil, ""))}, false},
		{"the string null", upstream.Call{Method: "text", Args: argument(11, transcode.AppendString(nil, "null"))}, false},
		{"binary", upstream.Call{Method: "bin", Args: argument(11, transcode.AppendString(nil, "\x00\xff"))}, false},
		{"bool", upstream.Call{Method: "flag", Args: argument(2, []byte{1})}, false},
		{"void", upstream.Call{Method: "void", Void: true, Args: i32Args(1)}, false},
		{"inherited", upstream.Call{Method: "sleep", Void: true, Args: i32Args(1)}, false},
		{"no arguments", upstream.Call{Method: "who"}, true},
		{"two arguments", upstream.Call{Method: "meta", Args: i32Args(1)}, true},
		{"keys that are no scalars", upstream.Call{Method: "keyed", Args: argument(13, transcode.AppendMapHeader(nil, 15, 12, 0))}, true},
		{"exception", upstream.Call{Method: "throw", Args: i32Args(1)}, false},
		{"second exception", upstream.Call{Method: "throwSecond", Args: i32Args(1)}, false},
		{"undeclared exception", upstream.Call{Method: "unknownException", Args: i32Args(1)}, false},
		{"business error", upstream.Call{Method: "biz", Args: i32Args(1)}, false},
		{"application error", upstream.Call{Method: "fail", Args: i32Args(1)}, false},
		{"oneway", upstream.Call{Method: "oneway", Oneway: true, Args: i32Args(1)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.call.Deadline = in(5 * time.Second)
			if _, ok := viaJSON.(*handle).json[tt.call.Method]; ok == tt.binary {
				t.Errorf("by way of JSON: %v", ok)
			}
			got, gotErr := viaJSON.Call(t.Context(), &tt.call)
			want, wantErr := viaBinary.Call(t.Context(), &tt.call)
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Errorf("error %v, want %v", gotErr, wantErr)
			}
			if diff := cmp.Diff(decode(t, svc, tt.call.Method, want.Result), decode(t, svc, tt.call.Method, got.Result)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// decode renders a result for comparison, since the order of maps and sets and
// of fields is free.
func decode(t *testing.T, svc *servicemapping.Service, method string, wire []byte) string {
	t.Helper()
	if len(wire) == 0 {
		return ""
	}
	for _, m := range svc.Methods {
		if m.Name == method {
			c, err := transcode.Compile(plainTypes{}.plain(m.Result), transcode.Options{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := c.AppendJSON(nil, wire)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
	return fmt.Sprintf("%x", wire)
}

// TestKitexJSONHostile has a backend whose results are no values.
func TestKitexJSONHostile(t *testing.T) {
	results := map[string][]byte{
		"another type":    argument(8, []byte{0, 0, 0, 1}),
		"list of a giga":  {15, 0, 0, 12, 0x40, 0, 0, 0, 0},
		"truncated":       {12, 0, 0, 11},
		"bytes after":     {12, 0, 0, 0, 0, 0},
		"string of a gig": {12, 0, 0, 11, 0, 1, 0x40, 0, 0, 0, 'x', 0, 0},
		"wrong inner":     {12, 0, 0, 11, 0, 1, 0, 0, 0, 1, 'x', 0, 0},
	}
	for what, result := range results {
		t.Run(what, func(t *testing.T) {
			dest := "json-" + strings.ReplaceAll(what, " ", "-")
			raw(t, dest, answerWith(result))
			c, err := factory.Open(upstream.Spec{Destination: dest, Service: "TestService", Settings: upstream.Settings{Codec: upstream.CodecKitexJSON}, IDL: testService(t)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			_, err = c.Call(t.Context(), &upstream.Call{Method: "echo", Args: argument(12, item(0)), Deadline: in(2 * time.Second)})
			if what == "another type" {
				// Field 1 is an exception here, which callers look at.
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, upstream.Unreadable, true)
		})
	}
}

func TestOpenErrors(t *testing.T) {
	broken := testService(t)
	clone := *broken
	panics := *broken
	panics.Sources = &servicemapping.Sources{Main: "a.thrift", Files: map[string]string{
		"a.thrift": "typedef list<i32> L struct S { 1: L l = [1] } service TestService { S echo(1: S s) }",
	}}
	clone.Sources = &servicemapping.Sources{Main: "a.thrift", Files: map[string]string{"a.thrift": "service {"}}
	tests := []struct {
		name string
		spec upstream.Spec
		want string
	}{
		{"no destination", upstream.Spec{Service: "S"}, "kitex: a client needs a destination and a service"},
		{"codec", upstream.Spec{Destination: "d", Service: "S", Settings: upstream.Settings{Codec: "x"}}, `kitex: client of d: codec "x" is neither dgate nor kitex-json`},
		{"transport", upstream.Spec{Destination: "d", Service: "S", Settings: upstream.Settings{Transport: "x"}}, `kitex: transport "x" is neither ttheader nor framed`},
		{"no IDL", upstream.Spec{Destination: "d", Service: "S", Settings: upstream.Settings{Codec: upstream.CodecKitexJSON}}, "kitex: client of d: codec kitex-json: the IDL's text is not known"},
		{"IDL on which Kitex panics", upstream.Spec{Destination: "d", Service: "S", IDL: &panics, Settings: upstream.Settings{Codec: upstream.CodecKitexJSON}}, "kitex: client of d: codec kitex-json: Kitex cannot read the IDL: "},
		{"bad IDL", upstream.Spec{Destination: "d", Service: "S", IDL: &clone, Settings: upstream.Settings{Codec: upstream.CodecKitexJSON}}, "kitex: client of d: codec kitex-json: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := factory.Open(tt.spec)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestNormaliseIDL(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"annotations", `struct A { 1: i32 a (api.query="a", b), 2: i32 c (x) } (y = "(")`, `struct A { 1: i32 a, 2: i32 c }`},
		{"path without a slash", `R m(1: A a) (api.get="x/y")`, `R m(1: A a)`},
		{"no arguments", `R m() throws () (api.get="x")`, `R m(1: i32 none) throws ()`},
		{"arguments without ids", `R m(A a, list<B> b)`, `R m(A a, list<B> b)`},
		{"strings and comments", "const string s = \"(a='b')\" // (x=1)\n/* (y) */ # (z)\n", "const string s = \"(a='b')\" // (x=1)\n/* (y) */ # (z)\n"},
		{"uuid", `struct S { 1: uuid uuid, 2: required uuid b; 3: map<uuid,list<uuid>> uuid } service X { uuid m(1: uuid uuid) }`, `struct S { 1: binary uuid, 2: required binary b; 3: map<binary,list<binary>> uuid } service X { binary m(1: binary uuid) }`},
		{"uuid of an enum", `enum E { uuid = 1, b }`, `enum E { uuid = 1, b }`},
		{"unfinished", `struct ( a="`, `struct`},
		{"comment without end", `a /* b`, `a /* b`},
		{"nothing", ``, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, normaliseIDL(tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzScanIDL(f *testing.F) {
	for _, file := range idl {
		f.Add(string(file.Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		var all strings.Builder
		for _, tok := range scanIDL(text) {
			all.WriteString(tok.before + tok.text)
		}
		if all.String() != text {
			t.Errorf("%q became %q", text, all.String())
		}
		normaliseIDL(text)
	})
}
