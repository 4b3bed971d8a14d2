package admin

import (
	"context"

	"dgate/hertz-gateway/api"
)

func explain(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	var req api.ExplainRequest
	if err := api.Decode(body, &req); err != nil {
		return x.problem(err)
	}
	if req.Send && x.caller.Role < Editor {
		return api.NewProblem(api.Forbidden, x.caller.Name+" may have requests explained, not sent.")
	}
	e, p := x.backend.Explain(ctx, req)
	if p != nil {
		return p
	}
	return x.write(200, e)
}
