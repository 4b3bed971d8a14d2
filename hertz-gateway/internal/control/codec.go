package control

import (
	"encoding/json"
	"fmt"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// KeyOf is where a resource is stored.
func KeyOf(r api.Resource) store.Key {
	m := r.Head()
	return store.Key{Namespace: m.Namespace, Kind: string(r.Kind()), Name: m.Name}
}

// Decode makes the resource of a stored object; it is for store.Config. What
// breaks a rule of its kind is an error, so that it is quarantined.
func Decode(k store.Key, value []byte) (any, error) {
	kind, ok := api.KindNamed(k.Kind)
	if !ok || string(kind) != k.Kind || kind == api.KindDocument {
		return nil, fmt.Errorf("there is no kind %q", k.Kind)
	}
	r, err := api.DecodeKind(kind, value)
	if err != nil {
		return nil, err
	}
	if at := KeyOf(r); at != k {
		return nil, fmt.Errorf("the value is that of %s", at)
	}
	return r, nil
}

// View is a stored resource as the API shows it: with what the server sets,
// without what is secret. It is a copy.
func View(o *store.Object) (api.Resource, error) {
	r := api.Kind(o.Kind).New()
	if r == nil {
		return nil, fmt.Errorf("there is no kind %q", o.Kind)
	}
	if err := json.Unmarshal(o.Value, r); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	m := r.Head()
	m.Revision, m.CreatedAt, m.UpdatedAt = o.Revision, o.CreatedAt, o.UpdatedAt
	switch r := r.(type) {
	case *api.Secret:
		r.Data = ""
	case *api.Domain:
		r.Key = ""
	}
	return r, nil
}
