package wiretext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const everything = `1 struct {
  1 bool true
  2 i8 -1
  3 i16 300
  4 i32 -70000
  5 i64 9007199254740993
  6 double 1.5
  7 string "a\"\n\xff"
  8 uuid 00112233-4455-6677-8899-aabbccddeeff
}
-2 struct {}
3 list<struct> [
  {
    1 bool false
  }
  {}
]
4 map<string,list> {
  "a": list<i32> [
    1
    2
  ]
  "b": list<i32> []
}
5 set<string> []
6 map<i32,map> {
  7: map<i8,double> {
    1: NaN
  }
}
7 map {}
`

func TestRoundTrip(t *testing.T) {
	wire, err := Parse(everything)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Dump(wire)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(everything, text); diff != "" {
		t.Error(diff)
	}
}

func TestParseIsLenientAboutSpace(t *testing.T) {
	got, err := Parse("# comment\n1 list<i32> [1, 2] 2 struct{ 1 string \"x\" }")
	if err != nil {
		t.Fatal(err)
	}
	want := "\x0f\x00\x01\x08\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x0c\x00\x02\x0b\x00\x01\x00\x00\x00\x01x\x00\x00"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"type", "1 int 5", `"int" is no type`},
		{"id", "x i32 5", `"x" is no field id`},
		{"range", "1 i8 300", `"300": strconv.ParseInt: parsing "300": value out of range`},
		{"open struct", "1 struct {", `"" is no field id`},
		{"open list", "1 list<i32> [1", `"": strconv.ParseInt: parsing "": invalid syntax`},
		{"open string", `1 string "a`, "a string without an end"},
		{"line", "1 i32 1\n2 bool 7", "line 2"},
		{"deep", strings.Repeat("1 struct {", 300), "nested too deeply"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDumpErrors(t *testing.T) {
	for _, tt := range []struct{ name, wire, want string }{
		{"empty", "", "truncated"},
		{"unknown type", "\x01\x00\x01\x00", "unknown type 1"},
		{"long string", "\x0b\x00\x01\x7f\xff\xff\xffa", "truncated"},
		{"negative string", "\x0b\x00\x01\xff\xff\xff\xffa", "truncated"},
		{"large list", "\x0f\x00\x01\x08\x7f\xff\xff\xff", "impossible number of elements"},
		{"bool", "\x02\x00\x01\x02\x00", "neither 0 nor 1"},
		{"trailing", "\x00\x00", "bytes after the struct"},
		{"deep", strings.Repeat("\x0c\x00\x01", 200), "nested too deeply"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Dump([]byte(tt.wire))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzDump(f *testing.F) {
	wire, err := Parse(everything)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire)
	f.Fuzz(func(t *testing.T, wire []byte) {
		text, err := Dump(wire)
		if err != nil {
			return
		}
		back, err := Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again, err := Dump(back)
		if err != nil || again != text {
			t.Fatalf("%v: %q became %q", err, text, again)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Fuzz(func(t *testing.T, text string) {
		wire, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := Dump(wire); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
