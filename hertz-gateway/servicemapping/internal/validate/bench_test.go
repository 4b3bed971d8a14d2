package validate

import (
	"strings"
	"testing"

	"dgate/hertz-gateway/transcode"
)

func BenchmarkCheck(b *testing.B) {
	cases := []struct{ name, decl, rule, json string }{
		{"less than", "i32 n", "$<100", `{"n":5}`},
		{"vt.lt", "i32 n", "vt.lt=100", `{"n":5}`},
		{"two fields", "i32 min, i32 max", "$<(max)$&&$>0", `{"min":5,"max":6}`},
		{"length", "string s", "len($)>0&&len($)<33", `{"s":"someone"}`},
		{"regexp", "string s", "regexp('^[a-z]+$')", `{"s":"someone"}`},
		{"range of 100", "list<i32> l", "range($,#v>0&&#v<100)", `{"l":[` + strings.Repeat("5,", 99) + `5]}`},
		{"elem of 100", "list<i32> l", "vt.elem.lt=100", `{"l":[` + strings.Repeat("5,", 99) + `5]}`},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			i := newIDL(c.decl)
			i.annotate(i.t.Fields[0].Name, c.rule)
			p, _ := i.compile()
			args := encoded(i.t, c.json)
			b.ReportAllocs()
			for b.Loop() {
				if p.Check(args) != nil {
					b.Fatal("violation")
				}
			}
		})
	}
}

// The condition alone.
func BenchmarkCondition(b *testing.B) {
	i := newIDL("i32 n")
	i.annotate("n", "$<100")
	p, _ := i.compile()
	cond := p.root.prog.fields[0].rules.rules[0].cond
	m := &machine{self: integer(5)}
	b.ReportAllocs()
	for b.Loop() {
		if !cond.eval(m).truth() {
			b.Fatal("does not hold")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	i := newIDL("i32 n, string s").annotate("n", "$<100; msg:'num must less than 100'").annotate("s", "len($)>0&&regexp('^[a-z]+$')")
	b.ReportAllocs()
	for b.Loop() {
		if p, _ := i.compile(); p == nil {
			b.Fatal("no program")
		}
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	i := newIDL("i32 n, string s, list<Point> ps").annotate("n", "$<100; msg:'too big'").annotate("s", "len($)>0&&regexp('^a')").annotate("ps.x", "$>0", "vt.lt=5")
	p := i.program(t)
	args := encoded(i.t, `{"n":1,"s":"a","ps":[{"x":1},{"x":2}]}`)
	m := &machine{} // of its own: under the race detector a pool forgets
	p.check(m, args)
	var vs []transcode.Violation
	if n := testing.AllocsPerRun(100, func() { vs = p.check(m, args) }); n > 0 || vs != nil {
		t.Errorf("%v allocations, %v", n, vs)
	}
}
