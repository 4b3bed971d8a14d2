package servicemapping

import (
	"slices"
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// Notes is what the IDLs of a Mapping say for readers rather than for serving:
// comments, tags, servers, validation rules as written. Mapping.Notes makes
// it. Immutable and safe for concurrent use.
type Notes struct {
	units  map[string]*unit
	types  map[*transcode.Type]source
	fields map[*transcode.Field]source
}

// source is where something was declared.
type source struct {
	unit        *unit
	pos         syntax.Pos // where the declaration starts: a field's type, not its name
	annotations []syntax.Annotation
}

// Rule is one validation annotation of a field: {"vt.lt", "100"}.
type Rule struct {
	Key   string // in lower case
	Value string // escapes of the IDL's quotes undone
}

// MethodNote is what an IDL says of a method for readers.
type MethodNote struct {
	// Doc is the comment above the method.
	Doc string
	// Tags are api.category and api.tag of the method, else of its service.
	Tags []string
	// Servers are api.base_domain and api.baseurl of the method, else of its service.
	Servers []string
	// Operations are the values of openapi.operation, in written order.
	Operations []string
}

// Notes reads what stands beside the types, fields and methods of a mapping.
// It takes time in proportion to the mapping: keep the result.
func (m *Mapping) Notes() *Notes {
	n := m.noNotes()
	for _, u := range m.order {
		n.add(u)
	}
	return n
}

// NotesOf is Notes for the types and fields of some services alone, in time in
// proportion to their files.
func (m *Mapping) NotesOf(services []*Service) *Notes {
	n := m.noNotes()
	seen := map[string]bool{}
	for _, s := range services {
		for path := range s.Sources.Files {
			if u := m.units[path]; u != nil && !seen[path] {
				seen[path] = true
				n.add(u)
			}
		}
	}
	return n
}

func (m *Mapping) noNotes() *Notes {
	return &Notes{
		units:  m.units,
		types:  map[*transcode.Type]source{},
		fields: map[*transcode.Field]source{},
	}
}

func (n *Notes) add(u *unit) {
	for _, e := range u.tree.Enums {
		if d := u.types[e.Name]; d != nil && d.pos == e.Pos {
			n.types[d.typ] = source{u, e.Pos, e.Annotations}
		}
	}
	for _, s := range u.tree.Structs {
		if d := u.types[s.Name]; d != nil && d.pos == s.Pos {
			n.types[d.typ] = source{u, s.Pos, s.Annotations}
			n.addFields(u, d.typ.Fields, s.Fields)
		}
	}
	for _, s := range u.services {
		for _, f := range s.functions {
			n.addFields(u, f.args.Fields, f.decl.Args)
			throws := f.result.Fields
			if len(throws) > 0 && throws[0].ID == 0 {
				throws = throws[1:]
			}
			n.addFields(u, throws, f.decl.Throws)
		}
	}
}

// addFields relies on every declared field having one descriptor.
func (n *Notes) addFields(u *unit, fields []*transcode.Field, decls []*syntax.Field) {
	for i, f := range fields {
		if i < len(decls) {
			n.fields[f] = source{u, decls[i].Type.Pos, decls[i].Annotations}
		}
	}
}

// Type is the comment of a struct, union, exception or enum.
func (n *Notes) Type(t *transcode.Type) string { return n.types[t].doc() }

// Field is the comment of a field or argument.
func (n *Notes) Field(f *transcode.Field) string { return n.fields[f].doc() }

// Rules are the validation annotations of a field, in written order.
func (n *Notes) Rules(f *transcode.Field) []Rule {
	s, ok := n.fields[f]
	if !ok {
		return nil
	}
	return rulesFrom(s.unit.checks[f])
}

// Service is the comment of a service.
func (n *Notes) Service(s *Service) string {
	if d := n.service(s.File, s.Name); d != nil {
		return source{unit: d.unit, pos: d.decl.Pos}.doc()
	}
	return ""
}

func (n *Notes) service(file, name string) *serviceDef {
	if u := n.units[file]; u != nil {
		return u.services[name]
	}
	return nil
}

// Method is what the IDL says of a method, its service's word where it says
// nothing itself.
func (n *Notes) Method(m *Method) MethodNote {
	var note MethodNote
	if d := n.service(m.File, m.DeclaredIn); d != nil {
		for _, f := range d.functions {
			if f.decl.Name != m.Name {
				continue
			}
			pos := f.decl.Pos
			if f.decl.Result != nil {
				pos = f.decl.Result.Pos
			}
			note.Doc = source{unit: d.unit, pos: pos}.doc()
			note.read(f.decl.Annotations)
			break
		}
	}
	if d := n.service(m.Service.File, m.Service.Name); d != nil {
		var all MethodNote
		all.read(d.decl.Annotations)
		if len(note.Tags) == 0 {
			note.Tags = all.Tags
		}
		if len(note.Servers) == 0 {
			note.Servers = all.Servers
		}
	}
	return note
}

func (n *MethodNote) read(as []syntax.Annotation) {
	for _, a := range as {
		value := strings.TrimSpace(a.Value)
		switch keyOf(a) {
		case "api.category", "api.tag":
			for tag := range strings.SplitSeq(value, ",") {
				if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(n.Tags, tag) {
					n.Tags = append(n.Tags, tag)
				}
			}
		case "api.base_domain", "api.baseurl":
			if value != "" && !slices.Contains(n.Servers, value) {
				n.Servers = append(n.Servers, value)
			}
		case "openapi.operation":
			n.Operations = append(n.Operations, a.Value)
		}
	}
}

// doc is the comment above a declaration, else the one behind it in its line.
func (s source) doc() string {
	if s.unit == nil {
		return ""
	}
	text := s.unit.text
	line := strings.LastIndexByte(text[:s.pos], '\n') + 1
	if strings.ContainsAny(text[line:s.pos], "{(;") {
		// What stands above belongs to what the line begins with.
		return ""
	}
	if doc := commentAbove(text[:line]); doc != "" {
		return doc
	}
	rest := text[s.pos:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return commentBehind(rest)
}

// commentAbove is the comment in the last lines of text.
func commentAbove(text string) string {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if body, ok := strings.CutSuffix(strings.TrimRight(text, " \t"), "*/"); ok {
		i := strings.LastIndex(body, "/*")
		if i < 0 {
			return ""
		}
		if before := body[strings.LastIndexByte(body[:i], '\n')+1 : i]; strings.TrimSpace(before) != "" {
			return "" // it stands behind the declaration before
		}
		return commentText(strings.Split(body[i+2:], "\n"))
	}
	var lines []string
	for text != "" {
		i := strings.LastIndexByte(text, '\n')
		line, ok := lineComment(strings.TrimSpace(text[i+1:]))
		if !ok {
			break
		}
		lines = append(lines, line)
		text = text[:max(i, 0)]
	}
	slices.Reverse(lines)
	return commentText(lines)
}

// commentBehind is the comment at the end of a line that starts outside of quotes.
func commentBehind(line string) string {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' || c == '"':
			for i++; i < len(line) && line[i] != c; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		case c == '{':
			return "" // what follows belongs to what is inside
		case strings.HasPrefix(line[i:], "/*"):
			body, _, _ := strings.Cut(line[i+2:], "*/")
			return commentText([]string{body})
		default:
			if text, ok := lineComment(line[i:]); ok {
				return commentText([]string{text})
			}
		}
	}
	return ""
}

func lineComment(line string) (string, bool) {
	if text, ok := strings.CutPrefix(line, "//"); ok {
		return strings.TrimLeft(text, "/"), true
	}
	if text, ok := strings.CutPrefix(line, "#"); ok {
		return strings.TrimLeft(text, "#"), true
	}
	return "", false
}

// commentText joins the lines of a comment, without what only frames them.
func commentText(lines []string) string {
	for i, line := range lines {
		lines[i] = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*"))
	}
	return strings.ToValidUTF8(strings.Trim(strings.Join(lines, "\n"), "\n"), "\uFFFD")
}
