package breaking

import (
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// routeIndex finds bindings by verb and template, names of parameters left out.
type routeIndex map[string]*servicemapping.Binding

func (x routeIndex) add(s *servicemapping.Service) {
	for _, m := range s.Methods {
		for _, b := range m.Bindings {
			x[b.Verb+" "+templateKey(b.Path)] = b
		}
	}
}

func templateKey(path string) string {
	t, err := router.Parse(path)
	if err != nil {
		return path
	}
	return t.Key()
}

// serving is the binding that takes the requests of an old one; nil: none does.
func (x routeIndex) serving(old *servicemapping.Binding) *servicemapping.Binding {
	key := templateKey(old.Path)
	if b := x[old.Verb+" "+key]; b != nil {
		return b
	}
	return x[router.Any+" "+key]
}

// serving finds the binding of next that takes the requests of an old one.
func (c *comparer) serving(old *servicemapping.Binding) *servicemapping.Binding {
	if b := c.nearby.serving(old); b != nil {
		return b
	}
	if c.everywhere == nil {
		c.everywhere = routeIndex{}
		for _, s := range c.next.Services {
			c.everywhere.add(s)
		}
	}
	return c.everywhere.serving(old)
}

// movedRoutes looks for those who serve the routes of a method that is gone.
func (c *comparer) movedRoutes(old *servicemapping.Method) {
	for _, b := range old.Bindings {
		if n := c.serving(b); n != nil {
			c.routeMoved(b, n)
		}
	}
}

func (c *comparer) routeMoved(old, next *servicemapping.Binding) {
	c.add(change{
		at:   servicemapping.At{File: next.Method.File, Line: next.Line},
		rule: ruleRouteMoved, severity: Risky, surface: onHTTP,
		allows:  []servicemapping.Allowed{c.after.MethodAllows(next.Method)},
		message: routeOf(old).String() + " goes to " + nameOf(next.Method) + ", no longer to " + nameOf(old.Method),
	}, subject{method: old.Method, routes: []Route{routeOf(old)}})
	c.binding(old, next, true)
}

// bindings compares the routes of a method that is there before and after.
func (c *comparer) bindings(old, next *servicemapping.Method) {
	taken := map[*servicemapping.Binding]bool{}
	var lost []*servicemapping.Binding
	for _, b := range old.Bindings {
		n := c.serving(b)
		switch {
		case n == nil:
			lost = append(lost, b)
		case n.Method.Service.Name == next.Service.Name && n.Method.Name == next.Name:
			taken[n] = true
			c.binding(b, n, false)
		default:
			c.routeMoved(b, n)
		}
	}
	var added []*servicemapping.Binding
	for _, n := range next.Bindings {
		if !taken[n] {
			added = append(added, n)
		}
	}
	for _, b := range lost {
		c.routeLost(b, next, added)
	}
	for _, n := range added {
		c.routeAdded(n)
	}
}

// routeLost tells of a route that nothing serves any more, and which of the
// method's new ones looks like it.
func (c *comparer) routeLost(old *servicemapping.Binding, next *servicemapping.Method, added []*servicemapping.Binding) {
	ch := change{
		at: placeOf(next), rule: ruleRouteRemoved, severity: Breaking, surface: onHTTP,
		allows:  []servicemapping.Allowed{c.after.MethodAllows(next)},
		message: routeOf(old).String() + " of " + nameOf(next) + " is gone",
	}
	for _, n := range added {
		sameKey := templateKey(n.Path) == templateKey(old.Path)
		switch {
		case sameKey:
			ch.rule = ruleRouteVerb
		case n.Verb == old.Verb && ch.rule == ruleRouteRemoved:
			ch.rule = ruleRoutePath
		default:
			continue
		}
		ch.at.Line = n.Line
		ch.message = routeOf(old).String() + " of " + nameOf(next) + " is now " + routeOf(n).String()
		if sameKey {
			break
		}
	}
	c.add(ch, subject{method: old.Method, routes: []Route{routeOf(old)}})
}

func (c *comparer) routeAdded(b *servicemapping.Binding) {
	at := servicemapping.At{File: b.Method.File, Line: b.Line}
	if c.had(b) {
		return // it has moved
	}
	c.add(change{
		at: at, rule: ruleRouteAdded, severity: Safe, surface: onHTTP,
		message: routeOf(b).String() + " of " + nameOf(b.Method) + " is new",
	}, subject{})
	was := c.matchOld(b)
	if was == nil || nameOf(was.Method) == nameOf(b.Method) {
		return
	}
	c.add(change{
		at: at, rule: ruleRouteShadows, severity: Risky, surface: onHTTP,
		allows: []servicemapping.Allowed{c.after.MethodAllows(b.Method)},
		message: "requests for " + routeOf(b).String() + " go to " + nameOf(b.Method) + ", no longer to " +
			routeOf(was).String() + " of " + nameOf(was.Method),
	}, subject{method: was.Method, routes: []Route{routeOf(was)}})
}

// matchOld finds the old route that a request for a fixed path went to.
func (c *comparer) matchOld(b *servicemapping.Binding) *servicemapping.Binding {
	t, err := router.Parse(b.Path)
	if err != nil || len(t.Params()) > 0 {
		return nil
	}
	var params router.Params
	was, outcome := c.oldRouter().Match(firstVerb(b.Verb), b.Path, &params)
	if outcome.Kind != router.Found {
		return nil
	}
	return was
}

// had tells whether the old IDLs have the very route.
func (c *comparer) had(b *servicemapping.Binding) bool {
	t, err := router.Parse(b.Path)
	if err != nil {
		return false
	}
	_, ok := c.oldRouter().Edit().Get(b.Verb, t)
	return ok
}

func (c *comparer) oldRouter() *router.Router[*servicemapping.Binding] {
	if c.matching == nil {
		var routes router.Builder[*servicemapping.Binding]
		for b := range c.old.Bindings() {
			if t, err := router.Parse(b.Path); err == nil {
				// Two bindings of one match are not both in a mapping.
				_ = routes.Add(b.Verb, t, b)
			}
		}
		c.matching = routes.Build()
	}
	return c.matching
}

// firstVerb is a verb to ask with.
func firstVerb(verb string) string {
	if verb == router.Any {
		return "GET"
	}
	return verb
}

// binding compares the requests and answers of one route, which may have moved
// to another method.
func (c *comparer) binding(old, next *servicemapping.Binding, moved bool) {
	verbs := []string{old.Verb}
	if old.Verb == router.Any {
		verbs = []string{"GET", "POST", "DELETE"} // one for each way to read a request
	}
	for _, verb := range verbs {
		w := &walk{
			comparer: c, next: next.Method, most: Breaking, moved: moved,
			allows:  []servicemapping.Allowed{c.after.MethodAllows(next.Method)},
			subject: subject{method: old.Method, routes: []Route{routeOf(old)}},
		}
		w.onWire = w.subject
		w.oldParams, w.newParams = paramsOf(old.Path), paramsOf(next.Path)
		w.messages(old.Plan, next.Plan, verb)
	}
}

func paramsOf(path string) []string {
	t, err := router.Parse(path)
	if err != nil {
		return nil
	}
	return t.Params()
}
