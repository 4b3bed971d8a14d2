package transcode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
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
	return g.ordered(dst, t, depth, false)
}

// ordered is value with the fields of structs shuffled, or not. Both give the
// same value from the same state.
func (g *generator) ordered(dst []byte, t *Type, depth int, shuffled bool) []byte {
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
			dst = g.ordered(dst, t.Elem, depth-1, shuffled)
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
			part := g.ordered(nil, first, depth-1, shuffled)
			form := string(AppendCanonical(nil, first, part))
			var rest []byte
			if t.Kind == Map {
				rest = g.ordered(nil, t.Elem, depth-1, shuffled)
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
		return append(g.ordered(dst, f.Type, depth-1, shuffled), WireStop)
	default:
		var parts [][]byte
		for _, f := range t.Fields {
			if depth > 0 && g.IntN(3) > 0 {
				parts = append(parts, g.ordered(AppendFieldHeader(nil, f.Type.Kind.WireType(), f.ID), f.Type, depth-1, shuffled))
			}
		}
		order := g.Perm(len(parts))
		for i := range parts {
			if shuffled {
				i = order[i]
			}
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
	out := make([]rune, g.IntN(20))
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
	shuffled := newGenerator(valueSeed).ordered(nil, typ, 5, true)
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
	again, err := c.AppendJSON(nil, shuffled)
	if err != nil || !bytes.Equal(text, again) {
		t.Fatalf("seed %d: fields in another order: %v\n%s\n%s", seed, err, text, again)
	}
}
