package snapshot

import (
	"errors"

	"dgate/hertz-gateway/servicemapping"
)

// Bind binds the request ahead of Action.Serve, once; hooks that look at the
// arguments need it. It gives the arguments as the JSON that the generic route
// takes.
func (ex *Exchange) Bind() ([]byte, error) {
	if ex.Args == nil {
		action, ok := ex.Route.Action.(binder)
		if !ok {
			return nil, errNotCallable
		}
		args, err := action.bind(ex.Request)
		if err != nil {
			return nil, err
		}
		ex.Args = args
	}
	return ex.Route.Method.AppendArguments(nil, ex.Args)
}

var errNotBound = errors.New("the request has not been bound")

// Rebind makes other arguments of those that Bind gave: req holds them in its
// body, as on the generic route.
func (ex *Exchange) Rebind(req servicemapping.Request) error {
	if ex.Args == nil {
		return errNotBound
	}
	args, err := ex.Route.Method.Generic.AppendRequest(nil, req)
	if err == nil {
		ex.Args = args
	}
	return err
}

// Instances are the addresses that the route's call could go to.
func (ex *Exchange) Instances() []string {
	if action, ok := ex.Route.Action.(binder); ok {
		return action.instances()
	}
	return nil
}
