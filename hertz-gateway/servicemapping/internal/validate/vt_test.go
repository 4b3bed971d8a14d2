package validate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVT(t *testing.T) {
	runConditions(t, []conditionCase{
		{"i32 n", "vt.const=5", `{"n":4}`, "must be 5"},
		{"i32 n", "vt.const=0x10", `{"n":16}`, "ok"},
		{"i32 n", "vt.lt=100", `{"n":100}`, "must be less than 100"},
		{"i32 n", "vt.lt=100", `{"n":99}`, "ok"},
		{"i32 n", "vt.le=100", `{"n":101}`, "must be at most 100"},
		{"i32 n", "vt.gt=1", `{"n":1}`, "must be greater than 1"},
		{"i32 n", "vt.ge=-1", `{"n":-2}`, "must be at least -1"},
		{"i64 n", "vt.lt=9223372036854775807", `{"n":9223372036854775807}`, "must be less than 9223372036854775807"},
		{"i64 n", "vt.lt=9223372036854775807", `{"n":9223372036854775806}`, "ok"},
		{"double d", "vt.gt=0.25", `{"d":0.25}`, "must be greater than 0.25"},
		{"double d", "vt.in=0.5", `{"d":0.25}`, "must be one of 0.5"},
		{"bool b", "vt.const=true", `{"b":false}`, "must be true"},
		{"string s", "vt.const=ab", `{"s":"abc"}`, `must be "ab"`},
		{"string s", `vt.pattern=^\\d{3}$`, `{"s":"12"}`, `must match ^\d{3}$`},
		{"string s", `vt.pattern=^\d{3}$`, `{"s":"123"}`, "ok"},
		{"string s", "vt.prefix=[Debug]", `{"s":"x"}`, `must begin with "[Debug]"`},
		{"string s", "vt.prefix=[Debug]", `{"s":"[Debug] x"}`, "ok"},
		{"string s", "vt.suffix=.go", `{"s":"x"}`, `must end with ".go"`},
		{"string s", "vt.contains=panic", `{"s":"x"}`, `must contain "panic"`},
		{"string s", "vt.not_contains=panic", `{"s":"a panic"}`, `must not contain "panic"`},
		{"string s", "vt.min_size=2", `{"s":"x"}`, "must have at least 2 bytes"},
		{"string s", "vt.max_size=1", `{"s":"xy"}`, "must have at most 1 byte"},
		{"string s", "vt.min_rune_size=3", `{"s":"日本"}`, "must have at least 3 characters"},
		{"string s", "vt.max_rune_size=2", `{"s":"日本"}`, "ok"},
		{"string s", "vt.max_rune_size=1", `{"s":"日本"}`, "must have at most 1 character"},
		{"binary b", "vt.suffix=z", `{"b":"xyz"}`, "ok"},
		{"binary b", "vt.max_size=2", `{"b":"xyz"}`, "must have at most 2 bytes"},
		{"Color c", "vt.defined_only=true", `{"c":3}`, "must be a value of Color"},
		{"Color c", "vt.defined_only=true", `{"c":2}`, "ok"},
		{"Color c", "vt.const=Color.RED", `{"c":2}`, "must be 1"},
		{"Color c", "vt.const=shop.Color.GREEN", `{"c":2}`, "ok"},
		{"Color c", "vt.not_in=GREEN", `{"c":2}`, "must not be one of 2"},
		{"Color c", "vt.in=2", `{"c":2}`, "ok"},
		{"list<i32> l", "vt.min_size=1", `{"l":[]}`, "must have at least 1 element"},
		{"list<i32> l", "vt.min_size=1", `{}`, "must have at least 1 element"},
		{"optional list<i32> l", "vt.min_size=1", `{}`, "ok"},
		{"set<i32> l", "vt.max_size=2", `{"l":[1,2,3]}`, "must have at most 2 elements"},
		{"map<string,i32> m", "vt.max_size=0", `{"m":{"a":1}}`, "must have at most 0 elements"},
		{"map<string,i32> m", "vt.no_sparse=true", `{"m":{"a":1}}`, "ok"},
		{"list<double> l", "vt.elem.gt=0.25", `{"l":[1,0.25,0]}`, "must be greater than 0.25 | must be greater than 0.25"},
		{"list<list<i32>> l", "vt.elem.elem.lt=3", `{"l":[[1],[2,3]]}`, "must be less than 3"},
		{"map<Color,string> m", "vt.key.defined_only=true", `{"m":{"1":"a","3":"b"}}`, "must be a value of Color"},
		{"map<string,list<string>> m", "vt.value.elem.min_size=2", `{"m":{"a":["xx","y"]}}`, "must have at least 2 bytes"},
		{"optional i32 n", "vt.gt=1", `{}`, "ok"},
		{"i32 n", "vt.gt=1", `{}`, "must be greater than 1"},
		{"optional i32 n", "vt.not_nil=true", `{}`, "must be set"},
		{"optional i32 n", "vt.not_nil=false", `{"n":1}`, "ok"},
		{"optional i32 n", "vt.not_nil=true", `{"n":0}`, "ok"},
		{"Point p", "vt.not_nil=true", `{}`, "must be set"},
		{"string s, i32 size", "vt.max_size=$size", `{"s":"abc","size":2}`, "must have at most 2 bytes"},
		{"string s, i32 size", "vt.max_size=$Size", `{"s":"abc","size":3}`, "ok"},
		{"list<string> l, string longest", "vt.elem.max_size=@len($longest)", `{"l":["abc"],"longest":"ab"}`, "must have at most 2 bytes"},
		{"i32 n, optional i32 max", "vt.lt=$max", `{"n":5}`, "ok"},
		{"i32 n, optional i32 max", "vt.lt=@add($max,1)", `{"n":5}`, "ok"},
		{"i32 n, i32 max", "vt.lt=@add($max, 1)", `{"n":5,"max":4}`, "must be less than 5"},
		{"string s, i32 n", "vt.const=@sprintf(\"%v-%s\", $n, 'x')", `{"s":"5-y","n":5}`, `must be "5-x"`},
		{"string s, string t", "vt.prefix=@add($t, '_')", `{"s":"ax","t":"a"}`, `must begin with "a_"`},
		{"i64 n", "vt.gt=@now_unix_nano()", `{"n":9223372036854775807}`, "ok"},
	})
}

