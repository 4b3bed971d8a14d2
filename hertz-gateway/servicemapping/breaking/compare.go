package breaking

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Compare tells what becomes of those who use old when next takes its place.
// Each change is one finding, however many methods it touches; the worst come
// first. Services that both have in common, as after servicemapping.Load with
// Options.Previous, cost nothing.
func Compare(old, next *servicemapping.Mapping, use Usage) []Finding {
	changed, gone := pairs(old, next)
	if len(changed) == 0 && len(gone) == 0 {
		return nil
	}
	c := &comparer{
		old: old, next: next, use: use,
		index: map[key]*entry{}, nearby: routeIndex{},
	}
	was, is := gone, []*servicemapping.Service(nil)
	for _, p := range changed {
		is = append(is, p.next)
		c.nearby.add(p.next)
		if p.old != nil {
			was = append(was, p.old)
		}
	}
	c.before, c.after = old.NotesOf(was), next.NotesOf(is)
	for _, s := range gone {
		c.serviceRemoved(s)
	}
	for _, p := range changed {
		if p.old == nil {
			for _, m := range p.next.Methods {
				c.methodAdded(m)
			}
			continue
		}
		c.service(p.old, p.next)
	}
	return c.findings()
}

// servicePair is a service before and after; old is nil for a new one.
type servicePair struct{ old, next *servicemapping.Service }

// pairs finds the services that have changed, and those that are gone. A name
// may stand in several files: the same file goes first, then the order.
func pairs(old, next *servicemapping.Mapping) (changed []servicePair, gone []*servicemapping.Service) {
	left := map[string][]*servicemapping.Service{}
	same := make(map[*servicemapping.Service]bool, len(next.Services))
	for _, s := range next.Services {
		same[s] = true
	}
	kept := map[*servicemapping.Service]bool{}
	for _, s := range old.Services {
		if same[s] {
			kept[s] = true
			continue
		}
		left[s.Name] = append(left[s.Name], s)
	}
	take := func(s *servicemapping.Service, fits func(*servicemapping.Service) bool) *servicemapping.Service {
		i := slices.IndexFunc(left[s.Name], fits)
		if i < 0 {
			return nil
		}
		found := left[s.Name][i]
		left[s.Name] = slices.Delete(slices.Clone(left[s.Name]), i, i+1)
		return found
	}
	var rest []*servicemapping.Service
	for _, s := range next.Services {
		if kept[s] {
			continue
		}
		if o := take(s, func(o *servicemapping.Service) bool { return o.File == s.File }); o != nil {
			changed = append(changed, servicePair{o, s})
		} else {
			rest = append(rest, s)
		}
	}
	for _, s := range rest {
		changed = append(changed, servicePair{take(s, func(*servicemapping.Service) bool { return true }), s})
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		gone = append(gone, left[name]...)
	}
	return changed, gone
}

// comparer collects the findings of one comparison.
type comparer struct {
	old, next     *servicemapping.Mapping
	use           Usage
	before, after *servicemapping.Notes
	// nearby are the routes of the services that have changed; everywhere are all
	// of next, when they are needed.
	nearby, everywhere routeIndex
	matching           *router.Router[*servicemapping.Binding] // of old, when it is needed
	index              map[key]*entry
}

// key tells two findings apart.
type key struct{ file, rule, message string }

// entry is a finding and those whom it touches.
type entry struct {
	Finding
	surfaces map[Surface]bool
	routes   map[Route]bool
	methods  map[*servicemapping.Method]bool
	byName   map[*servicemapping.Method]bool
}

// change is what one rule has to say.
type change struct {
	at       servicemapping.At
	gone     bool
	rule     string
	severity Severity
	surface  []Surface
	message  string
	// allows is what stands around the change in the new IDLs.
	allows []servicemapping.Allowed
}

// subject is whom a change touches.
type subject struct {
	method *servicemapping.Method // of old; nil for a new one
	routes []Route
	byName bool
}

