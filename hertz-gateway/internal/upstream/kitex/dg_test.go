package kitex

import "testing"

func TestDG(t *testing.T) {
	rec := newRecorder(t)
	register(t, name(t), rec.addr, 10)
	for _, c := range [][2]string{
		{"struct S { 1: required list<i32> l = [] 2: i32 f2 3: i32 f3 4: i32 f4 5: i32 f5 6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 }", `{"l":null}`},
		{"struct S { 1: required list<i32> l 2: i32 f2 3: i32 f3 4: i32 f4 5: i32 f5 6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 }", `{"l":null}`},
		{"struct S { 1: required i32 l 2: i32 f2 3: i32 f3 4: i32 f4 5: i32 f5 6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 }", `{"l":null}`},
		{"struct S { 1: optional i32 l 2: i32 f2 3: i32 f3 4: i32 f4 5: i32 f5 6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 }", `{"l":null}`},
		{"struct S { 1: optional i32 l 2: i32 f2 3: i32 f3 4: i32 f4 5: i32 f5 6: i32 f6 7: i32 f7 8: i32 f8 9: i32 f9 }", `{"l":5}`},
		{"struct S { 26: required list<E> f3 = [] 9: optional list<i16> f0 31: i32 f1 23: optional string f2  33: string f4} enum E {A=1}", `{"f2":"\u2028","f3":null}`},
		{"struct S { 26: required list<i32> f3 = [] 23: optional string f2  33: string f4} enum E {A=1}", `{"f2":"\u2028","f3":null}`},
		{"struct S { 26: required list<i32> f3 23: optional string f2  33: string f4} enum E {A=1}", `{"f2":"\u2028","f3":null}`},
		{"struct S { 26: required list<i32> f3 23: optional string f2 } enum E {A=1}", `{"f2":"\u2028","f3":null}`},
		{"struct S { 26: required list<i32> f3 23: optional string f2 } enum E {A=1}", `{"f2":"aaa","f3":null}`},
		{"struct S { 26: required list<i32> f3 23: optional string f2 } enum E {A=1}", `{"f2":"aaaaa","f3":null}`},
	} {
		r := newRig(t, rec, name(t), map[string]string{mainIDL: "include \"shared.thrift\"\n" + c[0] + " service TestService { S echo(1: S s) }", sharedIDL: "enum E {A = 1}"})
		for _, w := range r.ways[:3] {
			rec.prepare(nil)
			_, err := w.call(c[1])
			a := rec.received()
			v, _, rerr := readValue(a, 12)
			t.Logf("%s %s: %s: %x %s %v %.100v", c[0], c[1], w.name, a, show(v), rerr, err)
		}
	}
}
