package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/schema"
)

// resourceEndpoints are those of one kind: ours, by name, and DGate's, which take
// the whole object and answer in its envelope.
func (h *Handler) resourceEndpoints(kind api.Kind) []endpoint {
	read, write := rolesOf(kind)
	one, all := "/api/v1/"+string(kind)+"/{name}", "/api/v1/"+string(kind)
	r := &resources{kind}
	writing := []parameter{dryRun, wait, note}
	if kind == api.KindIDL {
		writing = append(writing, force)
	}
	return []endpoint{
		{
			verb: "GET", path: all, role: read, summary: "List resources of kind " + string(kind) + ".", out: List{}, serve: r.list,
			query: []parameter{inNamespace, {"label", "key=value: only those with the label"}, {"limit", "at most so many, 1 to 1000"}, {"continue", "the continue of the answer before"}},
		},
		{verb: "GET", path: one, role: read, summary: "Read one; ETag is its revision.", out: kind.New(), serve: r.get, query: []parameter{inNamespace}},
		{verb: "PUT", path: one, role: write, summary: "Create or replace one.", in: kind.New(), out: api.Written{}, serve: r.put, query: append([]parameter{inNamespace}, writing...)},
		{verb: "PATCH", path: one, role: write, summary: "Change some fields (RFC 7396).", in: kind.New(), out: api.Written{}, serve: r.patch, query: append([]parameter{inNamespace}, writing...)},
		{verb: "DELETE", path: one, role: write, summary: "Delete one.", out: api.Applied{}, serve: r.delete, query: []parameter{inNamespace, dryRun, wait, cascade, note}},
		{verb: "PUT", path: all, role: write, summary: "Create or replace one, as DGate's clients do.", in: kind.New(), out: Envelope{}, serve: r.putWhole, query: writing},
		{verb: "DELETE", path: all, role: write, summary: "Delete one by name and namespace in the body, as DGate's clients do.", in: api.Ref{}, out: Envelope{}, serve: r.deleteWhole, query: []parameter{dryRun, wait, cascade, note}},
	}
}

// rolesOf are the roles that reading and writing a kind need.
func rolesOf(kind api.Kind) (read, write Role) {
	switch kind {
	case api.KindSecret, api.KindConsumer, api.KindNamespace:
		return Viewer, Admin
	}
	return Viewer, Editor
}

// List is the answer of a list.
type List struct {
	Items []json.RawMessage `json:"items"`
	// Count of the items in this answer.
	Count int `json:"count"`
	// Continue asks for the rest; absent when that was all.
	Continue string `json:"continue,omitempty"`
	// Revision of the state that was read.
	Revision int64 `json:"revision"`
}

// Envelope is what DGate's own shapes answer.
type Envelope struct {
	StatusCode int             `json:"status_code"`
	Data       json.RawMessage `json:"data,omitempty"`
	Count      int             `json:"count,omitempty"`
}

// resources are the endpoints of one kind.
type resources struct{ kind api.Kind }

func (r *resources) key(x *exchange) store.Key {
	name, _ := x.req.Params.Get("name")
	return r.keyOf(x.namespace(), name)
}

func (r *resources) keyOf(namespace, name string) store.Key {
	if r.kind == api.KindNamespace {
		namespace = name
	}
	return store.Key{Namespace: namespace, Kind: string(r.kind), Name: name}
}

// Bounds of a list.
const (
	listDefault = 1000
	listMost    = 1000
)

func (r *resources) list(_ context.Context, x *exchange) *api.Problem {
	limit := listDefault
	if text := x.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return badParameter("limit", "it is not a number from 1 to %d", listMost)
		}
		limit = n
	}
	key, value, labelled := strings.Cut(x.query.Get("label"), "=")
	if x.query.Has("label") && !labelled {
		return badParameter("label", "write it as key=value")
	}
	namespace := x.namespace()
	if r.kind == api.KindNamespace {
		namespace = "" // each is in itself
	} else if p := x.allowed(namespace); p != nil {
		return p
	}
	state := x.backend.Control().Store().Current()
	out := List{Items: []json.RawMessage{}, Revision: state.Revision()}
	after := x.query.Get("continue")
	add := func(o *store.Object) *api.Problem {
		view, err := control.View(o)
		if err != nil {
			return x.internal(err)
		}
		body, err := json.Marshal(view)
		if err != nil {
			return x.internal(err)
		}
		out.Items = append(out.Items, body)
		return nil
	}
	for o := range state.All(namespace, string(r.kind)) {
		if o.Name <= after && after != "" || r.kind == api.KindNamespace && !x.caller.may(o.Name) {
			continue
		}
		if labelled && o.Decoded.(api.Resource).Head().Labels[key] != value {
			continue
		}
		if len(out.Items) == limit {
			var last api.Meta
			if err := json.Unmarshal(out.Items[limit-1], &last); err != nil {
				return x.internal(err)
			}
			out.Continue = last.Name
			break
		}
		if p := add(o); p != nil {
			return p
		}
	}
	out.Count = len(out.Items)
	return x.write(200, out)
}

