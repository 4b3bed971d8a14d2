package syntax

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	thriftgo "github.com/cloudwego/thriftgo/parser"
	"github.com/google/go-cmp/cmp"
)

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"word", "strct S {}", `1:1: expected a definition (struct, service, …), found "strct"`},
		{"no name", "struct {", `1:8: expected a name, found "{"`},
		{"end in a block", "struct S {\n  1: i32 a", `2:11: expected a field or "}", found the end of the file`},
		{"end in arguments", "service S { void f(", `1:20: expected a field or ")", found the end of the file`},
		{"end in annotations", "struct S {} (a", `1:15: expected an annotation or ")", found the end of the file`},
		{"id without colon", "struct S { 1 i32 a }", `1:14: expected ":" after the field's id, found "i32"`},
		{"value without quotes", "struct S {} (a = 1)", `1:18: expected a value in quotes for a, found "1"`},
		{"open string", "include \"x\nstruct", `1:9: this string is never closed`},
		{"open comment", "struct S {}\n /* x", `2:2: this comment is never closed`},
		{"character", "struct S { 1: i32 ä }", `1:19: unexpected 'ä'`},
		{"bad byte", "\xff", `1:1: unexpected byte that is not UTF-8`},
		{"sign alone", "const i32 x = -", `1:15: unexpected '-'`},
		{"no value", "const i32 x = }", `1:15: expected a value, found "}"`},
		{"map without colon", "const map<i32,i32> x = {1}", `1:26: expected ":" between key and value, found "}"`},
		{"include without quotes", "include x", `1:9: expected the included file's path in quotes, found "x"`},
		{"enum number", "enum E { A = x }", `1:14: expected an integer, found "x"`},
		{"throws", "service S { void f() throws 1: E e }", `1:29: expected "(" after throws, found "1"`},
		{"types too deep", "struct S { 1: " + strings.Repeat("list<", 65) + "i32", `1:335: types are nested more than 64 deep`},
		{"values too deep", "const i32 x = " + strings.Repeat("[", 65), `1:79: values are nested more than 64 deep`},
		{"a long word", strings.Repeat("x", 100), `1:1: expected a definition (struct, service, …), found "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text)
			if err == nil {
				t.Fatal("no error")
			}
			if err.Error() != test.want {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
		})
	}
}

func TestParseLiterals(t *testing.T) {
	tests := []struct{ text, want string }{
		{`"plain"`, "plain"},
		{`""`, ""},
		{`'"'`, `"`},
		{`"'"`, "'"},
		{`"\""`, `"`},
		{`'\''`, "'"},
		{`"\'"`, `\'`},
		{`"\\d"`, `\d`},
		{`"\d+"`, `\d+`},
		{`"a\nb\tc\rd"`, "a\nb\tc\rd"},
		{`"ends with \\"`, `ends with \`},
		{"\"two\nlines\"", "two\nlines"},
		{"\"\xff\"", "\uFFFD"},
		{`"// no /* comment # here"`, "// no /* comment # here"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			f, err := Parse("const string X = " + test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Consts[0].Value.Text; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	f, err := Parse("// ä\nstruct S {\n\t1: i32 a (x)\n}\r\nenum E {}")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name         string
		pos          Pos
		line, column int
	}{
		{"struct", f.Structs[0].Pos, 2, 8},
		{"type", f.Structs[0].Fields[0].Type.Pos, 3, 5},
		{"field", f.Structs[0].Fields[0].Pos, 3, 9},
		{"annotation", f.Structs[0].Fields[0].Annotations[0].Pos, 3, 12},
		{"enum", f.Enums[0].Pos, 5, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if line, column := f.Position(test.pos); line != test.line || column != test.column {
				t.Errorf("%d:%d, want %d:%d", line, column, test.line, test.column)
			}
		})
	}
}

// idls are the loader's test files: a good part of what an IDL can say.
func idls(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir("../../testdata/idl", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".thrift") {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil || len(texts) == 0 {
		t.Fatal("no files", err)
	}
	return texts
}

// TestThriftgo holds the parser to thriftgo: what that accepts is accepted, and
// read in the same way. Kitex generates its code from thriftgo's tree.
func TestThriftgo(t *testing.T) {
	compared := 0
	for path, text := range idls(t) {
		theirs, err := thriftgo.ParseString(path, text)
		if err != nil {
			continue
		}
		t.Run(path, func(t *testing.T) {
			ours, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(outlineOf(theirs), outline(ours)); diff != "" {
				t.Errorf("-thriftgo +ours:\n%s", diff)
			}
		})
		compared++
	}
	if compared < 20 {
		t.Errorf("only %d files compared", compared)
	}
}

// outline writes a tree as lines.
func outline(f *File) []string {
	var lines []string
	add := func(parts ...string) { lines = append(lines, strings.Join(parts, " ")) }
	fields := func(fs []*Field, throws bool) {
		last := "0"
		for _, f := range fs {
			id := f.ID
			if n, err := strconv.Atoi(last); id == "" && err == nil {
				id = strconv.Itoa(n + 1)
			}
			last = id
			req := f.Requiredness
			if throws {
				req = Optional
			}
			add("  field", id, strconv.Itoa(int(req)), typeText(f.Type), f.Name, valueText(f.Default), annotationText(f.Annotations))
		}
	}
	for _, i := range f.Includes {
		add("include", i.Path)
	}
	for _, d := range f.Typedefs {
		add("typedef", d.Name, typeText(d.Type), annotationText(d.Annotations))
	}
	for _, d := range f.Consts {
		add("const", d.Name, typeText(d.Type), valueText(d.Value), annotationText(d.Annotations))
	}
	for _, d := range f.Enums {
		add("enum", d.Name, annotationText(d.Annotations))
		next := int64(0)
		for _, v := range d.Values {
			if v.Number != "" {
				next, _ = strconv.ParseInt(v.Number, 0, 64)
			}
			add("  ", v.Name, strconv.FormatInt(next, 10), annotationText(v.Annotations))
			next++
		}
	}
	for kind := StructBlock; kind <= ExceptionBlock; kind++ {
		for _, d := range f.Structs {
			if d.Kind == kind {
				add([]string{"struct", "union", "exception"}[kind], d.Name, annotationText(d.Annotations))
				fields(d.Fields, false)
			}
		}
	}
	for _, d := range f.Services {
		add("service", d.Name, d.Extends, annotationText(d.Annotations))
		for _, m := range d.Functions {
			result := "void"
			if m.Result != nil {
				result = typeText(m.Result)
			}
			add(" method", strconv.FormatBool(m.Oneway), result, m.Name, annotationText(m.Annotations))
			fields(m.Args, false)
			fields(m.Throws, true)
		}
	}
	return lines
}

func typeText(t *Type) string {
	text := t.Name
	if len(t.Args) > 0 {
		var args []string
		for _, a := range t.Args {
			args = append(args, typeText(a))
		}
		text += "<" + strings.Join(args, ",") + ">"
	}
	return text + annotationText(t.Annotations)
}

func valueText(v *Value) string {
	if v == nil {
		return "-"
	}
	switch v.Kind {
	case IntValue:
		n, _ := strconv.ParseInt(v.Text, 0, 64)
		return strconv.FormatInt(n, 10)
	case DoubleValue:
		n, _ := strconv.ParseFloat(v.Text, 64)
		return strconv.FormatFloat(n, 'g', -1, 64)
	case LiteralValue:
		return strconv.Quote(v.Text)
	case NameValue:
		return v.Text
	}
	var parts []string
	for _, e := range v.List {
		parts = append(parts, valueText(e))
	}
	return strconv.Itoa(int(v.Kind)) + "[" + strings.Join(parts, " ") + "]"
}

// annotationText groups repeated keys, as thriftgo does.
func annotationText(as []Annotation) string {
	var keys []string
	values := map[string][]string{}
	for _, a := range as {
		if values[a.Key] == nil {
			keys = append(keys, a.Key)
		}
		values[a.Key] = append(values[a.Key], a.Value)
	}
	text := ""
	for _, k := range keys {
		text += "(" + k + "=" + strings.Join(values[k], "|") + ")"
	}
	return text
}

// outlineOf writes thriftgo's tree in the same way.
func outlineOf(f *thriftgo.Thrift) []string {
	var lines []string
	add := func(parts ...string) { lines = append(lines, strings.Join(parts, " ")) }
	fields := func(fs []*thriftgo.Field) {
		for _, f := range fs {
			req := map[thriftgo.FieldType]Requiredness{thriftgo.FieldType_Default: Unspecified, thriftgo.FieldType_Required: Required, thriftgo.FieldType_Optional: Optional}[f.Requiredness]
			add("  field", strconv.Itoa(int(f.ID)), strconv.Itoa(int(req)), theirType(f.Type), f.Name, theirValue(f.Default), theirAnnotations(f.Annotations))
		}
	}
	for _, i := range f.Includes {
		add("include", i.Path)
	}
	for _, d := range f.Typedefs {
		add("typedef", d.Alias, theirType(d.Type), theirAnnotations(d.Annotations))
	}
	for _, d := range f.Constants {
		add("const", d.Name, theirType(d.Type), theirValue(d.Value), theirAnnotations(d.Annotations))
	}
	for _, d := range f.Enums {
		add("enum", d.Name, theirAnnotations(d.Annotations))
		for _, v := range d.Values {
			add("  ", v.Name, strconv.FormatInt(v.Value, 10), theirAnnotations(v.Annotations))
		}
	}
	for i, list := range [][]*thriftgo.StructLike{f.Structs, f.Unions, f.Exceptions} {
		for _, d := range list {
			add([]string{"struct", "union", "exception"}[i], d.Name, theirAnnotations(d.Annotations))
			fields(d.Fields)
		}
	}
	for _, d := range f.Services {
		add("service", d.Name, d.Extends, theirAnnotations(d.Annotations))
		for _, m := range d.Functions {
			add(" method", strconv.FormatBool(m.Oneway), theirType(m.FunctionType), m.Name, theirAnnotations(m.Annotations))
			fields(m.Arguments)
			fields(m.Throws)
		}
	}
	return lines
}

func theirType(t *thriftgo.Type) string {
	var args []string
	if t.KeyType != nil {
		args = append(args, theirType(t.KeyType))
	}
	if t.ValueType != nil {
		args = append(args, theirType(t.ValueType))
	}
	text := t.Name
	if len(args) > 0 {
		text += "<" + strings.Join(args, ",") + ">"
	}
	return text + theirAnnotations(t.Annotations)
}

func theirValue(v *thriftgo.ConstValue) string {
	if v == nil {
		return "-"
	}
	var parts []string
	kind := ListValue
	switch typed := v.TypedValue; v.Type {
	case thriftgo.ConstType_ConstInt:
		return strconv.FormatInt(typed.GetInt(), 10)
	case thriftgo.ConstType_ConstDouble:
		return strconv.FormatFloat(typed.GetDouble(), 'g', -1, 64)
	case thriftgo.ConstType_ConstLiteral:
		// thriftgo leaves these escapes to the code generator.
		return strconv.Quote(strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(typed.GetLiteral()))
	case thriftgo.ConstType_ConstIdentifier:
		return typed.GetIdentifier()
	case thriftgo.ConstType_ConstList:
		for _, e := range typed.GetList() {
			parts = append(parts, theirValue(e))
		}
	case thriftgo.ConstType_ConstMap:
		kind = MapValue
		for _, e := range typed.GetMap() {
			parts = append(parts, theirValue(e.Key), theirValue(e.Value))
		}
	}
	return strconv.Itoa(int(kind)) + "[" + strings.Join(parts, " ") + "]"
}

func theirAnnotations(as thriftgo.Annotations) string {
	text := ""
	for _, a := range as {
		text += "(" + a.Key + "=" + strings.Join(a.Values, "|") + ")"
	}
	return text
}

func FuzzParse(f *testing.F) {
	for _, text := range idls(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := Parse(text)
		if err != nil {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Line < 1 || e.Column < 1 || e.Message == "" {
				t.Fatalf("%v is no syntax error with a place", err)
			}
			return
		}
		for _, s := range tree.Structs {
			line, column := tree.Position(s.Pos)
			if rest := strings.Split(text, "\n")[line-1][column-1:]; !strings.HasPrefix(rest, s.Name) {
				t.Fatalf("%s is not at %d:%d", s.Name, line, column)
			}
		}
	})
}
