package snapshot

import (
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Snapshot is everything a request needs, compiled: routes with their methods,
// plans and clients. Immutable but for its pins; safe for concurrent use.
type Snapshot struct {
	// Revision of the store it was built from.
	Revision int64
	Mapping  *servicemapping.Mapping
	// Modules that were attached; nil without a module directory.
	Modules *jsmodule.Set
	// Problems found while building; what they name does not serve.
	Problems []Problem

	router   *router.Router[*Route]
	services map[*servicemapping.Service]*service
	handled  []*Route // of OriginModule
	generic  *generic
	releases []func()
	pins     pins
}

// Problem is something wanted that does not serve as meant.
type Problem struct {
	// Where names the thing: "BookSvc", "GET /book/query".
	Where   string
	Message string
}

// Match finds the route of a request. path is undecoded; params is overwritten.
// An IDL route wins over the generic one.
func (s *Snapshot) Match(verb, path string, params *router.Params) (*Route, router.Outcome) {
	route, outcome := s.router.Match(verb, path, params)
	if outcome.Kind == router.NotFound || outcome.Kind == router.MethodNotAllowed || outcome.Kind == router.Options {
		if r, o, ok := s.generic.match(verb, path, params, outcome); ok {
			return r, o
		}
	}
	return route, outcome
}

// Routes is the number of routes that come from IDLs.
func (s *Snapshot) Routes() int { return s.router.Len() }

// Call finds the generic route of a method by the name of its service (Thrift
// name, IDL base name or registry name). An error is a *LookupError.
func (s *Snapshot) Call(serviceName, method string) (*Route, error) {
	return s.generic.lookup(serviceName, method)
}

// Drained is closed once the snapshot has been swapped out and its last
// exchange has ended.
func (s *Snapshot) Drained() <-chan struct{} { return s.pins.drained }

// Close gives back what the snapshot held open. Call it once, after Drained or
// for a snapshot that was never current.
func (s *Snapshot) Close() {
	for _, release := range s.releases {
		release()
	}
}