func badParameter(name, format string, args ...any) *api.Problem {
	p := api.NewProblem(api.InvalidRequest, name+": "+fmt.Sprintf(format, args...)+".")
	p.Errors = []api.FieldError{{Parameter: "query." + name, Code: api.CodeInvalid, Detail: fmt.Sprintf(format, args...)}}
	return p
}

func (r *resources) get(_ context.Context, x *exchange) *api.Problem {
	k := r.key(x)
	if p := x.allowed(k.Namespace); p != nil {
		return p
	}
	o := x.backend.Control().Store().Current().Get(k)
	if o == nil {
		if r.kind == api.KindNamespace && k.Name == api.DefaultNamespace {
			return x.write(200, &api.Namespace{Meta: api.Meta{Name: k.Name, Namespace: k.Name}})
		}
		return x.problem(&control.MissingError{Key: k})
	}
	view, err := control.View(o)
	if err != nil {
		return x.internal(err)
	}
	tag := etag(o.Revision)
	x.setHeader("ETag", tag)
	if slices.Contains(tags(x.header("If-None-Match")), tag) {
		x.resp.SetStatus(304)
		return nil
	}
	return x.write(200, view)
}

func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// tags splits a list of entity tags.
func tags(header string) (out []string) {
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// conditions are what If-Match and If-None-Match ask of the object at k.
func (x *exchange) conditions(k store.Key) ([]store.Condition, *api.Problem) {
	match, none := x.header("If-Match"), x.header("If-None-Match")
	switch {
	case match == "" && none == "":
		return nil, nil
	case match != "" && none != "":
		return nil, api.NewProblem(api.InvalidRequest, "If-Match and If-None-Match exclude each other.")
	case none == "*":
		return []store.Condition{{Key: k}}, nil
	case none != "":
		return nil, api.NewProblem(api.InvalidRequest, "If-None-Match on a write is *: create only.")
	}
	if match == "*" {
		o := x.backend.Control().Store().Current().Get(k)
		if o == nil {
			return nil, x.problem(&store.ConditionError{Key: k, Want: -1})
		}
		return []store.Condition{{Key: k, Revision: o.Revision}}, nil
	}
	revision, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(match, "W/"), `"`), 10, 64)
	if err != nil || revision <= 0 {
		return nil, api.NewProblem(api.InvalidRequest, "If-Match is not the ETag of a resource.")
	}
	return []store.Condition{{Key: k, Revision: revision}}, nil
}

func (r *resources) put(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	return r.write(ctx, x, r.key(x), body, nil)
}

// write stores body as the resource at k.
func (r *resources) write(ctx context.Context, x *exchange, k store.Key, body []byte, conditions []store.Condition) *api.Problem {
	if p := x.allowed(k.Namespace); p != nil {
		return p
	}
	resource, err := r.decode(body, k)
	if err != nil {
		return x.problem(err)
	}
	if conditions == nil {
		var p *api.Problem
		if conditions, p = x.conditions(k); p != nil {
			return p
		}
	}
	applied, err := x.apply(ctx, control.Change{Puts: []control.Put{{Resource: resource}}, If: conditions})
	if err != nil {
		return x.problem(err)
	}
	written := api.Written{Applied: *applied}
	view := redact(resource)
	if !applied.DryRun {
		revision := int64(0)
		if len(applied.Created)+len(applied.Updated) > 0 {
			revision = applied.Revision
		}
		// Somebody may have written it again by now: then it is not ours.
		o := x.backend.Control().Store().Current().Get(k)
		if o != nil && (o.Revision == revision || revision == 0 && o.Revision <= applied.Revision) {
			revision = o.Revision
			if view, err = control.View(o); err != nil {
				return x.internal(err)
			}
		}
		view.Head().Revision = revision
		if revision > 0 {
			x.setHeader("ETag", etag(revision))
		}
	}
	written.Resource, err = json.Marshal(view)
	if err != nil {
		return x.internal(err)
	}
	status := 200
	if len(applied.Created) > 0 && !applied.DryRun {
		status = 201
		x.setHeader("Location", "/api/v1/"+k.Kind+"/"+k.Name+"?namespace="+k.Namespace)
	}
	return x.write(status, written)
}

// redact removes what is secret from a resource that was sent.
func redact(r api.Resource) api.Resource {
	switch r := r.(type) {
	case *api.Secret:
		c := *r
		c.Data = ""
		return &c
	case *api.Domain:
		c := *r
		c.Key = ""
		return &c
	case *api.Consumer:
		c := *r
		c.APIKeys = nil
		return &c
	}
	return r
}

