package admin

import (
	"context"

	"dgate/hertz-gateway/api"
)

func explain(_ context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	var req api.ExplainRequest
	if err := api.Decode(body, &req); err != nil {
		return x.problem(err)
	}
	e, p := x.backend.Explain(req)
	if p != nil {
		return p
	}
	return x.write(200, e)
}
