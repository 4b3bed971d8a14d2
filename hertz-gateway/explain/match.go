package explain

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/router"
)

// namePrefix is where methods are called by name.
const namePrefix = "/gateway/"

// matched is how a match ended.
type matched struct {
	route   *Route // nil: none
	outcome router.Outcome
	reason  string
}

// match finds the route as the gateway does: the routes, then the call by name.
func (in Input) match(req *request) matched {
	var b router.Builder[*Route]
	for _, r := range in.Routes {
		if t, err := router.Parse(r.Path); err == nil {
			// Of two on one match the first serves.
			_ = b.Add(r.Verb, t, r)
		}
	}
	route, outcome := b.Build().Match(req.verb, req.path, &req.params)
	switch outcome.Kind {
	case router.Found:
		return matched{route: route, outcome: outcome}
	case router.NotFound, router.MethodNotAllowed, router.Options:
		if m, ok := in.matchName(req, outcome); ok {
			return m
		}
	}
	return matched{outcome: outcome}
}

// matchName is POST /gateway/{service}/{method}.
func (in Input) matchName(req *request, missed router.Outcome) (matched, bool) {
	rest, ok := strings.CutPrefix(req.path, namePrefix)
	rawService, rawMethod, two := strings.Cut(rest, "/")
	if !ok || !two || in.ByName == nil || rawService == "" || rawMethod == "" || strings.Contains(rawMethod, "/") {
		return matched{}, false
	}
	service, err1 := url.PathUnescape(rawService)
	name, err2 := url.PathUnescape(rawMethod)
	if err1 != nil || err2 != nil {
		return matched{}, false
	}
	if req.verb != http.MethodPost {
		kind := router.MethodNotAllowed
		if req.verb == http.MethodOptions {
			kind = router.Options
		}
		return matched{outcome: router.Outcome{Kind: kind, Allow: append([]string{"OPTIONS", "POST"}, missed.Allow...)}}, true
	}
	route, err := in.ByName(service, name)
	if err != nil {
		return matched{outcome: router.Outcome{Kind: router.NotFound}, reason: err.Error()}, true
	}
	req.params.Reset()
	return matched{route: route, outcome: router.Outcome{Kind: router.Found}}, true
}

func (m matched) explanation(req *request) *api.Explanation {
	out := &api.Explanation{Method: req.verb, Path: req.path, Reason: m.reason, Others: []api.NearMiss{}}
	switch o := m.outcome; o.Kind {
	case router.Found:
		out.Outcome = api.OutcomeRoute
	case router.MethodNotAllowed:
		out.Outcome, out.Status, out.Allow = api.OutcomeMethodNotAllowed, http.StatusMethodNotAllowed, o.Allow
		out.Reason = "the path has routes, but none for " + req.verb
	case router.Options:
		out.Outcome, out.Status, out.Allow = api.OutcomeOptions, http.StatusNoContent, o.Allow
		out.Reason = "no route takes OPTIONS: the verbs are answered"
	case router.Redirect:
		out.Outcome, out.Status, out.Location = api.OutcomeRedirect, http.StatusPermanentRedirect, o.Location
		if len(req.query) > 0 {
			out.Location += "?" + string(req.query)
		}
		out.Reason = "only the path with the other trailing slash has a route"
	case router.BadPath:
		out.Outcome, out.Status, out.Reason = api.OutcomeBadPath, http.StatusBadRequest, o.Reason
	default:
		out.Outcome, out.Status = api.OutcomeNotFound, http.StatusNotFound
		if out.Reason == "" {
			out.Reason = "no route fits the path"
		}
	}
	return out
}

// How near a miss is, the nearest first.
const (
	fits = iota
	otherVerb
	otherPattern
	otherSlash
	lookalike
	ways
)

