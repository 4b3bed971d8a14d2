package snapshot

import (
	"context"
	"errors"
	"time"

	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

// Origin tells who asked for a route.
type Origin string

// The origins.
const (
	OriginIDL     Origin = "idl"     // an annotation in an IDL
	OriginGeneric Origin = "generic" // POST /gateway/{service}/{method}
	OriginModule  Origin = "module"  // a module that answers by itself
	OriginAdmin   Origin = "admin"   // a route resource
)

// Route is a match and what is done about it. Immutable but for Stats, which is
// safe for concurrent use.
type Route struct {
	// Name is "BookSvc.queryBook"; the second path of a method is "BookSvc.queryBook~2".
	Name      string
	Namespace string
	Origin    Origin
	// Resource is the route resource that made the route, or that is attached to
	// it; nil: none.
	Resource *store.Object
	Verb     string // "ANY" for all
	Path     string // template
	// Method is what is called; nil on routes of OriginModule.
	Method *servicemapping.Method
	// Chain runs the modules of the route; nil when there are none.
	Chain   *jsmodule.Chain
	Action  Action
	Timeout time.Duration
	// call is the action of a generic route, modules or not; nil on others.
	call *genericRPC
	// Stats is where the metrics of the route are found.
	Stats telemetry.RouteSlot
}

// programs are the modules of the route in order.
func (r *Route) programs() []*jsmodule.Program {
	if r.Chain == nil {
		return nil
	}
	return r.Chain.Programs()
}

// run puts the route's modules around it. A route whose modules cannot run does
// not serve: without them it could let through what they keep out.
func (r *Route) run(open opener, programs []*jsmodule.Program) (err error) {
	if len(programs) == 0 {
		return nil
	}
	if r.Chain, err = open.chain(r.Namespace, programs); err != nil {
		r.Action = broken{err}
	}
	return err
}

// Call calls the method of a generic route with a request that is no HTTP
// exchange of its own: no modules, no envelope.
func (r *Route) Call(ctx context.Context, req servicemapping.Request, resp servicemapping.Response, deadline time.Time) error {
	a := r.call
	if a == nil {
		return errNotCallable
	}
	_, err := a.run(ctx, a.begin(a.plan, resp), req, deadline)
	return err
}

var errNotCallable = errors.New("the route calls no method")
