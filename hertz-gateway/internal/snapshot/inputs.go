package snapshot

import (
	"time"

	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

// Inputs are what a snapshot is compiled from. Immutable once given to Build.
type Inputs struct {
	// State holds the resources; nil: there are none. Each Object.Decoded is the
	// api.Resource of its kind.
	State *store.State
	// Mapping of the IDL directory, which serves in the default namespace.
	Mapping *servicemapping.Mapping
	// Modules of the module directory, in the default namespace; nil: none.
	Modules *jsmodule.Set
	// Services holds settings by Thrift service name; a service resource wins.
	Services map[string]upstream.Settings
	// Generic says which methods POST /gateway/{service}/{method} reaches.
	Generic GenericMode
	// Timeout bounds a request for which nothing narrower is said.
	Timeout time.Duration
}

// Resources gives out what snapshots share. It is told when a thing is needed
// no longer, and closes it when nobody needs it.
type Resources interface {
	Client(spec upstream.Spec) (c upstream.Client, release func(), err error)
	Chain(namespace string, programs []*jsmodule.Program) (c *jsmodule.Chain, release func(), err error)
}