// nearMisses finds the routes that were not chosen but look like the request;
// those with another path only when none was.
func nearMisses(routes []*Route, chosen *Route, req *request) []api.NearMiss {
	const enough = 8
	var near [ways][]api.NearMiss
	for _, r := range routes {
		if r == chosen {
			continue
		}
		how, why := miss(r, chosen, req)
		if how < ways && len(near[how]) < enough && (chosen == nil || how < otherSlash) {
			near[how] = append(near[how], api.NearMiss{Name: r.Name, Origin: r.Origin, Verb: r.Verb, Path: r.Path, Why: why})
		}
	}
	if slices.ContainsFunc(near[:lookalike], func(m []api.NearMiss) bool { return len(m) > 0 }) {
		near[lookalike] = nil
	}
	all := slices.Concat(near[:]...)
	if all == nil {
		all = []api.NearMiss{}
	}
	return all[:min(len(all), enough)]
}

// miss tells why a route was not chosen, ways when it is nothing like it.
func miss(r, chosen *Route, req *request) (how int, why string) {
	t, err := router.Parse(r.Path)
	if err != nil {
		return ways, ""
	}
	var b router.Builder[*Route]
	if err := b.Add(r.Verb, t, r); err != nil {
		return ways, ""
	}
	var params router.Params
	_, outcome := b.Build().Match(req.verb, req.path, &params)
	switch outcome.Kind {
	case router.Found:
		switch {
		case chosen == nil:
			return fits, "it fits"
		case sameTemplate(r, chosen) && r.Verb == chosen.Verb:
			return fits, chosen.Name + " has the same verb and path, and comes first"
		case sameTemplate(r, chosen):
			return fits, "it takes " + r.Verb + "; " + chosen.Verb + " says it more exactly"
		}
		return fits, "it fits too, but " + chosen.Path + " is more specific"
	case router.MethodNotAllowed, router.Options:
		return otherVerb, "its verb is " + r.Verb
	case router.Redirect:
		return otherSlash, "its path has the other trailing slash"
	case router.NotFound:
		return unlike(r.Path, req.path)
	default:
		return ways, ""
	}
}

func sameTemplate(a, b *Route) bool {
	t, err := router.Parse(a.Path)
	if err != nil {
		return false
	}
	u, err := router.Parse(b.Path)
	return err == nil && t.Key() == u.Key()
}

// unlike compares a path with a template segment by segment.
func unlike(template, path string) (how int, why string) {
	want, got := strings.Split(template, "/")[1:], strings.Split(path, "/")[1:]
	same, at, regexp := 0, -1, false
	for i := range min(len(want), len(got)) {
		parameter := strings.ContainsAny(want[i], ":*{")
		switch {
		case parameter && strings.Contains(want[i], ":") && strings.HasPrefix(want[i], "{"):
			one, err := router.Parse("/" + want[i])
			if err != nil || !matches(one, "/"+got[i]) {
				at, regexp = mark(at, i), true
			}
		case parameter:
		case want[i] == got[i]:
			same++
		default:
			at = mark(at, i)
		}
	}
	switch {
	case at == several:
		return ways, ""
	case len(want) == len(got) && at >= 0 && regexp:
		return otherPattern, fmt.Sprintf("segment %d, %q, does not match %s", at+1, got[at], want[at])
	case len(want) == len(got) && at >= 0 && (same > 0 || alike(want[at], got[at])):
		return lookalike, fmt.Sprintf("segment %d is %q, not %q", at+1, got[at], want[at])
	case at < 0 && same > 0 && len(got) == len(want)-1:
		return lookalike, "the path has one segment less"
	case at < 0 && same > 0 && len(got) == len(want)+1:
		return lookalike, "the path has one segment more"
	}
	return ways, ""
}

const several = -2

// mark remembers one difference.
func mark(at, i int) int {
	if at == -1 {
		return i
	}
	return several
}

func matches(t router.Template, path string) bool {
	var b router.Builder[bool]
	if b.Add(router.Any, t, true) != nil {
		return false
	}
	var params router.Params
	_, outcome := b.Build().Match(http.MethodGet, path, &params)
	return outcome.Kind == router.Found
}

// alike tells words that begin and end in the same way.
func alike(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return 2*(head+tail) >= max(len(a), len(b)) && head+tail > 0
}
