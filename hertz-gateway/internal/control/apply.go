package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/schema"
)

// maxAttempts bounds how often a change is checked anew because another one was
// committed meanwhile.
const maxAttempts = 20

// Config is what a Control needs.
type Config struct {
	Store *store.Store
	// Check builds the snapshot that would come of a change of base.
	Check func(base, candidate *store.State) Findings
	// Seal encrypts what is secret in a resource; nil: secrets are refused.
	Seal Sealer
}

// Findings are what building a candidate has told.
type Findings struct {
	// Problems are what is wrong in the candidate, Before what was wrong already.
	Problems, Before []snapshot.Problem
	// Breaks are what its IDLs break of those that are stored.
	Breaks []snapshot.Problem
}

// Control changes resources. Safe for concurrent use.
type Control struct{ cfg Config }

// New makes a Control.
func New(cfg Config) *Control { return &Control{cfg} }

// Store is where the resources are kept.
func (c *Control) Store() *store.Store { return c.cfg.Store }

// Put is a resource to create or to replace.
type Put struct {
	Resource api.Resource
	// At is the JSON pointer to it in what the caller sent, for errors.
	At string
}

// Change is a set of writes that take effect together or not at all.
type Change struct {
	Puts    []Put
	Deletes []store.Key
	// If are the revisions that the caller has seen; 0: it must not exist.
	If []store.Condition
	// Cascade deletes what is in a namespace with the namespace.
	Cascade bool
	// Force stores IDLs that break what is in use; what they break are warnings.
	Force bool
	// DryRun does everything but the commit.
	DryRun bool
	// Author and Message are for the history.
	Author, Message string
}

// InvalidError is a change that is refused: everything that is wrong with it.
type InvalidError struct {
	Errors []api.FieldError
	// Conflict says that what is wrong is that it contradicts other resources.
	Conflict bool
	// Breaking says that IDLs break what is in use, which Change.Force allows.
	Breaking bool
}

func (e *InvalidError) Error() string {
	var lines []string
	for _, f := range e.Errors {
		lines = append(lines, strings.TrimSpace(f.Resource+" "+f.Pointer+": "+f.Detail))
	}
	return strings.Join(lines, "\n")
}

// MissingError is a delete of what is not there.
type MissingError struct{ Key store.Key }

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no %s %q in namespace %s", e.Key.Kind, e.Key.Name, e.Key.Namespace)
}

// Apply checks a change on the newest state and commits it. When another change
// of the same namespaces comes between, it is checked again on what that left.
// Errors: *InvalidError, *MissingError, *store.ConditionError, and those of
// store.Commit.
func (c *Control) Apply(ctx context.Context, ch Change) (*api.Applied, error) {
	for attempt := 1; ; attempt++ {
		applied, err := c.attempt(ctx, ch)
		if !errors.Is(err, store.ErrGuardMoved) || attempt == maxAttempts {
			return applied, err
		}
	}
}

func (c *Control) attempt(ctx context.Context, ch Change) (*api.Applied, error) {
	if !ch.DryRun {
		if err := c.cfg.Store.Writable(); err != nil {
			return nil, err
		}
	}
	base := c.cfg.Store.Current()
	p, err := c.plan(base, ch)
	if err != nil {
		return nil, err
	}
	if p.applied.Warnings, err = c.check(base, ch, p); err != nil {
		return nil, err
	}
	p.applied.Revision = base.Revision()
	if ch.DryRun {
		p.applied.DryRun = true
		if err := dryConditions(base, ch.If); err != nil {
			return nil, err
		}
		return p.applied, nil
	}
	if len(p.puts)+len(p.deletes) == 0 {
		// base may be behind: what it has already somebody may have replaced.
		if err := c.cfg.Store.Confirm(ctx, base, p.guards, ch.If); err != nil {
			return nil, err
		}
		return p.applied, nil
	}
	batch := store.Batch{
		Deletes: p.deletes, Base: base, If: ch.If, Guards: p.guards, Author: ch.Author, Message: ch.Message,
	}
	for _, o := range p.puts {
		batch.Puts = append(batch.Puts, store.Put{Key: o.Key, Value: o.Value})
	}
	p.applied.Revision, err = c.cfg.Store.Commit(ctx, batch)
	return p.applied, err
}

