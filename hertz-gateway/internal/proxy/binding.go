package proxy

import (
	"errors"

	"dgate/hertz-gateway/jsmodule"
)

// binding lets hooks see and edit the arguments of the call.
type binding struct{ x *exchange }

var _ jsmodule.Binding = binding{}

// Bind implements jsmodule.Binding. Modules see what the problem document of
// the same request would say.
func (b binding) Bind() ([]byte, error) {
	args, err := b.x.Bind()
	if err != nil {
		return nil, errors.Join(err, callError(b.x.problem(err)))
	}
	return args, nil
}

// SetArguments implements jsmodule.Binding.
func (b binding) SetArguments(json []byte) error { return b.x.Rebind(bareRequest{json}) }

// Instances implements jsmodule.Binding.
func (b binding) Instances() []string { return b.x.Instances() }
