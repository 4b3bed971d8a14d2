package jsmodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/dop251/goja"
)

const (
	// defaultPage and maxPage are how many documents getDocuments gives.
	defaultPage = 100
	maxPage     = 1000
	// pageBytes bounds what getDocuments gives, in bytes.
	pageBytes = 16 << 20
)

// makeState makes `import { getDocument } from "dgate/state"`. Every function
// returns a promise; what they give are documents, whose data keeps its digits.
func (m *moduleInstance) makeState() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	for _, f := range []struct {
		name   string
		length int
		// run reads the arguments and gives the operation.
		run func(*stateCall, goja.FunctionCall) func(context.Context, Documents) (any, error)
	}{
		{"getDocument", 2, (*stateCall).getDocument},
		{"getDocuments", 1, (*stateCall).getDocuments},
		{"addDocument", 1, (*stateCall).addDocument},
		{"deleteDocument", 2, (*stateCall).deleteDocument},
		{"getCollection", 1, (*stateCall).getCollection},
		{"addCollection", 1, (*stateCall).addCollection},
		{"deleteCollection", 1, (*stateCall).deleteCollection},
	} {
		rt.method(o, f.name, f.length, func(c goja.FunctionCall) goja.Value {
			s := rt.live()
			call := &stateCall{m: m, namespace: rt.namespace}
			operation := f.run(call, c)
			if call.err == nil && rt.host.cfg.Documents == nil {
				call.err = &CallError{Code: CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "this gateway keeps no state for modules"}
			}
			if call.err != nil {
				return rt.failed(rt.stateError(call.err))
			}
			return later(rt, s.deadline, rt.stateError, func(ctx context.Context) ([]byte, error) {
				result, err := operation(ctx, rt.host.cfg.Documents)
				if err != nil || result == nil {
					return []byte("null"), err
				}
				return encodePlain(result)
			}, rt.answer)
		})
	}
	return o
}

// encodePlain writes JSON as it is shown to modules.
func encodePlain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// stateError is what a module sees of a failed operation.
func (rt *vmRuntime) stateError(err error) goja.Value {
	e := callError(err)
	if e.Code == "call_failed" {
		e = &CallError{Code: CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "the state cannot be reached: " + err.Error()}
	}
	return rt.hostError("StateError", e)
}

// stateCall reads the arguments of one call. The first thing that is wrong
// with them stays in err.
type stateCall struct {
	m         *moduleInstance
	namespace string
	err       error
}

func (c *stateCall) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// object is an argument that must be an object.
func (c *stateCall) object(v goja.Value, wanted string) *goja.Object {
	o, ok := v.(*goja.Object)
	if !ok {
		c.fail(invalid("an object such as %s is needed", wanted))
		return c.m.rt.vm.NewObject()
	}
	return o
}

// collection checks the name and the permission.
func (c *stateCall) collection(v goja.Value) string {
	name := str(v)
	if err := checkCollectionName(name); err != nil {
		c.fail(err)
	} else if err := c.m.permit("state", name, "use the collection"); err != nil {
		c.fail(err)
	}
	return name
}

func (c *stateCall) id(v goja.Value) string {
	id := str(v)
	if err := checkDocumentID(id); err != nil {
		c.fail(err)
	}
	return id
}

// document reads (id, collection) or ({id, collection}).
func (c *stateCall) document(call goja.FunctionCall) (id, collection string) {
	first, second := call.Argument(0), call.Argument(1)
	if o, ok := first.(*goja.Object); ok {
		first, second = o.Get("id"), o.Get("collection")
	}
	return c.id(first), c.collection(second)
}

func (c *stateCall) getDocument(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	id, collection := c.document(call)
	return func(ctx context.Context, d Documents) (any, error) {
		doc, err := d.Get(ctx, c.namespace, collection, id)
		if errors.Is(err, ErrNoDocument) {
			return nil, nil // null, as in DGate
		}
		return c.show(doc), err
	}
}

func (c *stateCall) getDocuments(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	o := c.object(call.Argument(0), "{collection, limit, offset}")
	collection := c.collection(o.Get("collection"))
	limit, offset := defaultPage, 0
	if v := o.Get("limit"); !isNil(v) {
		limit = int(integer(v, 0, maxPage))
	}
	if v := o.Get("offset"); !isNil(v) {
		offset = int(integer(v, 0, math.MaxInt32))
	}
	return func(ctx context.Context, d Documents) (any, error) {
		docs, err := d.List(ctx, c.namespace, collection, offset, limit)
		if err != nil {
			return nil, err
		}
		size := 0
		for _, doc := range docs {
			size += len(doc.Data)
		}
		if size > pageBytes {
			return nil, &CallError{Code: CodeTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "these documents are larger than 16 MiB together; ask for fewer"}
		}
		shown := make([]shownDocument, len(docs))
		for i, doc := range docs {
			shown[i] = c.show(doc)
		}
		return shown, nil
	}
}