// dryConditions are the conditions on what this gateway knows.
func dryConditions(base *store.State, conditions []store.Condition) error {
	for _, cond := range conditions {
		if have := revisionOf(base.Get(cond.Key)); have != cond.Revision {
			return &store.ConditionError{Key: cond.Key, Want: cond.Revision, Have: have}
		}
	}
	return nil
}

func revisionOf(o *store.Object) int64 {
	if o == nil {
		return 0
	}
	return o.Revision
}

// plan is a change worked out on a state.
type plan struct {
	puts    []*store.Object
	at      map[store.Key]string // where each put stands in what the caller sent
	deletes []store.Key
	deleted map[store.Key]bool // those of deletes
	guards  []string
	applied *api.Applied
}

// domainGuard guards what lies across namespaces: the patterns of domains.
const domainGuard = "~domains"

// plan works out what is to be written; what is the same already is left out.
func (c *Control) plan(base *store.State, ch Change) (*plan, error) {
	p := &plan{at: map[store.Key]string{}, deleted: map[store.Key]bool{}, applied: &api.Applied{}}
	var wrong InvalidError
	created := map[string]bool{api.DefaultNamespace: true}
	for _, put := range ch.Puts {
		if put.Resource.Kind() == api.KindNamespace {
			created[put.Resource.Head().Name] = true
		}
	}
	for _, put := range ch.Puts {
		k := KeyOf(put.Resource)
		if _, twice := p.at[k]; twice {
			wrong.add(put.At, k, "/name", api.CodeDuplicateKey, "the %s %s stands here twice", k.Kind, k.Name)
			continue
		}
		p.at[k] = put.At
		if !created[k.Namespace] && base.Get(namespaceKey(k.Namespace)) == nil {
			wrong.add(put.At, k, "/namespace", api.CodeReference, "there is no namespace %q", k.Namespace)
			continue
		}
		o, fail := c.object(base, put)
		if fail != nil {
			wrong.add(put.At, k, fail.Pointer, fail.Code, "%s", fail.Detail)
			continue
		}
		ref := api.Ref{Kind: put.Resource.Kind(), Namespace: k.Namespace, Name: k.Name}
		switch old := base.Get(k); {
		case old == nil:
			p.applied.Created = append(p.applied.Created, ref)
		case bytes.Equal(old.Value, o.Value):
			p.applied.Unchanged++
			p.guard(k)
			continue
		default:
			p.applied.Updated = append(p.applied.Updated, ref)
		}
		p.puts = append(p.puts, o)
		p.guard(k)
	}
	for _, k := range ch.Deletes {
		if err := p.delete(base, k, ch.Cascade, &wrong); err != nil {
			return nil, err
		}
	}
	if len(wrong.Errors) > 0 {
		return nil, &wrong
	}
	return p, nil
}

func (p *plan) guard(k store.Key) {
	p.guards = append(p.guards, k.Namespace)
	if k.Kind == string(api.KindDomain) {
		p.guards = append(p.guards, domainGuard)
	}
}

func (p *plan) delete(base *store.State, k store.Key, cascade bool, wrong *InvalidError) error {
	if k == namespaceKey(api.DefaultNamespace) && base.Get(k) == nil {
		wrong.add("", k, "/name", api.CodeInvalid, "the namespace default always exists")
		return nil
	}
	if base.Get(k) == nil {
		return &MissingError{k}
	}
	if k.Kind == string(api.KindNamespace) {
		inside := 0
		for o := range base.All(k.Namespace, "") {
			if o.Key == k {
				continue
			}
			inside++
			if cascade {
				p.remove(o.Key)
			}
		}
		if inside > 0 && !cascade && k.Name != api.DefaultNamespace {
			wrong.Conflict = true
			wrong.add("", k, "/name", api.CodeInUse, "the namespace %s holds %d resources; cascade=true deletes them with it", k.Name, inside)
			return nil
		}
	}
	p.remove(k)
	return nil
}

