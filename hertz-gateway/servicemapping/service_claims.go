package servicemapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// mapping puts the compiled services together: it settles who gets a route
// and a registry name that several want.
func (l *loader) mapping() *Mapping {
	m := &Mapping{settings: l.settings, units: map[string]*unit{}, names: map[string][]*Service{}}
	var services []*compiledService
	for _, d := range l.order {
		u := d.unit
		if u == nil {
			continue
		}
		m.units[u.path] = u
		m.order = append(m.order, u)
		for _, p := range u.problems {
			l.findings = append(l.findings, finding{problem: p})
		}
		l.findings = append(l.findings, u.lost...)
		services = append(services, u.compiled...)
		for _, c := range u.compiled {
			l.findings = append(l.findings, c.findings...)
		}
	}
	lost := l.settleRoutes(services)
	nameless := l.settleNames(services)
	earlier := make(map[string]*Service, len(l.previous.Services))
	for _, s := range l.previous.Services {
		earlier[s.Digest] = s
	}
	sum := sha256.New()
	for _, c := range services {
		s := c.service
		if nameless[c] || len(lost[c]) > 0 {
			s = l.variant(c, nameless[c], lost[c])
			if e := earlier[s.Digest]; e != nil {
				s = e
			}
		}
		m.Services = append(m.Services, s)
		m.name(s)
		fmt.Fprintf(sum, "%q %q %s\n", s.File, s.Name, s.Digest)
	}
	m.Digest = hex.EncodeToString(sum.Sum(nil))
	m.Diagnostics = merge(l.findings)
	return m
}

// name enters a service under each name it is found by.
func (m *Mapping) name(s *Service) {
	for _, name := range []string{s.Name, prefixOf(s.File), s.Registry} {
		if name != "" && !slices.Contains(m.names[name], s) {
			m.names[name] = append(m.names[name], s)
		}
	}
}

// settleRoutes gives each verb and path to the first that claims it by (file,
// line); between a service and those that inherit the method from it, the
// service that declares it is the first.
func (l *loader) settleRoutes(services []*compiledService) map[*compiledService]map[*Binding]bool {
	claims := map[string][]claim{}
	for _, c := range services {
		for _, claim := range c.claims {
			claims[claim.key] = append(claims[claim.key], claim)
		}
	}
	lost := map[*compiledService]map[*Binding]bool{}
	for _, c := range services {
		for _, own := range c.claims {
			rivals := claims[own.key]
			if len(rivals) < 2 {
				continue
			}
			delete(claims, own.key)
			slices.SortStableFunc(rivals, func(a, b claim) int {
				return cmp.Or(
					cmp.Compare(a.binding.Method.File, b.binding.Method.File),
					cmp.Compare(a.binding.Line, b.binding.Line),
					cmp.Compare(a.column, b.column),
					compareBool(b.declared, a.declared),
				)
			})
			l.settle(rivals, lost)
		}
	}
	return lost
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// settle reports the claimants of one route, the winner first among them.
func (l *loader) settle(rivals []claim, lost map[*compiledService]map[*Binding]bool) {
	winner := rivals[0]
	others := make([]string, 0, len(rivals)-1)
	for _, r := range rivals[1:] {
		if lost[r.owner] == nil {
			lost[r.owner] = map[*Binding]bool{}
		}
		lost[r.owner][r.binding] = true
		p := r.at(Error, "%s is claimed by %s already", r.route(), winner.place())
		if r.sameText(winner) {
			p = r.at(Warning, "%s inherits %s, which goes to %s", r.name(), r.route(), winner.name())
			l.findings = append(l.findings, finding{problem: p})
			continue
		}
		others = append(others, r.place())
		l.findings = append(l.findings, finding{problem: p, routes: []string{r.route()}})
	}
	if len(others) > 0 {
		const enough = 5
		if n := len(others); n > enough {
			others = append(others[:enough], fmt.Sprintf("%d more", n-enough))
		}
		p := winner.at(Warning, "%s is also claimed by %s; this one serves", winner.route(), strings.Join(others, ", "))
		l.findings = append(l.findings, finding{problem: p})
	}
}

func (c claim) at(severity Severity, format string, args ...any) problem {
	return problem{
		file: c.binding.Method.File, line: c.binding.Line, column: c.column,
		severity: severity, rule: ruleDuplicateRoute, message: fmt.Sprintf(format, args...),
	}
}

func (c claim) route() string { return c.binding.Verb + " " + c.binding.Path }
func (c claim) name() string  { return c.owner.service.Name + "." + c.binding.Method.Name }

func (c claim) place() string {
	return fmt.Sprintf("%s (%s:%d)", c.name(), c.binding.Method.File, c.binding.Line)
}

// sameText tells claims that come from one annotation: one is inherited, or
// both are.
func (c claim) sameText(o claim) bool {
	return c.binding.Method.File == o.binding.Method.File && c.binding.Line == o.binding.Line && c.column == o.column
}

// settleNames finds the services whose registry name, the base name of their
// file, another file relies on as well.
func (l *loader) settleNames(services []*compiledService) map[*compiledService]bool {
	files := map[string][]string{}
	for _, c := range services {
		if base := prefixOf(c.service.File); c.def.registry == "" && !slices.Contains(files[base], c.service.File) {
			files[base] = append(files[base], c.service.File)
		}
	}
	nameless := map[*compiledService]bool{}
	for _, c := range services {
		base := prefixOf(c.service.File)
		if c.def.registry != "" || len(files[base]) < 2 {
			continue
		}
		nameless[c] = true
		others := slices.DeleteFunc(slices.Clone(files[base]), func(f string) bool { return f == c.service.File })
		p := c.def.unit.at(c.def.decl.Pos, Error, ruleAmbiguousRegistry,
			"the name %q in the registry fits %s too: say which with dgate.service = \"…\"", base, strings.Join(others, ", "))
		routes := []string{}
		for _, m := range c.service.Methods {
			routes = append(routes, c.service.Name+"."+m.Name)
			for _, b := range m.Bindings {
				routes = append(routes, b.Verb+" "+b.Path)
			}
		}
		l.findings = append(l.findings, finding{problem: p, routes: routes})
	}
	return nameless
}

// variant is a service without the routes it has lost, and without its
// registry name if that is not its own. Plans are shared with the original.
func (l *loader) variant(c *compiledService, nameless bool, lost map[*Binding]bool) *Service {
	s := *c.service
	if nameless {
		s.Registry = ""
	}
	var routes []string
	s.Methods = make([]*Method, len(c.service.Methods))
	for i, m := range c.service.Methods {
		method := *m
		method.Service = &s
		method.Bindings = nil
		for _, b := range m.Bindings {
			if lost[b] {
				routes = append(routes, m.Name+" "+b.Verb+" "+b.Path)
				continue
			}
			binding := *b
			binding.Method = &method
			method.Bindings = append(method.Bindings, &binding)
		}
		s.Methods[i] = &method
	}
	s.Digest = digestOf(c.def.unit, &s, l.settings, routes)
	return &s
}
