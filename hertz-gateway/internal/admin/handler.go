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
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/router"
)

// Backend is what the control plane knows of the gateway it belongs to.
type Backend interface {
	// Status is the answer of GET /api/v1/status.
	Status() *api.Status
	// Checks say whether the gateway is ready to serve.
	Checks() []Check
	// Call calls a method by name with the JSON body of req; resp is for its use.
	Call(ctx context.Context, namespace, service, method string, req *message.Request, resp *message.Response) (*api.CallResult, *api.Problem)
}

// Check is one condition of being ready.
type Check struct {
	Name string
	// Failed says why it does not hold; empty: it does.
	Failed string
}

// Handler answers the admin API. Safe for concurrent use.
type Handler struct {
	backend Backend
	log     *slog.Logger
	routes  *router.Router[endpoint]
}

type endpoint func(ctx context.Context, req *message.Request, resp *message.Response) *api.Problem

// New makes the handler for backend.
func New(backend Backend, log *slog.Logger) (*Handler, error) {
	h := &Handler{backend: backend, log: log}
	var b router.Builder[endpoint]
	for _, e := range []struct {
		verb, path string
		serve      endpoint
	}{
		{"GET", "/livez", h.livez},
		{"GET", "/readyz", h.readyz},
		{"GET", "/api/v1/status", h.status},
		{"POST", "/api/v1/call/{service}/{method}", h.call},
	} {
		t, err := router.Parse(e.path)
		if err != nil {
			return nil, fmt.Errorf("admin API: %w", err)
		}
		if err := b.Add(e.verb, t, e.serve); err != nil {
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
	if p := local(req); p != nil {
		return p
	}
	serve, outcome := h.routes.Match(req.Verb(), req.RawPath(), &req.Params)
	switch outcome.Kind {
	case router.Found:
		return serve(ctx, req, resp)
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

// local refuses what a page in a browser could send here: a Host that is not
// this machine (DNS rebinding), and a foreign Origin.
func local(req *message.Request) *api.Problem {
	host := string(req.Host())
	if !loopbackHost(host) {
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

func loopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}

func (h *Handler) livez(_ context.Context, _ *message.Request, resp *message.Response) *api.Problem {
	resp.SetBody("text/plain; charset=utf-8", append(resp.BodyBuffer(), "ok\n"...))
	return nil
}

// readyz answers 200 or 503; with ?verbose it lists every check.
func (h *Handler) readyz(_ context.Context, req *message.Request, resp *message.Response) *api.Problem {
	body := resp.BodyBuffer()
	status, failed := 200, ""
	q, err := url.ParseQuery(string(req.RawQuery()))
	verbose := err == nil && q.Has("verbose")
	for _, c := range h.backend.Checks() {
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
	resp.SetStatus(status)
	resp.SetBody("text/plain; charset=utf-8", body)
	return nil
}

func (h *Handler) status(_ context.Context, _ *message.Request, resp *message.Response) *api.Problem {
	return h.write(resp, h.backend.Status())
}

func (h *Handler) call(ctx context.Context, req *message.Request, resp *message.Response) *api.Problem {
	service, _ := req.Params.Get("service")
	method, _ := req.Params.Get("method")
	if ct := string(req.ContentType()); !strings.HasPrefix(strings.ToLower(ct), "application/json") {
		return api.NewProblem(api.UnsupportedMediaType, "Send the request as application/json.")
	}
	result, p := h.backend.Call(ctx, namespaceOf(req), service, method, req, resp)
	resp.Clear()
	if p != nil {
		return p
	}
	return h.write(resp, result)
}

// namespaceOf is the namespace that the query names.
func namespaceOf(req *message.Request) string {
	if q, err := url.ParseQuery(string(req.RawQuery())); err == nil && q.Get("namespace") != "" {
		return q.Get("namespace")
	}
	return api.DefaultNamespace
}

func (h *Handler) write(resp *message.Response, v any) *api.Problem {
	body, err := json.Marshal(v)
	if err != nil {
		h.log.Error("admin answer", "error", err)
		return api.NewProblem(api.Internal, "")
	}
	resp.SetBody("application/json", append(append(resp.BodyBuffer(), body...), '\n'))
	return nil
}

func fail(req *message.Request, resp *message.Response, p *api.Problem) {
	p.Instance = req.RawPath()
	resp.SetStatus(p.Status)
	resp.SetBody(api.ProblemMediaType, p.AppendJSON(resp.BodyBuffer()))
}
