package openapi_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api" //nolint:depguard // a test checks that TypeScript takes what we write
	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/openapi"
	"dgate/hertz-gateway/servicemapping"
)

var update = flag.Bool("update", false, "write the golden files again")

// cases are the folders of testdata: IDLs, and what they give.
func cases(t *testing.T) []string {
	t.Helper()
	dirs, err := fs.Glob(os.DirFS("testdata"), "*")
	dirs = slices.DeleteFunc(dirs, func(d string) bool { return d == "fuzz" })
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return dirs
}

func load(t testing.TB, name string) *servicemapping.Mapping {
	t.Helper()
	m, err := servicemapping.Load(os.DirFS(filepath.Join("testdata", name)), servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Diagnostics {
		if d.Severity == servicemapping.Error {
			t.Errorf("%s:%d: %s", d.File, d.Line, d.Message)
		}
	}
	return m
}

func lines(warnings []openapi.Warning) string {
	var b strings.Builder
	for _, w := range warnings {
		b.WriteString(w.String() + "\n")
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			m := load(t, name)
			document, left := openapi.Generate(m, openapi.Info{Title: name, Version: "1.2", Servers: []string{"https://api.example.com"}})
			types, leftOut := openapi.Types(m)
			golden(t, filepath.Join("testdata", name, "openapi.json"), document)
			golden(t, filepath.Join("testdata", name, "types.d.ts"), types)
			golden(t, filepath.Join("testdata", name, "warnings.txt"), []byte(lines(left)+"--\n"+lines(leftOut)))
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestSameTextEachTime loads anew each time: services are compiled side by side.
func TestSameTextEachTime(t *testing.T) {
	for _, name := range cases(t) {
		first, _ := openapi.Generate(load(t, name), openapi.Info{})
		types, _ := openapi.Types(load(t, name))
		for range 3 {
			again, _ := openapi.Generate(load(t, name), openapi.Info{})
			typesAgain, _ := openapi.Types(load(t, name))
			if string(first) != string(again) || string(types) != string(typesAgain) {
				t.Errorf("%s: another text for the same IDLs", name)
			}
		}
	}
}

// TestTypesAreTypeScript parses the declarations, and looks whether each type
// that module "dgate/paths" needs is one that "dgate/rpc" declares.
func TestTypesAreTypeScript(t *testing.T) {
	for _, name := range cases(t) {
		text, _ := openapi.Types(load(t, name))
		result := api.Transform(string(text), api.TransformOptions{Loader: api.LoaderTS})
		for _, e := range result.Errors {
			t.Errorf("%s: %d: %s", name, e.Location.Line, e.Text)
		}
		rpc, paths, _ := strings.Cut(string(text), `declare module "dgate/paths"`)
		imports, _, _ := strings.Cut(paths, "}")
		_, imports, _ = strings.Cut(imports, "import type {")
		for _, used := range strings.FieldsFunc(imports, func(r rune) bool { return strings.ContainsRune(" ,\n", r) }) {
			n := strings.Count(rpc, "export interface "+used+" {") + strings.Count(rpc, "export type "+used+" =")
			if n != 1 {
				t.Errorf("%s: %s is declared %d times", name, used, n)
			}
		}
	}
}
