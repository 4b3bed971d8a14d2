package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/message"
)

// Role says what a caller may do.
type Role int

// The roles; each may what those before it may.
const (
	Anyone Role = iota // without credentials: health
	Viewer             // read
	Editor             // write resources
	Admin              // everything: secrets, consumers, namespaces
)

// endpoint is one path of the admin API. The table of endpoints is also what its
// OpenAPI document is made from.
type endpoint struct {
	verb, path string
	// role is the least that the caller needs.
	role Role
	// whole: it is about all namespaces, so not for callers confined to some.
	whole   bool
	summary string
	// query names the parameters that are read, with a word on each.
	query []parameter
	// in and out are zero values of what is read and answered; nil: nothing.
	in, out any
	serve   func(ctx context.Context, x *exchange) *api.Problem
}

type parameter struct{ name, help string }

// Parameters that several endpoints have.
var (
	inNamespace = parameter{"namespace", "the namespace; default if absent"}
	dryRun      = parameter{"dry_run", "true: everything but the commit"}
	wait        = parameter{"wait", "true: answer when every live gateway serves the change"}
	cascade     = parameter{"cascade", "true: delete what is in the namespace with it"}
	force       = parameter{"force", "true: even if IDLs break what is in use"}
	note        = parameter{"message", "a text for the history"}
)

// exchange is one request to the admin API.
type exchange struct {
	*Handler
	endpoint *endpoint
	req      *message.Request
	resp     *message.Response
	query    url.Values
	caller   Caller
}

// Caller is who makes a request.
type Caller struct {
	// Name is for the history and the audit log.
	Name string
	Role Role
	// Namespaces that the caller is confined to; nil: none.
	Namespaces []string
}

// may tells whether the caller may touch a namespace.
func (c *Caller) may(namespace string) bool {
	return c.Namespaces == nil || slices.Contains(c.Namespaces, namespace)
}

// parse reads the query: a parameter that the endpoint does not have is an error.
func (x *exchange) parse() *api.Problem {
	q, err := url.ParseQuery(string(x.req.RawQuery()))
	if err != nil {
		return api.NewProblem(api.MalformedRequest, "The query cannot be read.")
	}
	var known []string
	for _, p := range x.endpoint.query {
		known = append(known, p.name)
	}
	for name := range q {
		if !slices.Contains(known, name) {
			p := api.NewProblem(api.InvalidRequest, fmt.Sprintf("There is no query parameter %q here%s.", name, api.Near(name, known)))
			p.Errors = []api.FieldError{{Parameter: "query." + name, Code: api.CodeUnknownField, Detail: p.Detail}}
			return p
		}
	}
	x.query = q
	return nil
}

// namespace is the one that the query names.
func (x *exchange) namespace() string {
	if n := x.query.Get("namespace"); n != "" {
		return n
	}
	return api.DefaultNamespace
}

// flag reads a parameter that is true or absent.
func (x *exchange) flag(name string) bool {
	v := x.query.Get(name)
	return x.query.Has(name) && v != "false" && v != "0"
}

// body reads the body as JSON in the media types given besides application/json.
func (x *exchange) body(also ...string) ([]byte, *api.Problem) {
	media, _, _ := strings.Cut(strings.ToLower(string(x.req.ContentType())), ";")
	if media = strings.TrimSpace(media); media != "application/json" && !slices.Contains(also, media) {
		return nil, api.NewProblem(api.UnsupportedMediaType, "Send the request as application/json.")
	}
	b, err := x.req.Body()
	if err != nil {
		return nil, api.NewProblem(api.MalformedRequest, "The body cannot be read: "+err.Error()+".")
	}
	return b, nil
}

// write answers v as JSON.
func (x *exchange) write(status int, v any) *api.Problem {
	body, err := json.Marshal(v)
	if err != nil {
		x.log.Error("admin answer", "error", err)
		return api.NewProblem(api.Internal, "")
	}
	x.resp.SetStatus(status)
	x.resp.SetBody("application/json", append(append(x.resp.BodyBuffer(), body...), '\n'))
	return nil
}

func (x *exchange) setHeader(name, value string) {
	if err := x.resp.SetHeader(name, value); err != nil {
		x.log.Error("header left out", "error", err)
	}
}

// header is the first line of that name.
func (x *exchange) header(name string) (value string) {
	x.req.Header(name, func(v []byte) bool { value = string(v); return false })
	return value
}
