package admin

import (
	"context"

	"dgate/hertz-gateway/api"
)

// stats answers what was served in the namespaces that the caller may see.
func stats(_ context.Context, x *exchange) *api.Problem {
	s := x.backend.Stats()
	seen := s.Routes[:0]
	for _, r := range s.Routes {
		if x.caller.may(r.Namespace) {
			seen = append(seen, r)
		}
	}
	s.Routes = seen
	return x.write(200, s)
}
