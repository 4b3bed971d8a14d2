package transcode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

// fuzzType has a field of every kind, and recurs through each container.
var fuzzType = func() *Type {
	t := &Type{Kind: Struct, Name: "fuzz.T"}
	opt := func(id int16, name string, typ *Type) *Field {
		return &Field{ID: id, Name: name, JSON: name, Type: typ, Requiredness: Optional}
	}
	t.Fields = []*Field{
		{ID: 1, Name: "a", JSON: "a", Type: i32Type},
		opt(2, "b", boolType), opt(3, "i8", i8Type), opt(4, "i16", i16Type), opt(5, "i64", i64Type),
		opt(6, "d", doubleType), opt(7, "s", stringType), opt(8, "bin", binaryType), opt(9, "u", uuidType),
		opt(10, "e", colorType), opt(11, "t", t), opt(12, "l", listOf(t)), opt(13, "set", setOf(t)),
		opt(14, "m", mapOf(stringType, t)), opt(15, "md", mapOf(doubleType, listOf(i64Type))),
		opt(16, "mi", mapOf(i64Type, setOf(doubleType))), opt(17, "c", choiceType), opt(18, "p", pointType),
		{ID: 19, Name: "def", JSON: "def", Type: stringType, Default: text("d")},
		{ID: 20, Name: "hid", JSON: "hid", Type: i32Type, Hidden: true},
		opt(22, "mt", mapOf(t, i8Type)), opt(23, "ms", mapOf(setOf(doubleType), pointType)), opt(24, "ml", mapOf(listOf(choiceType), t)),
		opt(25, "mm", mapOf(mapOf(i8Type, stringType), i8Type)),
		{ID: 21, Name: "str", JSON: "str", Type: mapOf(i16Type, i32Type), Stringly: true, Requiredness: Optional},
	}
	return t
}()

// FuzzAppendThrift: what is accepted is JSON to encoding/json too, and what
// comes out means the same.
func FuzzAppendThrift(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Add([]byte(`{"a":1,"b":true,"i8":-5,"i64":"9007199254740993","d":1.5e-7,"s":"\u00e9\ud83d\ude00","bin":"QQ","u":"123e4567-e89b-12d3-a456-426614174000","e":"RED"}`))
	f.Add([]byte(`{"t":{"l":[{},{"set":[{"a":1},{"a":2}]}],"m":{"k":{"md":{"1.5":[1,"2"]}},"\u006b2":{"mi":{"-7":[0.5]}}}},"c":{"n":5},"p":{"y":1,"x":2},"str":{"5":"6"}}`))
	f.Add([]byte(`{"mt":{"{\"mt\":{\"{\\\"a\\\":5}\":1}}":1," {}":2},"ms":{"[1,2]":{},"[]":{"x":1}},"ml":{"[{\"n\":5}]":{}},"mm":{"{\"1\":\"a\"}":1}}`))
	c, err := Compile(fuzzType, Options{})
	if err != nil {
		f.Fatal(err)
	}
	strict, err := Compile(fuzzType, Options{RejectUnknown: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		checkSpacing(t, c, doc)
		wire, err := c.AppendThrift(nil, doc)
		if _, strictErr := strict.AppendThrift(nil, doc); err != nil && strictErr == nil {
			t.Fatalf("refused only where unknown members are not: %v", err)
		}
		if err != nil {
			for _, v := range violations(t, err) {
				if v.Code == "" || v.Detail == "" || !utf8.ValidString(v.Pointer) {
					t.Fatalf("violation %#v", v)
				}
			}
			return
		}
		if !json.Valid(doc) || !utf8.Valid(doc) {
			t.Fatalf("accepted, but not JSON: %q", doc)
		}
		if n, err := Skip(wire, WireStruct); err != nil || n != len(wire) {
			t.Fatalf("wire %x: %d bytes, %v", wire, n, err)
		}
		out, err := c.AppendJSON(nil, wire)
		if err != nil {
			t.Fatalf("wire %x: %v", wire, err)
		}
		if err := same(fuzzType, decodeAny(t, doc), decodeAny(t, out)); err != nil {
			t.Fatalf("%v\nin  %s\nout %s", err, doc, out)
		}
		again, err := c.AppendThrift(nil, out)
		// Elements of a set that differ in a field which one has and the other lacks
		// are different, but the JSON has it in both.
		if slices.ContainsFunc(foundIn(err), func(v Violation) bool { return v.Code == CodeDuplicateElement }) {
			return
		}
		if err != nil {
			t.Fatalf("what was written is refused: %v\n%s", err, out)
		} else if text, err := c.AppendJSON(nil, again); err != nil || !bytes.Equal(text, out) {
			t.Fatalf("%v\nonce  %s\ntwice %s", err, out, text)
		}
	})
}

