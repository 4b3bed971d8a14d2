package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// WriteOptions are what a write may ask for.
type WriteOptions struct {
	// DryRun does everything but the commit.
	DryRun bool
	// Wait answers when every live gateway serves the change.
	Wait bool
	// Cascade deletes what is in a namespace with it.
	Cascade bool
	// Prune deletes what else is in the namespaces of a set.
	Prune bool
	// Force pushes IDLs that break what is in use.
	Force bool
	// Message is for the history.
	Message string
	// Create fails if there is something of that name.
	Create bool
}

func (o WriteOptions) query() url.Values {
	q := url.Values{}
	for name, set := range map[string]bool{"dry_run": o.DryRun, "wait": o.Wait, "cascade": o.Cascade, "prune": o.Prune, "force": o.Force} {
		if set {
			q.Set(name, "true")
		}
	}
	if o.Message != "" {
		q.Set("message", o.Message)
	}
	return q
}

// ListQuery chooses resources.
type ListQuery struct {
	Namespace string
	// Label is "key=value"; empty: all.
	Label string
	// Collection is for documents.
	Collection string
}

// List gives the resources of a kind, as JSON.
func (c *Client) List(ctx context.Context, kind Kind, q ListQuery) ([]json.RawMessage, error) {
	query := url.Values{}
	for name, v := range map[string]string{"namespace": q.Namespace, "label": q.Label, "collection": q.Collection} {
		if v != "" {
			query.Set(name, v)
		}
	}
	var all []json.RawMessage
	for {
		var page struct {
			Items, Documents []json.RawMessage
			Continue         string
		}
		if err := c.send(ctx, &call{verb: http.MethodGet, path: []string{"api", "v1", string(kind)}, query: query, out: &page}); err != nil {
			return nil, err
		}
		all = append(append(all, page.Items...), page.Documents...)
		switch {
		case kind == KindDocument && len(page.Documents) > 0:
			query.Set("offset", strconv.Itoa(len(all)))
		case page.Continue != "":
			query.Set("continue", page.Continue)
		default:
			return all, nil
		}
	}
}

// Get reads one resource, as JSON. Documents are named by collection and id.
func (c *Client) Get(ctx context.Context, kind Kind, q ListQuery, name string) (json.RawMessage, error) {
	at, err := resourcePath(kind, name)
	if err != nil {
		return nil, err
	}
	var out json.RawMessage
	err = c.send(ctx, &call{verb: http.MethodGet, path: at, query: place(q), out: &out})
	return out, err
}

func place(q ListQuery) url.Values {
	query := url.Values{}
	if q.Namespace != "" {
		query.Set("namespace", q.Namespace)
	}
	if q.Collection != "" {
		query.Set("collection", q.Collection)
	}
	return query
}

func resourcePath(kind Kind, name string) ([]string, error) {
	if name == "" || name == "." || name == ".." {
		return nil, fmt.Errorf("%q is no name of a %s", name, kind)
	}
	return []string{"api", "v1", string(kind), url.PathEscape(name)}, nil
}

// Put creates or replaces one resource.
func (c *Client) Put(ctx context.Context, kind Kind, q ListQuery, name string, resource json.RawMessage, o WriteOptions) (*Written, error) {
	return c.write(ctx, http.MethodPut, kind, q, name, resource, o)
}

// Patch changes the members that patch has (RFC 7396).
func (c *Client) Patch(ctx context.Context, kind Kind, q ListQuery, name string, patch json.RawMessage, o WriteOptions) (*Written, error) {
	return c.write(ctx, http.MethodPatch, kind, q, name, patch, o)
}

func (c *Client) write(ctx context.Context, verb string, kind Kind, q ListQuery, name string, body json.RawMessage, o WriteOptions) (*Written, error) {
	at, err := resourcePath(kind, name)
	if err != nil {
		return nil, err
	}
	w := &call{verb: verb, path: at, query: o.query(), body: body}
	maps.Copy(w.query, place(q))
	if o.Create {
		w.header = http.Header{"If-None-Match": {"*"}}
	}
	var out Written
	w.out = &out
	if kind == KindDocument {
		w.out = &out.Resource // a document is answered by itself
	}
	if err := c.send(ctx, w); err != nil {
		return nil, err
	}
	return &out, nil
}

