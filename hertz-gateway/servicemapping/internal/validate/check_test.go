package validate

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/transcode"
)

// places lists violations as "pointer code".
func places(vs []transcode.Violation) string {
	var all []string
	for _, v := range vs {
		all = append(all, v.Pointer+" "+v.Code)
	}
	return strings.Join(all, ", ")
}

// A key of a client's is not repeated whole in each violation below it.
func TestLongKeys(t *testing.T) {
	i := newIDL("map<string,list<i32>> m, map<binary,list<i32>> b")
	i.annotate("m", "vt.value.elem.lt=1").annotate("b", "vt.value.elem.lt=1")
	key := strings.Repeat("AAAA", 1<<16)
	numbers := `:[` + strings.Repeat("5,", 20) + `5]`
	got := i.program(t).Check(encoded(i.t, `{"m":{"`+key+`"`+numbers+`},"b":{"`+key+`"`+numbers+`}}`))
	if len(got) != 42 {
		t.Fatalf("%d violations", len(got))
	}
	shown := [...]string{"/m/" + key[:maxToken], "/b/" + strings.Repeat("QUFB", maxToken/4)}
	for n, v := range got {
		if want := shown[n/21] + "…/" + strconv.Itoa(n%21); v.Pointer != want {
			t.Errorf("violation %d is at %.300s", n, v.Pointer)
		}
	}
}

func TestCheckExample(t *testing.T) {
	i := newIDL("i32 Num").annotate("Num", "$<100; msg:'num must less than 100'")
	want := []transcode.Violation{{Pointer: "/Num", Code: "vd", Detail: "num must less than 100"}}
	if diff := cmp.Diff(want, i.program(t).Check(encoded(i.t, `{"Num":200}`))); diff != "" {
		t.Error(diff)
	}
}

func TestPointers(t *testing.T) {
	i := newIDL("list<Point> ps, map<string,list<Point>> m, map<i64,Point> byID, map<bool,Point> byBool, map<binary,Point> byKey, map<Color,Point> byColor, list<map<string,i32>> counts, Choice c")
	i.annotate("ps.x", "$>0").annotate("c.text", "vt.min_size=2").annotate("counts", "vt.elem.value.lt=5", "vt.elem.key.max_size=3")
	i.t.Fields[0].JSON = "a/b~c"
	args := encoded(i.t, `{
		"ps":[{"x":1},{"x":0}],
		"m":{"k/~1":[{"x":1},{}]},
		"byID":{"-5":{}}, "byBool":{"true":{}}, "byKey":{"ab":{}}, "byColor":{"2":{}},
		"counts":[{},{"long":9}],
		"c":{"text":"x"}}`)
	want := strings.Join([]string{
		"/a~1b~0c/1/x vd",
		"/m/k~1~01/1/x vd",
		"/byID/-5/x vd", "/byBool/true/x vd", "/byKey/YWI=/x vd", "/byColor/2/x vd",
		"/counts/1/long vt.max_size", "/counts/1/long vt.lt",
		"/c/text vt.min_size",
	}, ", ")
	if diff := cmp.Diff(want, places(i.program(t).Check(args))); diff != "" {
		t.Error(diff)
	}
}

// Violations come in the order of the IDL, whatever the order on the wire.
func TestOrder(t *testing.T) {
	i := newIDL("i32 a, Point p, i32 b").annotate("a", "$>0", "vt.gt=0").annotate("b", "$>0").
		annotate("p", "(b)$>0").annotate("p.x", "$>0").annotate("p.y", "$>0").assert("vt.assert=@equal($a,1)")
	args := encoded(i.t, `{"b":0,"p":{"y":0,"x":0},"a":0}`)
	want := "/a vd, /a vt.gt, /p vd, /p/x vd, /p/y vd, /b vd,  vt.assert"
	if diff := cmp.Diff(want, places(i.program(t).Check(args))); diff != "" {
		t.Error(diff)
	}
}

func TestRecursiveType(t *testing.T) {
	i := newIDL("Node root").annotate("root.value", "$<10")
	args := encoded(i.t, `{"root":{"value":1,"next":{"value":10},"kids":[{"value":2,"kids":[{"value":11}]}],"named":{"n":{"value":12}}}}`)
	want := "/root/next/value vd, /root/kids/0/kids/0/value vd, /root/named/n/value vd"
	if diff := cmp.Diff(want, places(i.program(t).Check(args))); diff != "" {
		t.Error(diff)
	}
}