func TestVTRepeated(t *testing.T) {
	i := newIDL("string s").annotate("s", "vt.in=a", "vt.max_size=1", "vt.in=b", "vt.in=b c")
	p := i.program(t)
	for json, want := range map[string]string{
		`{"s":"b"}`:   "ok",
		`{"s":"b c"}`: "must have at most 1 byte",
		`{"s":"c"}`:   `must be one of "a", "b", "b c"`,
	} {
		if got := details(p.Check(encoded(i.t, json))); got != want {
			t.Errorf("%s: got %q, want %q", json, got, want)
		}
	}
}

func TestAssert(t *testing.T) {
	cases := []struct{ decl, rule, json, want string }{
		{"i64 n", "vt.assert=@equal(@mod($n, 10), 0)", `{"n":20}`, "ok"},
		{"i64 n", "vt.assert=@equal(@mod($n, 10), 0)", `{"n":21}`, "must satisfy @equal(@mod($n, 10), 0)"},
		{"i64 n", "vt.assert=@equal(@mod(5, $n), 0)", `{"n":0}`, "must satisfy @equal(@mod(5, $n), 0)"},
		{"string a, string b", "vt.assert=@equal($a,$b)", `{"a":"x","b":"x"}`, "ok"},
		{"string a, optional string b", "vt.assert=@equal($a,$b)", `{"a":"x"}`, "ok"},
		{"string a, list<i32> l", "vt.assert=@equal(@len($a);@len($l))", `{"a":"x","l":[]}`, "must satisfy @equal(@len($a);@len($l))"},
	}
	for _, c := range cases {
		t.Run(c.rule+c.json, func(t *testing.T) {
			i := newIDL(c.decl).assert(c.rule)
			if got := details(i.program(t).Check(encoded(i.t, c.json))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	cases := []struct {
		name  string
		rules []string // on the field next
		want  string
	}{
		{"nothing", nil, "/value vd, /value vt.lt, /next/value vd, /next/value vt.lt"},
		{"vd below", []string{"-"}, "/value vd, /value vt.lt, /next/value vt.lt"},
		{"vt below", []string{"vt.skip=true"}, "/value vd, /value vt.lt, /next/value vd"},
		{"vt not below", []string{"vt.skip=false"}, "/value vd, /value vt.lt, /next/value vd, /next/value vt.lt"},
		{"both", []string{"vt.skip=true", "-"}, "/value vd, /value vt.lt"},
		{"nothing said by ?", []string{"?"}, "/value vd, /value vt.lt, /next/value vd, /next/value vt.lt"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := newIDL("Node node, list<Node> list")
			i.annotate("node.value", "$<10", "vt.lt=10").annotate("node.next", c.rules...)
			i.t = i.t.Fields[0].Type
			vs := i.program(t).Check(encoded(i.t, `{"next":{"value":11},"value":10}`))
			if diff := cmp.Diff(c.want, places(vs)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
