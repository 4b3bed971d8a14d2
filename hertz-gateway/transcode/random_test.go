package transcode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// generator makes types and values of them.
type generator struct {
	*rand.Rand
	structs []*Type
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
}

func (g *generator) typ(depth int) *Type {
	n := 16
	if depth == 0 {
		n = 10
	}
	switch k := g.IntN(n); k {
	case 0:
		return boolType
	case 1:
		return i8Type
	case 2:
		return i16Type
	case 3:
		return i32Type
	case 4:
		return i64Type
	case 5:
		return doubleType
	case 6:
		return stringType
	case 7:
		return binaryType
	case 8:
		return uuidType
	case 9:
		return colorType
	case 10:
		return listOf(g.typ(depth - 1))
	case 11:
		return setOf(g.typ(depth - 1))
	case 12:
		return mapOf(g.typ(g.IntN(depth)), g.typ(depth-1))
	case 13:
		if len(g.structs) > 0 {
			return g.structs[g.IntN(len(g.structs))]
		}
	case 14:
		return choiceType
	}
	return g.structType(depth)
}

func (g *generator) structType(depth int) *Type {
	t := &Type{Kind: Struct, Name: fmt.Sprintf("r.S%d", len(g.structs))}
	g.structs = append(g.structs, t)
	fields := g.IntN(8)
	if g.IntN(10) == 0 {
		fields = 60 + g.IntN(20)
	}
	ids := g.Perm(2 * (fields + 1))
	for i := range fields {
		t.Fields = append(t.Fields, &Field{
			ID: int16(ids[i]) - 3, Name: fmt.Sprintf("f%d", i), JSON: []string{"f%d", "\"%d\\", "é%d", "a/%d"}[g.IntN(4)],
			Type: g.typ(depth - 1), Requiredness: Optional, Stringly: g.IntN(4) == 0,
		})
		f := t.Fields[i]
		f.JSON = fmt.Sprintf(f.JSON, i)
	}
	return t
}

// value appends a random value of t with the fields of structs in the order of
// the IDL; its sets and maps have no element twice.
func (g *generator) value(dst []byte, t *Type, depth int) []byte {
	return g.ordered(dst, t, depth, orderIDL)
}

// order is that of the fields of structs on the wire.
type order int

const (
	orderIDL    order = iota
	orderKitex        // numbers and bools first
	orderRandom       // any
	orders
)

