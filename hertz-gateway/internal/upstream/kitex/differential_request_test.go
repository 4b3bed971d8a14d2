package kitex

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// sample is a request, and what the rules of docs/idl.md demand for it.
type sample struct {
	json string
	want any // the struct; refusedValue where nothing may be sent
	// refused are the violations, "code at pointer", sorted; fatal: one of them
	// ends the reading, and what else is found depends on the order.
	refused []string
	fatal   bool
	whole   string // form of the text as a whole
	broken  bool   // it is refused for that
	notes
}

// notes tell how the value at a path is written, where not plainly. A path that
// ends in /* stands for all below, too.
type notes []note

type note struct{ path, form string }

func (n *notes) note(path, form string) { *n = append(*n, note{path, form}) }

// about tells whether there is a note of the very path.
func (n *notes) about(path string) bool {
	return slices.ContainsFunc(*n, func(one note) bool { return one.path == path })
}

// form is a way to write a value, and what is due for it.
type form struct {
	name string
	json string
	want any    // nil: refused
	code string // of the violation
	at   string // its place, below that of the value
}

// forms are the ways to write a value of t that are not plain.
func forms(t *genType, stringly bool) []form {
	var fs []form
	add := func(name, json string, want any) { fs = append(fs, form{name: name, json: json, want: want}) }
	bad := func(name, json, code string) { fs = append(fs, form{name: name, json: json, code: code}) }
	const mismatch = transcode.CodeType
	switch t.kind {
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		lo, hi := t.bounds()
		add("integer with an exponent", "1e2", t.integer(100))
		add("integer with a fraction of zero", "5.0", t.integer(5))
		add("integer of minus zero", "-0", t.integer(0))
		bad("fraction for an integer", "1.7", transcode.CodeNotInteger)
		bad("integer out of range", strconv.FormatUint(uint64(hi)+1, 10), transcode.CodeRange)
		bad("integer out of range", "-"+strconv.FormatUint(uint64(-(lo+1))+2, 10), transcode.CodeRange)
		bad("integer far out of range", "123456789012345678901234567890", transcode.CodeRange)
		bad("integer far out of range", "1e400", transcode.CodeRange)
		switch {
		case stringly:
			add("number under js_conv", "5", t.integer(5))
			add("string under js_conv", `"5"`, t.integer(5))
			bad("integer with an exponent, as a string", `"1e2"`, transcode.CodeNotInteger)
		case t.kind == transcode.I64:
			add("i64 as a string", `"9007199254740993"`, t.integer(9007199254740993))
		default:
			bad("string for an integer", `"5"`, mismatch)
		}
		if stringly || t.kind == transcode.I64 {
			bad("integer out of range, as a string", `"9223372036854775808"`, transcode.CodeRange)
		}
		bad("text for a number", `"abc"`, mismatch)
		bad("empty text for a number", `""`, mismatch)
		bad("bool for a number", "true", mismatch)
		bad("array for a scalar", "[1]", mismatch)
		bad("object for a scalar", `{"a":1}`, mismatch)
	case transcode.Enum:
		undefined := int32(math.MinInt32)
		add("enum by name", strconv.Quote(t.values[0].Name), t.values[0].Number)
		bad("undefined number of an enum", strconv.Itoa(int(undefined)), transcode.CodeEnum)
		bad("undefined name of an enum", `"NOBODY"`, transcode.CodeEnum)
		bad("number of an enum as a string", fmt.Sprintf(`"%d"`, t.values[0].Number), transcode.CodeEnum)
		bad("number of an enum out of range", "99999999999", transcode.CodeEnum)
		bad("bool for a number", "true", mismatch)
	case transcode.Bool:
		bad("number for a bool", "1", mismatch)
		bad("string for a bool", `"true"`, mismatch)
		bad("text for a bool", `"yes"`, mismatch)
		bad("array for a scalar", "[true]", mismatch)
	case transcode.Double:
		add("integer for a double", "9007199254740993", float64(9007199254740992))
		add("double of minus zero", "-0.0", math.Copysign(0, -1))
		add("double that underflows", "1e-400", float64(0))
		bad("double out of range", "1e400", transcode.CodeRange)
		bad("number as a string for a double", `"1.5"`, mismatch)
		bad("text for a number", `"abc"`, mismatch)
		bad("bool for a number", "true", mismatch)
		bad("array for a scalar", "[1.5]", mismatch)
	case transcode.String:
		add("string with escapes", `"\u00e9\n\"\\\/\ud83d\ude00\u0000"`, "é\n\"\\/😀\x00")
		bad("half a surrogate pair", `"a\ud83db"`, transcode.CodeEncoding)
		bad("string that is not UTF-8", "\"a\xff\"", transcode.CodeEncoding)
		bad("control character in a string", "\"a\x01\"", transcode.CodeSyntax)
		bad("unknown escape in a string", `"a\x"`, transcode.CodeSyntax)
		bad("number for a string", "1.50", mismatch)
		bad("bool for a string", "true", mismatch)
		bad("array for a string", `["a"]`, mismatch)
		bad("object for a string", `{"a":1}`, mismatch)
	case transcode.Binary:
		add("base64 of the URL alphabet", `"-_-_"`, "\xfb\xff\xbf")
		add("base64 without padding", `"QQ"`, "A")
		bad("text that is not base64", `"a!"`, transcode.CodeBase64)
		bad("base64 with line breaks", `"QUJD\n"`, transcode.CodeBase64)
		bad("base64 with bits that are lost", `"QR=="`, transcode.CodeBase64)
		bad("number for a binary", "1234", mismatch)
	case transcode.List, transcode.Set:
		empty := &listValue{elem: t.elem.wire(), set: t.kind == transcode.Set}
		add("white space in an empty array", "[ \n]", empty)
		bad("object for an array", `{"a":1}`, mismatch)
		bad("text for an array", `"a"`, mismatch)
		bad("number for an array", "1", mismatch)
		fs = append(fs, form{name: "null in an array", json: "[null]", code: transcode.CodeNull, at: "/0"})
		bad("comma before the end of an array", "[,]", transcode.CodeSyntax)
		if t.kind == transcode.Set && t.elem.isScalar() && t.elem.kind != transcode.Enum {
			one := plainScalars[t.elem.kind]
			fs = append(fs, form{name: "element of a set twice", json: "[" + one + "," + one + "]", code: transcode.CodeDuplicateElement, at: "/1"})
		}
	case transcode.Map:
		bad("array for a map", "[]", mismatch)
		bad("text for an object", `"a"`, mismatch)
		key := keyText(t.key, keySample(t.key))
		quoted := strconv.Quote(key)
		fs = append(fs, form{name: "null in a map", json: "{" + quoted + ":null}", code: transcode.CodeNull, at: "/" + key})
		if t.elem.isScalar() && t.elem.kind != transcode.Enum {
			one := plainScalars[t.elem.kind]
			fs = append(fs, form{name: "key of a map twice", json: "{" + quoted + ":" + one + "," + quoted + ":" + one + "}", code: transcode.CodeDuplicateKey, at: "/" + key})
			if t.key.isInteger() {
				_, hi := t.key.bounds()
				over := strconv.FormatUint(uint64(hi)+1, 10)
				fs = append(fs,
					form{name: "text for a key that is a number", json: `{"x":` + one + "}", code: transcode.CodeMapKey, at: "/x"},
					form{name: "key out of range", json: `{"` + over + `":` + one + "}", code: transcode.CodeMapKey, at: "/" + over})
			}
			if t.key.kind == transcode.Enum {
				fs = append(fs, form{name: "undefined enum as a key", json: `{"-77":` + one + "}", code: transcode.CodeMapKey, at: "/-77"})
			}
		}
	case transcode.Struct, transcode.Union:
		bad("array for an object", "[]", mismatch)
		bad("text for an object", `"a"`, mismatch)
		bad("number for an object", "1", mismatch)
	}
	return fs
}

