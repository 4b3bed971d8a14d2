package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/router"
)

// place puts the routes that are new into the router, and those that found
// their place taken before. A route of the admin API takes the place of any
// other; among equals the one that is there stays.
func (c *compiler) place() {
	var added []*Route
	for s := range c.ns.Services() {
		if svc := c.ns.services[s]; c.prev.services[s] != svc {
			added = append(added, svc.routes...)
		}
	}
	c.placeAll(append(added, c.added...))
}

// placeAll places routes: those that had no place before, then added.
func (c *compiler) placeAll(added []*Route) {
	waiting := slices.Collect(maps.Keys(c.prev.misplaced))
	slices.SortFunc(waiting, func(a, b *Route) int { return strings.Compare(a.Name, b.Name) })
	for _, r := range slices.Concat(waiting, added) {
		if c.serves(r) {
			c.placeOne(r)
		}
	}
}

// serves tells whether a route is part of the namespace that is compiled.
func (c *compiler) serves(r *Route) bool {
	switch r.Origin {
	case OriginIDL:
		svc := c.ns.services[r.Method.Service]
		return svc != nil && slices.Contains(svc.routes, r)
	case OriginAdmin:
		u, _ := c.ns.routes.Get(r.Name)
		return u != nil && slices.Contains(u.routes, r)
	}
	return slices.ContainsFunc(c.ns.handled, func(u *unit) bool { return slices.Contains(u.routes, r) })
}

func (c *compiler) placeOne(r *Route) {
	t, err := router.Parse(r.Path)
	if err != nil {
		c.ns.misplaced[r] = r.problem("/paths", api.CodeInvalid, "%v", err)
		return
	}
	if taken, ok := c.routes.Get(r.Verb, t); ok {
		switch {
		case r.Origin == OriginAdmin && taken.Origin != OriginAdmin:
			c.routes.Remove(r.Verb, t)
			c.ns.overridden[taken] = r
		case taken.Origin == OriginAdmin && r.Origin != OriginAdmin:
			c.ns.overridden[r] = taken
			return
		default:
			c.ns.misplaced[r] = r.problem("/paths", api.CodeConflictField, "%s %s belongs to the route %s", r.Verb, r.Path, taken.Name)
			return
		}
	}
	if err := c.routes.Add(r.Verb, t, r); err != nil {
		c.ns.misplaced[r] = r.problem("/methods", api.CodeInvalid, "%v", err)
	}
}

// problem is what is wrong with a route, at its resource if it has one.
func (r *Route) problem(pointer, code, format string, args ...any) Problem {
	if r.Resource != nil && r.Origin == OriginAdmin {
		return problemf(r.Resource, pointer, code, format, args...)
	}
	return Problem{Where: r.Verb + " " + r.Path, Message: r.Name + ": " + fmt.Sprintf(format, args...)}
}

// remove takes routes that are gone out of the router. Where one of them was in
// the place of another, that one serves again.
func (c *compiler) remove(gone []*Route) {
	for _, r := range gone {
		delete(c.ns.overridden, r)
		t, err := router.Parse(r.Path)
		if err != nil {
			continue
		}
		if at, ok := c.routes.Get(r.Verb, t); !ok || at != r {
			continue
		}
		c.routes.Remove(r.Verb, t)
		for other, by := range c.ns.overridden {
			if by == r {
				delete(c.ns.overridden, other)
				c.placeOne(other)
			}
		}
	}
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}
