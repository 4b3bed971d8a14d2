package servicemapping

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/transcode"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestLoadGolden loads each folder of testdata/idl and compares what comes of
// it with golden.txt. Folders named 1, 2, … in one are loads that follow each
// other.
func TestLoadGolden(t *testing.T) {
	cases, err := os.ReadDir("testdata/idl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			folder := filepath.Join("testdata/idl", c.Name())
			var got strings.Builder
			var previous *Mapping
			for _, step := range steps(t, folder) {
				m, err := Load(os.DirFS(filepath.Join(folder, step)), Options{Previous: previous})
				if err != nil {
					t.Fatal(err)
				}
				if step != "." {
					fmt.Fprintf(&got, "#### load %s\n", step)
				}
				printMapping(t, &got, m)
				previous = m
			}
			golden := filepath.Join(folder, "golden.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Errorf("not as in %s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func steps(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	for i := 1; ; i++ {
		step := strconv.Itoa(i)
		if _, err := os.Stat(filepath.Join(folder, step)); err != nil {
			break
		}
		found = append(found, step)
	}
	if found == nil {
		return []string{"."}
	}
	return found
}

// printer writes a mapping as text.
type printer struct {
	t       *testing.T
	b       *strings.Builder
	rules   ruleSet
	checks  map[*transcode.Field][]check
	asserts map[*transcode.Type][]check
	status  exceptionStatus
	types   []*transcode.Type
}

func printMapping(t *testing.T, b *strings.Builder, m *Mapping) {
	t.Helper()
	p := &printer{t: t, b: b, rules: ruleSet{}, checks: map[*transcode.Field][]check{}, asserts: map[*transcode.Type][]check{}, status: exceptionStatus{}}
	for _, u := range m.units {
		for f, r := range u.rules {
			p.rules[f] = r
		}
		for f, c := range u.checks {
			p.checks[f] = c
		}
		for typ, c := range u.asserts {
			p.asserts[typ] = c
		}
		for _, s := range u.services {
			for _, f := range s.functions {
				for k, v := range f.statuses {
					p.status[k] = v
				}
			}
		}
	}
	for _, s := range m.Services {
		p.service(s)
	}
	// The list grows while it is printed.
	for i := 0; i < len(p.types); i++ {
		p.structure(p.types[i])
	}
	if len(m.Diagnostics) > 0 {
		b.WriteString("diagnostics\n")
	}
	for _, d := range m.Diagnostics {
		fmt.Fprintf(b, "  %s\n", d)
		for _, r := range d.Routes {
			fmt.Fprintf(b, "    costs %s\n", r)
		}
	}
}

func (p *printer) service(s *Service) {
	fmt.Fprintf(p.b, "service %s %s:%d registry=%q", s.Name, s.File, s.Line, s.Registry)
	if s.Timeout != 0 {
		fmt.Fprintf(p.b, " timeout=%s", s.Timeout)
	}
	if s.Modules != nil {
		fmt.Fprintf(p.b, " modules=%q", s.Modules)
	}
	files := []string{}
	for name := range s.Sources.Files {
		files = append(files, name)
	}
	slices.Sort(files)
	fmt.Fprintf(p.b, " sources=%s\n", strings.Join(files, ","))
	for _, m := range s.Methods {
		fmt.Fprintf(p.b, "  %s(%s) %s", m.Name, p.fieldList(m.Args), p.fieldList(m.Result))
		if m.DeclaredIn != s.Name {
			fmt.Fprintf(p.b, " of %s", m.DeclaredIn)
		}
		fmt.Fprintf(p.b, " %s:%d", m.File, m.Line)
		for _, flag := range []struct {
			name string
			on   bool
		}{{"oneway", m.Oneway}, {"void", m.Void}, {"idempotent", m.Idempotent}} {
			if flag.on {
				p.b.WriteString(" " + flag.name)
			}
		}
		if m.Timeout != s.Timeout {
			fmt.Fprintf(p.b, " timeout=%s", m.Timeout)
		}
		if len(m.Modules) != len(s.Modules) {
			fmt.Fprintf(p.b, " modules=%q", m.Modules)
		}
		p.b.WriteByte('\n')
		if m.Service != s || m.Generic == nil {
			p.t.Errorf("%s.%s: wrong service or no generic plan", s.Name, m.Name)
		}
		for _, b := range m.Bindings {
			fmt.Fprintf(p.b, "    %s %s :%d\n", b.Verb, b.Path, b.Line)
			if b.Method != m || b.Plan == nil {
				p.t.Errorf("%s: wrong method or no plan", b.Path)
			}
		}
	}
}

func (p *printer) fieldList(t *transcode.Type) string {
	var parts []string
	for _, f := range t.Fields {
		parts = append(parts, p.field(f))
	}
	return strings.Join(parts, ", ")
}

func (p *printer) field(f *transcode.Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s%s %s", f.ID, [...]string{"", "required ", "optional "}[f.Requiredness], p.typ(f.Type), f.Name)
	if f.JSON != f.Name {
		fmt.Fprintf(&b, " json=%q", f.JSON)
	}
	if f.Default != nil {
		text, rest := wireText(f.Type, f.Default)
		if len(rest) > 0 {
			p.t.Errorf("default of %s: %d bytes left", f.Name, len(rest))
		}
		b.WriteString(" = " + text)
	}
	if f.Hidden {
		b.WriteString(" hidden")
	}
	if f.Stringly {
		b.WriteString(" stringly")
	}
	if r := p.rules[f]; r != nil {
		for _, at := range r.places {
			name := [...]string{inPath: "path", inQuery: "query", inHeader: "header", inCookie: "cookie", inForm: "form", inBody: "body", inRawBody: "raw_body", inRawURI: "raw_uri", inFile: "file", inHTTPCode: "http_code"}[at.kind]
			fmt.Fprintf(&b, " @%s(%s)", name, at.name)
		}
		if r.noBodyStruct {
			b.WriteString(" no_body_struct")
		}
		if r.split != "" {
			fmt.Fprintf(&b, " split=%q", r.split)
		}
		if r.eventID {
			b.WriteString(" event_id")
		}
		if r.file == "" || r.line == 0 || r.column == 0 {
			p.t.Errorf("rules of %s have no position", f.Name)
		}
	}
	for _, c := range p.checks[f] {
		fmt.Fprintf(&b, " %s=%q", c.Key, c.Value)
	}
	if s := p.status[f]; s != 0 {
		fmt.Fprintf(&b, " status=%d", s)
	}
	return b.String()
}

// typ names a type and notes it for printing.
func (p *printer) typ(t *transcode.Type) string {
	switch t.Kind {
	case transcode.List, transcode.Set:
		p.typ(t.Elem)
	case transcode.Map:
		p.typ(t.Key)
		p.typ(t.Elem)
	default:
		if t.Name != "" && !slices.Contains(p.types, t) {
			p.types = append(p.types, t)
		}
	}
	return typeName(t)
}

func (p *printer) structure(t *transcode.Type) {
	word := map[transcode.Kind]string{transcode.Struct: "struct", transcode.Union: "union", transcode.Exception: "exception", transcode.Enum: "enum"}[t.Kind]
	fmt.Fprintf(p.b, "%s %s\n", word, t.Name)
	for _, c := range p.asserts[t] {
		fmt.Fprintf(p.b, "  %s=%q\n", c.Key, c.Value)
	}
	for _, f := range t.Fields {
		fmt.Fprintf(p.b, "  %s\n", p.field(f))
	}
	for _, v := range t.Values {
		fmt.Fprintf(p.b, "  %s = %d\n", v.Name, v.Number)
	}
}

// wireText reads a value back: a second opinion on what was encoded.
func wireText(t *transcode.Type, w []byte) (string, []byte) {
	number := func(n int) (v uint64) {
		for _, b := range w[:n] {
			v = v<<8 | uint64(b)
		}
		return v
	}
	switch t.Kind {
	case transcode.Bool:
		return strconv.FormatBool(w[0] == 1), w[1:]
	case transcode.I8:
		return strconv.Itoa(int(int8(number(1)))), w[1:]
	case transcode.I16:
		return strconv.Itoa(int(int16(number(2)))), w[2:]
	case transcode.I32, transcode.Enum:
		return strconv.Itoa(int(int32(number(4)))), w[4:]
	case transcode.I64:
		return strconv.FormatInt(int64(number(8)), 10), w[8:]
	case transcode.Double:
		return strconv.FormatFloat(math.Float64frombits(number(8)), 'g', -1, 64), w[8:]
	case transcode.String, transcode.Binary:
		n := number(4)
		return strconv.Quote(string(w[4 : 4+n])), w[4+n:]
	case transcode.UUID:
		return hex.EncodeToString(w[:16]), w[16:]
	case transcode.List, transcode.Set:
		n := int(int32(uint32(w[1])<<24 | uint32(w[2])<<16 | uint32(w[3])<<8 | uint32(w[4])))
		w = w[5:]
		parts := make([]string, n)
		for i := range parts {
			parts[i], w = wireText(t.Elem, w)
		}
		return "[" + strings.Join(parts, " ") + "]", w
	case transcode.Map:
		n := int(int32(uint32(w[2])<<24 | uint32(w[3])<<16 | uint32(w[4])<<8 | uint32(w[5])))
		w = w[6:]
		parts := make([]string, n)
		for i := range parts {
			var k, v string
			k, w = wireText(t.Key, w)
			v, w = wireText(t.Elem, w)
			parts[i] = k + ": " + v
		}
		return "{" + strings.Join(parts, " ") + "}", w
	}
	var parts []string
	for w[0] != 0 {
		id := int16(uint16(w[1])<<8 | uint16(w[2]))
		i := slices.IndexFunc(t.Fields, func(f *transcode.Field) bool { return f.ID == id })
		var v string
		v, w = wireText(t.Fields[i].Type, w[3:])
		parts = append(parts, t.Fields[i].Name+"="+v)
	}
	return "{" + strings.Join(parts, " ") + "}", w[1:]
}