// plainScalars are texts of scalars.
var plainScalars = map[transcode.Kind]string{
	transcode.Bool: "true", transcode.I8: "7", transcode.I16: "7", transcode.I32: "7", transcode.I64: "7",
	transcode.Double: "1.5", transcode.String: `"one"`, transcode.Binary: `"QQ=="`,
}

func keySample(t *genType) any {
	switch {
	case t.isInteger():
		return t.integer(7)
	case t.kind == transcode.Enum:
		return t.values[0].Number
	}
	return "k"
}

// sampler makes samples of a struct.
type sampler struct {
	*rand.Rand
	odds int // one value in so many is odd
	left int // odd values that may still come
	fill int // about how many bytes others write for absent fields
	s    *sample
}

func newSampler(r *rand.Rand, odd int) *sampler {
	return &sampler{Rand: r, odds: 6, left: odd, s: &sample{}}
}

// plain is a request without anything odd.
func (b *sampler) plain(t *genType) string {
	text, _ := b.value(t, false, "", "", 2)
	return text
}

func newSample(r *rand.Rand, t *genType) *sample {
	b := newSampler(r, r.IntN(3))
	b.s.json, b.s.want = b.value(t, false, "", "", 4)
	if b.fill > 0 && b.fill+size(b.s.want) > len(b.s.json) {
		b.s.note("/*", overflow)
	}
	if b.left > 0 && r.IntN(4) == 0 {
		b.spoil()
	}
	slices.Sort(b.s.refused)
	return b.s
}

