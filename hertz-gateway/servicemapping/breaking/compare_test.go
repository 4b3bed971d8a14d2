package breaking

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/servicemapping"
)

const library = `
struct Book { 1: string title, 2: i32 pages }
struct Query { 1: i32 num (api.query="num") }
service BookSvc {
  Book get(1: Query q) (api.get="/book")
  void put(1: Book b) (api.post="/book")
  void sweep()
}
service Other { void ping() (api.get="/ping") }
`

func TestUsage(t *testing.T) {
	use := Usage{
		Attached: func(r Route) []string {
			if r.Path == "/book" && r.Verb == "POST" {
				return []string{"stamp"}
			}
			return nil
		},
		Callers: func(service, method string) []string {
			if service == "BookSvc" && method == "get" {
				return []string{"page", "feed"}
			}
			if service == "book" && method == "sweep" { // the file
				return []string{"broom"}
			}
			return nil
		},
	}
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		{
			"a struct of two routes", "i32 pages", "i64 pages",
			[]string{`book.thrift:2: breaking type-changed: book.Book.pages is i64, no longer i32 (GET /book, POST /book; modules feed, page, stamp)`},
		},
		{
			"a parameter is nothing to those who call by name", `api.query="num"`, `api.query="n"`,
			[]string{`book.thrift:3: breaking name-changed: book.Query.num is the query "n", no longer the query "num" (GET /book)`},
		},
		{
			"a member is, if a module calls", `i32 num (`, `i32 count (`,
			[]string{`book.thrift:3: breaking name-changed: book.Query.count is "count" in the body, no longer "num" in the body (BookSvc.get; modules feed, page)`},
		},
		{
			"the module of a route alone", `void put(1: Book b) (api.post="/book")`, `void put(1: Book b) (api.put="/book")`,
			[]string{
				`book.thrift:6: breaking route-verb-changed: POST /book of BookSvc.put is now PUT /book (POST /book; module stamp)`,
				`book.thrift:6: safe route-added: PUT /book of BookSvc.put is new`,
			},
		},
		{
			"a method that a module calls by its file", "void sweep()", "",
			[]string{`book.thrift:4: breaking method-removed: method BookSvc.sweep is gone (BookSvc.sweep; module broom)`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(library, tt.from) {
				t.Fatalf("%q is not in the IDL", tt.from)
			}
			var got []string
			for _, f := range Compare(load(t, library), load(t, strings.Replace(library, tt.from, tt.to, 1)), use) {
				got = append(got, f.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// A change of names that only calls by name see is risky while nobody is known
// to call so.
func TestByName(t *testing.T) {
	next := strings.Replace(library, "i32 num (", "i32 count (", 1)
	for _, tt := range []struct {
		name string
		use  Usage
		want Severity
	}{
		{"nobody known", Usage{}, Risky},
		{"the generic route", Usage{ByName: true}, Breaking},
		{"a module", Usage{Callers: func(string, string) []string { return []string{"m"} }}, Breaking},
		{"a route of the admin API", Usage{Routes: func(string, string) []string { return []string{"GET /mine"} }}, Breaking},
		{"allowed", Usage{ByName: true, Allow: []string{ruleName}}, Safe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Worst(Compare(load(t, library), load(t, next), tt.use)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	ping := "service PingSvc { void ping() (api.get=\"/ping\") }"
	for _, tt := range []struct {
		name      string
		old, next map[string]string
		want      string
	}{
		{
			"a file moves, and so does the registry name",
			map[string]string{"a.thrift": ping},
			map[string]string{"b.thrift": ping},
			"b.thrift:1: breaking registry-changed: instances of PingSvc are looked up as \"b\", no longer as \"a\" (GET /ping) [wire+http]\n",
		},
		{
			"a file moves to a folder",
			map[string]string{"a.thrift": ping},
			map[string]string{"x/a.thrift": ping},
			"",
		},
		{
			"one of two of a name goes",
			map[string]string{"x/a.thrift": ping, "y/b.thrift": "service PingSvc { void pong() (api.get=\"/pong\") }"},
			map[string]string{"y/b.thrift": "service PingSvc { void pong() (api.get=\"/pong\") }"},
			"x/a.thrift:1: breaking service-removed: service PingSvc is gone (GET /ping) [wire+http]\n",
		},
		{
			"a route is taken away by another file",
			map[string]string{"b.thrift": ping},
			map[string]string{"b.thrift": ping, "a.thrift": "service Thief { void take() (api.get=\"/ping\") }"},
			"a.thrift:1: risky route-moved: GET /ping goes to Thief.take, no longer to PingSvc.ping (GET /ping) [http]\n" +
				"a.thrift:1: safe method-added: method Thief.take is new [wire+http]\n",
		},
		{
			"a verb falls to a route for all of them",
			map[string]string{"a.thrift": "service A { string one(1: required string s) (api.get=\"/x\") }", "b.thrift": "service B { string any() (api.any=\"/x\") }"},
			map[string]string{"a.thrift": "service A { string one(1: required string s) }", "b.thrift": "service B { string any() (api.any=\"/x\") }"},
			"b.thrift:1: risky field-removed: argument s of B.any is gone: what callers send there is passed over (GET /x) [http]\n" +
				"b.thrift:1: risky route-moved: GET /x goes to B.any, no longer to A.one (GET /x) [http]\n",
		},
		{
			"a struct of an included file",
			map[string]string{"b.thrift": "include \"s.thrift\"\nservice B { s.S get() (api.get=\"/b\") }", "s.thrift": "struct S { 1: string a, 2: string b }"},
			map[string]string{"b.thrift": "include \"s.thrift\"\nservice B { s.S get() (api.get=\"/b\") }", "s.thrift": "// less\nstruct S { 1: string a }"},
			"s.thrift:2: breaking field-removed: s.S.b is gone (GET /b) [http]\n",
		},
		{
			"an include breaks",
			map[string]string{"b.thrift": "include \"s.thrift\"\nservice B { s.S get() (api.get=\"/b\"), void ok() }", "s.thrift": "struct S { 1: string a }"},
			map[string]string{"b.thrift": "include \"s.thrift\"\nservice B { s.S get() (api.get=\"/b\"), void ok() }", "s.thrift": "struct T { 1: string a }"},
			"b.thrift:2: breaking method-removed: method B.get is gone: b.thrift:2: unknown-type: unknown type \"s.S\" (GET /b) [wire+http]\n",
		},
		{
			"an inherited method",
			map[string]string{"b.thrift": "service A { string get() (api.get=\"/a\") }\nservice B extends A {}"},
			map[string]string{"b.thrift": "service A { string get(1: required i32 n) (api.get=\"/a\") }\nservice B extends A {}"},
			"b.thrift:1: breaking required-added: argument n of A.get is new and required: callers that don't send it get a 400 (GET /a) [http]\n" +
				"b.thrift:1: risky required-added: argument n of B.get is new and required: callers that don't send it get a 400 (B.get) [http]\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lines(Compare(loadFiles(t, tt.old), loadFiles(t, tt.next), Usage{}))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	all := Compare(load(t, library), load(t, strings.Replace(library, "1: string title,", "3: string by,", 1)), Usage{})
	if len(AtLeast(Safe, all)) != len(all) || len(all) < 3 {
		t.Fatalf("%d findings, %d of them safe or worse", len(all), len(AtLeast(Safe, all)))
	}
	for _, f := range AtLeast(Risky, all) {
		if f.Severity == Safe {
			t.Errorf("not risky: %s", f)
		}
	}
	if n := len(AtLeast(Breaking, all)); n == 0 || n == len(all) {
		t.Errorf("%d of %d are breaking", n, len(all))
	}
}

// What was taken over by a load costs nothing to compare, and is the same.
func TestSharedServices(t *testing.T) {
	dir := fstest.MapFS{"book.thrift": {Data: []byte(library)}, "x.thrift": {Data: []byte("service X { void x() }")}}
	old, err := servicemapping.Load(dir, servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir["x.thrift"] = &fstest.MapFile{Data: []byte("service X { void x(), void y() }")}
	next, err := servicemapping.Load(dir, servicemapping.Options{Previous: old})
	if err != nil {
		t.Fatal(err)
	}
	changed, gone := pairs(old, next)
	if len(changed) != 1 || changed[0].next.Name != "X" || len(gone) > 0 {
		t.Errorf("to compare: %v, gone: %v", changed, gone)
	}
	if got := lines(Compare(old, next, Usage{})); got != "x.thrift:1: safe method-added: method X.y is new [wire+http]\n" {
		t.Error(got)
	}
}

// directories gives every directory of IDLs that the repository tests with.
func directories(t *testing.T) map[string]fs.FS {
	t.Helper()
	out := map[string]fs.FS{"idl": os.DirFS("../../../idl")}
	for _, pattern := range []string{"../testdata/idl/*", "../../openapi/testdata/*"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			out[d] = os.DirFS(d)
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d directories", len(out))
	}
	return out
}

// Nothing has changed between IDLs and themselves, however they are spelled.
func TestSameMeaning(t *testing.T) {
	for name, dir := range directories(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			files := map[string]string{}
			err := fs.WalkDir(dir, ".", func(path string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() || filepath.Ext(path) != ".thrift" {
					return err
				}
				text, err := fs.ReadFile(dir, path)
				files[path] = string(text)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			old := loadFiles(t, files)
			for how, spell := range map[string]func(string) string{
				"again": strings.Clone, "comments": withComments, "line ends": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
			} {
				respelled := map[string]string{}
				for path, text := range files {
					respelled[path] = spell(text)
				}
				use := Usage{ByName: true}
				if got := lines(Compare(old, loadFiles(t, respelled), use)); got != "" {
					t.Errorf("%s:\n%s", how, got)
				}
			}
		})
	}
}

// withComments puts a comment above every line and behind it.
func withComments(text string) string {
	if strings.Contains(text, "/*") || !utf8.ValidString(text) {
		return "// one more line\n" + text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line)
		if !strings.ContainsAny(line, `"'`) { // perhaps within a text over several lines
			b.WriteString("  # and so on\n")
		}
	}
	return b.String()
}

var definition = regexp.MustCompile(`(?m)^(?:struct|enum|service|exception|union) (?:[^{]*)\{[^}]*\}[^\n]*\n`)

// The order of definitions, of fields with ids and of methods is nobody's business.
func TestReordered(t *testing.T) {
	idl := `enum E { A = 1, B = 2 }
struct Book { 1: string title, 2: i32 pages (vt.lt="9"), 3: E e, 4: optional list<Book> more }
exception Gone { 1: string why }
exception Late { 1: string why }
union U { 1: string s, 2: Book b }
service BookSvc {
  Book get(1: Book q) throws (1: Gone g, 2: Late l) (api.get="/book", api.post="/book")
  void put(1: U u, 2: i32 n) (api.put="/book")
}
`
	blocks := definition.FindAllString(idl, -1)
	if strings.Join(blocks, "") != idl {
		t.Fatalf("%d blocks", len(blocks))
	}
	old := load(t, idl)
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		shuffled := slices.Clone(blocks)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for i, b := range shuffled {
			open, end := strings.IndexByte(b, '{')+1, strings.LastIndexByte(b, '}')
			parts := strings.Split(strings.TrimSpace(b[open:end]), ", ")
			if strings.HasPrefix(b, "service") {
				parts = strings.Split(strings.TrimSpace(b[open:end]), "\n")
			}
			random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			shuffled[i] = b[:open] + "\n" + strings.Join(parts, "\n") + "\n" + b[end:]
		}
		text := strings.Join(shuffled, "\n")
		if got := lines(Compare(old, load(t, text), Usage{ByName: true})); got != "" {
			t.Fatalf("%s\n%s", text, got)
		}
	}
}

// Whatever the texts are, a comparison ends, finds nothing between equal ones,
// and gives each finding a place and a known rule.
func FuzzCompare(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "rules.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n== ")[1:] {
		_, rest, _ := strings.Cut(block, "\n")
		old, rest, _ := strings.Cut(rest, "--\n")
		next, _, _ := strings.Cut(rest, ">>\n")
		f.Add(old, next)
	}
	f.Fuzz(func(t *testing.T, old, next string) {
		a, b := load(t, old), load(t, next)
		if got := Compare(a, load(t, old), Usage{ByName: true}); len(got) > 0 {
			t.Fatalf("between equal texts:\n%s", lines(got))
		}
		for _, finding := range Compare(a, b, Usage{ByName: true}) {
			if finding.File == "" || finding.Line == 0 || !slices.Contains(Rules(), finding.Rule) || len(finding.Breaks) == 0 {
				t.Errorf("%+v", finding)
			}
		}
	})
}
