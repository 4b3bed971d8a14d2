package servicemapping

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestNotes(t *testing.T) {
	dir := fstest.MapFS{"a.thrift": {Data: []byte(`
namespace go a // no comment of E

enum E { A } // behind, and not of E alone

/**
 * Two lines,
 *   framed.
 */
struct S {
    1: i32 a // behind
    # above
    ## twice
    2: required i32 b // not this one
    /* block */ 3: i32 c
    4: string d (api.vd = "$!='// no comment'", vt.min_size = "1") /* at the end */, 5: i32 e

    // far above

    6: i32 f
}
struct One { 1: i32 x } // what

/* before */ service Base {
    // Declared below.
    S get(
        // The argument.
        1: S s
    ) (api.get = "/s", api.tag = "x, y", api.baseurl = "a.example", openapi.operation = "summary: 'a'")
} (api.category = "base", api.base_domain = "b.example")

// Inherits.
service Svc extends Base {
    void none()
} (api.tag = "svc")
`)}}
	m, err := Load(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := m.Notes()
	base, svc := m.Find("Base")[0], m.Find("Svc")[0]
	get := base.Methods[0]
	s := get.Args.Fields[0].Type
	docs := map[string]string{
		"S": n.Type(s), "Base": n.Service(base), "Svc": n.Service(svc), "s": n.Field(get.Args.Fields[0]),
	}
	for _, f := range s.Fields {
		docs[f.Name] = n.Field(f)
	}
	want := map[string]string{
		"S": "Two lines,\nframed.", "Base": "", "Svc": "Inherits.", "s": "The argument.",
		"a": "behind", "b": "above\ntwice", "c": "", "d": "at the end", "e": "", "f": "",
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	rules := []Rule{{"api.vd", "$!='// no comment'"}, {"vt.min_size", "1"}}
	if diff := cmp.Diff(rules, n.Rules(s.Fields[3])); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	methods := map[string]MethodNote{"Base.get": n.Method(get)}
	for _, method := range svc.Methods {
		methods["Svc."+method.Name] = n.Method(method)
	}
	own := MethodNote{Doc: "Declared below.", Tags: []string{"x", "y"}, Servers: []string{"a.example"}, Operations: []string{"summary: 'a'"}}
	wantMethods := map[string]MethodNote{"Base.get": own, "Svc.get": own, "Svc.none": {Tags: []string{"svc"}}}
	if diff := cmp.Diff(wantMethods, methods); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
}
