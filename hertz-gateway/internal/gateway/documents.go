package gateway

import (
	"context"
	"encoding/json"
	"errors"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/schema"
)

// documents are what modules see of the store's collections and documents.
type documents struct{ g *Gateway }

var _ jsmodule.Documents = documents{}

// checkDocument refuses data that does not fit the schema of its collection.
func (g *Gateway) checkDocument(collection *store.Object, _ string, data []byte) error {
	text := collection.Decoded.(*api.Collection).Schema
	if text == nil {
		return nil
	}
	s, err := g.schemas.of(collection, g.store.Current(), func() (*schema.Schema, error) { return schema.Compile(text) })
	if err != nil {
		return err
	}
	return s.Check(data)
}

// Get implements jsmodule.Documents.
func (d documents) Get(ctx context.Context, namespace, collection, id string) (jsmodule.Document, error) {
	doc, err := d.g.documents.Get(ctx, namespace, collection, id)
	if err != nil {
		return jsmodule.Document{}, documentError(err)
	}
	return document(doc), nil
}

// List implements jsmodule.Documents.
func (d documents) List(ctx context.Context, namespace, collection string, offset, limit int) ([]jsmodule.Document, error) {
	if limit == 0 { // for the store that is its default
		_, err := d.Collection(ctx, namespace, collection)
		return nil, err
	}
	list, _, err := d.g.documents.List(ctx, namespace, collection, store.Page{Offset: offset, Limit: limit})
	if err != nil {
		return nil, documentError(err)
	}
	out := make([]jsmodule.Document, len(list))
	for i, doc := range list {
		out[i] = document(doc)
	}
	return out, nil
}

// Put implements jsmodule.Documents.
func (d documents) Put(ctx context.Context, namespace string, doc jsmodule.Document) (jsmodule.Document, error) {
	var condition *int64
	switch {
	case doc.Revision == jsmodule.MustNotExist:
		condition = new(int64)
	case doc.Revision > 0:
		condition = &doc.Revision
	}
	stored, err := d.g.documents.Put(ctx, namespace, doc.Collection, doc.ID, doc.Data, condition)
	if err != nil {
		return jsmodule.Document{}, documentError(err)
	}
	return document(stored), nil
}

// Delete implements jsmodule.Documents.
func (d documents) Delete(ctx context.Context, namespace, collection, id string) error {
	return documentError(d.g.documents.Delete(ctx, namespace, collection, id, nil))
}

func collectionKey(namespace, name string) store.Key {
	return store.Key{Namespace: namespace, Kind: string(api.KindCollection), Name: name}
}

// Collection implements jsmodule.Documents.
func (d documents) Collection(_ context.Context, namespace, name string) (jsmodule.Collection, error) {
	o := d.g.store.Current().Get(collectionKey(namespace, name))
	if o == nil {
		return jsmodule.Collection{}, jsmodule.ErrNoCollection
	}
	c := o.Decoded.(*api.Collection)
	return jsmodule.Collection{
		Name: name, Schema: c.Schema, Visibility: c.Visibility, Tags: c.Tags,
		Revision: o.Revision, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
	}, nil
}

// PutCollection implements jsmodule.Documents.
func (d documents) PutCollection(ctx context.Context, namespace string, c jsmodule.Collection) (jsmodule.Collection, error) {
	r := &api.Collection{
		Meta:   api.Meta{Name: c.Name, Namespace: namespace, Tags: c.Tags},
		Schema: c.Schema, Visibility: c.Visibility,
	}
	if errs := api.Check(r); len(errs) > 0 {
		return jsmodule.Collection{}, &jsmodule.CallError{Code: jsmodule.CodeInvalid, Status: 400, Message: errs[0].Detail}
	}
	if _, err := d.g.control.Apply(ctx, control.Change{Puts: []control.Put{{Resource: r}}, Author: "a module of " + namespace}); err != nil {
		return jsmodule.Collection{}, documentError(err)
	}
	return d.Collection(ctx, namespace, c.Name)
}

// DeleteCollection implements jsmodule.Documents.
func (d documents) DeleteCollection(ctx context.Context, namespace, name string) error {
	if _, err := d.Collection(ctx, namespace, name); err != nil {
		return err
	}
	list, _, err := d.g.documents.List(ctx, namespace, name, store.Page{Limit: 1})
	if err != nil {
		return documentError(err)
	}
	if len(list) > 0 {
		return &jsmodule.CallError{Code: jsmodule.CodeConflict, Status: 409, Message: "the collection holds documents"}
	}
	_, err = d.g.control.Apply(ctx, control.Change{Deletes: []store.Key{collectionKey(namespace, name)}, Author: "a module of " + namespace})
	return documentError(err)
}

func document(d *store.Document) jsmodule.Document {
	return jsmodule.Document{
		ID: d.ID, Collection: d.Collection, Data: json.RawMessage(d.Data),
		Revision: d.Revision, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

// documentError gives a module the code of what the store refused.
func documentError(err error) error {
	var (
		call      *jsmodule.CallError
		condition *store.ConditionError
		large     *store.TooLargeError
		invalid   *control.InvalidError
		missing   *control.MissingError
		unfit     *schema.Error
	)
	switch {
	case err == nil, errors.As(err, &call):
		return err
	case errors.As(err, &unfit):
		return jsmodule.SchemaError("%v", err)
	case errors.Is(err, store.ErrNoCollection), errors.As(err, &missing):
		return jsmodule.ErrNoCollection
	case errors.Is(err, store.ErrNoDocument):
		return jsmodule.ErrNoDocument
	case errors.As(err, &condition):
		return jsmodule.ErrConflict
	case errors.As(err, &large):
		return &jsmodule.CallError{Code: jsmodule.CodeTooLarge, Status: 413, Message: err.Error()}
	case errors.As(err, &invalid):
		return jsmodule.SchemaError("%s", invalid.Errors[0].Detail)
	}
	return err
}
