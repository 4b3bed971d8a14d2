package snapshot

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// genericPrefix is where every method can be called by name.
const genericPrefix = "/gateway/"

// GenericMode says which methods the generic route reaches.
type GenericMode string

// The modes. Off is the default of the program, since the generic route
// publishes methods that nobody annotated.
const (
	GenericOff       GenericMode = "off"
	GenericAnnotated GenericMode = "annotated"
	GenericAll       GenericMode = "all"
)

// generic finds methods by name. Built on first use of nothing but the mapping.
type generic struct {
	mode GenericMode
	ns   *Namespace
}

// LookupError is a name that leads to no method, or to several.
type LookupError struct {
	Code   api.Code // ServiceNotFound, MethodNotFound or AmbiguousService
	Detail string
}

func (e *LookupError) Error() string { return e.Detail }

// lookup finds a method by the name of its service.
func (g *generic) lookup(serviceName, method string) (*Route, error) {
	var found *Route
	candidates := g.ns.Find(serviceName)
	if t := g.ns.targets[serviceName]; t != nil && t.idl != nil && g.ns.services[t.idl].target == t {
		candidates = []*servicemapping.Service{t.idl}
	}
	if len(candidates) == 0 {
		return nil, &LookupError{api.ServiceNotFound, fmt.Sprintf("no service is called %q", serviceName)}
	}
	var names []string
	for _, s := range candidates {
		if r := g.ns.services[s].generic[method]; r != nil {
			found = r
			names = append(names, fmt.Sprintf("%s in %s", s.Name, s.File))
		}
	}
	switch len(names) {
	case 0:
		return nil, &LookupError{api.MethodNotFound, fmt.Sprintf("service %s has no method %q", candidates[0].Name, method)}
	case 1:
		return found, nil
	}
	return nil, &LookupError{api.AmbiguousService, fmt.Sprintf("%q fits several services: %s", serviceName, strings.Join(names, ", "))}
}

// match answers for POST /gateway/{service}/{method} when no IDL route does.
func (g *generic) match(verb, path string, params *router.Params, missed router.Outcome) (*Route, router.Outcome, bool) {
	if g.mode == GenericOff || !strings.HasPrefix(path, genericPrefix) {
		return nil, missed, false
	}
	rawService, rawMethod, ok := strings.Cut(path[len(genericPrefix):], "/")
	if !ok || rawService == "" || rawMethod == "" || strings.Contains(rawMethod, "/") {
		return nil, missed, false
	}
	serviceName, err1 := url.PathUnescape(rawService)
	method, err2 := url.PathUnescape(rawMethod)
	if err1 != nil || err2 != nil {
		return nil, missed, false
	}
	if verb != "POST" {
		allow := append([]string{"OPTIONS", "POST"}, missed.Allow...)
		kind := router.MethodNotAllowed
		if verb == "OPTIONS" {
			kind = router.Options
		}
		return nil, router.Outcome{Kind: kind, Allow: allow}, true
	}
	params.Reset()
	r, err := g.ns.ByName(serviceName, method)
	if err != nil {
		r = &Route{Name: "generic", Origin: OriginGeneric, Verb: verb, Path: path, Action: &genericMiss{err}}
	}
	return r, router.Outcome{Kind: router.Found}, true
}

// genericRPC is rpc for plain JSON and the older envelope.
type genericRPC struct{ rpc }

var _ Action = (*genericRPC)(nil)

func (a *genericRPC) Serve(ctx context.Context, ex *Exchange) error {
	if err := sameOrigin(ex); err != nil {
		return err
	}
	body, err := ex.Request.Body()
	if err != nil {
		return err
	}
	ex.Envelope = a.plan.IsEnvelope(body)
	return a.rpc.Serve(ctx, ex)
}

// genericMiss answers for a name that leads nowhere, in the form the client spoke.
type genericMiss struct{ err error }

var _ Action = (*genericMiss)(nil)

func (a *genericMiss) Serve(_ context.Context, ex *Exchange) error {
	if err := sameOrigin(ex); err != nil {
		return err
	}
	body, err := ex.Request.Body()
	if err != nil {
		return err
	}
	ex.Envelope = servicemapping.IsEnvelope(body)
	return a.err
}

// ForeignOriginError is a browser's request from another site: the generic
// route reads JSON whatever Content-Type says, so the usual preflight does not
// protect it.
type ForeignOriginError struct{ Origin string }

func (e *ForeignOriginError) Error() string { return "foreign origin " + e.Origin }

func sameOrigin(ex *Exchange) error {
	var foreign error
	ex.Request.Header("Origin", func(v []byte) bool {
		u, err := url.Parse(string(v))
		if err != nil || u.Host == "" || !strings.EqualFold(u.Host, string(ex.Request.Host())) {
			foreign = &ForeignOriginError{string(v)}
			return false
		}
		return true
	})
	return foreign
}
