package breaking

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/servicemapping"
)

var update = flag.Bool("update", false, "rewrite the findings in testdata")

// ruleCase is one case of testdata/rules.txt: two IDLs and what a change from
// either to the other is said to do.
type ruleCase struct {
	name                         string
	old, next, forward, backward string
}

// readCases reads testdata/rules.txt: "== NAME", the old IDL, "--", the new
// one, ">>" with the findings forward, "<<" with those backward.
func readCases(t *testing.T, text string) []ruleCase {
	t.Helper()
	var cases []ruleCase
	for _, block := range strings.Split(text, "\n== ")[1:] {
		var c ruleCase
		rest := ""
		c.name, rest, _ = strings.Cut(block, "\n")
		var ok [3]bool
		c.old, rest, ok[0] = strings.Cut(rest, "--\n")
		c.next, rest, ok[1] = strings.Cut(rest, ">>\n")
		c.forward, c.backward, ok[2] = strings.Cut(rest, "<<\n")
		if ok != [3]bool{true, true, true} {
			t.Fatalf("case %q is incomplete", c.name)
		}
		cases = append(cases, c)
	}
	return cases
}

func (c ruleCase) String() string {
	return "== " + c.name + "\n" + c.old + "--\n" + c.next + ">>\n" + c.forward + "<<\n" + c.backward
}

func load(t testing.TB, idl string) *servicemapping.Mapping {
	t.Helper()
	return loadFiles(t, map[string]string{"book.thrift": idl})
}

func loadFiles(t testing.TB, files map[string]string) *servicemapping.Mapping {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := servicemapping.Load(dir, servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lines are findings as they are shown, with the surfaces.
func lines(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		surfaces := make([]string, len(f.Breaks))
		for i, s := range f.Breaks {
			surfaces[i] = string(s)
		}
		b.WriteString(f.String() + " [" + strings.Join(surfaces, "+") + "]\n")
	}
	return b.String()
}

// Every rule has a case in testdata/rules.txt, which shows it in both directions.
func TestRules(t *testing.T) {
	path := filepath.Join("testdata", "rules.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := readCases(t, string(text))
	shown := map[string]bool{}
	use := Usage{ByName: true}
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			old, next := load(t, c.old), load(t, c.next)
			for _, d := range slices.Concat(old.Diagnostics, next.Diagnostics) {
				if d.Severity == servicemapping.Error {
					t.Errorf("the case has a mistake: %s", d)
				}
			}
			forward, backward := Compare(old, next, use), Compare(next, old, use)
			for _, f := range slices.Concat(forward, backward) {
				shown[f.Rule] = true
			}
			if *update {
				c.forward, c.backward = lines(forward), lines(backward)
				return
			}
			if d := cmp.Diff(c.forward, lines(forward)); d != "" {
				t.Errorf("forward (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.backward, lines(backward)); d != "" {
				t.Errorf("backward (-want +got):\n%s", d)
			}
		})
	}
	for _, rule := range Rules() {
		if !shown[rule] {
			t.Errorf("no case shows the rule %s", rule)
		}
	}
	if *update {
		head, _, _ := strings.Cut(string(text), "\n== ")
		var b strings.Builder
		b.WriteString(head)
		for _, c := range cases {
			b.WriteString("\n" + c.String())
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
