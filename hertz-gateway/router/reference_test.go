package router

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reference is the rules of the package documentation in their most naive form:
// every template is tried on every request, the ones that fit are sorted.
type reference struct {
	routes []referenceRoute
	exact  bool
}

type referenceRoute struct {
	verb     string
	template Template
	value    string
}

func (f *reference) match(verb, path string) string {
	segs, slash, bad := referenceSplit(path)
	if bad {
		return "bad path"
	}
	if best, values := f.best(verb, segs); best != nil {
		out := best.value
		for i, name := range best.template.Params() {
			out += fmt.Sprintf(" %s=%q", name, values[i])
		}
		if slash {
			out += " encoded-slash"
		}
		return out
	}
	if allow := f.allow(segs); len(allow) > 0 {
		kind := "method not allowed: "
		if verb == "OPTIONS" {
			kind = "options: "
		}
		return kind + strings.Join(allow, ", ")
	}
	if path == "/" || f.exact {
		return "not found"
	}
	other := path + "/"
	if strings.HasSuffix(path, "/") {
		other = path[:len(path)-1]
	}
	segs, _, _ = referenceSplit(other)
	best, _ := f.best(verb, segs)
	if best != nil || verb == "OPTIONS" && len(f.allow(segs)) > 0 {
		return "redirect: " + other
	}
	return "not found"
}

// best returns the first in the documented order of the routes that fit and
// answer the verb.
func (f *reference) best(verb string, segs []string) (*referenceRoute, []string) {
	var best *referenceRoute
	var bestValues []string
	for i := range f.routes {
		r := &f.routes[i]
		strength := verbStrength(r.verb, verb)
		if strength == 0 {
			continue
		}
		values, ok := referenceFit(r.template, segs)
		if !ok {
			continue
		}
		if best == nil || cmp.Or(compareTemplates(r.template, best.template), cmp.Compare(verbStrength(best.verb, verb), strength)) < 0 {
			best, bestValues = r, values
		}
	}
	return best, bestValues
}

func (f *reference) allow(segs []string) []string {
	var allow []string
	for _, r := range f.routes {
		if _, ok := referenceFit(r.template, segs); ok {
			allow = append(allow, r.verb, "OPTIONS")
			if r.verb == "GET" {
				allow = append(allow, "HEAD")
			}
		}
	}
	slices.Sort(allow)
	return slices.Compact(allow)
}

// verbStrength is 0 when a route does not answer the verb.
func verbStrength(route, request string) int {
	switch {
	case route == request && route != "ANY":
		return 3
	case route == "GET" && request == "HEAD":
		return 2
	case route == "ANY":
		return 1
	}
	return 0
}

