package router

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name    string
		pattern string
		text    string
		key     string
		params  []string
	}{
		{"root", "/", "/", "/", nil},
		{"static", "/book/query", "/book/query", "/book/query", nil},
		{"no leading slash", "book/query", "/book/query", "/book/query", nil},
		{"trailing slash", "/book/", "/book/", "/book/", nil},
		{"parameter", "/book/:id", "/book/:id", "/book/:", []string{"id"}},
		{"parameter without leading slash", ":id", "/:id", "/:", []string{"id"}},
		{"braces", "/book/{id}", "/book/:id", "/book/:", []string{"id"}},
		{"name with signs", "/:user-id.x_1", "/:user-id.x_1", "/:", []string{"user-id.x_1"}},
		{"name in another script", "/{имя}", "/:имя", "/:", []string{"имя"}},
		{"catch-all", "/f/*rest", "/f/*rest", "/f/*", []string{"rest"}},
		{"catch-all without a name", "/f/*", "/f/*", "/f/*", []string{"*"}},
		{"catch-all alone", "*", "/*", "/*", []string{"*"}},
		{"regular expression", "/{id:[0-9]+}", "/{id:[0-9]+}", "/{:[0-9]+}", []string{"id"}},
		{"braces in a regular expression", "/{id:[0-9]{3}}/x", "/{id:[0-9]{3}}/x", "/{:[0-9]{3}}/x", []string{"id"}},
		{"escaped brace in a regular expression", `/{id:\{a}`, `/{id:\{a}`, `/{:\{a}`, []string{"id"}},
		{"slash and question mark in a regular expression", "/{id:[^/]?a}", "/{id:[^/]?a}", "/{:[^/]?a}", []string{"id"}},
		{"colon in a regular expression", "/{id:(?:a|b)}", "/{id:(?:a|b)}", "/{:(?:a|b)}", []string{"id"}},
		{"anchors are dropped", "/{id:^[0-9]+$}", "/{id:[0-9]+}", "/{:[0-9]+}", []string{"id"}},
		{"all anchors are dropped", `/{id:^^a\\$$}`, `/{id:a\\}`, `/{:a\\}`, []string{"id"}},
		{"escaped dollar stays", `/{id:a\$}`, `/{id:a\$}`, `/{:a\$}`, []string{"id"}},
		{"two in a segment", "/{a}-{b}", "/{a}-{b}", "/{}-{}", []string{"a", "b"}},
		{"colon after text", "/user_:name", "/user_{name}", "/user_{}", []string{"name"}},
		{"colon after braces is text", "/{id}:archive", "/{id}%3Aarchive", "/{}%3Aarchive", []string{"id"}},
		{"colon between braces is text", "/{a}:b{c}", "/{a}%3Ab{c}", "/{}%3Ab{}", []string{"a", "c"}},
		{"adjacent after an expression", "/{a:[0-9]+}{b}", "/{a:[0-9]+}{b}", "/{:[0-9]+}{}", []string{"a", "b"}},
		{"escapes are decoded", "/b%6Fok", "/book", "/book", nil},
		{"escapes that mean something stay", "/%3Aa/%2a/%7Bb%7d/c%2Fd/%25/%20", "/%3Aa/%2A/%7Bb%7D/c%2Fd/%25/%20", "/%3Aa/%2A/%7Bb%7D/c%2Fd/%25/%20", nil},
		{"other bytes", "/книга/%D0%B0;b,c=d@e~f", "/книга/а;b,c=d@e~f", "/книга/а;b,c=d@e~f", nil},
		{"three dots are a name", "/...", "/...", "/...", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.text || got.Key() != tt.key {
				t.Errorf("Parse(%q): text %q, key %q; want %q, %q", tt.pattern, got, got.Key(), tt.text, tt.key)
			}
			if diff := cmp.Diff(tt.params, got.Params()); diff != "" {
				t.Errorf("Params (-want +got):\n%s", diff)
			}
			if again, err := Parse(got.String()); err != nil || again.String() != tt.text || again.Key() != tt.key {
				t.Errorf("Parse(String()) = %q, %v; want the same", again, err)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name    string
		pattern string
		want    string
	}{
		{"empty", "", `path "", at byte 0: empty; the root is "/"`},
		{"too long", "/" + strings.Repeat("a", maxPattern), "longer than 2048 bytes"},
		{"empty name", "/a/:", `path "/a/:", at byte 4: a parameter without a name`},
		{"empty name before a slash", "/:/a", "at byte 2: a parameter without a name"},
		{"empty braces", "/{}", "at byte 2: a parameter without a name"},
		{"expression without a name", "/{:a}", "at byte 2: a parameter without a name"},
		{"offset without a leading slash", "a/:", `path "a/:", at byte 3: a parameter without a name`},
		{"bad name", "/:a:b", `at byte 3: ':' in the name of a parameter; it takes letters, digits, '_', '-' and '.'`},
		{"both forms", "/:a-{b}", `at byte 4: '{' in the name`},
		{"bad name in braces", "/{a b}", `at byte 3: ' ' in the name`},
		{"invalid UTF-8 in a name", "/:a\xff", "in the name of a parameter"},
		{"duplicate", "/:a/b/{a}", `at byte 6: parameter "a" stands there twice`},
		{"duplicate catch-all", "/:a/*a", `at byte 4: parameter "a" stands there twice`},
		{"too many", "/:p/:a/:b/:c/:d/:e/:f/:g/:h/:i/:j/:k/:l/:m/:n/:o/:q", "more than 16 parameters"},
		{"adjacent", "/{a}{b}", `at byte 4: nothing tells where parameter "a" ends and "b" begins`},
		{"catch-all not last", "/*a/b", "at byte 1: a catch-all must be the last segment"},
		{"catch-all with trailing slash", "/*a/", "at byte 1: a catch-all must be the last segment"},
		{"catch-all after text", "/a*", `at byte 2: a catch-all must fill its segment: write "/*"; a literal star is %2A`},
		{"catch-all with text after", "/*a*", `'*' in the name`},
		{"catch-all of another syntax", "/{rest...}", `at byte 2: a catch-all is written "*rest", without dots`},
		{"catch-all in braces", "/{*rest}", `at byte 2: a catch-all is written "*rest", without braces`},
		{"dot", "/a/./b", `at byte 3: dot segment "."`},
		{"dots", "/..", `at byte 1: dot segment ".."`},
		{"encoded dots", "/%2e%2E/a", `at byte 1: dot segment ".."`},
		{"empty segment", "/a//b", `at byte 3: empty segment ("//")`},
		{"empty last segment", "/a//", `at byte 3: empty segment ("//")`},
		{"empty first segment", "//", `at byte 1: empty segment ("//")`},
		{"query", "/a?b=:c", `at byte 2: '?': a path has no query and no fragment`},
		{"fragment", "/a#b", `at byte 2: '#': a path has no query and no fragment`},
		{"control character", "/a\n", `at byte 2: space or control character '\n'; write it as %0A`},
		{"space", "/a b", `at byte 2: space or control character ' '; write it as %20`},
		{"NUL", "/a%00", "at byte 2: %00: no path with it is served"},
		{"backslash", `/a\b`, "at byte 2: backslash: no path with it is served"},
		{"encoded backslash", "/a%5cb", "at byte 2: %5c: no path with it is served"},
		{"broken escape", "/a%2", "at byte 2: '%' needs two hexadecimal digits; a literal one is %25"},
		{"no hexadecimal digit", "/a%2g", "at byte 2: '%' needs two hexadecimal digits"},
		{"open brace", "/a{b", "at byte 2: '{' without its '}'"},
		{"open brace in an expression", "/{a:[{]}", "at byte 1: '{' without its '}'"},
		{"closing brace", "/a}", "at byte 2: '}' without '{'; a literal brace is %7D"},
		{"bad expression", "/{a:[}", "at byte 4: regular expression: missing closing ]: `[`"},
		{"empty expression", "/{a:}", "at byte 4: empty regular expression"},
		{"only anchors", "/{a:^$}", "at byte 4: empty regular expression"},
		{"control character in an expression", "/{a:b\x01}", "at byte 4: control character or invalid UTF-8"},
		{"unended quote in an expression", `/{a:\Qb}-{c:\Qd\E}`, `at byte 1: regular expressions of the segment`},
		{"too large an expression", "/{a:(b{1000}){1000}}", "regular expression: invalid repeat count"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.pattern)
			var perr *PatternError
			if !errors.As(err, &perr) {
				t.Fatalf("Parse(%q) = %q, %v; want a *PatternError", tt.pattern, got, err)
			}
			if perr.Pattern != tt.pattern || perr.Offset > len(tt.pattern) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			if !got.IsZero() {
				t.Errorf("a template came with the error: %q", got)
			}
		})
	}
}

func TestKeyIgnoresNamesOnly(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"/:a", "/{b}", true},
		{"/*a", "/*", true},
		{"/{a}-{b}", "/{c}-{d}", true},
		{"/{a:x}", "/{b:^x$}", true},
		{"/a", "/%61", true},
		{"/:a", "/{a:.+}", false},
		{"/:a", "/:a/", false},
		{"/:a", "/%3A", false},
		{"/*a", "/%2A", false},
		{"/{a}-{b}", "/%7B%7D-%7B%7D", false},
		{"/a/b", "/a%2Fb", false},
	}
	for _, tt := range tests {
		a, b := mustParse(t, tt.a), mustParse(t, tt.b)
		if (a.Key() == b.Key()) != tt.same {
			t.Errorf("Key(%q) = %q, Key(%q) = %q; same: want %v", tt.a, a.Key(), tt.b, b.Key(), tt.same)
		}
	}
}
