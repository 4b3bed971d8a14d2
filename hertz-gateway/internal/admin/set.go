package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/store"
)

// Set is a set of resources, each with its kind.
type Set struct {
	Resources []json.RawMessage `json:"resources"`
}

func (h *Handler) setEndpoints() []endpoint {
	return []endpoint{
		{
			verb: "POST", path: "/api/v1/apply", role: Editor, summary: "Create or replace a set of resources in one transaction.", in: Set{}, out: api.Applied{}, serve: applySet,
			query: []parameter{dryRun, wait, note, force, {"prune", "true: delete what else is in the namespaces of the set"}},
		},
		{verb: "POST", path: "/api/v1/validate", role: Viewer, summary: "Check a set of resources as apply does, without writing it.", in: Set{}, out: api.Applied{}, serve: validateSet, query: []parameter{force, {"prune", "true: as for apply"}}},
		{verb: "GET", path: "/api/v1/export", role: Viewer, summary: "All resources but documents, in a form that apply takes; without what is secret.", out: Set{}, serve: export, query: []parameter{{"namespace", "only this namespace; all if absent"}}},
		{verb: "GET", path: "/api/v1/history", role: Viewer, summary: "Who changed what, newest first.", out: api.History{}, serve: history, query: []parameter{{"limit", "at most so many"}}},
		{verb: "POST", path: "/api/v1/rollback", role: Admin, whole: true, summary: "Make the resources what they were at a revision, in one transaction.", in: api.Rollback{}, out: api.Applied{}, serve: rollback, query: []parameter{dryRun, wait, note}},
	}
}

// readSet reads the resources of a set with all that is wrong with them.
func (x *exchange) readSet() ([]control.Put, *api.Problem) {
	body, p := x.body()
	if p != nil {
		return nil, p
	}
	var set Set
	if err := api.Decode(body, &set); err != nil {
		return nil, x.problem(err)
	}
	if set.Resources == nil {
		return nil, invalidProblem(api.InvalidRequest, []api.FieldError{{Pointer: "/resources", Code: api.CodeRequired, Detail: "resources is required"}})
	}
	var puts []control.Put
	var wrong []api.FieldError
	for i, text := range set.Resources {
		at := "/resources/" + strconv.Itoa(i)
		r, err := api.DecodeResource(text)
		if err != nil {
			wrong = append(wrong, placed(err, at)...)
			continue
		}
		if r.Kind() == api.KindDocument {
			wrong = append(wrong, api.FieldError{Pointer: at + "/kind", Code: api.CodeInvalid, Detail: "documents are data, not configuration; write them at /api/v1/document"})
			continue
		}
		if p := x.mayWrite(r); p != nil {
			return nil, p
		}
		puts = append(puts, control.Put{Resource: r, At: at})
	}
	if wrong != nil {
		return nil, invalidProblem(api.InvalidRequest, wrong)
	}
	return puts, nil
}

// placed moves the errors of one resource to its place in the set.
func placed(err error, at string) []api.FieldError {
	invalid, ok := err.(*api.InvalidError) //nolint:errorlint // what DecodeResource documents
	if !ok {
		return []api.FieldError{{Pointer: at, Code: api.CodeInvalid, Detail: err.Error()}}
	}
	for i := range invalid.Errors {
		invalid.Errors[i].Pointer = at + invalid.Errors[i].Pointer
	}
	return invalid.Errors
}

// mayWrite refuses kinds and namespaces that are beyond the caller.
func (x *exchange) mayWrite(r api.Resource) *api.Problem {
	if p := x.mayKind(r.Kind()); p != nil {
		return p
	}
	return x.allowed(r.Head().Namespace)
}

func (x *exchange) mayKind(kind api.Kind) *api.Problem {
	if _, role := rolesOf(kind); x.caller.Role < role && x.endpoint.role > Viewer {
		return api.NewProblem(api.Forbidden, fmt.Sprintf("%s may not write resources of kind %s.", x.caller.Name, kind))
	}
	return nil
}

func applySet(ctx context.Context, x *exchange) *api.Problem {
	return x.applySet(ctx, false)
}

