package proxy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// fail turns an error into the answer and into one line of the log. Whatever
// the response held is dropped.
func (x *exchange) fail(err error) {
	x.Response.Clear()
	p := x.problem(err)
	p.RequestID = x.requestID()
	p.Instance = x.Request.RawPath()
	x.log(p, err)
	x.set("X-Request-Id", p.RequestID)
	if x.Envelope {
		x.Response.SetBody("application/json", servicemapping.AppendEnvelopeError(x.Response.BodyBuffer(), envelopeCode(p, err), envelopeText(p)))
		return
	}
	if p.Status == 503 || p.Status == 429 {
		x.set("Retry-After", "1")
	}
	x.Response.SetStatus(p.Status)
	x.Response.SetBody(api.ProblemMediaType, p.AppendJSON(x.Response.BodyBuffer()))
}

// problem is the one table from errors to problem documents.
func (x *exchange) problem(err error) *api.Problem {
	var (
		invalid  *transcode.InvalidError
		wire     *transcode.WireError
		declared *servicemapping.DeclaredError
		media    *servicemapping.UnsupportedMediaTypeError
		call     *upstream.Error
		route    *routeError
		lookup   *snapshot.LookupError
		large    *message.TooLargeError
		coding   *message.CodingError
		read     *message.ReadError
		header   *message.HeaderError
		foreign  *snapshot.ForeignOriginError
		module   *jsmodule.Error
		missing  *jsmodule.MissingError
	)
	switch {
	case errors.As(err, &missing):
		return &api.Problem{Type: api.ModuleFailed.URI(), Title: api.ModuleFailed.Title(), Status: 503, Code: api.ModuleFailed, Detail: "A module that the route requires does not work."}
	case errors.As(err, &module) && module.Kind != jsmodule.KindRefused:
		return moduleProblem(module)
	case errors.As(err, &invalid):
		return invalidProblem(invalid)
	case errors.As(err, &declared):
		p := x.upstreamProblem(api.Exception, "")
		p.Status, p.Code, p.Exception = declared.Status, api.Code(declared.Name), declared.JSON
		return p
	case errors.As(err, &call):
		return x.callProblem(call)
	case errors.As(err, &wire), errors.As(err, &header):
		return x.upstreamProblem(api.UpstreamFailed, unreadable)
	case errors.As(err, &route):
		return x.routeProblem(route.outcome)
	case errors.As(err, &lookup):
		return api.NewProblem(lookup.Code, lookup.Detail)
	case errors.As(err, &media):
		return api.NewProblem(api.UnsupportedMediaType, fmt.Sprintf("A body of type %q cannot be read here.", media.ContentType))
	case errors.As(err, &large):
		return api.NewProblem(api.TooLarge, fmt.Sprintf("The body is larger than %d bytes.", large.Limit))
	case errors.As(err, &coding):
		if coding.Unknown {
			return api.NewProblem(api.UnsupportedMediaType, fmt.Sprintf("The content coding %q is not supported.", coding.Coding))
		}
		return api.NewProblem(api.MalformedRequest, fmt.Sprintf("The body is not valid %s.", coding.Coding))
	case errors.As(err, &read):
		return api.NewProblem(api.MalformedRequest, "The body did not arrive whole.")
	case errors.As(err, &foreign):
		return api.NewProblem(api.Forbidden, "Requests from a foreign origin are refused here.")
	case errors.Is(err, snapshot.ErrNotServed):
		return api.NewProblem(api.NotImplemented, "The route leads to an HTTP service, which this version does not serve.")
	case errors.Is(err, message.ErrTarget):
		return api.NewProblem(api.MalformedRequest, "The request target is malformed.")
	}
	return api.NewProblem(api.Internal, "")
}

func invalidProblem(e *transcode.InvalidError) *api.Problem {
	p := api.NewProblem(api.InvalidRequest, fmt.Sprintf("%d things are wrong with the request.", len(e.Violations)))
	for _, v := range e.Violations {
		p.Errors = append(p.Errors, api.FieldError{Pointer: v.Pointer, Parameter: v.Parameter, Code: v.Code, Detail: v.Detail})
	}
	if len(e.Violations) == 1 {
		p.Detail = e.Violations[0].Detail
	}
	return p
}

// moduleProblem says nothing of what went wrong inside; the log does.
func moduleProblem(e *jsmodule.Error) *api.Problem {
	switch e.Kind {
	case jsmodule.KindBusy:
		return &api.Problem{Type: api.ModuleFailed.URI(), Title: api.ModuleFailed.Title(), Status: 503, Code: api.ModuleFailed, Detail: "The route's modules are busy."}
	case jsmodule.KindDeadline:
		return api.NewProblem(api.Timeout, "A module of the route did not finish in time.")
	}
	return api.NewProblem(api.ModuleFailed, "A module of the route failed.")
}

func (x *exchange) routeProblem(o router.Outcome) *api.Problem {
	switch o.Kind {
	case router.MethodNotAllowed:
		allow := strings.Join(o.Allow, ", ")
		x.set("Allow", allow)
		return api.NewProblem(api.MethodNotAllowed, fmt.Sprintf("%s is not served here; these are: %s.", x.Request.Verb(), allow))
	case router.BadPath:
		return api.NewProblem(api.MalformedRequest, "The path is refused: "+o.Reason+".")
	}
	return api.NewProblem(api.NotFound, "No route matches this path.")
}

