package gateway

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/explain"
	"dgate/hertz-gateway/internal/proxy"
	"dgate/hertz-gateway/internal/snapshot"
)

// Explain tells what the snapshot that serves would do with a request.
func (g *Gateway) Explain(ctx context.Context, req api.ExplainRequest) (*api.Explanation, *api.Problem) {
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
	if req.Send {
		e.Sent, err = g.send(ctx, req, host)
		if err != nil {
			return nil, api.NewProblem(api.InvalidRequest, "The request cannot be sent: "+err.Error()+".")
		}
	}
	return e, nil
}

// shownBody is how much of an answer an explanation holds, in bytes.
const shownBody = 4 << 10

// send has the data plane serve a request like a client's, and follows it.
func (g *Gateway) send(ctx context.Context, req api.ExplainRequest, host string) (*api.ExplainedExchange, error) {
	u, err := url.Parse(req.URL)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = "http", g.data.Addr()
	r, err := http.NewRequestWithContext(ctx, cmp.Or(req.Method, http.MethodGet), u.String(), strings.NewReader(req.Body))
	if err != nil {
		return nil, err
	}
	for name, values := range req.Headers {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host != "" {
		r.Host = host
	}
	ticket, trace := g.proxy.Tracer.Begin()
	defer g.proxy.Tracer.End(ticket)
	r.Header.Set(proxy.TraceHeader, ticket)
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	begun := time.Now()
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, shownBody))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return nil, err
	}
	out := &api.ExplainedExchange{
		Status: res.StatusCode, Took: time.Since(begun).Round(time.Microsecond).String(), Stages: []api.ExplainedStage{},
		Body: strings.ToValidUTF8(string(body), "\uFFFD"),
	}
	if !g.proxy.Tracer.Taken(ticket) {
		return out, nil // it was answered before it was an exchange
	}
	<-trace.Done()
	out.Instance, out.Tried = trace.Instance, trace.Tried
	for _, s := range trace.Stages {
		out.Stages = append(out.Stages, api.ExplainedStage{Name: s.Name, Took: s.Took.Round(time.Microsecond).String()})
	}
	switch {
	case trace.Choice != "":
		out.Why = "a module chose " + trace.Choice
	case trace.Instance != "":
		out.Why = "its turn by weight"
	}
	return out, nil
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