func (b *sampler) odd() bool {
	if b.left > 0 && b.IntN(b.odds) == 0 {
		b.left--
		return true
	}
	return false
}

func (b *sampler) refuse(code, pointer string) {
	b.s.refused = append(b.s.refused, code+" at "+pointer)
	if code == transcode.CodeSyntax || code == transcode.CodeEncoding || code == transcode.CodeDepth {
		b.s.fatal = true
	}
}

// pointerToken escapes a name for a JSON pointer.
func pointerToken(name string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func (b *sampler) value(t *genType, stringly bool, path, pointer string, depth int) (string, any) {
	if stringly && t.kind == transcode.I16 {
		b.s.note("/*", stringlyI16)
	}
	if path != "" && b.odd() {
		fs := forms(t, stringly)
		f := fs[b.IntN(len(fs))]
		return b.write(f, path, pointer)
	}
	size := 0
	if depth > 0 {
		size = b.IntN(4)
	}
	if stringly && t.elem != nil {
		b.s.note(path+"/*", "container under js_conv")
	}
	switch t.kind {
	case transcode.List, transcode.Set:
		list := &listValue{elem: t.elem.wire(), set: t.kind == transcode.Set}
		var parts []string
		seen := map[string]bool{}
		for range size {
			refused, notes, fatal := len(b.s.refused), len(b.s.notes), b.s.fatal
			text, v := b.value(t.elem, stringly, fmt.Sprintf("%s/%d", path, len(list.items)), fmt.Sprintf("%s/%d", pointer, len(list.items)), depth-1)
			if list.set && seen[canonical(v)] {
				b.s.refused, b.s.notes, b.s.fatal = b.s.refused[:refused], b.s.notes[:notes], fatal
				continue
			}
			seen[canonical(v)] = true
			parts = append(parts, text)
			list.items = append(list.items, v)
		}
		return "[" + strings.Join(parts, b.comma()) + "]", list
	case transcode.Map:
		m := &mapValue{key: t.key.wire(), elem: t.elem.wire(), items: map[string]any{}}
		var parts []string
		for range size {
			key := randomScalar(b.Rand, t.key)
			if _, ok := m.items[show(key)]; ok {
				continue
			}
			name := scalarJSON(t.key, key, true)
			if name[0] != '"' {
				name = `"` + name + `"`
			}
			token := fmt.Sprint(key)
			text, v := b.value(t.elem, stringly, path+"/"+show(key), pointer+pointerToken(token), depth-1)
			parts = append(parts, name+":"+text)
			m.names = append(m.names, show(key))
			m.items[show(key)] = v
		}
		return "{" + strings.Join(parts, b.comma()) + "}", m
	case transcode.Union:
		return b.union(t, path, pointer, depth)
	case transcode.Struct:
		return b.object(t, path, pointer, depth)
	}
	if stringly && t.isInteger() {
		b.s.note(path+"/*", "string under js_conv")
	}
	v := randomScalar(b.Rand, t)
	return scalarJSON(t, v, stringly), v
}

// canonical tells elements of a set apart.
func canonical(v any) string { return strings.ReplaceAll(show(v), "-0", "0") }

func (b *sampler) write(f form, path, pointer string) (string, any) {
	b.s.note(path, f.name)
	if f.code != "" {
		b.refuse(f.code, pointer+f.at)
		return f.json, refusedValue{}
	}
	return f.json, f.want
}

func (b *sampler) comma() string {
	return []string{",", ",", ", ", " ,\n\t"}[b.IntN(4)]
}

func (b *sampler) union(t *genType, path, pointer string, depth int) (string, any) {
	if b.odd() {
		text := "{}"
		name := "union without a member"
		if len(t.fields) > 1 && b.IntN(2) == 0 {
			name = "union with several members"
			text = "{" + b.member(t.fields[0], path, pointer) + "," + b.member(t.fields[1], path, pointer) + "}"
		}
		b.s.note(path, name)
		b.refuse(transcode.CodeUnion, pointer)
		return text, refusedValue{}
	}
	f := t.fields[b.IntN(len(t.fields))]
	v := newStruct()
	b.s.note(path+"/*", "union with one member")
	text, member := b.value(f.typ, f.stringly, fmt.Sprintf("%s/%d", path, f.id), pointer+pointerToken(f.json), depth-1)
	v.fields[f.id] = member
	return "{" + strconv.Quote(f.json) + ":" + text + "}", v
}

// member is a plain member.
func (b *sampler) member(f *genField, path, pointer string) string {
	left := b.left
	b.left = 0
	text, _ := b.value(f.typ, f.stringly, path, pointer, 1)
	b.left = left
	return strconv.Quote(f.json) + ":" + text
}

func (b *sampler) object(t *genType, path, pointer string, depth int) (string, any) {
	v := newStruct()
	var parts []string
	for _, f := range t.fields {
		at, place := fmt.Sprintf("%s/%d", path, f.id), pointer+pointerToken(f.json)
		absent := f.req != transcode.Required && (depth <= 0 || b.IntN(3) == 0) || f.req == transcode.Required && b.odd()
		if absent {
			name := absentForm(f)
			if b.IntN(4) == 0 {
				name = nullForm(f)
				parts = append(parts, strconv.Quote(f.json)+":null")
				b.s.note("/*", nullMember)
			}
			b.s.note(at, name)
			if f.req != transcode.Optional {
				b.fill += 16
			}
			if f.def != nil && f.typ.kind >= transcode.List {
				b.s.note(at, "container with a default, absent or null")
			}
			switch {
			case f.def != nil:
				v.fields[f.id] = f.def
			case f.req == transcode.Required:
				b.refuse(transcode.CodeRequired, place)
				v.fields[f.id] = refusedValue{}
			}
			continue
		}
		refused := len(b.s.refused)
		text, value := b.value(f.typ, f.stringly, at, place, depth-1)
		v.fields[f.id] = value
		name := strconv.Quote(f.json)
		if strings.Contains(f.json, ".") {
			b.s.note(at+"/*", "member whose name has a dot")
		}
		if len(b.s.refused) == refused && !b.s.about(at) && b.odd() {
			switch b.IntN(3) {
			case 0:
				first := []rune(f.json)[0]
				name = fmt.Sprintf(`"\u%04x%s"`, first, strings.TrimPrefix(f.json, string(first)))
				b.s.note(at, "name of a member with an escape")
			case 1:
				parts = append(parts, name+":"+text)
				text = b.again(f, text)
				b.s.note(at, "member twice")
				b.refuse(transcode.CodeDuplicateKey, place)
				v.fields[f.id] = refusedValue{}
			case 2:
				parts = append(parts, fmt.Sprintf(`"unknown%d":`, f.id)+[]string{"5", `{"a":[1,{}]}`, "null", `"x"`}[b.IntN(4)])
				b.s.note(path+"/*", "unknown member")
			}
		}
		parts = append(parts, name+":"+text)
	}
	b.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return "{" + strings.Join(parts, b.comma()) + "}", v
}

// again is the value of a second member of the name.
func (b *sampler) again(f *genField, text string) string {
	if one := plainScalars[f.typ.kind]; one != "" {
		return one
	}
	return text
}

// overflow is the form of a body whose absent fields make the message longer
// than was foreseen from its text, which puts all of it out of step.
const overflow = "absent fields that make the message long"

// size is about how long a value is on the wire.
func size(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		return 4 + len(v)
	case *listValue:
		for _, item := range v.items {
			n += size(item)
		}
		return n + 5
	case *mapValue:
		for key, item := range v.items {
			n += 4 + len(key) + size(item)
		}
		return n + 6
	case *structValue:
		for _, item := range v.fields {
			n += 3 + size(item)
		}
		return n + 1
	}
	return 8
}