// Delete deletes one resource; with an empty name and a collection, all its documents.
func (c *Client) Delete(ctx context.Context, kind Kind, q ListQuery, name string, o WriteOptions) (*Applied, error) {
	at := []string{"api", "v1", string(kind)}
	if name != "" || kind != KindDocument {
		var err error
		if at, err = resourcePath(kind, name); err != nil {
			return nil, err
		}
	}
	w := &call{verb: http.MethodDelete, path: at, query: o.query()}
	maps.Copy(w.query, place(q))
	var out Applied
	if kind != KindDocument {
		w.out = &out
	}
	return &out, c.send(ctx, w)
}

// Apply writes a set of resources, each with its kind, in one transaction.
func (c *Client) Apply(ctx context.Context, resources []json.RawMessage, o WriteOptions) (*Applied, error) {
	return c.set(ctx, "apply", resources, o)
}

// Validate checks a set as Apply does.
func (c *Client) Validate(ctx context.Context, resources []json.RawMessage, o WriteOptions) (*Applied, error) {
	return c.set(ctx, "validate", resources, WriteOptions{Prune: o.Prune})
}

func (c *Client) set(ctx context.Context, path string, resources []json.RawMessage, o WriteOptions) (*Applied, error) {
	if resources == nil {
		resources = []json.RawMessage{}
	}
	body, err := json.Marshal(map[string]any{"resources": resources})
	if err != nil {
		return nil, fmt.Errorf("a set of resources: %w", err)
	}
	var out Applied
	return &out, c.send(ctx, &call{verb: http.MethodPost, path: []string{"api", "v1", path}, query: o.query(), body: body, out: &out})
}

// Instances lists the instances of a service of a namespace; empty names stand
// for all services, and for the default namespace.
func (c *Client) Instances(ctx context.Context, namespace, service string) ([]ServiceInstance, error) {
	query := place(ListQuery{Namespace: namespace})
	if service != "" {
		query.Set("service", service)
	}
	var out Instances
	err := c.send(ctx, &call{verb: http.MethodGet, path: []string{"api", "v1", "instances"}, query: query, out: &out})
	return out.Instances, err
}

// SetWeight changes the weight of an instance until it registers anew; 0 drains it.
func (c *Client) SetWeight(ctx context.Context, namespace, service, address string, weight int) error {
	query := place(ListQuery{Namespace: namespace})
	query.Set("service", service)
	body, err := json.Marshal(InstanceWeight{weight})
	if err != nil {
		return fmt.Errorf("a weight: %w", err)
	}
	return c.send(ctx, &call{verb: http.MethodPut, path: []string{"api", "v1", "instances", url.PathEscape(address)}, query: query, body: body})
}

// Export gives all resources of a namespace (all namespaces if empty) in the
// form that Apply takes.
func (c *Client) Export(ctx context.Context, namespace string) ([]json.RawMessage, error) {
	var out struct{ Resources []json.RawMessage }
	err := c.send(ctx, &call{verb: http.MethodGet, path: []string{"api", "v1", "export"}, query: place(ListQuery{Namespace: namespace}), out: &out})
	return out.Resources, err
}

// History lists changes, newest first.
func (c *Client) History(ctx context.Context, limit int) (*History, error) {
	query := url.Values{}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var out History
	return &out, c.send(ctx, &call{verb: http.MethodGet, path: []string{"api", "v1", "history"}, query: query, out: &out})
}

// Rollback makes the resources what they were at a revision.
func (c *Client) Rollback(ctx context.Context, revision int64, o WriteOptions) (*Applied, error) {
	body, err := json.Marshal(Rollback{revision})
	if err != nil {
		return nil, fmt.Errorf("a rollback: %w", err)
	}
	var out Applied
	return &out, c.send(ctx, &call{verb: http.MethodPost, path: []string{"api", "v1", "rollback"}, query: o.query(), body: body, out: &out})
}

// RestoreStore writes back the resources that etcd has lost. Of the options
// only Wait counts.
func (c *Client) RestoreStore(ctx context.Context, o WriteOptions) (*Applied, error) {
	return c.storeVerb(ctx, "restore", o)
}

// AcceptStore says that what etcd holds after a loss is right. Of the options
// only Wait counts.
func (c *Client) AcceptStore(ctx context.Context, o WriteOptions) (*Applied, error) {
	return c.storeVerb(ctx, "accept", o)
}

func (c *Client) storeVerb(ctx context.Context, verb string, o WriteOptions) (*Applied, error) {
	var out Applied
	return &out, c.send(ctx, &call{
		verb: http.MethodPost, path: []string{"api", "v1", "store", verb}, query: WriteOptions{Wait: o.Wait}.query(), out: &out,
	})
}