// upstreamProblem names the service and the method.
func (x *exchange) upstreamProblem(code api.Code, detail string) *api.Problem {
	p := api.NewProblem(code, detail)
	if m := x.Route.Method; m != nil {
		p.Upstream = &api.Upstream{Service: m.Service.Name, Method: m.Name}
	}
	return p
}

const unreadable = "The service's answer could not be read."

func (x *exchange) callProblem(e *upstream.Error) *api.Problem {
	switch e.Code {
	case upstream.Business:
		p := x.upstreamProblem(api.Business, e.BizMessage)
		if e.BizCode >= 400 && e.BizCode <= 599 {
			p.Status = int(e.BizCode)
		}
		p.Business = &api.BusinessError{Code: e.BizCode, Extra: e.BizExtra}
		return p
	case upstream.Timeout:
		return x.upstreamProblem(api.Timeout, "The service did not answer in time.")
	case upstream.NoInstance:
		return x.upstreamProblem(api.NoInstance, "No instance of the service is known.")
	case upstream.Refused:
		return x.upstreamProblem(api.NoInstance, "No instance of the service accepts connections.")
	case upstream.Closed:
		return x.upstreamProblem(api.ShuttingDown, "")
	case upstream.Unreadable:
		return x.upstreamProblem(api.UpstreamFailed, unreadable)
	case upstream.Application:
		return x.upstreamProblem(api.UpstreamFailed, "The service failed unexpectedly.")
	}
	return x.upstreamProblem(api.UpstreamFailed, "The connection to the service failed.")
}

// log counts the failure and writes one line: what is our fault or the service's as a warning or an
// error, what is the client's for debugging only.
func (x *exchange) log(p *api.Problem, err error) {
	countFailure(x.handler.Metrics, x.Route, p, err)
	level := slog.LevelDebug
	switch {
	case p.Code == api.Internal:
		level = slog.LevelError
	case p.Status >= 500:
		level = slog.LevelWarn
	}
	log := x.handler.Log
	if !log.Enabled(context.Background(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", p.RequestID), slog.Int("status", p.Status), slog.String("code", string(p.Code)),
		slog.String("verb", x.Request.Verb()), slog.String("path", x.Request.RawPath()), slog.String("error", logged(err)),
	}
	if x.Route != nil {
		attrs = append(attrs, slog.String("route", x.Route.Name))
	}
	var crash *panicError
	if errors.As(err, &crash) {
		attrs = append(attrs, slog.String("stack", string(crash.stack)))
	}
	log.LogAttrs(context.Background(), level, "request failed", attrs...)
}

// countFailure counts what a service or a module has failed with.
func countFailure(m *telemetry.Metrics, r *snapshot.Route, p *api.Problem, err error) {
	var (
		call   *upstream.Error
		module *jsmodule.Error
	)
	if errors.As(err, &call) && r != nil && r.Method != nil {
		m.UpstreamError(r.Method.Service.Name, string(p.Code))
	}
	if errors.As(err, &module) && module.Kind != jsmodule.KindRefused {
		m.ModuleError(module.Module, module.Hook, string(module.Kind))
	}
}

// logged is the text of an error for the log. A service may fail with one of
// megabytes; its beginning has to do.
func logged(err error) string {
	const most = 2048
	text := err.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// requestID is the client's X-Request-Id if it is a harmless token, else a
// random one of 16 hex digits.
func (x *exchange) requestID() string {
	if x.id == "" {
		x.Request.Header("X-Request-Id", func(v []byte) bool {
			if harmlessID(v) {
				x.id = string(v)
			}
			return false
		})
	}
	if x.id == "" {
		var raw [8]byte
		for i, n := 0, rand.Uint64(); i < len(raw); i++ {
			raw[i] = byte(n >> (8 * i))
		}
		x.id = hex.EncodeToString(raw[:])
	}
	return x.id
}

func harmlessID(v []byte) bool {
	if len(v) == 0 || len(v) > 128 {
		return false
	}
	for _, c := range v {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}

// envelopeCode is the number that the older envelope has for a problem.
func envelopeCode(p *api.Problem, err error) int {
	var (
		wire *transcode.WireError
		call *upstream.Error
	)
	if errors.As(err, &wire) || errors.As(err, &call) && call.Code == upstream.Unreadable {
		return servicemapping.EnvelopeUnreadable
	}
	switch p.Code {
	case api.ServiceNotFound, api.AmbiguousService:
		return servicemapping.EnvelopeServiceNotFound
	case api.MethodNotFound:
		return servicemapping.EnvelopeMethodNotFound
	case api.NoInstance, api.Timeout, api.ShuttingDown, api.BreakerOpen:
		return servicemapping.EnvelopeRequestFailed
	case api.UpstreamFailed, api.Internal, api.ModuleFailed:
		return servicemapping.EnvelopeServiceFailed
	}
	if p.Upstream != nil { // a declared exception or a business error
		return servicemapping.EnvelopeServiceFailed
	}
	return servicemapping.EnvelopeBadRequest
}

// envelopeText is the message of the older envelope: all that is wrong, in one line.
func envelopeText(p *api.Problem) string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if len(p.Errors) > 1 {
		for i, e := range p.Errors {
			text += " " + strconv.Itoa(i+1) + ". " + e.Parameter + e.Pointer + ": " + e.Detail + "."
		}
	}
	return text
}
