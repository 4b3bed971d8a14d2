package transcode

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// places says where fields live by a word in front of their names: "out_" or
// "any_" ("either"). Slots are numbered in the order in which they are asked for.
type places struct{ asked []string }

func (p *places) place(f *Field) (Place, int) {
	slot := len(p.asked)
	p.asked = append(p.asked, f.Name)
	switch {
	case strings.HasPrefix(f.Name, "out_"):
		return Outside, slot
	case strings.HasPrefix(f.Name, "any_"):
		return Either, slot
	}
	return InBody, slot
}

// source has the values of fields by name, under "before:" or "after:" the body.
type source struct {
	places *places
	values map[string]any // []byte or error
	calls  []string
}

func (s *source) AppendField(dst []byte, slot int, phase Phase) ([]byte, bool, error) {
	key := "before:" + s.places.asked[slot]
	if phase == AfterBody {
		key = "after:" + s.places.asked[slot]
	}
	s.calls = append(s.calls, key)
	switch v := s.values[key].(type) {
	case error:
		return dst, false, v
	case []byte:
		return append(dst, v...), true, nil
	}
	return dst, false, nil
}

func (s *source) Parameter(slot int) string {
	if s.places.asked[slot] == "any_plain" {
		return ""
	}
	return "query." + s.places.asked[slot]
}