func validateSet(ctx context.Context, x *exchange) *api.Problem {
	return x.applySet(ctx, true)
}

func (x *exchange) applySet(ctx context.Context, dry bool) *api.Problem {
	puts, p := x.readSet()
	if p != nil {
		return p
	}
	ch := control.Change{Puts: puts, DryRun: dry}
	if x.flag("prune") {
		ch.Deletes = x.others(puts)
		for _, k := range ch.Deletes {
			if p := x.mayKind(api.Kind(k.Kind)); p != nil {
				return p
			}
		}
	}
	applied, err := x.apply(ctx, ch)
	if err != nil {
		return x.problem(err)
	}
	return x.write(200, applied)
}

// others are the resources of the namespaces of a set that are not in it.
func (x *exchange) others(puts []control.Put) (keys []store.Key) {
	wanted, namespaces := map[store.Key]bool{}, map[string]bool{}
	for _, p := range puts {
		k := control.KeyOf(p.Resource)
		wanted[k], namespaces[k.Namespace] = true, true
	}
	for name := range namespaces {
		for o := range x.backend.Control().Store().Current().All(name, "") {
			if !wanted[o.Key] && o.Kind != string(api.KindNamespace) {
				keys = append(keys, o.Key)
			}
		}
	}
	return keys
}

func export(_ context.Context, x *exchange) *api.Problem {
	only := x.query.Get("namespace")
	state := x.backend.Control().Store().Current()
	set := Set{Resources: []json.RawMessage{}}
	for _, kind := range api.Kinds() {
		for o := range state.All(only, string(kind)) {
			if !x.caller.may(o.Namespace) {
				continue
			}
			text, err := exported(kind, o)
			if err != nil {
				return x.internal(err)
			}
			set.Resources = append(set.Resources, text)
		}
	}
	return x.write(200, set)
}

// exported is a resource with its kind, without what the server sets.
func exported(kind api.Kind, o *store.Object) (json.RawMessage, error) {
	view, err := control.View(o)
	if err != nil {
		return nil, err
	}
	m := view.Head()
	*m = api.Meta{Name: m.Name, Namespace: m.Namespace, Labels: m.Labels, Tags: m.Tags}
	body, err := json.Marshal(view)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	return append([]byte(`{"kind":"`+string(kind)+`",`), bytes.TrimPrefix(body, []byte("{"))...), nil
}

func history(ctx context.Context, x *exchange) *api.Problem {
	limit := 100
	if text := x.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return badParameter("limit", "it is not a positive number")
		}
		limit = n
	}
	entries, err := x.backend.Control().Store().History(ctx)
	if err != nil {
		return x.problem(err)
	}
	out := api.History{Entries: []api.HistoryEntry{}}
	for _, e := range entries[:min(limit, len(entries))] {
		entry := api.HistoryEntry{Revision: e.Revision, Time: e.Time, Author: e.Author, Message: e.Message, Changes: e.Changes}
		hidden := false
		for _, k := range e.Keys {
			hidden = hidden || !x.caller.may(k.Namespace)
			entry.Resources = append(entry.Resources, api.Ref{Kind: api.Kind(k.Kind), Namespace: k.Namespace, Name: k.Name})
		}
		if !hidden {
			out.Entries = append(out.Entries, entry)
		}
	}
	return x.write(200, out)
}

func rollback(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	var to api.Rollback
	if err := api.Decode(body, &to); err != nil {
		return x.problem(err)
	}
	if to.Revision <= 0 {
		return invalidProblem(api.InvalidRequest, []api.FieldError{{Pointer: "/revision", Code: api.CodeRequired, Detail: "revision is required: history lists them"}})
	}
	c := x.backend.Control()
	then, err := c.Store().At(ctx, to.Revision)
	if err != nil {
		return x.problem(err)
	}
	if x.query.Get("message") == "" {
		x.query.Set("message", "rollback to "+strconv.FormatInt(to.Revision, 10))
	}
	back := control.Back(c.Store().Current(), then)
	back.Force = true // what was there before has served
	applied, err := x.apply(ctx, back)
	if err != nil {
		return x.problem(err)
	}
	return x.write(200, applied)
}