// ordered is value with the fields of structs in some order. All give the same
// value from the same state.
func (g *generator) ordered(dst []byte, t *Type, depth int, by order) []byte {
	size := 0
	if depth > 0 {
		size = g.IntN(4)
		if g.IntN(20) == 0 {
			size = 20
		}
	}
	switch t.Kind {
	case Bool:
		return append(dst, byte(g.IntN(2)))
	case I8:
		return append(dst, byte(g.Uint32()))
	case I16:
		return AppendI16(dst, int16(g.integer()))
	case I32:
		return AppendI32(dst, int32(g.integer()))
	case I64:
		return AppendI64(dst, g.integer())
	case Enum:
		return AppendI32(dst, t.Values[g.IntN(len(t.Values))].Number)
	case Double:
		for {
			v := math.Float64frombits(g.Uint64())
			if g.IntN(2) == 0 {
				v = float64(g.integer()) / float64([]int{1, 2, 10, 1000}[g.IntN(4)])
			}
			if v-v == 0 && v != 0 {
				return AppendDouble(dst, v)
			}
		}
	case String:
		return AppendString(dst, g.text())
	case Binary:
		b := make([]byte, g.IntN(10))
		for i := range b {
			b[i] = byte(g.Uint32())
		}
		return AppendString(dst, b)
	case UUID:
		return AppendI64(AppendI64(dst, int64(g.Uint64())), int64(g.Uint64()))
	case List:
		dst = AppendListHeader(dst, t.Elem.Kind.WireType(), size)
		for range size {
			dst = g.ordered(dst, t.Elem, depth-1, by)
		}
		return dst
	case Set, Map:
		var parts [][]byte
		seen := map[string]bool{}
		first := t.Elem
		if t.Kind == Map {
			first = t.Key
		}
		for range size {
			part := g.ordered(nil, first, depth-1, by)
			form := string(AppendCanonical(nil, first, part))
			var rest []byte
			if t.Kind == Map {
				rest = g.ordered(nil, t.Elem, depth-1, by)
			}
			if !seen[form] {
				seen[form] = true
				parts = append(parts, append(part, rest...))
			}
		}
		if t.Kind == Set {
			dst = AppendListHeader(dst, t.Elem.Kind.WireType(), len(parts))
		} else {
			dst = AppendMapHeader(dst, t.Key.Kind.WireType(), t.Elem.Kind.WireType(), len(parts))
		}
		return append(dst, bytes.Join(parts, nil)...)
	case Union:
		f := t.Fields[g.IntN(len(t.Fields))]
		dst = AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID)
		return append(g.ordered(dst, f.Type, depth-1, by), WireStop)
	default:
		var parts [][]byte
		var numbers, others []int // positions in parts
		whole := g.IntN(10) == 0
		for _, f := range t.Fields {
			if depth > 0 && (g.IntN(3) > 0 || whole) {
				if f.Type.Kind <= Double {
					numbers = append(numbers, len(parts))
				} else {
					others = append(others, len(parts))
				}
				parts = append(parts, g.ordered(AppendFieldHeader(nil, f.Type.Kind.WireType(), f.ID), f.Type, depth-1, by))
			}
		}
		positions := g.Perm(len(parts))
		switch by {
		case orderIDL:
			slices.Sort(positions)
		case orderKitex:
			positions = append(numbers, others...)
		}
		for _, i := range positions {
			dst = append(dst, parts[i]...)
		}
		return append(dst, WireStop)
	}
}

func (g *generator) integer() int64 {
	return int64(g.Uint64()) >> g.IntN(64)
}

func (g *generator) text() string {
	runes := []rune("abcdefghij \"\\/<\u0000\n\té€😀\u2028\x7f\ufffd")
	most := 20
	switch g.IntN(4) {
	case 0:
		runes = runes[:11] // plain
	case 1:
		runes, most = runes[:11], 200
	}
	out := make([]rune, g.IntN(most))
	for i := range out {
		out[i] = runes[g.IntN(len(runes))]
	}
	return string(out)
}

// TestRandomRoundTrip makes types and values, and expects the same bytes after
// the way to JSON and back, under any options.
func TestRandomRoundTrip(t *testing.T) {
	n := uint64(3000)
	if testing.Short() {
		n = 300
	}
	for seed := range n {
		roundTrip(t, seed)
	}
}

func roundTrip(t *testing.T, seed uint64) {
	t.Helper()
	g := newGenerator(seed)
	typ := g.structType(4)
	o := Options{Int64AsString: g.IntN(2) == 0, EnumNames: g.IntN(2) == 0, RejectUnknown: true}
	c := mustCompile(t, typ, o)
	valueSeed := g.Uint64()
	wire := newGenerator(valueSeed).value(nil, typ, 5)
	text, err := c.AppendJSON(nil, wire)
	if err != nil {
		t.Fatalf("seed %d: to JSON: %v", seed, err)
	}
	if !json.Valid(text) {
		t.Fatalf("seed %d: not JSON: %s", seed, text)
	}
	back, err := c.AppendThrift(nil, text)
	if err != nil {
		t.Fatalf("seed %d: to Thrift: %v\n%s", seed, err, text)
	}
	if !bytes.Equal(wire, back) {
		t.Fatalf("seed %d: %s\nbefore %x\nafter  %x", seed, text, wire, back)
	}
	checkSpacing(t, c, text)
	for by := range orders {
		again, err := c.AppendJSON(nil, newGenerator(valueSeed).ordered(nil, typ, 5, by))
		if err != nil || !bytes.Equal(text, again) {
			t.Fatalf("seed %d: fields in order %d: %v\n%s\n%s", seed, by, err, text, again)
		}
	}
}