func (c *comparer) add(ch change, s subject) {
	k := key{ch.at.File, ch.rule, ch.message}
	e := c.index[k]
	if e == nil {
		e = &entry{
			Finding: Finding{
				File: ch.at.File, Line: ch.at.Line, Gone: ch.gone, Rule: ch.rule, Severity: Safe, Message: ch.message,
			},
			surfaces: map[Surface]bool{}, routes: map[Route]bool{},
			methods: map[*servicemapping.Method]bool{}, byName: map[*servicemapping.Method]bool{},
		}
		c.index[k] = e
	}
	allowed := slices.Contains(c.use.Allow, ch.rule) ||
		slices.ContainsFunc(ch.allows, func(a servicemapping.Allowed) bool { return a != nil && a(ch.rule) })
	switch {
	case allowed && ch.severity != Safe:
		e.Allowed = e.Severity == Safe
	case ch.severity.rank() > e.Severity.rank():
		e.Severity, e.Allowed = ch.severity, false
	}
	for _, surface := range ch.surface {
		e.surfaces[surface] = true
	}
	for _, r := range s.routes {
		e.routes[r] = true
	}
	if s.method != nil {
		e.methods[s.method] = true
		e.byName[s.method] = e.byName[s.method] || s.byName
	}
}

func (c *comparer) findings() []Finding {
	out := make([]Finding, 0, len(c.index))
	for _, e := range c.index {
		f := e.Finding
		for _, s := range []Surface{Wire, HTTP} {
			if e.surfaces[s] {
				f.Breaks = append(f.Breaks, s)
			}
		}
		f.Methods, f.Routes, f.Modules = []string{}, []string{}, []string{}
		for r := range e.routes {
			f.Routes = append(f.Routes, r.String())
			f.Modules = append(f.Modules, c.use.attached(r)...)
		}
		for m := range e.methods {
			f.Methods = append(f.Methods, nameOf(m))
			if len(e.routes) > 0 {
				f.Modules = append(f.Modules, m.Modules...)
			}
			if e.byName[m] {
				f.Modules = append(f.Modules, c.use.callers(m)...)
				f.Routes = append(f.Routes, c.use.routes(m)...)
			}
		}
		for _, list := range []*[]string{&f.Methods, &f.Routes, &f.Modules} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
		out = append(out, f)
	}
	slices.SortFunc(out, order)
	return out
}

func nameOf(m *servicemapping.Method) string { return m.Service.Name + "." + m.Name }

func placeOf(m *servicemapping.Method) servicemapping.At {
	return servicemapping.At{File: m.File, Line: m.Line}
}

// routesOf are all routes of a method.
func routesOf(m *servicemapping.Method) []Route {
	var out []Route
	for _, b := range m.Bindings {
		out = append(out, routeOf(b))
	}
	return out
}

func routeOf(b *servicemapping.Binding) Route {
	return Route{Service: b.Method.Service.Name, Method: b.Method.Name, Verb: b.Verb, Path: b.Path}
}

// whole touches everything that a method is used by.
func whole(m *servicemapping.Method) subject {
	return subject{method: m, routes: routesOf(m), byName: true}
}

var (
	onWire  = []Surface{Wire}
	overAll = []Surface{Wire, HTTP}
	onHTTP  = []Surface{HTTP}
)

func (c *comparer) serviceRemoved(s *servicemapping.Service) {
	ch := change{
		at: servicemapping.At{File: s.File, Line: s.Line}, gone: true,
		rule: ruleServiceRemoved, severity: Breaking, surface: overAll,
		message: "service " + s.Name + " is gone" + c.because(s.Name+"."),
	}
	if len(s.Methods) == 0 {
		ch.severity = Safe
		c.add(ch, subject{})
	}
	for _, m := range s.Methods {
		c.add(ch, whole(m))
		c.movedRoutes(m)
	}
}

// because is a diagnostic of the new IDLs that explains why something is gone.
func (c *comparer) because(prefix string) string {
	for _, d := range c.next.Diagnostics {
		if d.Severity != servicemapping.Error {
			continue
		}
		for _, r := range d.Routes {
			if r == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(r, prefix) {
				return fmt.Sprintf(": %s:%d: %s: %s", d.File, d.Line, d.Rule, d.Message)
			}
		}
	}
	return ""
}

