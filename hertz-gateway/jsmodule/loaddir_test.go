package jsmodule_test

import (
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// describe lists a set as "name(routes)[stale]" and its problems.
func describe(s *jsmodule.Set) (modules, problems []string) {
	for _, m := range s.Modules {
		text := m.Program.Name() + "("
		for i, r := range m.Routes {
			if i > 0 {
				text += ", "
			}
			text += r.String()
		}
		text += ")"
		if m.Stale {
			text += " stale"
		}
		modules = append(modules, text)
	}
	for _, p := range s.Problems {
		problems = append(problems, p.Error())
	}
	return modules, problems
}

func TestLoadDir(t *testing.T) {
	const ok = "export function requestModifier() {}"
	tests := []struct {
		name     string
		files    map[string]string
		modules  []string
		problems []string // substrings
	}{
		{"empty", nil, nil, nil},
		{
			"routes in the first lines",
			map[string]string{
				"b.ts":        "// @routes BookSvc.queryBook, GET /book/*\n// @permissions rpc:BookSvc\n" + ok,
				"a.js":        "//@routes *\n" + ok,
				"c.ts":        ok + "\n// @routes late",
				"x.d.ts":      "nonsense(",
				"x.test.ts":   "nonsense(",
				"README.md":   "x",
				"sub/deep.ts": "nonsense(",
			},
			[]string{"a(*)", "b(BookSvc.queryBook, GET /book/*)", "c()"},
			nil,
		},
		{
			"modules.yaml",
			map[string]string{
				"modules.yaml": "modules:\n  - file: z.ts\n    routes: [\"*\"]\n    permissions: [\"rpc:*\"]\n  - file: a.ts\n",
				"a.ts":         "// @routes /a\n" + ok, "z.ts": "// @routes /z\n" + ok, "m.ts": ok,
			},
			[]string{"z(*)", "a(/a)", "m()"},
			nil,
		},
		{
			"one is broken",
			map[string]string{"a.ts": ok, "b.ts": "export function {", "c.ts": "// @routes nope\n" + ok},
			[]string{"a()"},
			[]string{`b.ts: b.ts:1:17: module b: Expected identifier`, `c.ts: route "nope" is none of`},
		},
		{
			"modules.yaml with an unknown key",
			map[string]string{"modules.yaml": "modules:\n  - file: a.ts\n    route: [x]\n", "a.ts": ok},
			[]string{"a()"},
			[]string{"modules.yaml: yaml: unmarshal errors:\n  line 3: field route not found"},
		},
		{
			"modules.yaml names a file that is not there",
			map[string]string{"modules.yaml": "modules: [{file: gone.ts}, {file: ../../etc/passwd}]", "a.ts": ok},
			[]string{"a()"},
			[]string{"gone.ts: open gone.ts: file does not exist", "../../etc/passwd: "},
		},
		{
			"two of one name",
			map[string]string{"a.js": ok, "a.ts": ok},
			[]string{"a()"},
			[]string{`a.ts: there is another module of the name "a"`},
		},
		{
			"imports",
			map[string]string{"a.ts": `import { f } from "lib"; export const requestModifier = f`, "lib.ts": "export const f = () => {}"},
			[]string{"a()", "lib()"},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			modules, problems := describe(jsmodule.LoadDir(files(test.files), nil))
			if diff := cmp.Diff(test.modules, modules); diff != "" {
				t.Error(diff)
			}
			if len(problems) != len(test.problems) {
				t.Fatalf("problems: %q", problems)
			}
			for i, want := range test.problems {
				if !strings.Contains(problems[i], want) {
					t.Errorf("got %s, want %s", problems[i], want)
				}
			}
		})
	}
}