// nullMember is the form of a body with a null in it, which can put the rest
// out of step.
const nullMember = "null among other members"

// stringlyI16 is the form of an i16 under api.js_conv, which puts what is
// behind it out of step.
const stringlyI16 = "i16 under js_conv"

func absentForm(f *genField) string {
	switch {
	case f.def != nil && f.req == transcode.Optional:
		return "optional field with a default, absent"
	case f.def != nil && f.req == transcode.Required:
		return "required field with a default, absent"
	case f.def != nil:
		return "field with a default, absent"
	case f.req == transcode.Optional:
		return "optional field, absent"
	case f.req == transcode.Required:
		return "required field, absent"
	}
	return "field of neither word, absent"
}

func nullForm(f *genField) string { return strings.TrimSuffix(absentForm(f), "absent") + "null" }

// spoil breaks the text as a whole.
func (b *sampler) spoil() {
	s := b.s
	broken := wholeForms[b.IntN(len(wholeForms))]
	s.whole = broken.name
	s.json = broken.change(s.json)
	if broken.code != "" {
		s.want = refusedValue{}
		s.refused = append(s.refused, broken.code+" at ")
		s.fatal, s.broken = true, true
	}
}

// wholeForms are the ways to write a text as a whole.
var wholeForms = []struct {
	name   string
	code   string
	change func(string) string
}{
	{"white space around the body", "", func(s string) string { return " \n" + s + "\r\n\t" }},
	{"more after the body", transcode.CodeSyntax, func(s string) string { return s + " x" }},
	{"second value after the body", transcode.CodeSyntax, func(s string) string { return s + " {}" }},
	{"body without its end", transcode.CodeSyntax, func(s string) string { return s[:len(s)-1] }},
	{"comma before the end", transcode.CodeSyntax, func(s string) string { return s[:len(s)-1] + ",}" }},
	{"comment in the body", transcode.CodeSyntax, func(s string) string { return "{/* */" + s[1:] }},
	{"names in single quotes", transcode.CodeSyntax, func(string) string { return "{'a':1}" }},
	{"names without quotes", transcode.CodeSyntax, func(string) string { return "{a:1}" }},
	{"byte order mark", transcode.CodeSyntax, func(s string) string { return "\ufeff" + s }},
	{"body that is an array", transcode.CodeType, func(s string) string { return "[" + s + "]" }},
	{"body that is a number", transcode.CodeType, func(string) string { return "5" }},
	{"body that is a string", transcode.CodeType, func(string) string { return `"a"` }},
	{"body that is no JSON", transcode.CodeSyntax, func(string) string { return "hello" }},
	{"unknown member that is no JSON", transcode.CodeSyntax, func(s string) string { return `{"unknown":tru` + strings.TrimSuffix(","+s[1:], ",}") + "}" }},
	{"number with a leading zero", transcode.CodeSyntax, func(string) string { return `{"unknown":007}` }},
	{"deep nesting", transcode.CodeDepth, func(string) string {
		return `{"unknown":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}"
	}},
}
