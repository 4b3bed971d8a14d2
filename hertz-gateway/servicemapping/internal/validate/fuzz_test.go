package validate

import (
	"testing"

	"dgate/hertz-gateway/transcode"
)

const fuzzDecl = "i32 n, string s, list<i32> l, map<string,Point> m, Node node, optional Choice c, Color color, double d, uuid u, set<binary> b"

// FuzzCompile: whatever stands in an annotation is compiled or refused, and
// what was compiled runs.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"$<100; msg:'num must less than 100'", "(node.next.value)$==1", "range((l)$,#v>0)&&!regexp('a')",
		"sprintf('%[1]5.2d',$)=='1'", "?$>-1", "in($,1,2)||len((s)$)>0", "@add($n, @len($s))", "@sprintf('%v',$n)",
		`$['a'][0]`, "email((s)$)", "phone((s)$,'US')", "1/0%0*-5", `'\\'`, "((((", "@@@", "$x", "Color.RED", "0x7f",
	} {
		f.Add(s)
	}
	keys := []string{
		"api.vd", "vt.lt", "vt.const", "vt.pattern", "vt.in", "vt.min_size", "vt.max_rune_size", "vt.elem.lt", "vt.elem.const",
		"vt.key.prefix", "vt.value.skip", "vt.defined_only", "vt.not_nil", "vt.skip", "vt.elem.min_size", "vt.assert",
	}
	message := encoded(newIDL(fuzzDecl).t, `{"n":1,"s":"ab","l":[1,2],"m":{"k":{"x":1}},"node":{"value":1,"next":{"value":2}},"c":{"number":1},"color":1,"d":0.5,"b":["x"]}`)
	f.Fuzz(func(t *testing.T, value string) {
		i := newIDL(fuzzDecl)
		for _, field := range i.t.Fields {
			for _, key := range keys {
				i.fields[field] = append(i.fields[field], Annotation{key, value})
			}
		}
		i.structs[i.t] = []Annotation{{"vt.assert", value}}
		p, problems := i.compile()
		for _, problem := range problems {
			if problem.Message == "" || problem.Offset < 0 || problem.Offset > len(value) {
				t.Errorf("%q: %+v", value, problem)
			}
		}
		if p != nil {
			p.Check(message)
			p.Check([]byte{transcode.WireStop})
		}
	})
}

// FuzzCheck: whatever the bytes are, a check ends without a panic.
func FuzzCheck(f *testing.F) {
	i := newIDL(fuzzDecl)
	i.annotate("n", "$>(node.next.value)$&&(m)$['k']['tags'][0]>0", "vt.lt=@len($s)").
		annotate("s", "regexp('^a')&&mblen($)>(n)$; msg:sprintf('%v %v %v',$,(node)$,(m)$)", "vt.in=a").
		annotate("l", "range($,#v>(l)$[#k]||range((l)$,#v>1))", "vt.elem.lt=$n").
		annotate("m", "range($,#v['x']>0&&#k!='')", "vt.key.max_size=3").
		annotate("m.counts", "vt.value.lt=3", "$['a']==1").
		annotate("node.value", "$<10").annotate("node.kids", "range($,#v['value']>0)").
		annotate("c", "(c.text)$!='x'").annotate("color", "vt.defined_only=true").
		annotate("d", "$%2>0").annotate("u", "$!=''").annotate("b", "vt.elem.pattern=^x").
		assert("vt.assert=@equal($n,@mod($n,2))")
	p, problems := i.compile()
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Add(encoded(i.t, `{"n":1,"s":"ab","l":[1,2],"m":{"k":{"x":1,"tags":[1],"counts":{"a":1}}},"node":{"value":1,"next":{"value":2},"kids":[{}]},"c":{"text":"x"},"color":3,"d":0.5,"u":"00112233-4455-6677-8899-aabbccddeeff","b":["x"]}`))
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Fuzz(func(_ *testing.T, args []byte) { p.Check(args) })
}
