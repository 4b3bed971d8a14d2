package gateway

import (
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/explain"
	"dgate/hertz-gateway/internal/snapshot"
)

// Explain tells what the snapshot that serves would do with a request.
func (g *Gateway) Explain(req api.ExplainRequest) (*api.Explanation, *api.Problem) {
	host, err := explain.Host(req)
	if err != nil {
		return nil, api.NewProblem(api.InvalidRequest, err.Error())
	}
	s := g.current.Load()
	ns := s.NamespaceOf([]byte(host))
	e, err := explain.Explain(inputOf(ns), req)
	if err != nil {
		return nil, api.NewProblem(api.InvalidRequest, err.Error())
	}
	e.Gateway, e.Revision = g.id, s.Revision
	if ns == nil {
		e.Reason = "no domain claims the host " + host
		return e, nil
	}
	e.Namespace = ns.Name
	if e.Route != nil && e.Route.Registry != "" {
		for _, i := range g.resolver.Instances(e.Route.Registry).Instances {
			e.Instances = append(e.Instances, api.Instance{Address: i.Address, Weight: i.Weight, Tags: i.Tags, State: stateOf(i)})
		}
	}
	return e, nil
}

// inputOf are the routes of a namespace; nil has none.
func inputOf(ns *snapshot.Namespace) (in explain.Input) {
	if ns == nil {
		return in
	}
	for r := range ns.Routes() {
		in.Routes = append(in.Routes, explainable(ns, r))
	}
	in.ByName = func(service, method string) (*explain.Route, error) {
		r, err := ns.ByName(service, method)
		if err != nil {
			return nil, err
		}
		return explainable(ns, r), nil
	}
	return in
}

func explainable(ns *snapshot.Namespace, r *snapshot.Route) *explain.Route {
	out := &explain.Route{
		Name: r.Name, Origin: string(r.Origin), Verb: r.Verb, Path: r.Path, Method: r.Method, Plan: r.Plan(),
		Timeout: r.Timeout, Registry: ns.Destination(r), Failure: r.Failure(),
	}
	if r.Chain != nil {
		out.Modules = r.Chain.Programs()
	}
	if r.Method != nil && r.Origin == snapshot.OriginIDL {
		for _, b := range r.Method.Bindings {
			if b.Verb == r.Verb && b.Path == r.Path {
				out.Line = b.Line
			}
		}
	}
	return out
}
