package transcode

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// knotType has maps whose keys are of its own type.
var knotType = func() *Type {
	t := &Type{Kind: Struct, Name: "book.Knot"}
	t.Fields = []*Field{{ID: 1, Name: "m", JSON: "m", Type: mapOf(t, i8Type), Requiredness: Optional}}
	return t
}()

// TestKeys converts {"v": json} for a map whose keys are no scalars, and back.
func TestKeys(t *testing.T) {
	points := mapOf(pointType, i8Type)
	one := []byte{1}
	tests := []struct {
		name  string
		typ   *Type
		opts  Options
		json  string
		wire  []byte
		again string // the JSON of wire, if it is another
	}{
		{name: "struct", typ: points, json: `{"{\"x\":1,\"y\":2}":1}`, wire: entries(WireStruct, WireI8, point(1, 2), one)},
		{
			name: "struct in other words", typ: points, json: "{\" {\\\"\\u0079\\\" : 2e0,\\n\\\"x\\\":null,\\\"z\\\":[]}\\t\":1}",
			wire: entries(WireStruct, WireI8, message(nil).i32(2, 2).stop(), one), again: `{"{\"x\":0,\"y\":2}":1}`,
		},
		{name: "union", typ: mapOf(choiceType, i8Type), json: `{"{\"s\":\"\\\"é\\n\"}":1,"{\"n\":1}":1}`, wire: entries(WireStruct, WireI8, message(nil).str(2, "\"é\n").stop(), one, message(nil).i32(1, 1).stop(), one)},
		{name: "list", typ: mapOf(listOf(i8Type), i8Type), json: `{"[1,2]":1,"[2,1]":1,"[]":1}`, wire: entries(WireList, WireI8, list(WireI8, one, []byte{2}), one, list(WireI8, []byte{2}, one), one, list(WireI8), one)},
		{name: "set", typ: mapOf(setOf(stringType), i8Type), json: `{"[\"a\",\"b\"]":1}`, wire: entries(WireSet, WireI8, list(WireString, text("a"), text("b")), one)},
		{name: "map", typ: mapOf(mapOf(i8Type, boolType), i8Type), json: `{"{\"1\":true}":1}`, wire: entries(WireMap, WireI8, entries(WireI8, WireBool, one, one), one)},
		{name: "map of maps", typ: mapOf(mapOf(listOf(i8Type), boolType), i8Type), json: `{"{\"[1]\":true}":1}`, wire: entries(WireMap, WireI8, entries(WireList, WireBool, list(WireI8, one), one), one)},
		{name: "i64 as a string", typ: mapOf(listOf(i64Type), i8Type), opts: Options{Int64AsString: true}, json: `{"[\"5\"]":1}`, wire: entries(WireList, WireI8, list(WireI64, be64(5)), one)},
		{name: "names of enums", typ: mapOf(listOf(colorType), i8Type), opts: Options{EnumNames: true}, json: `{"[\"RED\"]":1}`, wire: entries(WireList, WireI8, list(WireI32, be32(1)), one)},
		{name: "without zeros", typ: points, opts: Options{OmitZero: true}, json: `{"{\"x\":1}":1}`, wire: entries(WireStruct, WireI8, message(nil).i32(1, 1).stop(), one)},
		{name: "four deep", typ: knotType, json: knot(4), wire: knotWire(4)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mustCompile(t, tt.typ, tt.opts)
			got, err := c.AppendThrift(nil, []byte(tt.json))
			if diff := cmp.Diff(tt.wire, got); diff != "" || err != nil {
				t.Fatalf("wire (-want +got):\n%s%v", diff, err)
			}
			want := tt.again
			if want == "" {
				want = tt.json
			}
			back, err := c.AppendJSON(nil, tt.wire)
			if string(back) != want || err != nil || !json.Valid(back) {
				t.Errorf("got  %s, %v\nwant %s", back, err, want)
			}
		})
	}
}

// knot is a Knot with n keys in each other.
func knot(n int) string {
	if n == 0 {
		return "{}"
	}
	return `{"m":{` + strconv.Quote(knot(n-1)) + `:1}}`
}

