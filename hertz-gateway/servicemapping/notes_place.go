package servicemapping

import (
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// At is a place in an IDL. Line counts from 1; 0 means that it is not known.
type At struct {
	File string
	Line int
}

// TypeAt is where a struct, union, exception or enum is declared.
func (n *Notes) TypeAt(t *transcode.Type) At { return n.types[t].at() }

// FieldAt is where a field, argument or entry of throws is declared.
func (n *Notes) FieldAt(f *transcode.Field) At { return n.fields[f].at() }

// ValueAt is where the i-th value of an enum is declared.
func (n *Notes) ValueAt(t *transcode.Type, i int) At {
	s := n.types[t]
	if v := s.value(t, i); v != nil {
		s.pos = v.Pos
	}
	return s.at()
}

func (s source) at() At {
	if s.unit == nil {
		return At{}
	}
	line, _ := s.unit.tree.Position(s.pos)
	return At{File: s.unit.path, Line: line}
}

// value is the i-th value of an enum that was declared at s.
func (s source) value(t *transcode.Type, i int) *syntax.EnumValue {
	if s.unit == nil || i >= len(t.Values) {
		return nil
	}
	for _, e := range s.unit.tree.Enums {
		if e.Pos == s.pos && i < len(e.Values) {
			return &e.Values[i]
		}
	}
	return nil
}

// Allowed tells by dgate.breaking="allow: rule, …" whether the IDL allows that
// rule of the compatibility check to be broken.
type Allowed func(rule string) bool

// TypeAllows is what a struct, union, exception or enum allows.
func (n *Notes) TypeAllows(t *transcode.Type) Allowed { return allowed(n.types[t].annotations) }

// FieldAllows is what a field, argument or entry of throws allows.
func (n *Notes) FieldAllows(f *transcode.Field) Allowed { return allowed(n.fields[f].annotations) }

// ValueAllows is what the i-th value of an enum allows.
func (n *Notes) ValueAllows(t *transcode.Type, i int) Allowed {
	if v := n.types[t].value(t, i); v != nil {
		return allowed(v.Annotations)
	}
	return allowed(nil)
}

// ServiceAllows is what a service allows.
func (n *Notes) ServiceAllows(s *Service) Allowed {
	if d := n.service(s.File, s.Name); d != nil {
		return allowed(d.decl.Annotations)
	}
	return allowed(nil)
}

// MethodAllows is what a method allows, or the service that it is called on.
func (n *Notes) MethodAllows(m *Method) Allowed {
	around := n.ServiceAllows(m.Service)
	if d := n.service(m.File, m.DeclaredIn); d != nil {
		for _, f := range d.functions {
			if f.decl.Name == m.Name {
				own := allowed(f.decl.Annotations)
				return func(rule string) bool { return own(rule) || around(rule) }
			}
		}
	}
	return around
}

// allowPrefix is what the value of dgate.breaking starts with.
const allowPrefix = "allow:"

func allowed(as []syntax.Annotation) Allowed {
	var rules []string
	for _, a := range as {
		if keyOf(a) != "dgate.breaking" {
			continue
		}
		list, ok := strings.CutPrefix(strings.TrimSpace(a.Value), allowPrefix)
		if !ok {
			continue
		}
		for rule := range strings.SplitSeq(list, ",") {
			rules = append(rules, strings.TrimSpace(rule))
		}
	}
	return func(rule string) bool {
		for _, r := range rules {
			if r == rule {
				return true
			}
		}
		return false
	}
}

// TypeRules are the validation annotations of a struct, in written order.
func (n *Notes) TypeRules(t *transcode.Type) []Rule {
	s, ok := n.types[t]
	if !ok {
		return nil
	}
	return rulesFrom(s.unit.asserts[t])
}

func rulesFrom(checks []check) []Rule {
	var rules []Rule
	for _, c := range checks {
		rules = append(rules, Rule{Key: strings.ToLower(c.Key), Value: c.Value})
	}
	return rules
}
