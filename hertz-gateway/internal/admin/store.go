package admin

import (
	"context"
	"fmt"

	"dgate/hertz-gateway/api"
)

func storeEndpoints() []endpoint {
	return []endpoint{
		{verb: "POST", path: "/api/v1/store/restore", role: Admin, whole: true, summary: "Write back the resources that etcd has lost, in one transaction.", out: api.Applied{}, serve: restoreStore, query: []parameter{wait}},
		{verb: "POST", path: "/api/v1/store/accept", role: Admin, whole: true, summary: "Say that what etcd holds is right, after it has lost resources.", out: api.Applied{}, serve: acceptStore, query: []parameter{wait}},
	}
}

func restoreStore(ctx context.Context, x *exchange) *api.Problem {
	revision, err := x.backend.Control().Store().Restore(ctx, x.caller.Name)
	x.audit(fmt.Sprintf("restore what etcd had lost, at revision %d", revision), err)
	if err != nil {
		return x.problem(err)
	}
	return x.settled(ctx, revision)
}

func acceptStore(ctx context.Context, x *exchange) *api.Problem {
	s := x.backend.Control().Store()
	err := s.Accept(ctx, x.caller.Name)
	x.audit("accept what etcd holds", err)
	if err != nil {
		return x.problem(err)
	}
	return x.settled(ctx, s.Current().Revision())
}

// settled answers with a revision, when it is served everywhere if that was asked for.
func (x *exchange) settled(ctx context.Context, revision int64) *api.Problem {
	if x.flag("wait") {
		ctx, cancel := context.WithTimeout(ctx, waitAtMost)
		defer cancel()
		if err := x.backend.WaitServed(ctx, revision); err != nil {
			return x.problem(err)
		}
	}
	return x.write(200, &api.Applied{Revision: revision})
}