func knotWire(n int) message {
	if n == 0 {
		return message(nil).stop()
	}
	return message(nil).field(WireMap, 1, entries(WireStruct, WireI8, knotWire(n-1), []byte{1})...).stop()
}

func TestBadKeys(t *testing.T) {
	points := mapOf(pointType, i8Type)
	tests := []struct {
		name, json, pointer, code, detail string
		typ                               *Type
		opts                              Options
	}{
		{"no JSON", `{"x":1}`, "/x", CodeMapKey, "not a key of the map: invalid JSON at line 1, column 1: a value is missing or malformed", points, Options{}},
		{"more", `{"{}{}":1}`, "/{}{}", CodeMapKey, "not a key of the map: invalid JSON at line 1, column 3: there is more after the JSON value", points, Options{}},
		{"null", `{"null":1}`, "/null", CodeMapKey, "not a key of the map: expected an object, got null", points, Options{}},
		{"another type", `{"[]":1}`, "/[]", CodeMapKey, "not a key of the map: expected an object, got an array", points, Options{}},
		{"bad field", `{"{\"x\":\"a\"}":1}`, `/{"x":"a"}`, CodeMapKey, "not a key of the map: expected an integer, got a string at /x", points, Options{}},
		{"unknown field", `{"{\"z\":1}":1}`, `/{"z":1}`, CodeMapKey, "not a key of the map: unknown field at /z", points, Options{RejectUnknown: true}},
		{"half a surrogate pair", `{"[\"\\ud800\"]":1}`, `/["\ud800"]`, CodeMapKey, "not a key of the map: the string is not valid Unicode at /0", mapOf(listOf(stringType), i8Type), Options{}},
		{"too many elements", `{"[1,2]":1}`, "/[1,2]", CodeMapKey, "not a key of the map: more than 1 elements at /1", mapOf(listOf(i8Type), i8Type), Options{MaxElements: 1}},
		{"too deep", `{"[[1]]":1}`, "/[[1]]", CodeMapKey, "not a key of the map: nested deeper than 2 levels at /0", mapOf(listOf(listOf(i8Type)), i8Type), Options{MaxDepth: 2}},
		{"twice in another order of fields", `{"{\"x\":1,\"y\":2}":1,"{\"y\":2,\"x\":1}":1}`, `/{"y":2,"x":1}`, CodeDuplicateKey, "the map has this key twice", points, Options{}},
		{"twice with what absence means", `{"{\"x\":1}":1,"{\"y\":0,\"x\":1}":1}`, `/{"y":0,"x":1}`, CodeDuplicateKey, "the map has this key twice", points, Options{}},
		{"set twice in another order", `{"[1,2]":1,"[2,1]":1}`, "/[2,1]", CodeDuplicateKey, "the map has this key twice", mapOf(setOf(i8Type), i8Type), Options{}},
		{"map twice in another order", `{"{\"1\":1,\"2\":2}":1,"{\"2\":2,\"1\":1}":1}`, `/{"2":2,"1":1}`, CodeDuplicateKey, "the map has this key twice", mapOf(mapOf(i8Type, i8Type), i8Type), Options{}},
		{"list of both zeros", `{"[0]":1,"[-0.0]":1}`, "/[-0.0]", CodeDuplicateKey, "the map has this key twice", mapOf(listOf(doubleType), i8Type), Options{}},
		{"five deep", `{` + strconv.Quote(knot(4)) + `:1}`, "/" + knot(4), CodeMapKey, "not a key of the map: ", mapOf(knotType, i8Type), Options{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mustCompile(t, tt.typ, tt.opts)
			_, err := c.AppendThrift(nil, []byte(tt.json))
			got := violations(t, err)
			if len(got) != 1 || got[0].Pointer != tt.pointer || got[0].Code != tt.code || !strings.HasPrefix(got[0].Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
			if tt.name == "five deep" && !strings.Contains(got[0].Detail, keysTooDeep) {
				t.Errorf("got %s", got[0].Detail)
			}
		})
	}
}

// veiledType has a field that nobody sees.
var veiledType = structOf(
	&Field{Name: "a", Type: i8Type},
	&Field{Name: "hidden", Type: listOf(i64Type), Hidden: true},
)

// veiled is a value of it, in which there may be anything.
func veiled(hidden []byte) message {
	return message(nil).field(WireI8, 1, 5).field(WireList, 2, hidden...).stop()
}

// TestKeyHidden has services send in a hidden field of a key what is not of its
// type.
func TestKeyHidden(t *testing.T) {
	c := mustCompile(t, mapOf(veiledType, i8Type), Options{})
	for _, hidden := range [][]byte{
		list(WireI8, []byte{1}, []byte{2}),
		list(WireString, text("abcdefghij")),
		list(WireMap, entries(WireI8, WireI8)),
		list(WireI64, be64(1)),
	} {
		out, err := c.AppendJSON(nil, entries(WireStruct, WireI8, veiled(hidden), []byte{1}))
		if want := `{"{\"a\":5}":1}`; string(out) != want || err != nil {
			t.Errorf("hidden %x: got %s, %v, want %s", hidden, out, err, want)
		}
	}
}

func TestBadKeysOnTheWire(t *testing.T) {
	one := []byte{1}
	tests := []struct {
		name, want string
		typ        *Type
		opts       Options
		wire       []byte
	}{
		{"another type", "map: entries of wire types 15 and 3, expected 12 and 3", mapOf(pointType, i8Type), Options{}, entries(WireList, WireI8, list(WireI8), one)},
		{"bad field", "field 1 (x) of book.Point: wire type 11, expected 8", mapOf(pointType, i8Type), Options{}, entries(WireStruct, WireI8, message(nil).str(1, "a").stop(), one)},
		{"twice in another order of fields", "map: a key is there twice", mapOf(pointType, i8Type), Options{}, entries(WireStruct, WireI8, point(1, 2), one, message(nil).i32(2, 2).i32(1, 1).stop(), one)},
		{"twice with what absence means", "map: a key is there twice", mapOf(pointType, i8Type), Options{}, entries(WireStruct, WireI8, point(1, 0), one, message(nil).i32(1, 1).stop(), one)},
		{"twice with an unknown field", "map: a key is there twice", mapOf(pointType, i8Type), Options{}, entries(WireStruct, WireI8, point(1, 2), one, message(nil).i32(1, 1).i32(2, 2).field(WireMap, 9, 0, 0, 0, 0, 0, 0).stop(), one)},
		{"twice but for what is hidden", "map: a key is there twice", mapOf(veiledType, i8Type), Options{}, entries(WireStruct, WireI8, veiled(list(WireI64, be64(1))), one, veiled(list(WireI64)), one)},
		{"set twice in another order", "map: a key is there twice", mapOf(setOf(i8Type), i8Type), Options{}, entries(WireSet, WireI8, list(WireI8, one, []byte{2}), one, list(WireI8, []byte{2}, one), one)},
		{"in a set of structs", "map: a key is there twice", mapOf(setOf(pointType), i8Type), Options{}, entries(WireSet, WireI8, list(WireStruct, point(1, 0), point(3, 4)), one, list(WireStruct, point(3, 4), message(nil).i32(1, 1).stop()), one)},
		{"five deep", "map: " + keysTooDeep, knotType, Options{}, knotWire(5)},
		{"too deep", "nested too deep", mapOf(listOf(listOf(i8Type)), i8Type), Options{MaxDepth: 2}, entries(WireList, WireI8, list(WireList, list(WireI8, one)), one)},
		{"hostile depth", "map: " + keysTooDeep, knotType, Options{}, knotWire(60)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mustCompile(t, tt.typ, tt.opts)
			out, err := c.AppendJSON(nil, tt.wire)
			var wireError *WireError
			if !errors.As(err, &wireError) || !strings.HasSuffix(wireError.Reason, tt.want) {
				t.Errorf("%s, %v; want %s", out, err, tt.want)
			}
		})
	}
}
