package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// InvalidError is JSON that is no resource: everything that is wrong with it.
type InvalidError struct{ Errors []FieldError }

func (e *InvalidError) Error() string {
	var lines []string
	for _, f := range e.Errors {
		at := f.Pointer
		if at == "" {
			at = "body"
		}
		lines = append(lines, at+": "+f.Detail)
	}
	return strings.Join(lines, "\n")
}

// Decode reads the JSON object data into v, a pointer to a struct, strictly: an
// unknown member (with the near name), a member that stands twice and a value of
// another type are errors. An error is an *InvalidError with all of them, but for
// a text that is no JSON, where it ends.
func Decode(data []byte, v any) error {
	d := decoder{data: data}
	d.decode(reflect.ValueOf(v).Elem())
	return d.err()
}

// DecodeResource reads a resource with its kind in the member "kind", as files
// hold it, and checks it as Check does.
func DecodeResource(data []byte) (Resource, error) {
	var head struct {
		Kind string `json:"kind"`
	}
	if !utf8.Valid(data) || !json.Valid(data) {
		d := decoder{data: data}
		d.decode(reflect.Value{})
		return nil, d.err()
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, &InvalidError{[]FieldError{{Pointer: "", Code: CodeType, Detail: "expected an object with a kind"}}}
	}
	kind, ok := KindNamed(head.Kind)
	if !ok {
		names := make([]string, 0, len(kinds))
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		detail := "kind is required: one of " + strings.Join(names, ", ")
		if head.Kind != "" {
			detail = fmt.Sprintf("%q is no kind%s; the kinds are %s", head.Kind, Near(head.Kind, names), strings.Join(names, ", "))
		}
		return nil, &InvalidError{[]FieldError{{Pointer: "/kind", Code: CodeRequired, Detail: detail}}}
	}
	return DecodeKind(kind, data)
}

// DecodeKind reads a resource of a known kind and checks it as Check does; a
// member "kind" that says the same is allowed. Empty namespaces become
// DefaultNamespace; what the server sets is read and ignored.
func DecodeKind(kind Kind, data []byte) (Resource, error) {
	r := kind.New()
	d := decoder{data: data, kind: kind}
	d.decode(reflect.ValueOf(r).Elem())
	if err := d.err(); err != nil {
		return nil, err
	}
	m := r.Head()
	m.Revision, m.CreatedAt, m.UpdatedAt = 0, time.Time{}, time.Time{}
	if kind == KindNamespace {
		m.Namespace = m.Name
	} else if m.Namespace == "" {
		m.Namespace = DefaultNamespace
	}
	if errs := Check(r); len(errs) > 0 {
		return nil, &InvalidError{errs}
	}
	return r, nil
}

// decoder reads one JSON text. Errors are collected with their pointers.
type decoder struct {
	data   []byte
	kind   Kind // allows the member "kind" at the top
	tokens *json.Decoder
	errors []FieldError
	fatal  bool // the text is no JSON: reading has ended
	depth  int
}

// Bounds of what is read and of what is said about it: JSON comes from anybody.
const (
	maxDepth  = 100
	maxErrors = 100
	maxName   = 256
)

// brief is a member's name as errors show it.
func brief(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "…"
}

func (d *decoder) err() error {
	if len(d.errors) == 0 {
		return nil
	}
	return &InvalidError{d.errors}
}

func (d *decoder) bad(place, code, format string, args ...any) {
	d.errors = append(d.errors, FieldError{Pointer: place, Code: code, Detail: fmt.Sprintf(format, args...)})
	d.fatal = d.fatal || len(d.errors) >= maxErrors
}

func (d *decoder) decode(v reflect.Value) {
	if !utf8.Valid(d.data) {
		d.bad("", CodeSyntax, "the text is not UTF-8")
		return
	}
	d.tokens = json.NewDecoder(bytes.NewReader(d.data))
	d.tokens.UseNumber()
	d.value("", v)
	if d.fatal {
		return
	}
	if _, err := d.tokens.Token(); !errors.Is(err, io.EOF) {
		d.bad("", CodeSyntax, "more follows after the object (%s)", d.position())
	}
}

