package servicemapping

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func load(t testing.TB, dir fs.FS, previous *Mapping) *Mapping {
	t.Helper()
	m, err := Load(dir, Options{Previous: previous})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// files makes a directory of texts.
func files(texts map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range texts {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

func service(t testing.TB, m *Mapping, name string) *Service {
	t.Helper()
	for _, s := range m.Services {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no service %s; diagnostics: %v", name, m.Diagnostics)
	return nil
}

func routes(m *Mapping) []string {
	var found []string
	for b := range m.Bindings() {
		found = append(found, b.Method.Service.Name+"."+b.Method.Name+" "+b.Verb+" "+b.Path)
	}
	return found
}

func diagnostics(m *Mapping) []string {
	var found []string
	for _, d := range m.Diagnostics {
		found = append(found, d.String())
	}
	return found
}

func TestLoadSharesWhatHasNotChanged(t *testing.T) {
	texts := map[string]string{
		"a.thrift":      `include "common.thrift" service A { common.T get() (api.get="/a") }`,
		"b.thrift":      `service B { string get() (api.get="/b") }`,
		"c.thrift":      `service C { string get() (api.get="/a", api.post="/c") }`,
		"common.thrift": `include "deep.thrift" struct T { 1: deep.D d }`,
		"deep.thrift":   `struct D { 1: i32 n }`,
	}
	first := load(t, files(texts), nil)
	same := load(t, files(texts), first)
	if first.Digest != same.Digest {
		t.Error("the digest of the same directory differs")
	}
	if again := load(t, files(texts), nil); again.Digest != first.Digest {
		t.Error("the digest depends on the previous mapping")
	}
	for i := range first.Services {
		if first.Services[i] != same.Services[i] {
			t.Errorf("%s was not taken over", first.Services[i].Name)
		}
	}
	if diff := cmp.Diff(diagnostics(first), diagnostics(same)); diff != "" {
		t.Errorf("diagnostics of the same directory differ:\n%s", diff)
	}

	edits := []struct {
		name, file, text string
		changed          string
	}{
		{name: "an IDL", file: "b.thrift", text: `service B { string get() (api.get="/b2") }`, changed: "B"},
		{name: "an include's include", file: "deep.thrift", text: `struct D { 1: i64 n }`, changed: "A"},
		{name: "a comment", file: "c.thrift", text: texts["c.thrift"] + "// x", changed: "C"},
		{name: "a file that nothing uses", file: "other.thrift", text: `struct O {}`},
		// C gets the route that A has lost.
		{name: "a route given up", file: "a.thrift", text: `service A { string get() (api.get="/a2") }`, changed: "AC"},
	}
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			edited := map[string]string{}
			for k, v := range texts {
				edited[k] = v
			}
			edited[e.file] = e.text
			next := load(t, files(edited), first)
			if (next.Digest == first.Digest) != (e.changed == "") {
				t.Errorf("digest: same is %v", next.Digest == first.Digest)
			}
			for _, name := range []string{"A", "B", "C"} {
				before, after := service(t, first, name), service(t, next, name)
				want := !strings.Contains(e.changed, name)
				if (before == after) != want || (before.Digest == after.Digest) != want {
					t.Errorf("%s: shared %v, same digest %v; want %v", name, before == after, before.Digest == after.Digest, want)
				}
			}
		})
	}

	t.Run("settings", func(t *testing.T) {
		next, err := Load(files(texts), Options{Previous: first, Settings: Settings{EnumNames: true}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range first.Services {
			if first.Services[i] == next.Services[i] || first.Services[i].Digest == next.Services[i].Digest {
				t.Errorf("%s has the plans of other settings", first.Services[i].Name)
			}
		}
	})
}

func TestLoadConcurrently(t *testing.T) {
	texts := map[string]string{
		"a.thrift": `include "c.thrift" struct R { 1: i32 n = c.N, 2: c.E e = c.E.X } service A extends c.Base { R get(1: R r) (api.get="/a") }`,
		"c.thrift": `const i32 N = 5 enum E { X } service Base { void ping() }`,
	}
	first := load(t, files(texts), nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			edited := map[string]string{"c.thrift": texts["c.thrift"]}
			edited["a.thrift"] = texts["a.thrift"] + strings.Repeat(" ", i)
			edited["bad.thrift"] = `include "c.thrift" struct X { 1: string s = c.N } service Y { X x() }`
			if m, err := Load(files(edited), Options{Previous: first}); err != nil || len(m.Diagnostics) != 1 {
				t.Errorf("%v %v", err, m.Diagnostics)
			}
		})
	}
	wg.Wait()
}

func TestFind(t *testing.T) {
	m := load(t, files(map[string]string{
		"shop/book.thrift": `service BookSvc { void a() } service book { void b() } (dgate.service="books")`,
		"user.thrift":      `service UserSvc { void c() } (dgate.service="book")`,
	}), nil)
	tests := []struct {
		name string
		want []string
	}{
		{"BookSvc", []string{"BookSvc"}},
		{"books", []string{"book"}},
		{"user", []string{"UserSvc"}},
		{"book", []string{"BookSvc", "book", "UserSvc"}},
		{"shop/book", nil},
		{"", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, s := range m.Find(test.name) {
				got = append(got, s.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadOddTexts(t *testing.T) {
	const idl = "// first\nservice S {\n  string get() (api.get=\"/s\", api.gett=\"/\")\n}\n"
	tests := []struct {
		name, text string
		want       []string // diagnostics
		broken     bool
	}{
		{name: "byte order mark", text: "\uFEFF" + idl, want: []string{`s.thrift:3:31: warning unknown-annotation: unknown annotation "api.gett"; did you mean "api.get"?`}},
		{name: "CRLF", text: strings.ReplaceAll(idl, "\n", "\r\n"), want: []string{`s.thrift:3:31: warning unknown-annotation: unknown annotation "api.gett"; did you mean "api.get"?`}},
		{name: "CR only", text: strings.ReplaceAll(strings.ReplaceAll(idl, "\n", "\r"), `, api.gett="/"`, "")},
		{
			name: "GBK comment", text: "// \xc4\xe3\xba\xc3\n" + strings.ReplaceAll(idl, `, api.gett="/"`, ""),
			want: []string{`s.thrift:1:4: warning not-utf8: this file is not in UTF-8 from here on; such bytes in strings are replaced`},
		},
		{name: "UTF-16", text: "\xff\xfes\x00e\x00", broken: true, want: []string{`s.thrift:1:1: error syntax: this file is in UTF-16: save it as UTF-8`}},
		{name: "NUL", text: "\x00\x00\x00", broken: true, want: []string{`s.thrift:1:1: error syntax: unexpected NUL byte: is this a text file in UTF-8?`}},
		{name: "only white space", text: " \n\t", broken: true, want: []string{`s.thrift: warning empty-file: this file is empty`}},
		{name: "only a comment", text: "// nothing yet\n", broken: true},
		{name: "no line end", text: strings.TrimSpace(strings.ReplaceAll(idl, `, api.gett="/"`, ""))},
		{name: "too large", text: "// " + strings.Repeat("x", maxFileSize), broken: true, want: []string{`s.thrift: error unreadable: larger than 4 MiB`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := load(t, files(map[string]string{"s.thrift": test.text}), nil)
			if diff := cmp.Diff(test.want, diagnostics(m)); diff != "" {
				t.Error(diff)
			}
			if served := len(routes(m)) == 1; served == test.broken {
				t.Errorf("routes: %v", routes(m))
			}
		})
	}
}

func TestLoadDirectory(t *testing.T) {
	const idl = `service S { string get() (api.get="/s") }`
	tests := []struct {
		name  string
		setup func(t *testing.T, root string)
		want  []string // files of the services
	}{
		{
			name: "names",
			setup: func(t *testing.T, root string) {
				for _, f := range []string{
					"a b/ü%20.thrift", "x.thrift.bak", ".hidden.thrift", ".git/x.thrift", "#x.thrift#",
					".#locked.thrift", "upper.THRIFT", "thrift", "deep/er/and/deeper/x.thrift", "line\nbreak.thrift",
				} {
					write(t, root, f, idl)
				}
				if err := os.Mkdir(filepath.Join(root, "folder.thrift"), 0o755); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"a b/ü%20.thrift", "deep/er/and/deeper/x.thrift", "line\nbreak.thrift"},
		},
		{
			name: "loops of links",
			setup: func(t *testing.T, root string) {
				write(t, root, "a/s.thrift", idl)
				write(t, root, "b/s.thrift", idl)
				link(t, root, "../b", "a/to_b")
				link(t, root, "../a", "b/to_a")
				link(t, root, ".", "self")
				link(t, root, "loop1", "loop2")
				link(t, root, "loop2", "loop1")
				link(t, root, "loop.thrift", "loop.thrift")
				link(t, root, "nowhere.thrift", "dangling.thrift")
			},
			want: []string{"a/s.thrift", "b/s.thrift"},
		},
		{
			name: "links to elsewhere",
			setup: func(t *testing.T, root string) {
				elsewhere := t.TempDir()
				write(t, elsewhere, "s.thrift", idl)
				link(t, elsewhere, ".", "again")
				link(t, root, elsewhere, "linked")
				link(t, root, filepath.Join(elsewhere, "s.thrift"), "file.thrift")
			},
			want: []string{"file.thrift", "linked/s.thrift"},
		},
		{
			name: "a mounted volume",
			setup: func(t *testing.T, root string) {
				write(t, root, "..2026_11_22/s.thrift", idl)
				link(t, root, "..2026_11_22", "..data")
				link(t, root, "..data/s.thrift", "s.thrift")
			},
			want: []string{"s.thrift"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			test.setup(t, root)
			m := load(t, os.DirFS(root), nil)
			var got []string
			for _, s := range m.Services {
				got = append(got, s.File)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Load(os.DirFS(filepath.Join(t.TempDir(), "missing")), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, root, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
		t.Skip(err)
	}
}

func TestLoadLimitsOfTheDirectory(t *testing.T) {
	many := fstest.MapFS{}
	for i := range maxFiles + 10 {
		many[fmt.Sprintf("f%05d.thrift", i)] = &fstest.MapFile{Data: []byte("//")}
	}
	tests := []struct {
		name string
		dir  fstest.MapFS
		want string
	}{
		{"a pipe", fstest.MapFS{"x.thrift": {Mode: fs.ModeNamedPipe}}, "x.thrift: error unreadable: not a regular file"},
		{"files", many, "f20000.thrift: error unreadable: more than 20000 files in the directory: this one and those after it are not read"},
		{
			"folders", files(map[string]string{strings.Repeat("d/", 66) + "x.thrift": "//"}),
			strings.Repeat("d/", 64) + "d: error unreadable: this folder cannot be read: folders are nested more than 64 deep",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff([]string{test.want}, diagnostics(load(t, test.dir, nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// failing refuses to open one name.
type failing struct {
	fs.FS
	name string
}

func (f failing) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}

func TestLoadKeepsWhatCannotBeRead(t *testing.T) {
	dir := files(map[string]string{
		"a/s.thrift": `service A { string get() (api.get="/a") }`,
		"b/s.thrift": `service B { string get() (api.get="/b") } (dgate.service="b")`,
	})
	first := load(t, dir, nil)
	tests := []struct{ name, want string }{
		{"a", "a: error unreadable: this folder cannot be read: permission denied"},
		{"a/s.thrift", "a/s.thrift: error unreadable: permission denied; the last good version of this file keeps serving"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			broken := failing{dir, test.name}
			next := load(t, broken, first)
			if diff := cmp.Diff(routes(first), routes(next)); diff != "" {
				t.Error(diff)
			}
			if !slices.Contains(diagnostics(next), test.want) {
				t.Errorf("diagnostics: %q", diagnostics(next))
			}
			// And the load after it, and without an earlier one.
			if diff := cmp.Diff(routes(first), routes(load(t, broken, next))); diff != "" {
				t.Error(diff)
			}
			if got := routes(load(t, broken, nil)); len(got) != 1 {
				t.Errorf("without an earlier mapping: %v", got)
			}
		})
	}
	if _, err := Load(failing{dir, "."}, Options{Previous: first}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("an unreadable root: %v", err)
	}
}

// TestLoadHostile loads what is written to exhaust the loader. Each case has
// to end soon, with a diagnostic of the rule where one is named.
func TestLoadHostile(t *testing.T) {
	repeat := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i))
			b.WriteByte('\n')
		}
		return b.String()
	}
	many := func(n int, text func(i int) string) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprintf("f%d.thrift", i)] = text(i)
		}
		return m
	}
	one := func(text string) map[string]string { return map[string]string{"x.thrift": text} }
	tests := []struct {
		name  string
		texts map[string]string
		rule  string
	}{
		{"nested types", one("struct S { 1: " + strings.Repeat("list<", 100_000) + "i32" + strings.Repeat(">", 100_000) + " x }"), "syntax"},
		{"nested values", one("const i32 X = " + strings.Repeat("[", 100_000)), "syntax"},
		{"open brackets", one(strings.Repeat("struct S {", 100_000)), "syntax"},
		{"open comments", one(strings.Repeat("/*", 1_000_000)), "syntax"},
		{"annotations", one("struct S { 1: i32 x (" + strings.Repeat(`api.query="x",`, 100_000) + ") } service X { S s(1: S s) (api.get=\"/\") }"), ""},
		{"unknown annotations", one("struct S { 1: i32 x (" + strings.Repeat(`api.qwery="x",`, 50_000) + ") }"), "too-many-problems"},
		{"nested typedefs", one("typedef i32 T0\n" + repeat(10_000, func(i int) string { return fmt.Sprintf("typedef list<T%d> T%d", i, i+1) }) + "service S { T10000 t() }"), "too-deep"},
		{"long typedefs", one("typedef i32 T0\n" + repeat(50_000, func(i int) string { return fmt.Sprintf("typedef T%d T%d", i, i+1) }) + "service S { T50000 t() (api.get=\"/\") }"), ""},
		{"doubling typedefs", one("typedef i32 T0\n" + repeat(60, func(i int) string {
			return fmt.Sprintf("typedef map<i32, map<T0, T%d>> A%d typedef list<A%d> T%d", i, i, i, i+1)
		}) + "service S { T60 t() }"), "too-deep"},
		{"doubling constants", one("const list<i32> C0 = [1,1]\n" + repeat(60, func(i int) string {
			return fmt.Sprintf("const list<i32> C%d = [%d, 1]\nstruct S%d { 1: list<list<i32>> x = [C0,C0,C0,C0] }", i+1, i, i)
		})), ""},
		{"a bomb of constants", one("struct N { 1: list<N> n }\nconst N C0 = {}\n" + repeat(60, func(i int) string { return fmt.Sprintf(`const N C%d = {"n": [C%d, C%d]}`, i+1, i, i) }) + "struct B { 1: N n = C60 } service S { B b() }"), "constant-too-large"},
		{"a bomb of defaults", one("struct S0 { 1: i32 x = 1 }\n" + repeat(60, func(i int) string {
			return fmt.Sprintf("struct S%d { 1: S%d a = {}, 2: S%d b = {} }", i+1, i, i)
		}) + "service S { void s(1: S60 s) }"), "constant-too-large"},
		{"long constants", one("const i32 C0 = 1\n" + repeat(50_000, func(i int) string { return fmt.Sprintf("const i32 C%d = C%d", i+1, i) })), ""},
		{"doubling structs", one("struct S0 { 1: i32 x }\n" + repeat(60, func(i int) string {
			return fmt.Sprintf("struct S%d { 1: S%d a, 2: S%d b }", i+1, i, i)
		}) + "service S { void s(1: S60 s) (api.post=\"/s\") }"), "too-complex"},
		{"doubling structs within the limit", one("struct S0 { 1: i32 x (api.query=\"x\") }\n" + repeat(14, func(i int) string {
			return fmt.Sprintf("struct S%d { 1: S%d a, 2: S%d b }", i+1, i, i)
		}) + "service S { void s(1: S14 s) (api.any=\"/s\", api.get=\"/s\") }"), ""},
		{"a chain of structs", one("struct S0 { 1: i32 x (api.query=\"x\") }\n" + repeat(15_000, func(i int) string { return fmt.Sprintf("struct S%d { 1: S%d a }", i+1, i) }) + "service S { void s(1: S15000 s) (api.post=\"/s\") }"), ""},
		{"methods of large types", one("struct L {" + repeat(15_000, func(i int) string { return fmt.Sprintf("%d: i32 f%d", i, i) }) + "}\nservice S {" + repeat(5_000, func(i int) string { return fmt.Sprintf("L m%d(1: L l)", i) }) + "}"), "too-complex"},
		{"a large union of errors", one("struct L {" + repeat(20_000, func(i int) string { return fmt.Sprintf("%d: Missing f%d", i, i) }) + "}\nservice S {" + repeat(1_000, func(i int) string { return fmt.Sprintf("L m%d(1: L l)", i) }) + "}"), "too-many-problems"},
		{"one path a thousand times", many(1000, func(int) string { return `service S { string get() (api.get="/s") }` }), "duplicate-route"},
		{"a chain of includes", many(2000, func(i int) string {
			return fmt.Sprintf("include \"f%d.thrift\"\nstruct T { 1: f%d.T t }\nservice S { T get() }", i+1, i+1)
		}), "too-many-includes"},
		{"a ring of includes", many(1000, func(i int) string { return fmt.Sprintf("include \"f%d.thrift\" service S {}", (i+1)%1000) }), "include-cycle"},
		{"all include all", many(100, func(int) string {
			return repeat(100, func(i int) string { return fmt.Sprintf("include \"f%d.thrift\"", i) })
		}), "include-cycle"},
		{"many includes", one(repeat(20_000, func(i int) string { return fmt.Sprintf("include \"f%d.thrift\"", i) })), "too-many-includes"},
		{"a chain of services", one("service S0 { void m0() }\n" + repeat(300, func(i int) string { return fmt.Sprintf("service S%d extends S%d { void m%d() }", i+1, i, i+1) })), ""},
		{"a long line", one("service S { string get() (api.get=\"/" + strings.Repeat("x", 3_000_000) + "\") }"), "bad-path"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := load(t, files(test.texts), nil) // to end at all is what matters
			if test.rule != "" && !slices.ContainsFunc(m.Diagnostics, func(d Diagnostic) bool { return d.Rule == test.rule }) {
				t.Errorf("no diagnostic %s: %.2000s", test.rule, strings.Join(diagnostics(m), "\n"))
			}
			if test.rule == "" && len(m.Diagnostics) > 0 {
				t.Logf("%.500s", strings.Join(diagnostics(m), "\n"))
			}
		})
	}
}

// Texts that are kept stand for files that have changed, fail or are gone.
func TestLoadKeep(t *testing.T) {
	texts := map[string]string{
		"a.thrift": "service A { void a() }", "b.thrift": "service B { void b() }", "c.thrift": "service C { void c() }",
	}
	old := load(t, files(texts), nil)
	edited := files(map[string]string{"a.thrift": "service A { void other() }", "b.thrift": "service B {"})
	m, err := Load(edited, Options{Previous: old, Keep: texts})
	if err != nil {
		t.Fatal(err)
	}
	if m.Digest != old.Digest || len(m.Diagnostics) > 0 || service(t, m, "A") != service(t, old, "A") {
		t.Errorf("digest %s, want %s; %v", m.Digest, old.Digest, m.Diagnostics)
	}
}