// decode reads a resource whose name and namespace may be left to the path.
func (r *resources) decode(body []byte, k store.Key) (api.Resource, error) {
	named, err := withDefaults(body, map[string]string{"name": k.Name, "namespace": k.Namespace})
	if err != nil {
		return nil, err
	}
	resource, err := api.DecodeKind(r.kind, named)
	if err != nil {
		return nil, err
	}
	m := resource.Head()
	var wrong []api.FieldError
	if m.Name != k.Name {
		wrong = append(wrong, api.FieldError{Pointer: "/name", Code: api.CodeInvalid, Detail: fmt.Sprintf("the path names %q", k.Name)})
	}
	if m.Namespace != k.Namespace {
		wrong = append(wrong, api.FieldError{Pointer: "/namespace", Code: api.CodeInvalid, Detail: fmt.Sprintf("the path names %q", k.Namespace)})
	}
	if wrong != nil {
		return nil, &api.InvalidError{Errors: wrong}
	}
	return resource, nil
}

// withDefaults adds members that an object does not have. What is no object is
// left for the strict decoder to refuse.
func withDefaults(body []byte, defaults map[string]string) ([]byte, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return body, nil
	}
	trimmed := bytes.TrimRight(body, " \t\r\n")
	out := bytes.Clone(trimmed[:len(trimmed)-1])
	n := len(members)
	for _, name := range []string{"name", "namespace"} {
		if _, ok := members[name]; ok || defaults[name] == "" {
			continue
		}
		if n > 0 {
			out = append(out, ',')
		}
		n++
		value, err := json.Marshal(defaults[name])
		if err != nil {
			return nil, fmt.Errorf("a name: %w", err)
		}
		out = append(append(append(out, '"'), name...), '"', ':')
		out = append(out, value...)
	}
	return append(out, '}'), nil
}

// patchAttempts bounds how often a patch without If-Match is made anew because
// somebody else wrote.
const patchAttempts = 10

func (r *resources) patch(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body("application/merge-patch+json")
	if p != nil {
		return p
	}
	k := r.key(x)
	if p := x.allowed(k.Namespace); p != nil {
		return p
	}
	asked, p := x.conditions(k)
	if p != nil {
		return p
	}
	for attempt := 1; ; attempt++ {
		o := x.backend.Control().Store().Current().Get(k)
		if o == nil {
			return x.problem(&control.MissingError{Key: k})
		}
		merged, err := control.Merge(o.Value, body)
		if err != nil {
			return x.problem(err)
		}
		conditions := asked
		if conditions == nil {
			conditions = []store.Condition{{Key: k, Revision: o.Revision}}
		}
		p := r.write(ctx, x, k, merged, conditions)
		if p == nil || p.Code != api.PreconditionFailed || asked != nil || attempt == patchAttempts {
			return p
		}
	}
}

func (r *resources) delete(ctx context.Context, x *exchange) *api.Problem {
	applied, p := r.remove(ctx, x, r.key(x))
	if p != nil {
		return p
	}
	return x.write(200, applied)
}

func (r *resources) remove(ctx context.Context, x *exchange, k store.Key) (*api.Applied, *api.Problem) {
	if p := x.allowed(k.Namespace); p != nil {
		return nil, p
	}
	conditions, p := x.conditions(k)
	if p != nil {
		return nil, p
	}
	applied, err := x.apply(ctx, control.Change{Deletes: []store.Key{k}, If: conditions, Cascade: x.flag("cascade")})
	if err != nil {
		return nil, x.problem(err)
	}
	return applied, nil
}

// putWhole is DGate's shape: the whole object, which names itself.
func (r *resources) putWhole(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	resource, err := api.DecodeKind(r.kind, body)
	if err != nil {
		return x.problem(err)
	}
	if p := r.write(ctx, x, control.KeyOf(resource), body, nil); p != nil {
		return p
	}
	answer, err := x.resp.Body()
	if err != nil {
		return x.internal(err)
	}
	var written api.Written
	if err := json.Unmarshal(answer, &written); err != nil {
		return x.internal(err)
	}
	return x.write(201, Envelope{StatusCode: 201, Data: written.Resource, Count: 1})
}

// deleteWhole is DGate's shape: name and namespace in the body.
func (r *resources) deleteWhole(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	// DGate's clients send the whole object; only its name counts.
	var ref struct{ Name, Namespace string }
	if err := json.Unmarshal(body, &ref); err != nil || ref.Name == "" {
		return x.problem(&api.InvalidError{Errors: []api.FieldError{{Pointer: "/name", Code: api.CodeRequired, Detail: "name is required"}}})
	}
	if ref.Namespace == "" {
		ref.Namespace = api.DefaultNamespace
	}
	if _, p := r.remove(ctx, x, r.keyOf(ref.Namespace, ref.Name)); p != nil {
		return p
	}
	return x.write(202, Envelope{StatusCode: 202})
}

