package jsmodule_test

import (
	"errors"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

func TestIsolation(t *testing.T) {
	const count = `
		let n = 0;
		Array.prototype.seen = 0;
		export function requestModifier(ctx) { n++; Array.prototype.seen++ }
		export function responseModifier(ctx, res) { res.text([n, [].seen].join()) }`
	for _, test := range []struct{ name, text, second string }{
		{"shared", "// Counts.\n" + count, "2,2"},
		{"request", "// Counts.\n// @isolation request\n" + count, "1,1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := chain(t, jsmodule.Config{}, test.text)
			for _, want := range []string{"1,1", test.second} {
				e := open(t, c)
				e.mustRequest(t)
				// Other requests between its hooks do not touch it either.
				if err := e.Session.Response(); err != nil || string(e.r.body) != want {
					t.Errorf("%s, %v, want %s", e.r.body, err, want)
				}
				e.Close()
			}
		})
	}
	p, err := jsmodule.Build(jsmodule.Source{Name: "m", Text: "export {}", Isolation: jsmodule.IsolationRequest}, nil)
	if err != nil || p.Isolation() != jsmodule.IsolationRequest {
		t.Errorf("set by the caller: %v", err)
	}
	for _, isolation := range []string{"process", "thread"} {
		_, err := jsmodule.Build(jsmodule.Source{Name: "m", Text: "// @isolation " + isolation + "\nexport {}"}, nil)
		if err == nil || !strings.Contains(err.Error(), `isolation "`+isolation+`"`) {
			t.Errorf("%s: %v", isolation, err)
		}
	}
}

// TestRequired asks a set for what routes lack.
func TestRequired(t *testing.T) {
	dir := files(map[string]string{
		"auth.ts":      "// @routes GET /a/*\n// @required\nexport const {",
		"note.ts":      "// @routes GET /b\nexport const {",
		"listed.ts":    "export const {",
		"modules.yaml": "modules:\n  - file: listed.ts\n    routes: [S.m]\n    required: true\n    isolation: request\n",
	})
	set := jsmodule.LoadDir(dir, nil)
	if len(set.Missing) != 2 || len(set.Problems) != 3 {
		t.Fatalf("missing %v, problems %v", set.Missing, set.Problems)
	}
	for _, test := range []struct {
		key   jsmodule.RouteKey
		names []string
		lacks string
	}{
		{key: jsmodule.RouteKey{Verb: "GET", Path: "/a/x"}, lacks: "auth"},
		{key: jsmodule.RouteKey{Verb: "GET", Path: "/b"}},
		{key: jsmodule.RouteKey{Verb: "GET", Path: "/b"}, names: []string{"note"}},
		{key: jsmodule.RouteKey{Verb: "GET", Path: "/b"}, names: []string{"note", "auth"}, lacks: "auth"},
		{key: jsmodule.RouteKey{Service: "S", Method: "m", Verb: "POST", Path: "/c"}, lacks: "listed"},
	} {
		err := set.Lacks(test.key, test.names...)
		var missing *jsmodule.MissingError
		switch {
		case test.lacks == "" && err != nil:
			t.Errorf("%v lacks %v", test.key, err)
		case test.lacks != "" && (!errors.As(err, &missing) || missing.Module != test.lacks):
			t.Errorf("%v lacks %v, want %s", test.key, err, test.lacks)
		}
	}
	good := files(map[string]string{"auth.ts": "// @routes GET /a/*\n// @required\nexport const requestModifier = () => {}"})
	if set := jsmodule.LoadDir(dir, jsmodule.LoadDir(good, nil)); len(set.Missing) != 1 || set.Missing[0].Name != "listed" {
		t.Errorf("with a last good version: missing %v", set.Missing)
	}
	var none *jsmodule.Set
	if err := none.Lacks(jsmodule.RouteKey{}); err != nil {
		t.Error(err)
	}
}
