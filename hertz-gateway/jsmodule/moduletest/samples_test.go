package moduletest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

// TestSampleModules runs the tests of the sample modules and of the examples.
// Every module has tests, and every example stands in their README.
func TestSampleModules(t *testing.T) {
	t.Chdir("../../modules")
	readme, err := os.ReadFile("examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := moduletest.Modules(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(modules) < 10 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	files, err := moduletest.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	err = moduletest.Run(context.Background(), files, moduletest.Config{Report: func(r moduletest.Result) {
		stem, _, _ := strings.Cut(filepath.Base(r.File), ".")
		if r.Outcome == moduletest.Passed {
			passed[stem]++
		}
		for _, f := range r.Failures {
			t.Errorf("%s: %s: %s", r.Name, f.Place, f.Message)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range modules {
		p, err := jsmodule.BuildFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if passed[p.Name()] == 0 {
			t.Errorf("%s has no test", file)
		}
		if filepath.Dir(file) == "examples" && !strings.Contains(string(readme), "("+filepath.Base(file)+")") {
			t.Errorf("%s is not in examples/README.md", file)
		}
	}
}
