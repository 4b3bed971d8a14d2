package validate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/transcode"
)

// What is said of bad rules on the first field.
func TestProblems(t *testing.T) {
	cases := []struct {
		decl, rule string
		want       string
	}{
		// Syntax.
		{"i32 n", "$<", `at 3: expected a value, found the end`},
		{"i32 n", "", `no condition`},
		{"i32 n", " ; ", `no condition`},
		{"i32 n", "msg:'x'", `no condition`},
		{"i32 n", "$>0;$<5", `at 5: a second condition; join conditions with &&`},
		{"i32 n", "$>0;msg:'a';msg:'b'", `at 13: a second msg`},
		{"i32 n", "is:$>0", `unknown expression name "is"; there are @ (the condition) and msg`},
		{"i32 n", "$>0;msg:3", `at 9: msg must be a text, not a number; use sprintf`},
		{"i32 n", "$>0;msg:too small", `at 9: unknown word "too"; a text stands in single quotes`},
		{"i32 n", "$>0;msg:", `at 9: expected a value, found the end`},
		{"i32 n", "$>0 foo", `at 5: expected an operator or the end, found "foo"`},
		{"i32 n", "$>0)", `at 4: expected an operator or the end, found ")"`},
		{"i32 n", "($>0", `at 5: expected an operator or ), found the end`},
		{"i32 n", "$=1", `at 2: expected an operator or the end, found "=1"; equality is ==`},
		{"i32 n", "$>1&$<2", `at 4: expected an operator or the end, found "&$<2"; and is &&`},
		{"i32 n", "$>1 | $<2", `at 5: expected an operator or the end, found "|"; or is ||`},
		{"i32 n", "$>1?true:false", `at 4: expected an operator or the end, found "?true:false"; there is no ?: operator, use && and ||`},
		{"i32 n", `$=="x"`, `at 4: expected a value, found "\"x\""; texts stand in single quotes`},
		{"i32 n", "$ $", `at 3: expected an operator or the end, found "$"`},
		{"i32 n", "1a", `numbers are decimal: 10, 0.5`},
		{"i32 n", "$<0x10", `at 3: numbers are decimal: 10, 0.5`},
		{"i32 n", "1.2.3", `numbers are decimal: 10, 0.5`},
		{"i32 n", "$>" + strings.Repeat("9", 400), `at 3: ` + strings.Repeat("9", 400) + ` is too large`},
		{"string s", "$=='x", `at 4: this quote is not closed`},
		{"string s", `$=='\\w' && $=='x`, `at 16: this quote is not closed`}, // offset in the raw text
		{"i32 n", strings.Repeat("(", 40) + "1" + strings.Repeat(")", 40), `at 33: nested more than 32 deep`},
		{"i32 n", strings.Repeat("!", 40) + "1", `at 33: nested more than 32 deep`},
		{"i32 n", "1" + strings.Repeat("+1", 600), `at 1001: more than 500 operands`},
		{"i32 n", strings.Repeat(" ", 5000), `longer than 4096 bytes`},
		{"i32 n", "#v>0", `#v stands outside of range(…)`},
		{"i32 n", "#x>0", `expected #k, #v or ##, found "#x>0"`},
		// Names.
		{"i32 n, i32 limit", "$<(limt)$", `at 3: shop.Req has no field "limt"; did you mean "limit"?`},
		{"i32 n, i32 limit", "$<(whatever)$", `at 3: shop.Req has no field "whatever"; there are n, limit`},
		{"i32 n, i32 limit", "$<limit", `at 3: unknown word "limit"; the field is (limit)$, a text stands in single quotes`},
		{"i32 n, i32 a_b, i32 ab", "$<(A_B_)$", `at 3: "A_B_" fits the fields a_b and ab of shop.Req`},
		{"i32 n, Point p", "$<(p.z)$", `at 3: shop.Point has no field "z"; did you mean "x"?`},
		{"i32 n, Point p", "$<(p.x.y)$", `at 3: "p.x.y": only a struct has fields, and a number is before .y`},
		{"i32 n", "lenn($)>0", `unknown function "lenn"; did you mean "len"?`},
		{"i32 n", "$>0&&foo($)", `at 6: unknown function "foo"; there are len, mblen, regexp, sprintf, range, in, email, phone`},
		// Types.
		{"i32 n", "$<'abc'", `at 2: a number is compared with the text 'abc', which is no number`},
		{"i32 n", "$==true", `at 2: == of a number and a bool is never true`},
		{"i32 n", "$!=true", `at 2: != of a number and a bool is never false`},
		{"bool b", "$<true", `at 2: < compares numbers or texts, not a bool`},
		{"i32 n", "$<nil", `at 2: < compares numbers or texts, not nil`},
		{"list<i32> l", "$>0", `at 2: > compares numbers or texts, not a list`},
		{"list<i32> l", "$==0", `at 2: == of a list and a number is never true`},
		{"list<i32> l", "$", `a list has no truth value; ask for its len(…) or compare it with nil`},
		{"list<i32> l", "!$", `a list has no truth value; ask for its len(…) or compare it with nil`},
		{"map<i32,i32> m", "true&&$", `at 7: a map has no truth value; ask for its len(…) or compare it with nil`},
		{"string s", "$*2>1", `at 2: * takes numbers, not a text`},
		{"i32 n", "$+'a'=='1a'", `at 2: + takes numbers, not a text`},
		{"string s", "-$=='a'", `- takes a number, not a text`},
		{"string s", "+$=='a'", `a sign takes a number, not a text`},
		{"string s", "len()>0", `len takes one value, not 0`},
		{"string s", "len($,1)>0", `len takes one value, not 2`},
		{"string s", "len($ 1)>0", `at 7: expected an operator, a comma or ), found "1)>0"`},
		{"i32 n", "email($)", `at 7: email takes a text, not a number`},
		{"i32 n", "phone($)", `at 7: phone takes a text, not a number`},
		{"string s", "phone($,1)", `at 9: phone takes a text, not a number`},
		{"string s", "phone()", `phone takes a text and, if not 'CN', a region: phone($, 'US')`},
		{"i32 n", "in($,1,'2')", `at 8: in compares a number with a text, they are never equal`},
		{"i32 n", "in($)", `in takes a value and those that it may be: in($, 1, 2)`},
		{"list<i32> l", "in($,1)", `at 4: in takes a number, a text or a bool, not a list`},
		{"i32 n", "regexp('^a')", `regexp takes a text, not a number`},
		{"string s", "regexp($,'^a')", `at 8: regexp begins with a quoted pattern: regexp('^a+$') or regexp('^a+$', (X)$)`},
		{"string s", "regexp('^a','b','c')", `at 16: expected a comma or ), found ",'c')"`},
		{"string s", "regexp('^(a')", "at 8: bad pattern: missing closing ): `^(a`"},
		{"string s", `regexp('(?=a)')`, "at 8: bad pattern: invalid or unsupported Perl syntax: `(?=`"},
		{"i32 n", "range($,#v>0)", `at 7: range takes a list or a map, not a number`},
		{"list<i32> l", "range($)", `at 8: expected a comma and a condition: range($, #v>0), found ")"`},
		{"list<i32> l", "range($,$)", `at 9: a list has no truth value; ask for its len(…) or compare it with nil`},
		{"list<string> l", "range($,#v>#k*#v)", `at 14: * takes numbers, not a text`},
		{"list<i32> l", "$['a']==1", `at 3: the key of a list here is a number, not a text`},
		{"map<string,i32> m", "$[0]==1", `at 3: the key of a map here is a text, not a number`},
		{"Point p", "$['z']==1", `at 3: shop.Point has no field "z"; did you mean "x"?`},
		{"Point p", "$[9]==1", `at 3: the key of a struct is the name of a field, or its number from 0 to 4`},
		{"i32 n", "$[0]==1", `a number has no elements`},
		{"list<i32> l", "$[0==1", `at 7: expected ], found the end`},
		{"list<i32> l", "$[0==1]", `at 3: the key of a list here is a number, not a bool`},
		{"list<i32> l", "$[0", `at 4: expected ], found the end`},
		{"string s", "sprintf($)=='a'", `at 9: sprintf begins with a quoted format: sprintf('bad value %v', $)`},
		{"string s", "sprintf('%d',$)=='a'", `at 14: %d cannot format a text; %v formats anything`},
		{"string s", "sprintf('%v')=='a'", `at 9: no argument for %v`},
		{"string s", "sprintf('%[3]v',$)=='a'", `at 9: no argument for %v`},
		{"string s", "sprintf('a',$)=='a'", `at 13: the format does not use this argument`},
		{"string s", "sprintf('%*d',1)=='a'", `at 9: bad verb "%*d"; there are v s q d f e g t x, widths to 99 and [1] for the first argument`},
		{"string s", "sprintf('%999999d',1)=='a'", `at 9: bad verb "%999999d"; there are v s q d f e g t x, widths to 99 and [1] for the first argument`},
		{"string s", "sprintf('%T',1)=='a'", `at 9: bad verb "%T"; there are v s q d f e g t x, widths to 99 and [1] for the first argument`},
		{"string s", "sprintf('100%')=='a'", `at 9: bad verb "%"; there are v s q d f e g t x, widths to 99 and [1] for the first argument`},
		// vt.
		{"i32 n", "vt.foo=1", `an integer has no rule "foo"; there are not_nil, const, lt, le, gt, ge, in, not_in`},
		{"i32 n", "vt.min_size=1", `an integer has no rule "min_size"; there are not_nil, const, lt, le, gt, ge, in, not_in`},
		{"string s", "vt.min_sise=1", `a string has no rule "min_sise"; did you mean "min_size"?`},
		{"string s", "vt.elem.lt=1", `a string has no rule "elem.lt"; there are not_nil, const, pattern, prefix, suffix, contains, not_contains, min_size, max_size, min_rune_size, max_rune_size, in, not_in`},
		{"list<i32> l", "vt.elem=1", `vt.elem is about the elements; a rule for them comes next, as in vt.elem.not_nil`},
		{"list<string> l", "vt.elem.lt=1", `a string has no rule "lt"; there are not_nil, const, pattern, prefix, suffix, contains, not_contains, min_size, max_size, min_rune_size, max_rune_size, in, not_in`},
		{"map<string,i32> m", "vt.key=1", `vt.key is about the keys; a rule for them comes next, as in vt.key.not_nil`},
		{"string s", "vt.prefix.x=1", `a string has no rule "prefix.x"; did you mean "prefix"?`},
		{"Point p", "vt.lt=1", `a struct has no rule "lt"; there are not_nil, skip`},
		{"Point p", "vt.assert=@equal($x,1)", `a struct has no rule "assert"; there are not_nil, skip`},
		{"i32 n", "vt.lt=abc", `expected an integer, found "abc"`},
		{"i32 n", "vt.lt=1.5", `expected an integer, found "1.5"`},
		{"double d", "vt.lt=x", `expected a number, found "x"`},
		{"bool b", "vt.const=yes", `expected "true" or "false", found "yes"`},
		{"i32 n", "vt.not_nil=1.5", `expected "true" or "false", found "1.5"`},
		{"string s", "vt.min_size=x", `expected an integer, found "x"`},
		{"string s", "vt.pattern=(", "bad pattern: missing closing ): `(`"},
		{"string s", "vt.pattern=$x", "a pattern is written out; it cannot come from a field or a function"},
		{"Color c", "vt.const=BLUE", `Color has no value "BLUE"; there are RED, GREEN`},
		{"Color c", "vt.in=Color.REDD", `Color has no value "REDD"; did you mean "RED"?`},
		{"Color c", "vt.in=Colour.RED", `the field is a Color, not a Colour`},
		{"i32 n, i32 limit", "vt.lt=$limt", `shop.Req has no field "limt"; did you mean "limit"?`},
		{"i32 n, string s", "vt.lt=$s", `an integer is compared with a text`},
		{"string s, string t", "vt.max_size=$t", `an integer is compared with a text`},
		{"i32 n", "vt.lt=@foo()", `unknown function "foo"; there are len, sprintf, now_unix_nano, equal, mod, add`},
		{"i32 n", "vt.lt=@len", `at 5: expected ( after @len`},
		{"i32 n", "vt.lt=@len()", `@len takes 1 value, not 0`},
		{"i32 n", "vt.lt=@len($n)", `at 6: @len takes a text, a list or a map, not a number`},
		{"i32 n", "vt.lt=@add(1,'a')", `at 8: @add takes numbers, not a text`},
		{"i32 n", "vt.lt=@equal(1,2)", `an integer is compared with a bool`},
		{"i32 n", "vt.lt=@add(1,2", `at 9: expected a value, found the end`},
		{"i32 n", "vt.lt=@add(1,2) x", `at 11: expected the end, found "x"`},
		{"i32 n", "vt.lt=@add(1,x)", `at 8: expected a value ($field, @function(…), number, text in quotes), found "x)"`},
		{"string s", "vt.const=@sprintf('%d', 'a')", `at 16: %d cannot format a text; %v formats anything`},
		{"string s", "vt.const=@sprintf($s)", `@sprintf begins with a format in quotes`},
		{"string s", "vt.const=@add('a", `at 6: this quote is not closed`},
		{"i32 n", "vt.lt=" + strings.Repeat("@add(1,", 40), `at 225: nested more than 32 deep`},
	}
	for _, c := range cases {
		t.Run(c.decl+" "+clip(c.rule), func(t *testing.T) {
			i := newIDL(c.decl)
			i.annotate(i.t.Fields[0].Name, c.rule)
			p, problems := i.compile()
			if p != nil || len(problems) != 1 {
				t.Fatalf("program %v, problems %v", p, problems)
			}
			if got := problems[0].Message; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAssertProblems(t *testing.T) {
	cases := []struct{ rule, want string }{
		{"vt.assert=@add($n,1)", "an assertion is a bool, such as @equal($a, $b), not a number"},
		{"vt.assert=@equal($n,'a')", "@equal cannot compare a number with a text"},
		{"vt.assert=@equal($l,$l)", "@equal cannot compare a list with a list"},
		{"vt.assert=", "expected a value, found the end"},
		{"vt.lt=1", `a struct has no rule "lt"; there is vt.assert`},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			_, problems := newIDL("i32 n, list<i32> l").assert(c.rule).compile()
			if len(problems) != 1 || problems[0].Message != c.want {
				t.Errorf("got %+v, want %s", problems, c.want)
			}
		})
	}
}

// hz takes the length of what has none for 0, and so do IDLs that are copied widely.
func TestLengthOfWhatHasNone(t *testing.T) {
	cases := []struct {
		decl, rule, in string
		note           string
		want           string
	}{
		{"i64 n", "len($)>=0", `{"n":5}`, `at 5: len takes a text, a list or a map; of a number it is 0`, ""},
		{"i64 n", `'\\w'!='' && len($)>0;msg:'no'`, `{"n":5}`, `at 18: len takes a text, a list or a map; of a number it is 0`, "/n vd"},
		{"bool b", "mblen($)==0", `{"b":true}`, `at 7: mblen takes a text, a list or a map; of a bool it is 0`, ""},
		{"Point p", "len($)==0", `{"p":{}}`, `at 5: len takes a text, a list or a map; of a struct it is 0`, ""},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			i := newIDL(c.decl)
			p, problems := i.annotate(i.t.Fields[0].Name, c.rule).compile()
			if len(problems) != 1 || problems[0].Message != c.note || !problems[0].Harmless {
				t.Errorf("got %+v, want %s", problems, c.note)
			}
			if got := places(p.Check(encoded(i.t, c.in))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A problem says where it is, once, and costs its own rule only.
func TestProblemPlace(t *testing.T) {
	i := newIDL("i32 n, Node a, Node b")
	i.annotate("n", "API.VD=$>0", `'\\\\'!='' && $>`)
	i.annotate("a", "-").annotate("a.value", "vt.lt=x", "VT.LT=5")
	p, problems := i.compile()
	node := i.t.Fields[1].Type
	want := []Problem{
		{Field: i.t.Fields[0], Type: i.t, Key: "api.vd", Offset: 16, Message: "at 17: expected a value, found the end"},
		{Field: node.Fields[0], Type: node, Key: "vt.lt", Offset: 0, Message: `expected an integer, found "x"`},
	}
	if diff := cmp.Diff(want, problems, cmp.Comparer(func(a, b *transcode.Field) bool { return a == b }), cmp.Comparer(func(a, b *transcode.Type) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got := places(p.Check(encoded(i.t, `{"b":{"value":7}}`))); got != "/n vd, /b/value vt.lt" {
		t.Errorf("got %q", got)
	}
}