// Ids may be any int16.
func TestUnusualIDs(t *testing.T) {
	i := newIDL("i32 a, i32 b, i32 c").annotate("a", "$>0").annotate("b", "$>0").annotate("c", "$>0")
	i.t.Fields[0].ID, i.t.Fields[1].ID, i.t.Fields[2].ID = -1, 32767, 0
	p := i.program(t)
	if got := places(p.Check(encoded(i.t, `{"a":1,"b":0,"c":1}`))); got != "/b vd" {
		t.Errorf("got %q", got)
	}
	if got := p.Check(encoded(i.t, `{"a":1,"b":1,"c":1}`)); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestNothingToCheck(t *testing.T) {
	cases := []struct {
		name  string
		field string
		rules []string
	}{
		{"no rules", "root.value", nil},
		{"only omitted", "root.value", []string{"-", "vt.not_nil=false", "vt.skip=x"}},
		{"other annotations", "root.value", []string{"api.query=x", "go.tag=y"}},
		{"below an omission", "root", []string{"-"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := newIDL("Node root, list<i32> l").annotate(c.field, c.rules...)
			if c.field == "root" {
				i.annotate("root.value", "$>0")
			}
			if p, _ := i.compile(); p != nil {
				t.Error("a program for nothing")
			}
		})
	}
}

func TestHiddenFieldsAreNotChecked(t *testing.T) {
	i := newIDL("i32 a, i32 b").annotate("a", "$>0").annotate("b", "$>(a)$")
	i.t.Fields[0].Hidden = true
	if got := places(i.program(t).Check(encoded(i.t, `{}`))); got != "/b vd" {
		t.Errorf("got %q", got)
	}
}

func TestManyViolations(t *testing.T) {
	i := newIDL("list<i32> l").annotate("l", "vt.elem.gt=0")
	args := encoded(i.t, `{"l":[`+strings.Repeat("0,", 500)+`0]}`)
	vs := i.program(t).Check(args)
	if len(vs) != MaxViolations || vs[MaxViolations-1].Pointer != fmt.Sprintf("/l/%d", MaxViolations-1) {
		t.Errorf("%d violations, the last %+v", len(vs), vs[len(vs)-1])
	}
}

func TestLongDetailIsCut(t *testing.T) {
	i := newIDL("string s").annotate("s", "len($)<3; msg:'é'+$")
	got := i.program(t).Check(encoded(i.t, `{"s":"`+strings.Repeat("日", 5000)+`"}`))[0].Detail
	if len(got) > maxDetail+3 || !strings.HasSuffix(got, "日…") {
		t.Errorf("%d bytes, ends in %q", len(got), got[len(got)-8:])
	}
	binary := newIDL("binary s").annotate("s", "len($)<1; msg:$")
	args := encoded(binary.t, `{"s":"a"}`)
	args[len(args)-2] = 0xff
	if got := details(binary.program(t).Check(args)); got != "\uFFFD" {
		t.Errorf("got %q", got)
	}
}

// The cost of a check does not grow faster than the message: loops in loops
// run out of steps.
func TestTooComplex(t *testing.T) {
	i := newIDL("list<i8> l").annotate("l", "range($,range($,range($,#v>=0)))")
	p := i.program(t)
	if got := places(p.Check(encoded(i.t, `{"l":[1,2,3]}`))); got != "" {
		t.Errorf("a short list: %s", got)
	}
	args := encoded(i.t, `{"l":[`+strings.Repeat("1,", 20000)+`1]}`)
	if got := places(p.Check(args)); got != " "+CodeTooComplex {
		t.Errorf("a long list: %s", got)
	}
}

// One pass over a long list is never too complex.
func TestLongListIsFine(t *testing.T) {
	i := newIDL("list<string> l").annotate("l", "range($,in(#v,'a','b')&&regexp('^[ab]$',#v)&&mblen(#v)==1)", "vt.elem.max_size=1", "vt.max_size=1000000")
	args := encoded(i.t, `{"l":[`+strings.Repeat(`"a",`, 200000)+`"b"]}`)
	if got := i.program(t).Check(args); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestUnreadable(t *testing.T) {
	i := newIDL("i32 a, Node n, list<Point> ps, map<string,Point> m, string s").
		annotate("a", "$>=0").annotate("n.value", "$>=0").annotate("ps.x", "$>=0").annotate("s", "$!='x'")
	p := i.program(t)
	good := encoded(i.t, `{"a":1,"n":{"value":1},"ps":[{"x":1}],"m":{"k":{"x":2}},"s":"y"}`)
	if got := p.Check(good); got != nil {
		t.Fatal(got)
	}
	for n := range len(good) {
		if got := places(p.Check(good[:n])); got != " "+CodeUnreadable {
			t.Errorf("the first %d bytes: %q", n, got)
		}
	}
	cases := map[string][]byte{
		"trailing bytes":   append(append([]byte(nil), good...), 0),
		"another type":     {transcode.WireI64, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"another elements": {transcode.WireList, 0, 3, transcode.WireI8, 0, 0, 0, 1, 0, 0},
		"another keys":     {transcode.WireMap, 0, 4, transcode.WireI8, transcode.WireStruct, 0, 0, 0, 1, 0, 0, 0},
		"a huge list":      {transcode.WireList, 0, 3, transcode.WireStruct, 0x7f, 0xff, 0xff, 0xff, 0, 0},
		"a negative size":  {transcode.WireString, 0, 5, 0xff, 0xff, 0xff, 0xff, 0},
		"endless nesting":  []byte(strings.Repeat(string([]byte{transcode.WireStruct, 0, 2}), 10000)),
	}
	for name, args := range cases {
		if got := places(p.Check(args)); got != " "+CodeUnreadable {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestCheckConcurrently(t *testing.T) {
	i := newIDL("Node root").annotate("root.value", "$<10; msg:sprintf('%v', $)")
	p := i.program(t)
	done := make(chan string)
	for n := range 4 {
		go func() {
			want := fmt.Sprint(10 + n)
			args := encoded(i.t, `{"root":{"kids":[{"value":`+want+`}]}}`)
			for range 200 {
				if got := details(p.Check(args)); got != want {
					done <- got + " instead of " + want
					return
				}
			}
			done <- ""
		}()
	}
	for range 4 {
		if got := <-done; got != "" {
			t.Error(got)
		}
	}
}
