package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/router"
)

// Backend is what the control plane knows of the gateway it belongs to.
type Backend interface {
	// Status is the answer of GET /api/v1/status.
	Status(ctx context.Context) *api.Status
	// AppendMetrics appends the metrics in the text format of Prometheus.
	AppendMetrics(b []byte) ([]byte, error)
	// Checks say whether the gateway is ready to serve.
	Checks() []Check
	// Call calls a method by name with the JSON body of req; resp is for its use.
	Call(ctx context.Context, namespace, service, method string, req *message.Request, resp *message.Response) (*api.CallResult, *api.Problem)
	// Explain is the answer of POST /api/v1/explain.
	Explain(ctx context.Context, req api.ExplainRequest) (*api.Explanation, *api.Problem)
	// Stats is the answer of GET /api/v1/stats.
	Stats() *api.Stats
	// SetWeight changes the weight of an instance of a service.
	SetWeight(ctx context.Context, namespace, service, address string, weight int) *api.Problem
	// Instances lists those of a service (all services if it is empty).
	Instances(namespace, service string) ([]api.ServiceInstance, *api.Problem)
	// Logs are the last lines of the gateway's log.
	Logs() *telemetry.Tail
	// Control changes resources.
	Control() *control.Control
	// Documents are those of collections.
	Documents() *store.Documents
	// WaitServed returns when every live gateway serves a revision, or ctx ends.
	WaitServed(ctx context.Context, revision int64) error
}

// Check is one condition of being ready.
type Check struct {
	Name string
	// Failed says why it does not hold; empty: it does.
	Failed string
}

// Handler answers the admin API. Safe for concurrent use.
type Handler struct {
	backend   Backend
	auth      *auth
	hosts     []string
	log       *slog.Logger
	endpoints []endpoint
	routes    *router.Router[*endpoint]
}

// Options say who may use the admin API, and under which names it is known.
type Options struct {
	Credentials Credentials
	// Hosts are names that a request may be sent to, besides those of this
	// machine and addresses.
	Hosts []string
}

// New makes the handler for backend. An error is about the credentials.
func New(backend Backend, o Options, log *slog.Logger) (*Handler, error) {
	who, err := newAuth(o.Credentials)
	if err != nil {
		return nil, err
	}
	h := &Handler{backend: backend, auth: who, hosts: o.Hosts, log: log}
	h.endpoints = append([]endpoint{
		{verb: "GET", path: "/livez", role: Anyone, summary: "200 while the process lives.", serve: livez},
		{verb: "GET", path: "/readyz", role: Anyone, summary: "200 when the gateway serves, else 503.", serve: readyz, query: []parameter{{"verbose", "list every check"}}},
		{verb: "GET", path: "/metrics", role: Viewer, summary: "Metrics in the text format of Prometheus.", serve: metrics},
		{verb: "GET", path: "/openapi.json", role: Viewer, summary: "This description.", out: json.RawMessage{}, serve: openAPI},
		{verb: "GET", path: "/api/v1/status", role: Viewer, summary: "What is wanted, what is served, and what is wrong.", out: api.Status{}, serve: status},
		{
			verb: "PUT", path: "/api/v1/instances/{address}", role: Editor, summary: "Change the weight of an instance until it registers anew; 0 drains it.", in: api.InstanceWeight{}, serve: weigh,
			query: []parameter{inNamespace, {"service", "the service of the instance; required"}},
		},
		{verb: "GET", path: "/api/v1/instances", role: Viewer, summary: "The instances of the services.", out: api.Instances{}, serve: instances, query: []parameter{inNamespace, {"service", "only this one: a Thrift service, its file or registry name, or a service resource"}}},
		{verb: "POST", path: "/api/v1/call/{service}/{method}", role: Editor, summary: "Call a method of a service.", in: json.RawMessage{}, out: api.CallResult{}, serve: call, query: []parameter{inNamespace}},
		{verb: "POST", path: "/api/v1/explain", role: Viewer, whole: true, summary: "What would become of a request.", in: api.ExplainRequest{}, out: api.Explanation{}, serve: explain},
		{verb: "GET", path: "/api/v1/stats", role: Viewer, summary: "What the gateway has served since it started, by route.", out: api.Stats{}, serve: stats},
		{verb: "GET", path: "/api/v1/logs", role: Viewer, whole: true, summary: "The last lines of the log as NDJSON, and those that come.", serve: logs, query: logParameters},
	}, h.setEndpoints()...)
	for _, kind := range api.Kinds() {
		if kind != api.KindDocument {
			h.endpoints = append(h.endpoints, h.resourceEndpoints(kind)...)
		}
	}
	h.endpoints = append(h.endpoints, h.documentEndpoints()...)
	h.endpoints = append(h.endpoints, storeEndpoints()...)
	var b router.Builder[*endpoint]
	for i := range h.endpoints {
		e := &h.endpoints[i]
		t, err := router.Parse(e.path)
		if err != nil {
			return nil, fmt.Errorf("admin API: %w", err)
		}
		if err := b.Add(e.verb, t, e); err != nil {
			return nil, fmt.Errorf("admin API: %w", err)
		}
	}
	h.routes = b.Build()
	return h, nil
}

// Serve answers one request.
func (h *Handler) Serve(ctx context.Context, req *message.Request, resp *message.Response) {
	defer func() {
		if p := recover(); p != nil {
			h.log.Error("admin request failed", "path", req.RawPath(), "panic", p, "stack", string(debug.Stack()))
			fail(req, resp, api.NewProblem(api.Internal, ""))
		}
	}()
	if p := h.serve(ctx, req, resp); p != nil {
		fail(req, resp, p)
	}
}