func (c *comparer) service(old, next *servicemapping.Service) {
	allows := c.after.ServiceAllows(next)
	methods := make(map[string]*servicemapping.Method, len(next.Methods))
	for _, m := range next.Methods {
		methods[m.Name] = m
	}
	for _, m := range old.Methods {
		if old.Registry != next.Registry {
			c.add(change{
				at:   servicemapping.At{File: next.File, Line: next.Line},
				rule: ruleRegistryChanged, severity: Breaking, surface: overAll, allows: []servicemapping.Allowed{allows},
				message: fmt.Sprintf("instances of %s are looked up as %q, no longer as %q", old.Name, next.Registry, old.Registry),
			}, whole(m))
		}
		n := methods[m.Name]
		delete(methods, m.Name)
		if n == nil {
			c.add(change{
				at:   servicemapping.At{File: next.File, Line: next.Line},
				rule: ruleMethodRemoved, severity: Breaking, surface: overAll, allows: []servicemapping.Allowed{allows},
				message: "method " + nameOf(m) + " is gone" + c.because(nameOf(m)),
			}, whole(m))
			c.movedRoutes(m)
			continue
		}
		c.compareMethod(m, n)
	}
	for _, m := range next.Methods {
		if methods[m.Name] != nil {
			c.methodAdded(m)
		}
	}
}

func (c *comparer) methodAdded(m *servicemapping.Method) {
	c.add(change{
		at: placeOf(m), rule: ruleMethodAdded, severity: Safe, surface: overAll,
		message: "method " + nameOf(m) + " is new",
	}, subject{})
	for _, b := range m.Bindings {
		c.routeAdded(b)
	}
}

// compareMethod compares a method that is there before and after.
func (c *comparer) compareMethod(old, next *servicemapping.Method) {
	allows := []servicemapping.Allowed{c.after.MethodAllows(next)}
	say := func(rule string, severity Severity, surface []Surface, format string, args ...any) {
		c.add(change{
			at: placeOf(next), rule: rule, severity: severity, surface: surface, allows: allows,
			message: nameOf(next) + " " + fmt.Sprintf(format, args...),
		}, whole(old))
	}
	if old.Oneway != next.Oneway {
		say(ruleOneway, Breaking, overAll, "was %s and is %s", onewayText(old), onewayText(next))
	}
	switch {
	case old.Timeout == next.Timeout:
	case next.Timeout == 0:
		say(ruleTimeout, Risky, onHTTP, "has no timeout of its own any more; it was %s", old.Timeout)
	case old.Timeout == 0:
		say(ruleTimeout, Risky, onHTTP, "has a timeout of its own: %s", next.Timeout)
	case next.Timeout < old.Timeout:
		say(ruleTimeout, Risky, onHTTP, "has a shorter timeout: %s, not %s", next.Timeout, old.Timeout)
	default:
		say(ruleTimeout, Safe, onHTTP, "has a longer timeout: %s, not %s", next.Timeout, old.Timeout)
	}
	switch {
	case !old.Idempotent && next.Idempotent:
		say(ruleIdempotent, Risky, onWire, "may be sent again after a failure: dgate.idempotent is new")
	case old.Idempotent && !next.Idempotent:
		say(ruleIdempotent, Risky, onHTTP, "is not sent again after a failure: dgate.idempotent is gone")
	}
	if !slices.Equal(old.Modules, next.Modules) {
		say(ruleModules, Risky, onHTTP, "has the modules [%s] of its IDL, no longer [%s]",
			strings.Join(next.Modules, ", "), strings.Join(old.Modules, ", "))
	}
	c.byName(old, next, allows)
	c.bindings(old, next)
}

func onewayText(m *servicemapping.Method) string {
	if m.Oneway {
		return "oneway"
	}
	return "answered"
}

// byName compares a method as it is called by name, which is also how it is on
// the wire.
func (c *comparer) byName(old, next *servicemapping.Method, allows []servicemapping.Allowed) {
	severity := Risky
	if c.use.ByName || len(c.use.callers(old)) > 0 || len(c.use.routes(old)) > 0 {
		severity = Breaking
	}
	w := &walk{
		comparer: c, next: next, allows: allows, most: severity,
		subject: subject{method: old, byName: true}, onWire: whole(old),
	}
	w.messages(old.Generic, next.Generic, "POST")
}