// remove adds a delete once: a cascade may name what is deleted by itself too.
func (p *plan) remove(k store.Key) {
	if p.deleted[k] {
		return
	}
	p.deleted[k] = true
	p.deletes = append(p.deletes, k)
	p.guard(k)
	p.applied.Deleted = append(p.applied.Deleted, api.Ref{Kind: api.Kind(k.Kind), Namespace: k.Namespace, Name: k.Name})
}

// object is a resource as it is to be stored.
func (c *Control) object(base *store.State, put Put) (*store.Object, *api.FieldError) {
	r, fail := c.protect(put.Resource, base.Get(KeyOf(put.Resource)))
	if fail != nil {
		return nil, fail
	}
	if col, ok := r.(*api.Collection); ok && col.Schema != nil {
		if _, err := schema.Compile(col.Schema); err != nil {
			return nil, &api.FieldError{Pointer: "/schema", Code: api.CodeInvalid, Detail: err.Error()}
		}
	}
	value, err := json.Marshal(r)
	if err != nil {
		return nil, &api.FieldError{Code: api.CodeInvalid, Detail: err.Error()}
	}
	if len(value) > store.MaxValueBytes {
		return nil, &api.FieldError{Code: api.CodeInvalid, Detail: fmt.Sprintf("it takes %d bytes as JSON; at most %d", len(value), store.MaxValueBytes)}
	}
	return &store.Object{Key: KeyOf(r), Value: value, Decoded: r}, nil
}

// check builds what would come of the plan. Warnings are about the plan's own
// resources; errors are those in them, and those that others have because of it.
func (c *Control) check(base *store.State, ch Change, p *plan) (warnings []api.FieldError, err error) {
	if len(p.puts)+len(p.deletes) == 0 {
		return nil, nil
	}
	found := c.cfg.Check(base, base.With(p.puts, p.deletes))
	known := make(map[snapshot.Problem]bool, len(found.Before))
	for _, pr := range found.Before {
		known[pr] = true
	}
	var wrong InvalidError
	for _, pr := range found.Breaks {
		f := fieldError(p.at[pr.Key], pr.Key, pr.Pointer, pr.Code, pr.Message)
		if ch.Force {
			warnings = append(warnings, f)
			continue
		}
		wrong.Conflict, wrong.Breaking = true, true
		wrong.Errors = append(wrong.Errors, f)
	}
	for _, pr := range found.Problems {
		at, own := p.at[pr.Key]
		own = own && pr.Key != (store.Key{})
		switch {
		case pr.Warning && own:
			warnings = append(warnings, fieldError(at, pr.Key, pr.Pointer, pr.Code, pr.Message))
		case pr.Warning, !own && known[pr]:
		default:
			code := pr.Code
			if !own && len(ch.Deletes) > 0 && code == api.CodeReference {
				code = api.CodeInUse
			}
			wrong.Conflict = wrong.Conflict || code == api.CodeConflictField || code == api.CodeInUse
			f := fieldError(at, pr.Key, pr.Pointer, code, pr.Message)
			if pr.Key == (store.Key{}) {
				f.Resource = pr.Where
			}
			wrong.Errors = append(wrong.Errors, f)
		}
	}
	if len(wrong.Errors) > 0 {
		return nil, &wrong
	}
	return warnings, nil
}

func (e *InvalidError) add(at string, k store.Key, pointer, code, format string, args ...any) {
	e.Errors = append(e.Errors, fieldError(at, k, pointer, code, fmt.Sprintf(format, args...)))
}

func fieldError(at string, k store.Key, pointer, code, detail string) api.FieldError {
	f := api.FieldError{Pointer: at + pointer, Code: code, Detail: detail}
	if k != (store.Key{}) {
		f.Resource = k.Kind + " " + k.Namespace + "/" + k.Name
	}
	return f
}

func namespaceKey(name string) store.Key {
	return store.Key{Namespace: name, Kind: string(api.KindNamespace), Name: name}
}