func decodeAny(t *testing.T, doc []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// same compares what a client sent with what the Thrift value says, as far as
// the fields of the type go.
func same(typ *Type, in, out any) error {
	switch typ.Kind {
	case Struct, Union:
		in, _ := in.(map[string]any)
		out, _ := out.(map[string]any)
		for _, f := range typ.Fields {
			v, ok := in[f.JSON]
			if !ok || v == nil || f.Hidden {
				continue
			}
			if err := same(f.Type, v, out[f.JSON]); err != nil {
				return fmt.Errorf("%s: %w", f.JSON, err)
			}
		}
		return nil
	case List, Set:
		in, _ := in.([]any)
		out, _ := out.([]any)
		if len(in) != len(out) {
			return fmt.Errorf("%d elements became %d", len(in), len(out))
		}
		for i := range in {
			if err := same(typ.Elem, in[i], out[i]); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	case Map:
		in, _ := in.(map[string]any)
		out, _ := out.(map[string]any)
		if len(in) != len(out) {
			return fmt.Errorf("%d entries became %d", len(in), len(out))
		}
		for k, v := range in {
			w, ok := out[k]
			if !ok {
				for other := range out {
					if sameKey(typ.Key, k, other) {
						w, ok = out[other], true
					}
				}
			}
			if !ok {
				return fmt.Errorf("no key %q", k)
			}
			if err := same(typ.Elem, v, w); err != nil {
				return fmt.Errorf("%q: %w", k, err)
			}
		}
		return nil
	case I8, I16, I32, I64:
		a, b := rational(in), rational(out)
		if a == nil || b == nil || a.Cmp(b) != 0 {
			return fmt.Errorf("%v became %v", in, out)
		}
		return nil
	case Double:
		a, errA := strconv.ParseFloat(fmt.Sprint(in), 64)
		b, errB := strconv.ParseFloat(fmt.Sprint(out), 64)
		if errA != nil || errB != nil || a != b {
			return fmt.Errorf("%v became %v", in, out)
		}
		return nil
	case Bool, String:
		if in != out {
			return fmt.Errorf("%v became %v", in, out)
		}
		return nil
	default: // Several texts mean the same binary, uuid or enum.
		return nil
	}
}

// sameKey compares the name of a member that a client sent with one that was
// written.
func sameKey(typ *Type, in, out string) bool {
	if typ.Kind < Struct {
		return same(typ, json.Number(in), json.Number(out)) == nil
	}
	c, err := Compile(typ, Options{})
	if err != nil {
		return false
	}
	wire, err := c.AppendThrift(nil, []byte(in))
	if err != nil {
		return false
	}
	text, err := c.AppendJSON(nil, wire)
	return err == nil && string(text) == out
}

// rational is the exact value of a JSON number, or of a string with one; nil
// when it takes too long to write out, which no integer that fits does.
func rational(v any) *big.Rat {
	text := fmt.Sprint(v)
	if i := bytes.IndexAny([]byte(text), "eE"); i >= 0 {
		exp, err := strconv.Atoi(text[i+1:])
		if zero, ok := new(big.Rat).SetString(text[:i]); ok && zero.Sign() == 0 {
			return zero
		}
		if err != nil || exp > 10_000 || exp < -10_000 {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

// FuzzAppendJSON: no bytes from a service make a panic, invalid JSON or a
// message out of proportion.
func FuzzAppendJSON(f *testing.F) {
	c, err := Compile(fuzzType, Options{SpecialFloats: true})
	if err != nil {
		f.Fatal(err)
	}
	omit, err := Compile(fuzzType, Options{OmitZero: true, EnumNames: true, Int64AsString: true})
	if err != nil {
		f.Fatal(err)
	}
	for seed := range uint64(20) {
		g := newGenerator(seed)
		f.Add(g.ordered(nil, fuzzType, 5, order(seed)%orders))
	}
	f.Add([]byte{WireList, 0, 12, WireStruct, 0x7f, 0xff, 0xff, 0xff})
	f.Add([]byte{WireString, 0, 7, 0xff, 0xff, 0xff, 0xff, 0})
	f.Add(append(bytes.Repeat([]byte{WireStruct, 0, 11}, 70), make([]byte, 71)...))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, wire []byte) {
		for _, c := range []*Codec{c, omit} {
			out, n, err := c.AppendJSONPrefix(nil, wire)
			if whole, wholeErr := c.AppendJSON(nil, wire); (wholeErr == nil) != (err == nil && n == len(wire)) || wholeErr == nil && !bytes.Equal(whole, out) {
				t.Fatalf("prefix %s, %d, %v; whole %s, %v", out, n, err, whole, wholeErr)
			}
			if err != nil {
				if len(out) > 0 {
					t.Fatalf("half a body: %s", out)
				}
				continue
			}
			if !json.Valid(out) || !utf8.Valid(out) {
				t.Fatalf("not JSON: %q", out)
			}
			if len(out) > 2*growthLimit(len(wire)) {
				t.Fatalf("%d bytes became %d", len(wire), len(out))
			}
			if k, err := Skip(wire, WireStruct); err != nil || k != n {
				t.Fatalf("took %d bytes, Skip %d, %v", n, k, err)
			}
		}
	})
}

// FuzzRoundTrip makes a type and a value from numbers.
func FuzzRoundTrip(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { roundTrip(t, seed) })
}
