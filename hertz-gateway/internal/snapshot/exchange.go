package snapshot

import (
	"context"
	"time"

	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
)

// Exchange is one client request being served, as an Action sees it.
type Exchange struct {
	Request  *message.Request
	Response *message.Response
	Route    *Route
	// Snapshot is pinned until the exchange ends.
	Snapshot *Snapshot
	// Deadline is when an answer must be there. It is not a context: a context
	// that can end would cost every call a change of goroutine.
	Deadline time.Time
	// Envelope says that the client spoke the older envelope of the generic
	// route and is answered in it, errors included.
	Envelope bool
	// Session runs the hooks of the route's modules; nil when it has none.
	Session *jsmodule.Session
	// Args are the arguments of the call, in Thrift, when a hook has had the
	// request bound already.
	Args []byte
	// Choice of an instance that a hook has made; nil leaves it to the balancer.
	Choice *upstream.Choice
	// Instance that answered, "host:port"; empty before.
	Instance string
	// Trace follows the exchange for explain; nil: nobody asks.
	Trace *Trace
}

// Action is what a route does once policies and hooks have let a request
// through. It answers through ex.Response, or returns an error and leaves the
// answer to the one place that makes problem documents.
type Action interface {
	Serve(ctx context.Context, ex *Exchange) error
}
