package servicemapping

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNearest(t *testing.T) {
	words := []string{"api.query", "api.path", "api.post", "api.put", "dgate.timeout", "Book", "ID"}
	tests := []struct{ name, want string }{
		{"api.qurey", "api.query"},
		{"api.QUERY", "api.query"},
		{"api.pats", "api.path"},
		{"api.pos", "api.post"},
		{"dgate.timeuot", "dgate.timeout"},
		{"book", "Book"},
		{"Boook", "Book"},
		{"I", ""},
		{"", ""},
		{"something", ""},
		{"api.completely_different", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for range len(words) { // whatever the order
				words = append(words[1:], words[0])
				if got := nearest(test.name, slices.Values(words)); got != test.want {
					t.Fatalf("got %q, want %q, of %q", got, test.want, words)
				}
			}
		})
	}
}

func TestMerge(t *testing.T) {
	a := problem{file: "a.thrift", line: 2, column: 1, rule: ruleSyntax, message: "x"}
	b := problem{file: "a.thrift", line: 1, column: 9, severity: Warning, rule: ruleBadPath, message: "y"}
	got := merge([]finding{
		{problem: a, routes: []string{"POST /b", "GET /a"}},
		{problem: b},
		{problem: a, routes: []string{"GET /a"}},
	})
	want := []Diagnostic{
		{File: "a.thrift", Line: 1, Column: 9, Severity: Warning, Rule: "bad-path", Message: "y"},
		{File: "a.thrift", Line: 2, Column: 1, Rule: "syntax", Message: "x", Routes: []string{"GET /a", "POST /b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := want[0].String(); got != "a.thrift:1:9: warning bad-path: y" {
		t.Error(got)
	}
}