func TestSource(t *testing.T) {
	inner := structOf(
		&Field{Name: "out_id", Type: i32Type},
		&Field{Name: "body", Type: i32Type},
		&Field{Name: "def", Type: i32Type, Default: be32(7)},
		&Field{Name: "must", Type: i32Type, Requiredness: Required},
	)
	deep := structOf(&Field{Name: "in", Type: inner})
	outer := structOf(&Field{Name: "out_x", Type: i32Type, Requiredness: Required})
	typ := structOf(
		&Field{Name: "out_a", Type: i32Type},
		&Field{Name: "any_b", Type: i32Type},
		&Field{Name: "c", Type: i32Type},
		&Field{Name: "deep", Type: deep},
		&Field{Name: "list", Type: listOf(inner)},
		&Field{Name: "any_d", Type: i32Type, Default: be32(9)},
	)
	// inner's slot of out_id is that of its path.
	tests := []struct {
		name   string
		typ    *Type
		opts   Options
		json   string
		values map[string]any
		want   message
		bad    []Violation
		fatal  string
	}{
		{name: "nothing", json: `{}`, want: message(nil).i32(6, 9).stop()},
		{
			name: "before the body", json: `{"c":3}`, values: map[string]any{"before:out_a": be32(1), "before:any_b": be32(2), "before:any_d": be32(4)},
			want: message(nil).i32(1, 1).i32(2, 2).i32(6, 4).i32(3, 3).stop(),
		},
		{name: "after the body", values: map[string]any{"after:any_b": be32(2), "after:out_a": be32(1)}, want: message(nil).i32(2, 2).i32(6, 9).stop()},
		{
			name: "the source before the body wins", json: `{"any_b":"ignored","any_d":5}`, values: map[string]any{"before:any_b": be32(2), "after:any_d": be32(6)},
			want: message(nil).i32(2, 2).i32(6, 5).stop(),
		},
		{name: "null asks again", json: `{"any_b":null}`, values: map[string]any{"after:any_b": be32(2)}, want: message(nil).i32(2, 2).i32(6, 9).stop()},
		{name: "members of outside fields are unknown", json: `{"out_a":1}`, want: message(nil).i32(6, 9).stop()},
		{name: "and refused by setting", opts: Options{RejectUnknown: true}, json: `{"out_a":1}`, bad: []Violation{{Pointer: "/out_a", Code: CodeUnknown, Detail: "unknown field"}}},
		{
			name: "a member whose field is given must not be there twice", json: `{"any_b":1,"any_b":1}`, values: map[string]any{"before:any_b": be32(2)},
			bad: []Violation{{Pointer: "/any_b", Code: CodeDuplicateKey, Detail: "the object has this member twice"}},
		},
		{
			name: "nested struct from both", json: `{"deep":{"in":{"must":4,"body":3}}}`, values: map[string]any{"before:out_id": be32(1)},
			want: message(nil).field(WireStruct, 4, message(nil).field(WireStruct, 1, message(nil).i32(1, 1).i32(4, 4).i32(2, 3).i32(3, 7).stop()...).stop()...).i32(6, 9).stop(),
		},
		{
			name: "nested struct absent and asked for", json: `{}`, values: map[string]any{"before:out_id": be32(1)},
			bad: []Violation{{Pointer: "/deep/in/must", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "nested struct null and asked for", json: `{"deep":null}`, values: map[string]any{"before:out_id": be32(1)},
			bad: []Violation{{Pointer: "/deep/in/must", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "nested struct half there", json: `{"deep":{}}`, values: map[string]any{"before:out_id": be32(1)},
			bad: []Violation{{Pointer: "/deep/in/must", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{name: "nested struct half there without it", json: `{"deep":{}}`, want: message(nil).field(WireStruct, 4, 0).i32(6, 9).stop()},
		{
			name: "fields inside a list are in the body", json: `{"list":[{"out_id":1,"must":2}]}`, values: map[string]any{},
			want: message(nil).field(WireList, 5, list(WireStruct, message(nil).i32(1, 1).i32(4, 2).i32(3, 7).stop())...).i32(6, 9).stop(),
		},
		{name: "violations of the source", json: `{"c":"x"}`, values: map[string]any{
			"before:out_a": &InvalidError{Violations: []Violation{{Parameter: "query.a", Code: CodeType, Detail: "bad a"}}},
			"after:any_b":  fmt.Errorf("wrapped: %w", &InvalidError{Violations: []Violation{{Parameter: "query.b", Code: CodeType, Detail: "bad b"}}}),
		}, bad: []Violation{
			{Parameter: "query.a", Code: CodeType, Detail: "bad a"},
			{Pointer: "/c", Code: CodeType, Detail: "expected an integer, got a string"},
			{Parameter: "query.b", Code: CodeType, Detail: "bad b"},
		}},
		{name: "failure of the source", json: `{}`, values: map[string]any{"before:out_a": errors.New("broken pipe")}, fatal: "broken pipe"},
		{name: "failure of the source far below", json: `{}`, values: map[string]any{"before:out_id": errors.New("broken pipe")}, fatal: "broken pipe"},

		{
			name: "required outside", typ: structOf(&Field{Name: "out_r", Type: i32Type, Requiredness: Required}), json: `{"out_r":1}`,
			bad: []Violation{{Parameter: "query.out_r", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "required either", typ: structOf(&Field{Name: "any_plain", Type: i32Type, Requiredness: Required}), json: `{}`,
			bad: []Violation{{Pointer: "/any_plain", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "required struct of outside fields", typ: structOf(&Field{Name: "s", Type: outer, Requiredness: Required}), json: `{}`,
			bad: []Violation{{Parameter: "query.out_x", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "required struct of optional outside fields", typ: structOf(&Field{Name: "s", Type: structOf(&Field{Name: "out_x", Type: i32Type}), Requiredness: Required}), json: `{}`,
			want: message(nil).field(WireStruct, 1, 0).stop(),
		},
		{name: "optional struct of outside fields", typ: structOf(&Field{Name: "s", Type: outer}), json: `{}`, want: message(nil).stop()},
		{
			name: "required struct of mixed fields", typ: structOf(&Field{Name: "s", Type: inner, Requiredness: Required}), json: `{}`,
			bad: []Violation{{Pointer: "/s", Code: CodeRequired, Detail: "required field is missing"}},
		},
		{
			name: "either as a whole or in parts", typ: structOf(&Field{Name: "any_s", Type: outer}), json: `{}`, values: map[string]any{"before:out_x": be32(5)},
			want: message(nil).field(WireStruct, 1, message(nil).i32(1, 5).stop()...).stop(),
		},
		{
			name: "either as a whole", typ: structOf(&Field{Name: "any_s", Type: outer}), json: `{}`, values: map[string]any{"after:any_s": []byte(message(nil).i32(1, 6).stop()), "before:out_x": be32(5)},
			want: message(nil).field(WireStruct, 1, message(nil).i32(1, 6).stop()...).stop(),
		},
		{
			name: "a struct's default where nothing is present", typ: structOf(&Field{Name: "s", Type: outer, Default: message(nil).i32(1, 3).stop()}), json: `{}`,
			want: message(nil).field(WireStruct, 1, message(nil).i32(1, 3).stop()...).stop(),
		},
		{
			name: "union from the source", typ: &Type{Kind: Union, Name: "U", Fields: []*Field{{ID: 1, Name: "out_u", JSON: "u", Type: i32Type}, {ID: 2, Name: "w", JSON: "w", Type: i32Type}}}, json: `{"w":1}`,
			values: map[string]any{"before:out_u": be32(1)}, bad: []Violation{{Code: CodeUnion, Detail: "the union has 2 members; it takes exactly one"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &places{}
			tt.opts.Place = p.place
			if tt.typ == nil {
				tt.typ = typ
			}
			c := mustCompile(t, tt.typ, tt.opts)
			src := &source{places: p, values: tt.values}
			got, err := c.AppendThriftWith(nil, []byte(tt.json), src)
			if tt.fatal != "" {
				if err == nil || err.Error() != tt.fatal {
					t.Fatalf("error %v, want %s", err, tt.fatal)
				}
				return
			}
			if diff := cmp.Diff(tt.bad, violations(t, err)); diff != "" {
				t.Fatalf("violations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]byte(tt.want), got); err == nil && diff != "" {
				t.Errorf("wire (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSourceCalls checks the order of the questions, and that a field which
// was found is not asked for again.
func TestSourceCalls(t *testing.T) {
	typ := structOf(
		&Field{Name: "any_a", Type: i32Type},
		&Field{Name: "any_b", Type: i32Type},
		&Field{Name: "s", Type: structOf(&Field{Name: "any_c", Type: i32Type}, &Field{Name: "out_d", Type: i32Type})},
	)
	p := &places{}
	c := mustCompile(t, typ, Options{Place: p.place})
	src := &source{places: p, values: map[string]any{"before:any_a": be32(1)}}
	if _, err := c.AppendThriftWith(nil, []byte(`{"any_b":1,"s":{"any_c":2}}`), src); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AppendThriftWith(nil, nil, src); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"before:any_a", "before:any_b", "before:any_c", "before:out_d",
		"before:any_a", "before:any_b", "after:any_b", "before:any_c", "before:out_d", "after:any_c",
	}
	if diff := cmp.Diff(want, src.calls); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

// TestPlacePaths checks which fields Place is asked for: each once for each
// path, none in containers nor in a struct that recurs.
func TestPlacePaths(t *testing.T) {
	leaf := structOf(&Field{Name: "leaf", Type: i32Type}, &Field{Name: "hidden", Type: i32Type, Hidden: true})
	loop := structOf(&Field{Name: "value", Type: i32Type})
	loop.Fields = append(loop.Fields, &Field{ID: 9, Name: "loop", JSON: "loop", Type: loop, Requiredness: Optional})
	typ := structOf(
		&Field{Name: "one", Type: leaf},
		&Field{Name: "two", Type: leaf},
		&Field{Name: "list", Type: listOf(leaf)},
		&Field{Name: "rec", Type: loop},
	)
	p := &places{}
	mustCompile(t, typ, Options{Place: p.place})
	want := []string{"one", "leaf", "two", "leaf", "list", "rec", "value", "loop"}
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestTooManyPaths(t *testing.T) {
	typ := structOf(&Field{Name: "x", Type: i32Type})
	for range 40 {
		typ = structOf(&Field{Name: "l", Type: typ}, &Field{Name: "r", Type: typ})
	}
	if _, err := Compile(typ, Options{}); err != nil {
		t.Error(err)
	}
	p := &places{}
	if _, err := Compile(typ, Options{Place: p.place}); err == nil || !strings.Contains(err.Error(), "more than 65536 fields") {
		t.Errorf("error %v", err)
	}
}

// sink notes what it gets.
type sink struct {
	places *places
	got    []string
	err    error
}

func (s *sink) Field(slot int, wire []byte) error {
	s.got = append(s.got, fmt.Sprintf("%s=%x", s.places.asked[slot], wire))
	return s.err
}

func TestSink(t *testing.T) {
	typ := structOf(
		&Field{Name: "out_code", Type: i32Type, Requiredness: Required},
		&Field{Name: "a", Type: i32Type},
		&Field{Name: "out_name", Type: stringType},
		&Field{Name: "in", Type: structOf(&Field{Name: "out_x", Type: i8Type}, &Field{Name: "any_y", Type: i8Type})},
	)
	wire := message(nil).i32(1, 200).i32(2, 5).field(WireStruct, 4, message(nil).field(WireI8, 1, 7).field(WireI8, 2, 8).stop()...).str(3, "n").stop()
	p := &places{}
	c := mustCompile(t, typ, Options{Place: p.place})
	s := &sink{places: p}
	got, err := c.AppendJSONWith(nil, wire, s)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":5,"in":{"any_y":8}}`; string(got) != want {
		t.Errorf("JSON %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"out_code=000000c8", "out_x=07", "out_name=000000016e"}, s.got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if got, err = c.AppendJSON(nil, wire); err != nil || string(got) != `{"a":5,"in":{"any_y":8}}` {
		t.Errorf("without a sink: %s, %v", got, err)
	}
	if got, err = c.AppendJSONWith(nil, message(nil).stop(), s); err != nil || string(got) != `{"a":0,"in":null}` {
		t.Errorf("nothing sent: %s, %v", got, err)
	}
	s.err = errors.New("bad header")
	if _, err = c.AppendJSONWith(nil, wire, s); !errors.Is(err, s.err) {
		t.Errorf("error %v", err)
	}
}