func (h *Handler) serve(ctx context.Context, req *message.Request, resp *message.Response) *api.Problem {
	if req.TargetError() != nil {
		return api.NewProblem(api.MalformedRequest, "The request target is malformed.")
	}
	if p := h.ours(req); p != nil {
		return p
	}
	e, outcome := h.routes.Match(req.Verb(), req.RawPath(), &req.Params)
	switch outcome.Kind {
	case router.Found:
		x := &exchange{Handler: h, endpoint: e, req: req, resp: resp}
		if p := x.authorize(ctx); p != nil {
			return p
		}
		if p := x.parse(); p != nil {
			return p
		}
		return e.serve(ctx, x)
	case router.MethodNotAllowed, router.Options:
		if err := resp.SetHeader("Allow", strings.Join(outcome.Allow, ", ")); err != nil {
			h.log.Error("header left out", "error", err)
		}
		if outcome.Kind == router.Options {
			resp.SetStatus(204)
			return nil
		}
		return api.NewProblem(api.MethodNotAllowed, req.Verb()+" is not served here.")
	case router.BadPath:
		return api.NewProblem(api.MalformedRequest, "The path is refused: "+outcome.Reason+".")
	}
	return api.NewProblem(api.NotFound, "The admin API has no such path.")
}

// ours refuses what a page in a browser could send here: a Host that is a name
// of somebody else (DNS rebinding), and a foreign Origin.
func (h *Handler) ours(req *message.Request) *api.Problem {
	host := string(req.Host())
	if !h.hostAllowed(host) {
		return api.NewProblem(api.Forbidden, fmt.Sprintf("The admin API is not %q.", host))
	}
	foreign := false
	req.Header("Origin", func(v []byte) bool {
		u, err := url.Parse(string(v))
		foreign = err != nil || u.Host != host
		return !foreign
	})
	if foreign {
		return api.NewProblem(api.Forbidden, "Requests from a foreign origin are refused.")
	}
	return nil
}

// hostAllowed tells whether a Host names this listener: localhost, an address
// (nobody's name can lead to it), or a name that was configured.
func (h *Handler) hostAllowed(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	known := func(allowed string) bool { return strings.EqualFold(name, allowed) }
	if known("localhost") || slices.ContainsFunc(h.hosts, known) {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

func livez(_ context.Context, x *exchange) *api.Problem {
	x.resp.SetBody("text/plain; charset=utf-8", append(x.resp.BodyBuffer(), "ok\n"...))
	return nil
}

func metrics(_ context.Context, x *exchange) *api.Problem {
	body, err := x.backend.AppendMetrics(x.resp.BodyBuffer())
	if err != nil {
		x.log.Error("admin answer", "error", err)
		return api.NewProblem(api.Internal, "")
	}
	x.resp.SetBody(telemetry.ContentType, body)
	return nil
}

// readyz answers 200 or 503; with ?verbose it lists every check.
func readyz(_ context.Context, x *exchange) *api.Problem {
	body := x.resp.BodyBuffer()
	status, failed := 200, ""
	verbose := x.flag("verbose")
	for _, c := range x.backend.Checks() {
		mark := "[+]" + c.Name + " ok\n"
		if c.Failed != "" {
			status, failed = 503, c.Name+": "+c.Failed
			mark = "[-]" + c.Name + " failed: " + c.Failed + "\n"
		}
		if verbose {
			body = append(body, mark...)
		}
	}
	switch {
	case status == 200:
		body = append(body, "ok\n"...)
	case verbose:
		body = append(body, "not ready\n"...)
	default:
		return &api.Problem{Type: api.ShuttingDown.URI(), Title: "Not ready", Status: 503, Code: "not_ready", Detail: failed}
	}
	x.resp.SetStatus(status)
	x.resp.SetBody("text/plain; charset=utf-8", body)
	return nil
}

func status(ctx context.Context, x *exchange) *api.Problem {
	return x.write(200, x.backend.Status(ctx))
}

func instances(_ context.Context, x *exchange) *api.Problem {
	if p := x.allowed(x.namespace()); p != nil {
		return p
	}
	list, p := x.backend.Instances(x.namespace(), x.query.Get("service"))
	if p != nil {
		return p
	}
	return x.write(200, api.Instances{Instances: list})
}

func weigh(ctx context.Context, x *exchange) *api.Problem {
	address, _ := x.req.Params.Get("address")
	if p := x.allowed(x.namespace()); p != nil {
		return p
	}
	if x.query.Get("service") == "" {
		return badParameter("service", "it is required")
	}
	body, p := x.body()
	if p != nil {
		return p
	}
	var in api.InstanceWeight
	if err := api.Decode(body, &in); err != nil {
		return x.problem(err)
	}
	if err := x.backend.Control().Store().Writable(); err != nil {
		return x.problem(err)
	}
	if p := x.backend.SetWeight(ctx, x.namespace(), x.query.Get("service"), address, in.Weight); p != nil {
		return p
	}
	x.audit(fmt.Sprintf("weight of %s %s: %d", x.query.Get("service"), address, in.Weight), nil)
	x.resp.SetStatus(204)
	return nil
}

func call(ctx context.Context, x *exchange) *api.Problem {
	service, _ := x.req.Params.Get("service")
	method, _ := x.req.Params.Get("method")
	if p := x.allowed(x.namespace()); p != nil {
		return p
	}
	if _, p := x.body(); p != nil {
		return p
	}
	result, p := x.backend.Call(ctx, x.namespace(), service, method, x.req, x.resp)
	x.resp.Clear()
	if p != nil {
		return p
	}
	return x.write(200, result)
}

func fail(req *message.Request, resp *message.Response, p *api.Problem) {
	p.Instance = req.RawPath()
	resp.SetStatus(p.Status)
	resp.SetBody(api.ProblemMediaType, p.AppendJSON(resp.BodyBuffer()))
}
