package snapshot

import (
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Snapshot is everything a request needs, compiled: namespaces with their
// routes, methods, plans and clients. Immutable but for its pins; safe for
// concurrent use.
type Snapshot struct {
	// Revision of the store it was built from.
	Revision int64
	// Mapping of the IDL directory.
	Mapping *servicemapping.Mapping
	// Modules of the module directory; nil without one.
	Modules *jsmodule.Set
	// Problems found while building; what they name does not serve as meant.
	Problems []Problem

	in         Inputs
	namespaces map[string]*Namespace
	hosts      *hosts // nil: every host is the default namespace's
	fresh      []*held
	gone       []*held // held by the snapshot before and not by this one
	pins       pins
}

// Problem is something wanted that does not serve as meant.
type Problem struct {
	// Where names the thing: "BookSvc", "GET /book/query", "route default/r".
	Where   string
	Message string

	// Key names the resource at fault, Pointer the place in it (RFC 6901); zero
	// for what was read from files.
	Key     store.Key
	Pointer string
	// Code is an api.FieldError's.
	Code string
	// Warning marks what serves, perhaps not as meant.
	Warning bool
}

// Inputs are what the snapshot was built from.
func (s *Snapshot) Inputs() Inputs { return s.in }

// Default is the namespace of files and of requests that no domain claims.
func (s *Snapshot) Default() *Namespace { return s.namespaces[DefaultNamespace] }

// Namespace finds a namespace by name; nil when there is none.
func (s *Snapshot) Namespace(name string) *Namespace { return s.namespaces[name] }

// Match finds the route of a request. host may have a port; path is undecoded;
// params is overwritten. An IDL route wins over the generic one.
func (s *Snapshot) Match(host []byte, verb, path string, params *router.Params) (*Route, router.Outcome) {
	name := DefaultNamespace
	if s.hosts != nil {
		name = s.hosts.find(host)
	}
	ns := s.namespaces[name]
	if ns == nil {
		return nil, router.Outcome{Kind: router.NotFound}
	}
	return ns.Match(verb, path, params)
}

// Routes is the number of routes of all namespaces.
func (s *Snapshot) Routes() (n int) {
	for _, ns := range s.namespaces {
		n += ns.router.Len()
	}
	return n
}

// Call finds the generic route of a method by the name of its service (resource,
// Thrift name, IDL base name or registry name). An error is a *LookupError.
func (s *Snapshot) Call(namespace, service, method string) (*Route, error) {
	ns := s.namespaces[namespace]
	if ns == nil {
		return nil, &LookupError{Code: api.NotFound, Detail: "there is no namespace " + strings.ToValidUTF8(namespace, "\uFFFD")}
	}
	return ns.generic.lookup(service, method)
}

// Drained is closed once the snapshot has been swapped out and its last
// exchange has ended.
func (s *Snapshot) Drained() <-chan struct{} { return s.pins.drained }

// Close gives back what the snapshot held open and next, which was built from
// it and took its place, does not. Call it once for each snapshot in the order of
// the swaps, after Drained; the last one has no next.
func (s *Snapshot) Close(next *Snapshot) {
	if next != nil {
		release(next.gone)
		return
	}
	for _, ns := range s.namespaces {
		release(ns.held())
	}
}

// Discard gives back what Build opened for a snapshot that never served.
func (s *Snapshot) Discard() { release(s.fresh) }

// held is what one compiled thing keeps open.
type held struct{ releases []func() }

func release(all []*held) {
	for _, h := range all {
		for _, f := range h.releases {
			f()
		}
	}
}