// waitAtMost bounds ?wait.
const waitAtMost = 30 * time.Second

// apply makes a change in the name of the caller.
func (x *exchange) apply(ctx context.Context, ch control.Change) (*api.Applied, error) {
	ch.DryRun = ch.DryRun || x.flag("dry_run")
	ch.Force = ch.Force || x.flag("force")
	ch.Author, ch.Message = x.caller.Name, x.query.Get("message")
	applied, err := x.backend.Control().Apply(ctx, ch)
	x.audit(summary(ch, applied), err)
	if err != nil || applied.DryRun || !x.flag("wait") {
		return applied, err
	}
	ctx, cancel := context.WithTimeout(ctx, waitAtMost)
	defer cancel()
	return applied, x.backend.WaitServed(ctx, applied.Revision)
}

// summary says in a few words what a change is about.
func summary(ch control.Change, applied *api.Applied) string {
	var names []string
	for _, p := range ch.Puts {
		names = append(names, control.KeyOf(p.Resource).String())
	}
	for _, k := range ch.Deletes {
		names = append(names, "-"+k.String())
	}
	const most = 10
	text := strings.Join(names[:min(most, len(names))], " ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	if applied != nil && applied.Revision > 0 {
		text += fmt.Sprintf(" at revision %d", applied.Revision)
	}
	return text
}

// allowed refuses a namespace that the caller is not confined to.
func (x *exchange) allowed(namespace string) *api.Problem {
	if x.caller.may(namespace) {
		return nil
	}
	return api.NewProblem(api.Forbidden, fmt.Sprintf("%s may not touch the namespace %s.", x.caller.Name, namespace))
}

func (x *exchange) internal(err error) *api.Problem {
	x.log.Error("admin request failed", "path", x.req.RawPath(), "error", err)
	return api.NewProblem(api.Internal, "")
}

// problem is the one table from errors of a change to problem documents.
func (x *exchange) problem(err error) *api.Problem {
	var (
		syntax    *api.InvalidError
		invalid   *control.InvalidError
		missing   *control.MissingError
		condition *store.ConditionError
		large     *store.TooLargeError
		unfit     *schema.Error
	)
	switch {
	case errors.As(err, &unfit):
		var errs []api.FieldError
		for _, v := range unfit.Violations {
			errs = append(errs, api.FieldError{Pointer: v.Pointer, Code: "schema", Detail: v.Detail})
		}
		return invalidProblem(api.InvalidRequest, errs)
	case errors.Is(err, store.ErrNoDocument), errors.Is(err, store.ErrNoCollection):
		return api.NewProblem(api.NotFound, "There is no such document.")
	case errors.As(err, &syntax):
		return invalidProblem(api.InvalidRequest, syntax.Errors)
	case errors.As(err, &invalid):
		code := api.InvalidRequest
		if invalid.Conflict {
			code = api.Conflict
		}
		p := invalidProblem(code, invalid.Errors)
		if invalid.Breaking {
			p.Detail = "IDLs break what is in use; force=true (--force) stores them all the same."
		}
		return p
	case errors.As(err, &missing):
		return api.NewProblem(api.NotFound, "T"+missing.Error()[1:]+".")
	case errors.As(err, &condition):
		return api.NewProblem(api.PreconditionFailed, condition.Error()+".")
	case errors.As(err, &large):
		return api.NewProblem(api.TooLarge, large.Error()+".")
	case errors.Is(err, store.ErrReadOnly):
		return api.NewProblem(api.Forbidden, "This gateway is watch-only: it refuses writes.")
	case errors.Is(err, store.ErrNothingLost):
		return api.NewProblem(api.Conflict, "There is nothing to restore or to accept: etcd has lost nothing that this gateway knows of.")
	case errors.Is(err, store.ErrTrimmed):
		return api.NewProblem(api.NotFound, "The history does not reach back that far.")
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrHeld), errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrClosed):
		return api.NewProblem(api.Stale, "Nothing can be written now: "+err.Error()+".")
	case errors.Is(err, store.ErrGuardMoved):
		return api.NewProblem(api.Conflict, "Others keep changing the namespace; try again.")
	case errors.Is(err, context.DeadlineExceeded):
		return api.NewProblem(api.Timeout, "The change is stored; not every gateway serves it yet. `status` tells which.")
	}
	return x.internal(err)
}

func invalidProblem(code api.Code, errs []api.FieldError) *api.Problem {
	p := api.NewProblem(code, fmt.Sprintf("%d things are wrong with the request.", len(errs)))
	p.Errors = errs
	if len(errs) == 1 {
		p.Detail = errs[0].Detail
	}
	return p
}
