package transcode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWideStruct has more fields than a word has bits; fields in the same place
// of different words are not to be taken for each other.
func TestWideStruct(t *testing.T) {
	var fields []*Field
	for i := range 140 {
		f := &Field{Name: fmt.Sprintf("f%d", i), Type: i32Type, Requiredness: Optional}
		if i == 1 || i == 66 {
			f.Requiredness = Required
		}
		if i == 2 || i == 67 {
			f.Default = []byte{0, 0, 0, 9}
		}
		fields = append(fields, f)
	}
	typ := structOf(fields...)
	c := mustCompile(t, typ, Options{})
	field := func(i int) *Field { return typ.Fields[i] }
	missing := func(names ...string) (v []Violation) {
		for _, name := range names {
			v = append(v, Violation{Pointer: "/" + name, Code: CodeRequired})
		}
		return v
	}
	for _, test := range []struct {
		name, json string
		bad        []Violation
		filled     []int // by their defaults
		sent       []int
	}{
		{name: "all required", json: `{"f1":1,"f66":1}`, sent: []int{1, 66}, filled: []int{2, 67}},
		{name: "in reverse order", json: `{"f66":1,"f1":1}`, sent: []int{66, 1}, filled: []int{2, 67}},
		{name: "the other word's", json: `{"f65":1,"f2":1}`, bad: missing("f1", "f66")},
		{name: "both words'", json: `{"f2":1,"f66":1}`, bad: missing("f1")},
		{name: "defaults", json: `{"f1":1,"f2":1,"f66":1,"f67":1,"f131":1}`, sent: []int{1, 2, 66, 67, 131}},
		{name: "one default", json: `{"f1":1,"f66":1,"f67":1}`, sent: []int{1, 66, 67}, filled: []int{2}},
		{name: "same bits", json: `{"f0":1,"f1":1,"f64":1,"f66":1,"f128":1}`, sent: []int{0, 1, 64, 66, 128}, filled: []int{2, 67}},
		{name: "null", json: `{"f1":1,"f66":1,"f64":null,"f67":null}`, sent: []int{1, 66}, filled: []int{67, 2}},
		{name: "twice", json: `{"f1":1,"f66":1,"f130":1,"f130":1}`, bad: []Violation{{Pointer: "/f130", Code: CodeDuplicateKey}}},
		{name: "twice, in the first word", json: `{"f1":1,"f66":1,"f1":1}`, bad: []Violation{{Pointer: "/f1", Code: CodeDuplicateKey}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, spaces := range []string{"", strings.Repeat(" ", padded+window)} {
				var want []byte
				for _, i := range test.sent {
					want = AppendI32(AppendFieldHeader(want, WireI32, field(i).ID), 1)
				}
				for _, i := range test.filled {
					want = AppendI32(AppendFieldHeader(want, WireI32, field(i).ID), 9)
				}
				got, err := c.AppendThrift(nil, []byte(test.json+spaces))
				if diff := cmp.Diff(test.bad, foundIn(err)); diff != "" {
					t.Error(diff)
				}
				if err == nil && string(got) != string(AppendStop(want)) {
					t.Errorf("got  %x\nwant %x", got, want)
				}
			}
		})
	}
}
