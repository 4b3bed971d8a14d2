package snapshot

import (
	"time"

	"dgate/hertz-gateway/servicemapping"
)

// Origin tells who asked for a route.
type Origin string

// The origins.
const (
	OriginIDL     Origin = "idl"     // an annotation in an IDL
	OriginGeneric Origin = "generic" // POST /gateway/{service}/{method}
)

// Route is a match and what is done about it. Immutable.
type Route struct {
	// Name is "BookSvc.queryBook"; the second path of a method is "BookSvc.queryBook~2".
	Name    string
	Origin  Origin
	Verb    string // "ANY" for all
	Path    string // template
	Method  *servicemapping.Method
	Action  Action
	Timeout time.Duration
}