func (c *stateCall) addDocument(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	o := c.object(call.Argument(0), "{id, collection, data}")
	doc := Document{ID: c.id(o.Get("id")), Collection: c.collection(o.Get("collection")), Data: json.RawMessage("null")}
	if v := o.Get("data"); v != nil {
		doc.Data = c.m.rt.marshal(v)
	}
	if len(doc.Data) > MaxDocument {
		c.fail(&CallError{Code: CodeTooLarge, Status: http.StatusRequestEntityTooLarge, Message: "a document has at most 512 KiB of JSON"})
	}
	// It is read inside of an array of documents.
	if e := catchJSON(func() { p := jsonParser{src: doc.Data}; p.skip(0, 3) }); e != nil {
		c.fail(invalid("the data is nested too deeply"))
	}
	if v := o.Get("revision"); !isNil(v) {
		if doc.Revision = integer(v, 0, math.MaxInt64); doc.Revision == 0 {
			doc.Revision = MustNotExist
		}
	}
	return func(ctx context.Context, d Documents) (any, error) {
		stored, err := d.Put(ctx, c.namespace, doc)
		return c.show(stored), err
	}
}

func (c *stateCall) deleteDocument(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	id, collection := c.document(call)
	return func(ctx context.Context, d Documents) (any, error) {
		err := d.Delete(ctx, c.namespace, collection, id)
		if errors.Is(err, ErrNoDocument) {
			return nil, nil
		}
		return nil, err
	}
}

// name reads ("name") or ({name}).
func (c *stateCall) name(call goja.FunctionCall) string {
	v := call.Argument(0)
	if o, ok := v.(*goja.Object); ok {
		v = o.Get("name")
	}
	return c.collection(v)
}

func (c *stateCall) getCollection(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	name := c.name(call)
	return func(ctx context.Context, d Documents) (any, error) {
		found, err := d.Collection(ctx, c.namespace, name)
		return c.showCollection(found), err
	}
}

func (c *stateCall) addCollection(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	rt := c.m.rt
	o := c.object(call.Argument(0), "{name, schema}")
	added := Collection{Name: c.collection(o.Get("name")), Visibility: str(o.Get("visibility"))}
	if v := o.Get("schema"); !isNil(v) {
		added.Schema = rt.marshal(v)
	}
	if added.Visibility == "" {
		added.Visibility = "private"
	}
	if !slices.Contains([]string{"private", "public"}, added.Visibility) {
		c.fail(invalid("visibility is %q, neither private nor public", added.Visibility))
	}
	if kind := str(o.Get("type")); kind != "" && kind != "document" {
		c.fail(invalid("type is %q; collections hold documents", kind))
	}
	if tags, ok := o.Get("tags").(*goja.Object); ok && rt.isArray(tags) {
		for _, v := range rt.list(tags) {
			added.Tags = append(added.Tags, str(v))
		}
	}
	return func(ctx context.Context, d Documents) (any, error) {
		stored, err := d.PutCollection(ctx, c.namespace, added)
		return c.showCollection(stored), err
	}
}

func (c *stateCall) deleteCollection(call goja.FunctionCall) func(context.Context, Documents) (any, error) {
	name := c.name(call)
	return func(ctx context.Context, d Documents) (any, error) {
		return nil, d.DeleteCollection(ctx, c.namespace, name)
	}
}

// shownDocument is a document as modules see it.
type shownDocument struct {
	ID         string          `json:"id"`
	Collection string          `json:"collection"`
	Namespace  string          `json:"namespace"`
	Data       json.RawMessage `json:"data"`
	Revision   int64           `json:"revision"`
	CreatedAt  time.Time       `json:"createdAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
}

func (c *stateCall) show(d Document) shownDocument {
	return shownDocument{d.ID, d.Collection, c.namespace, d.Data, d.Revision, d.CreatedAt, d.UpdatedAt}
}

// shownCollection is a collection as modules see it.
type shownCollection struct {
	Name       string          `json:"name"`
	Namespace  string          `json:"namespace"`
	Schema     json.RawMessage `json:"schema,omitempty"`
	Visibility string          `json:"visibility"`
	Type       string          `json:"type"`
	Tags       []string        `json:"tags,omitempty"`
	Revision   int64           `json:"revision"`
	CreatedAt  time.Time       `json:"createdAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
}

func (c *stateCall) showCollection(l Collection) shownCollection {
	return shownCollection{l.Name, c.namespace, l.Schema, l.Visibility, "document", l.Tags, l.Revision, l.CreatedAt, l.UpdatedAt}
}