func compareTemplates(a, b Template) int {
	for i := range min(len(a.segments), len(b.segments)) {
		x, y := a.segments[i], b.segments[i]
		c := cmp.Compare(x.kind, y.kind)
		if c == 0 && x.kind == mixed {
			xs, ys := mixtureRank(x.mix), mixtureRank(y.mix)
			c = cmp.Or(-slices.Compare(xs, ys), cmp.Compare(x.key, y.key))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// mixtureRank counts literal prefix, literal text and expressions.
func mixtureRank(m *mixture) []int {
	rank := make([]int, 3)
	for i, p := range m.parts {
		switch {
		case !p.isParam && i == 0:
			rank[0] += len(p.text)
			rank[1] += len(p.text)
		case !p.isParam:
			rank[1] += len(p.text)
		case p.text != "":
			rank[2]++
		}
	}
	return rank
}

func referenceSplit(path string) (segs []string, slash, bad bool) {
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") {
		return nil, false, true
	}
	for _, raw := range strings.Split(path[1:], "/") {
		seg, err := url.PathUnescape(raw)
		if err != nil || seg == "." || seg == ".." || strings.ContainsAny(seg, "\x00\\") {
			return nil, false, true
		}
		for _, c := range []byte(raw) {
			if c <= ' ' || c == 0x7f || c == '?' || c == '#' {
				return nil, false, true
			}
		}
		slash = slash || strings.Contains(seg, "/")
		segs = append(segs, seg)
	}
	return segs, slash, false
}

func referenceFit(t Template, segs []string) (values []string, ok bool) {
	for i, s := range t.segments {
		if s.kind == catchAll && i < len(segs) {
			return append(values, strings.Join(segs[i:], "/")), true
		}
		if i >= len(segs) {
			return nil, false
		}
		switch s.kind {
		case static:
			if s.key != segs[i] {
				return nil, false
			}
		case param:
			if segs[i] == "" {
				return nil, false
			}
			values = append(values, segs[i])
		case mixed:
			v, ok := referenceMixture(s.mix.parts, segs[i])
			if !ok {
				return nil, false
			}
			values = append(values, v...)
		}
	}
	return values, len(t.segments) == len(segs)
}

// referenceMixture tries every division of s, the shortest values first. With
// expressions the division is that of the regexp package.
func referenceMixture(parts []part, s string) ([]string, bool) {
	if s == "" {
		return nil, false
	}
	if slices.ContainsFunc(parts, func(p part) bool { return p.isParam && p.text != "" }) {
		var expr strings.Builder
		for i, p := range parts {
			switch {
			case !p.isParam:
				expr.WriteString(regexp.QuoteMeta(p.text))
			case p.text == "":
				fmt.Fprintf(&expr, "(?P<p%d>(?s:.)+?)", i)
			default:
				fmt.Fprintf(&expr, "(?P<p%d>%s)", i, p.text)
			}
		}
		re := regexp.MustCompile("^(?:" + expr.String() + ")$")
		at := re.FindStringSubmatch(s)
		if at == nil {
			return nil, false
		}
		var values []string
		for i, p := range parts {
			if p.isParam {
				values = append(values, at[re.SubexpIndex(fmt.Sprintf("p%d", i))])
			}
		}
		return values, true
	}
	if len(parts) == 0 {
		return nil, s == ""
	}
	return divide(parts, s)
}

func divide(parts []part, s string) ([]string, bool) {
	if len(parts) == 0 {
		return nil, s == ""
	}
	if !parts[0].isParam {
		rest, ok := strings.CutPrefix(s, parts[0].text)
		if !ok {
			return nil, false
		}
		return divide(parts[1:], rest)
	}
	for n := 1; n <= len(s); n++ {
		if rest, ok := divide(parts[1:], s[n:]); ok {
			return append([]string{s[:n]}, rest...), true
		}
	}
	return nil, false
}

// check compares router and reference on one request.
func (f *reference) check(t testing.TB, r *Router[string], verb, path string) {
	t.Helper()
	got := describe(r, verb+" "+path)
	if strings.HasPrefix(got, "bad path: ") {
		got = "bad path"
	}
	if want := f.match(verb, path); got != want {
		t.Errorf("%s %q:\n     got %s\n    want %s\n  routes %s", verb, path, got, want, f)
	}
}

func (f *reference) String() string {
	var lines []string
	for _, r := range f.routes {
		lines = append(lines, r.value)
	}
	return strings.Join(lines, ", ")
}

// add adds the route to both and reports whether it is new.
func (f *reference) add(t testing.TB, b *Builder[string], verb string, tmpl Template) bool {
	t.Helper()
	value := verb + " " + tmpl.String()
	taken := slices.ContainsFunc(f.routes, func(r referenceRoute) bool {
		return r.verb == verb && r.template.Key() == tmpl.Key()
	})
	err := b.Add(verb, tmpl, value)
	if (err != nil) != taken {
		t.Fatalf("Add(%s): %v; taken: %v", value, err, taken)
	}
	if taken {
		return false
	}
	f.routes = append(f.routes, referenceRoute{verb: verb, template: tmpl, value: value})
	return true
}

// TestAgainstReference compares random routers, edited as they go, with the
// naive rules.
func TestAgainstReference(t *testing.T) {
	patterns := []string{
		"a", "b", "ab", "a-b", "%2F", "a.b", ":", ":", ":", "{#}-{#}", "{#}-{#}-{#}", "a{#}", "ab{#}", "{#}b", "{#}.{#}", "a{#}b",
		"{#:[ab]+}", "{#:a+}-{#}", "{#:(a|b)*}", "{#:.+}b",
	}
	pieces := []string{"a", "b", "ab", "ba", "a-b", "a-b-a", "-a-", "a.b", "%61", "a%2Fb", "%2F", "a%2Db", "aab", "bb", "c", "..", "%2e", "", "%5c", "%4"}
	verbs := []string{"GET", "GET", "POST", "HEAD", "ANY", "OPTIONS"}
	asked := []string{"GET", "GET", "POST", "HEAD", "OPTIONS", "PURGE"}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[random.IntN(len(from))] }

	randomTemplate := func() Template {
		var pattern strings.Builder
		names := 0
		name := func() string { names++; return fmt.Sprintf("p%d", names) }
		for range random.IntN(4) {
			s := pick(patterns)
			if s == ":" {
				s += name()
			}
			for strings.Contains(s, "#") {
				s = strings.Replace(s, "#", name(), 1)
			}
			pattern.WriteString("/" + s)
		}
		switch random.IntN(4) {
		case 0:
			pattern.WriteString("/")
		case 1:
			pattern.WriteString("/*" + name())
		}
		if pattern.Len() == 0 {
			pattern.WriteString("/")
		}
		return mustParse(t, pattern.String())
	}
	for round := range 400 {
		f := &reference{exact: round%7 == 0}
		b := &Builder[string]{ExactSlash: f.exact}
		for range 3 {
			for range random.IntN(14) {
				f.add(t, b, pick(verbs), randomTemplate())
			}
			if n := len(f.routes); n > 0 && random.IntN(2) == 0 {
				i := random.IntN(n)
				if !b.Remove(f.routes[i].verb, f.routes[i].template) {
					t.Fatalf("Remove(%s) found nothing", f.routes[i].value)
				}
				f.routes = slices.Delete(f.routes, i, i+1)
			}
			r := b.Build()
			if r.Len() != len(f.routes) {
				t.Fatalf("Len() = %d, want %d", r.Len(), len(f.routes))
			}
			for range 60 {
				var path strings.Builder
				for range 1 + random.IntN(4) {
					path.WriteString("/" + pick(pieces))
				}
				f.check(t, r, pick(asked), path.String())
			}
			if t.Failed() {
				return
			}
			if random.IntN(2) == 0 {
				b = r.Edit()
			}
		}
	}
}