func TestReload(t *testing.T) {
	texts := map[string]string{
		"a.ts":   "// @routes *\nimport { v } from \"lib\"; export const requestHandler = () => 'a' + v",
		"b.ts":   "export const requestHandler = () => 'b'",
		"lib.ts": "export const v = 1",
	}
	edit := func(changes map[string]string) *jsmodule.Set {
		maps.Copy(texts, changes)
		return jsmodule.LoadDir(files(texts), nil)
	}
	first := jsmodule.LoadDir(files(texts), nil)

	same := jsmodule.LoadDir(files(texts), first)
	for i := range same.Modules {
		if same.Modules[i].Program != first.Modules[i].Program {
			t.Errorf("%s was built again", same.Modules[i].Program.Name())
		}
	}

	edit(map[string]string{"lib.ts": "export const v = 2"})
	second := jsmodule.LoadDir(files(texts), first)
	if second.Modules[0].Program == first.Modules[0].Program || second.Modules[1].Program != first.Modules[1].Program {
		t.Error("a change of an import rebuilds what imports it, and nothing else")
	}

	edit(map[string]string{"b.ts": "export const requestHandler = ("})
	third := jsmodule.LoadDir(files(texts), second)
	modules, problems := describe(third)
	if diff := cmp.Diff([]string{"a(*)", "b() stale", "lib()"}, modules); diff != "" || len(problems) != 1 {
		t.Error(diff, problems)
	}
	if third.Modules[1].Program != second.Modules[1].Program {
		t.Error("the last good version is gone")
	}
	if fourth := jsmodule.LoadDir(files(texts), third); !fourth.Modules[1].Stale {
		t.Error("the last good version is forgotten on the next reload")
	}

	// Without its file, a module is gone; modules.yaml that is broken leaves
	// the order and routes as they were.
	delete(texts, "b.ts")
	edit(map[string]string{"modules.yaml": "modules: [{file: lib.ts, routes: [/l]}, {file: a.ts}]"})
	fifth := jsmodule.LoadDir(files(texts), third)
	edit(map[string]string{"modules.yaml": "modules: {"})
	sixth := jsmodule.LoadDir(files(texts), fifth)
	modules, problems = describe(sixth)
	if diff := cmp.Diff([]string{"lib(/l)", "a(*)"}, modules); diff != "" || len(problems) != 1 {
		t.Error(diff, problems)
	}
}

func TestSetFor(t *testing.T) {
	set := jsmodule.LoadDir(files(map[string]string{
		"a.ts": "// @routes *\nexport {}", "b.ts": "// @routes GET /x, S.m\nexport {}", "c.ts": "export {}",
	}), nil)
	for _, test := range []struct {
		key  jsmodule.RouteKey
		want string
	}{
		{jsmodule.RouteKey{Verb: "GET", Path: "/x"}, "a b"},
		{jsmodule.RouteKey{Service: "S", Method: "m", Verb: "GET", Path: "/y"}, "a b"},
		{jsmodule.RouteKey{Verb: "POST", Path: "/x"}, "a"},
	} {
		var names []string
		for _, p := range set.For(test.key) {
			names = append(names, p.Name())
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.key, got, test.want)
		}
	}
}

// TestSamples runs the sample modules on the book example.
func TestSamples(t *testing.T) {
	set := jsmodule.LoadDir(os.DirFS("../modules"), nil)
	if len(set.Problems) > 0 || len(set.Modules) == 0 {
		t.Fatal(set.Problems)
	}
	programs := set.For(jsmodule.RouteKey{Service: "BookSvc", Method: "queryBook", Verb: "GET", Path: "/book/query"})
	c, err := newHost(t, jsmodule.Config{}).NewChain("default", programs...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const answer = `{"ID":"7","Title":"Go"}`
	e := open(t, c, func(_ *jsmodule.Call, q *request, r *response) {
		q.query, r.body = "num=7", []byte(answer)
	}).mustRequest(t)
	if err := e.Response(); err != nil {
		t.Fatal(err)
	}
	if e.r.get("x-served-by") != "dgate" || string(e.r.body) != answer || e.r.status != 200 || e.q.query != "num=7" {
		t.Fatal(e.r.list, string(e.r.body), e.q.query)
	}

	programs = set.For(jsmodule.RouteKey{Service: "BookSvc", Method: "insertBook", Verb: "POST", Path: "/book/insert"})
	c, err = newHost(t, jsmodule.Config{}).NewChain("default", programs...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e = open(t, c, withBody(`{"id":"1","title":"  The   Go  Book ","author":"x"}`)).mustRequest(t)
	if got := string(e.q.body); got != `{"id":"1","title":"The Go Book","author":"x"}` {
		t.Fatal(got)
	}
	e = open(t, c, withBody(`id=1&title=Go++Book`), func(_ *jsmodule.Call, q *request, _ *response) {
		_ = q.SetHeader("Content-Type", "application/x-www-form-urlencoded")
	}).mustRequest(t)
	if got := string(e.q.body); got != `id=1&title=Go++Book` {
		t.Fatal(got)
	}
}
