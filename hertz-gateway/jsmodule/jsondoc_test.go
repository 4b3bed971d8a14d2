package jsmodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// bareRuntime is a runtime without modules.
func bareRuntime(t testing.TB) *vmRuntime {
	t.Helper()
	h := &Host{cfg: Config{Logger: slog.New(slog.DiscardHandler)}, limits: Limits{}.withDefaults()}
	rt, err := newRuntime(h, "", planOf(nil))
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func TestDocumentEdits(t *testing.T) {
	tests := []struct{ name, text, run, want string }{
		{"untouched", ` { "a" : 1 , "b":[ 1 ,2 ] } `, `d.a; d.b[0]; Object.keys(d)`, ` { "a" : 1 , "b":[ 1 ,2 ] } `},
		{"space is kept around an edit", `{ "a" : 1 , "b" : 2 }`, `d.b = 3`, `{ "a" : 1 , "b" : 3 }`},
		{"numbers keep their spelling", `{"a":1.0,"b":1e2,"c":9007199254740993,"d":0}`, `d.d = 1`, `{"a":1.0,"b":1e2,"c":9007199254740993,"d":1}`},
		{"nested", `{"a":{"b":{"c":1,"n":12345678901234567890}}}`, `d.a.b.c = "x"`, `{"a":{"b":{"c":"x","n":12345678901234567890}}}`},
		{"added", `{"a":1.0}`, `d.b = [1]`, `{"a":1.0,"b":[1]}`},
		{"added to nothing", `{}`, `d.a = 1; d["b c"] = null`, `{"a":1,"b c":null}`},
		{"deleted", `{"a":1.0, "b":2.0, "c":3.0}`, `delete d.b`, `{"a":1.0,"c":3.0}`},
		{"deleted and added", `{"a":1,"b":2}`, `delete d.a; d.a = 3`, `{"b":2,"a":3}`},
		{"set to undefined", `{"a":1,"b":2}`, `d.a = undefined`, `{"b":2}`},
		{"the last of two counts", `{"a":1,"b":0,"a":2}`, `if (d.a !== 2 || Object.keys(d).length !== 2) throw 1; d.a = 3`, `{"b":0,"a":3}`},
		{"two of one name untouched", `{"a":1,"a":2,"b":0}`, `d.b = 1`, `{"a":1,"a":2,"b":1}`},
		{"escaped names", `{"a\"b":1,"\u0061":2}`, `d.a++; d['a"b']++`, `{"a\"b":2,"\u0061":3}`},
		{"__proto__", `{"__proto__":1}`, `d.__proto__ = 2`, `{"__proto__":2}`},
		{"toString as a field", `{"toString":1,"toJSON":2,"then":3}`, `d.then = 4`, `{"toString":1,"toJSON":2,"then":4}`},
		{"array element", `[1.0, 2.0]`, `d[1] = "x"`, `[1.0, "x"]`},
		{"array push", `[1.0]`, `d.push(2, 3)`, `[1.0,2,3]`},
		{"array of objects", `[{"n":1.0},{"n":2.0}]`, `d.forEach((o) => { if (o.n === 2) o.n = 3 })`, `[{"n":1.0},{"n":3}]`},
		{"array splice", `[1.0,2.0,3.0]`, `d.splice(1, 1)`, `[1.0,3]`},
		{"array length", `[1,2,3]`, `d.length = 1`, `[1]`},
		{"array with a gap", `[1]`, `d[3] = 4`, `[1,null,null,4]`},
		{"array reverse and sort", `[3,1,2]`, `d.sort().reverse()`, `[3,2,1]`},
		{"moved", `{"a":{"x":1.0},"b":0}`, `d.b = d.a; d.a.x = 2`, `{"a":{"x":2},"b":{"x":2}}`},
		{"assigned to itself", `{"a":{"x":1.0}}`, `d.a = d.a`, `{"a":{"x":1.0}}`},
		{"plain object, changed afterwards", `{"a":1}`, `const o = {}; d.a = o; o.x = 1`, `{"a":{"x":1}}`},
		{"big integer", `{"a":1}`, `d.a = 9223372036854775807n`, `{"a":9223372036854775807}`},
		{"spread", `{"a":{"n":1.0},"b":2}`, `const o = { ...d }; d.c = o`, `{"a":{"n":1.0},"b":2,"c":{"a":{"n":1.0},"b":2}}`},
		{"Object.assign", `{"a":1}`, `Object.assign(d, { b: 2, a: 3 })`, `{"a":3,"b":2}`},
		{"in and hasOwn", `{"a":1}`, `d.r = ["a" in d, "b" in d, Object.hasOwn(d, "a"), d.hasOwnProperty("b")]`, `{"a":1,"r":[true,false,true,false]}`},
		{"entries", `{"a":1,"b":[2]}`, `d.r = Object.entries(d).map(([k, v]) => k + v)`, `{"a":1,"b":[2],"r":["a1","b2"]}`},
		{"text", `{ "a" : [ 1 ] }`, `d.r = [String(d), JSON.stringify(d), String(d.a)]`, `{"a":[ 1 ],"r":["{ \"a\" : [ 1 ] }","{\"a\":[1]}","1"]}`},
		{"JSON.stringify with an indent", `{"a":[1],"b":9007199254740993}`, `d.a = JSON.stringify(d, null, 1)`, `{"a":"{\n \"a\": [\n  1\n ],\n \"b\": 9007199254740992\n}","b":9007199254740993}`},
		{"structuredClone is apart", `{"a":{"x":1}}`, `const c = structuredClone(d); c.a.x = 2; d.b = c.a.x`, `{"a":{"x":1},"b":2}`},
		{"Array.isArray", `{"a":[1]}`, `d.a = Array.isArray(d.a) && d.a instanceof Array && [...d.a, ...d.a.map((x) => x + 1)]`, `{"a":[1,2]}`},
		{"many members", manyFields(100), `for (let i = 0; i < 100; i += 50) d["f" + i] = -1`, strings.NewReplacer(`"f0":0,`, `"f0":-1,`, `"f50":50,`, `"f50":-1,`).Replace(manyFields(100))},
		{"unicode", `{"é":"😀\ud83d\ude00\n"}`, `d.é += "x"`, `{"é":"😀😀\nx"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rt := bareRuntime(t)
			doc, err := newDocument(rt, []byte(test.text), strings.IndexAny(test.text, "{["), false)
			if err != nil {
				t.Fatal(err)
			}
			run(t, rt, doc, test.run)
			if got := string(doc.encode()); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func manyFields(n int) string {
	var fields []string
	for i := range n {
		fields = append(fields, fmt.Sprintf(`"f%d":%d`, i, i))
	}
	return "{" + strings.Join(fields, ",") + ",\"end\":1.0}"
}

func run(t testing.TB, rt *vmRuntime, doc *document, text string) {
	t.Helper()
	v, err := rt.vm.RunString("(function (d) { " + text + " })")
	if err != nil {
		t.Fatal(err)
	}
	f, _ := goja.AssertFunction(v)
	if err := protect(func() error {
		_, err := f(goja.Undefined(), doc.root.value())
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentCycle(t *testing.T) {
	rt := bareRuntime(t)
	doc, err := newDocument(rt, []byte(`{"a":{}}`), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	run(t, rt, doc, `d.a.self = d`)
	if err := protect(func() error { doc.encode(); return nil }); err == nil || !strings.Contains(fmt.Sprint(err), "rejected") {
		t.Fatal("a cycle was written", err)
	}
}

// FuzzJSON compares the parser with encoding/json on all texts.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,2.5e3,-0,"x\u00e9\n",true,false,null,{}]}`, `[`, `{"a"}`, `01`, `-`, `"\ud800"`, `1.`, `{"a":1,"a":2}`, ` [ ] `, `"` + "\x00" + `"`, `[1,]`, `nul`, "\"\xff\"",
	} {
		f.Add([]byte(s))
	}
	rt := bareRuntime(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte("[")) >= maxJSONDepth || bytes.Count(data, []byte("{")) >= maxJSONDepth {
			return
		}
		valid := json.Valid(data)
		p := jsonParser{rt: rt, src: data}
		var v goja.Value
		err := protect(func() error { v = p.whole(); return nil })
		if (err == nil) != valid {
			t.Fatalf("%q: %v, encoding/json says %v", data, err, valid)
		}
		if !valid {
			return
		}
		e := jsonEncoder{rt: rt}
		e.value(v, "")
		if !equalJSON(t, data, e.buf) {
			t.Fatalf("%q became %q", data, e.buf)
		}
		start := p.space(0)
		if c := data[start]; c != '{' && c != '[' {
			return
		}
		doc, derr := newDocument(rt, data, start, false)
		if derr != nil {
			t.Fatal(derr)
		}
		if got := doc.encode(); !bytes.Equal(got, data) {
			t.Fatalf("an untouched document of %q became %q", data, got)
		}
	})
}

func equalJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		return true // numbers beyond float64
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return reflect.DeepEqual(x, y)
}

// FuzzDocument applies edits to a document and to a Go map.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":[1,2]},"d":"x"}`), []byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte(`{"a":1,"\u0061":2,"a":3}`), []byte{3, 0, 1})
	f.Add([]byte(manyFields(40)), []byte{1, 2, 3, 9, 17, 33})
	rt := bareRuntime(f)
	f.Fuzz(func(t *testing.T, data, edits []byte) {
		var model map[string]any
		if json.Unmarshal(data, &model) != nil || model == nil || len(data) > 4096 || len(edits) > 64 {
			return
		}
		if strings.Contains(string(data), `\ud`) || strings.Contains(string(data), `\uD`) {
			return // half surrogates as names: encoding/json merges them
		}
		p := jsonParser{src: data}
		doc, err := newDocument(rt, data, p.space(0), false)
		if err != nil {
			return
		}
		for i, edit := range edits {
			var names []string
			for name := range model {
				names = append(names, name)
			}
			name := fmt.Sprintf("new%d", edit>>2)
			if len(names) > 0 && edit&4 != 0 {
				name = doc.root.Keys()[int(edit>>3)%len(names)]
			}
			switch edit & 3 {
			case 0:
				doc.root.Set(name, rt.vm.ToValue(i))
				model[name] = float64(i)
			case 1:
				doc.root.Delete(name)
				delete(model, name)
			case 2:
				if inner, ok := doc.root.Get(name).(*goja.Object); ok && docOf(inner) != nil && !docOf(inner).isArray {
					docOf(inner).Set("x", rt.vm.ToValue("y"))
					model[name].(map[string]any)["x"] = "y"
				}
			case 3:
				if _, ok := model[name]; ok != doc.root.Has(name) {
					t.Fatalf("%q: Has(%q) is %v", data, name, !ok)
				}
			}
		}
		var got map[string]any
		if err := json.Unmarshal(doc.encode(), &got); err != nil {
			t.Fatalf("%q became %q: %v", data, doc.encode(), err)
		}
		if !reflect.DeepEqual(got, model) {
			t.Fatalf("%q became %v, want %v", data, got, model)
		}
		if len(doc.root.Keys()) != len(model) {
			t.Fatalf("%q: keys %q, want %d", data, doc.root.Keys(), len(model))
		}
	})
}

// BenchmarkDocument checks a text and finds its members, as every body that a
// hook reads as JSON is.
func BenchmarkDocument(b *testing.B) {
	var members []string
	for i := range 300 {
		members = append(members, fmt.Sprintf(`"a%d":{"id":%d,"name":"a name of some length","tags":["x","y"]}`, i, i))
	}
	data := []byte("{" + strings.Join(members, ",") + "}")
	rt := bareRuntime(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newDocument(rt, data, 0, false); err != nil {
			b.Fatal(err)
		}
		rt.end()
	}
}