// position is the place that was reached, for people.
func (d *decoder) position() string {
	before := d.data[:min(int(d.tokens.InputOffset()), len(d.data))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

func (d *decoder) token() (json.Token, bool) {
	t, err := d.tokens.Token()
	if err != nil {
		if !d.fatal {
			text := err.Error()
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				text = "it ends too early"
			}
			d.bad("", CodeSyntax, "not JSON: %s (%s)", text, d.position())
		}
		d.fatal = true
		return nil, false
	}
	return t, true
}

var rawType = reflect.TypeFor[json.RawMessage]()

// value reads the next value into v; an invalid v skips it.
func (d *decoder) value(place string, v reflect.Value) {
	if d.fatal {
		return
	}
	if v.IsValid() && (v.Type() == rawType || reflect.PointerTo(v.Type()).Implements(unmarshaler)) {
		d.whole(place, v)
		return
	}
	t, ok := d.token()
	if !ok {
		return
	}
	switch t := t.(type) {
	case json.Delim:
		if d.depth++; d.depth > maxDepth {
			d.bad(place, CodeSyntax, "nested deeper than %d", maxDepth)
			d.fatal = true
			return
		}
		defer func() { d.depth-- }()
		if t == '{' {
			d.object(place, v)
		} else {
			d.array(place, v)
		}
	case nil: // null: the field keeps its zero value
	default:
		d.scalar(place, t, v)
	}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// whole hands the text of the next value to v's own decoder.
func (d *decoder) whole(place string, v reflect.Value) {
	var raw json.RawMessage
	if err := d.tokens.Decode(&raw); err != nil {
		if !d.fatal {
			d.bad("", CodeSyntax, "not JSON: %v (%s)", err, d.position())
		}
		d.fatal = true
		return
	}
	if string(raw) == "null" {
		return
	}
	if v.Type() == rawType {
		v.SetBytes(raw)
		return
	}
	if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw); err != nil {
		d.bad(place, CodeType, "%v", err)
	}
}

func (d *decoder) object(place string, v reflect.Value) {
	if v.IsValid() && v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	kind := reflect.Invalid
	if v.IsValid() {
		kind = v.Kind()
	}
	switch kind {
	case reflect.Struct, reflect.Invalid:
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	default:
		d.bad(place, CodeType, "expected %s, found an object", expected(v.Type()))
		v, kind = reflect.Value{}, reflect.Invalid
	}
	seen := map[string]bool{}
	for d.tokens.More() {
		t, ok := d.token()
		if !ok {
			return
		}
		key := t.(string) // the decoder lets nothing else stand here
		at := place + "/" + EscapePointer(brief(key))
		if seen[key] {
			d.bad(at, CodeDuplicateKey, "%s stands here twice", brief(key))
		}
		seen[key] = true
		switch kind {
		case reflect.Struct:
			f := field(v, key)
			if !f.IsValid() && (place != "" || key != "kind" || d.kind == "") {
				d.bad(at, CodeUnknownField, "there is no field %s%s", brief(key), Near(brief(key), fieldNames(v.Type())))
			}
			d.value(at, f)
		case reflect.Map:
			elem := reflect.New(v.Type().Elem()).Elem()
			d.value(at, elem)
			v.SetMapIndex(reflect.ValueOf(key), elem)
		default:
			d.value(at, reflect.Value{})
		}
		if d.fatal {
			return
		}
	}
	d.token() // the closing brace
}

func (d *decoder) array(place string, v reflect.Value) {
	if v.IsValid() && v.Kind() != reflect.Slice {
		d.bad(place, CodeType, "expected %s, found an array", expected(v.Type()))
		v = reflect.Value{}
	}
	if v.IsValid() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	for i := 0; d.tokens.More(); i++ {
		elem := reflect.Value{}
		if v.IsValid() {
			elem = reflect.New(v.Type().Elem()).Elem()
		}
		d.value(place+"/"+strconv.Itoa(i), elem)
		if d.fatal {
			return
		}
		if v.IsValid() {
			v.Set(reflect.Append(v, elem))
		}
	}
	d.token() // the closing bracket
}

func (d *decoder) scalar(place string, t json.Token, v reflect.Value) {
	if !v.IsValid() {
		return
	}
	switch t := t.(type) {
	case string:
		if v.Kind() == reflect.String {
			v.SetString(t)
			return
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(t)
			return
		}
	case json.Number:
		if v.CanInt() {
			n, err := strconv.ParseInt(t.String(), 10, 64)
			if err != nil || v.OverflowInt(n) {
				d.bad(place, CodeType, "%s is not a whole number in range", t)
				return
			}
			v.SetInt(n)
			return
		}
	}
	d.bad(place, CodeType, "expected %s, found %s", expected(v.Type()), jsonType(t))
}

func jsonType(t json.Token) string {
	switch t.(type) {
	case string:
		return "a text"
	case bool:
		return "a boolean"
	}
	return "a number"
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "an object"
	}
	return "a whole number"
}

// field finds the field of a struct by its JSON name, those of embedded structs
// included.
func field(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			if found := field(v.Field(i), name); found.IsValid() {
				return found
			}
			continue
		}
		if jsonName(f) == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func fieldNames(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, fieldNames(f.Type)...)
		} else if n := jsonName(f); n != "-" {
			names = append(names, n)
		}
	}
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// Near says "; did you mean X?" for the known name closest to an unknown one;
// empty when none is near.
func Near(name string, known []string) string {
	best, at := max(len(name)/3, 1)+1, ""
	lower := strings.ToLower(name)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := editDistance(lower, strings.ToLower(k)); d < best {
			best, at = d, k
		}
	}
	if at == "" {
		return ""
	}
	return "; did you mean " + at + "?"
}

// editDistance is the number of single-character edits between a and b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
