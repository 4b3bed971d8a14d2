package jsmodule_test

import (
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

func TestPatterns(t *testing.T) {
	query := jsmodule.RouteKey{Service: "BookSvc", Method: "queryBook", Verb: "GET", Path: "/book/query"}
	param := jsmodule.RouteKey{Verb: "POST", Path: "/shop/:id/books"}
	root := jsmodule.RouteKey{Verb: "GET", Path: "/"}
	tests := []struct {
		pattern string
		key     jsmodule.RouteKey
		want    bool
	}{
		{"*", query, true},
		{"*", root, true},
		{"BookSvc.queryBook", query, true},
		{"BookSvc.*", query, true},
		{"BookSvc.insertBook", query, false},
		{"Other.queryBook", query, false},
		{"BookSvc.*", param, false},
		{"GET /book/*", query, true},
		{"  GET   /book/query ", query, true},
		{"POST /book/*", query, false},
		{"/book/*", query, true},
		{"/book/query", query, true},
		{"/book", query, false},
		{"/book/query/*", query, false},
		{"/*", query, true},
		{"/*", root, false},
		{"/", root, true},
		{"/shop/:id/books", param, true},
		{"/shop/*/books", param, true},
		{"/shop/*", param, true},
		{"/shop/:other/books", param, false},
		{"/shop/*/*/x", param, false},
	}
	for _, test := range tests {
		t.Run(test.pattern+" on "+test.key.Path, func(t *testing.T) {
			p, err := jsmodule.ParsePattern(test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(test.key); got != test.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestBadPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"":           "is none of",
		"book":       "is none of",
		"BookSvc.":   "is none of",
		".x":         "is none of",
		"GET":        "is none of",
		"GET book/x": "is none of",
		"get /book":  `"get" is not an HTTP method in capitals`,
		"GET POST /": "is none of",
		"a/b.c":      "is none of",
	} {
		t.Run(pattern, func(t *testing.T) {
			if _, err := jsmodule.ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want %s", err, want)
			}
		})
	}
}
