package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// DocumentList is the answer of a list of documents, in DGate's form.
type DocumentList struct {
	Documents  []DocumentView `json:"documents"`
	Limit      int            `json:"limit"`
	Offset     int            `json:"offset"`
	Count      int            `json:"count"`
	Collection string         `json:"collection"`
	Namespace  string         `json:"namespace"`
}

// DocumentView is a document as it is answered.
type DocumentView struct {
	ID         string          `json:"id"`
	Namespace  string          `json:"namespace"`
	Collection string          `json:"collection"`
	Data       json.RawMessage `json:"data"`
	Revision   int64           `json:"revision"`
	CreatedAt  time.Time       `json:"createdAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
}

var inCollection = parameter{"collection", "the collection; required"}

func (h *Handler) documentEndpoints() []endpoint {
	const all, one = "/api/v1/document", "/api/v1/document/{id}"
	at := []parameter{inNamespace, inCollection}
	return []endpoint{
		{verb: "GET", path: all, role: Viewer, summary: "List documents by id.", out: DocumentList{}, serve: listDocuments, query: append([]parameter{{"limit", "at most so many"}, {"offset", "leave so many out"}}, at...)},
		{verb: "GET", path: one, role: Viewer, summary: "Read a document; ETag is its revision.", out: DocumentView{}, serve: getDocument, query: at},
		{verb: "PUT", path: one, role: Editor, summary: "Create or replace a document; the body is its data.", in: json.RawMessage{}, out: DocumentView{}, serve: putDocument, query: at},
		{verb: "DELETE", path: one, role: Editor, summary: "Delete a document.", serve: deleteDocument, query: at},
		{verb: "PUT", path: all, role: Editor, summary: "Create or replace a document that names itself, as DGate's clients do.", in: api.Document{}, out: Envelope{}, serve: putWholeDocument},
		{verb: "DELETE", path: all, role: Editor, summary: "Delete the document that the body names, as DGate's clients do; without a body all of the collection.", in: api.Document{}, out: Envelope{}, serve: deleteWholeDocument, query: at},
	}
}

// collection finds the collection that a request is about. Documents of a
// private one are for modules, and for who may do everything.
func (x *exchange) collection(namespace, name string) *api.Problem {
	if p := x.allowed(namespace); p != nil {
		return p
	}
	if name == "" {
		return badParameter("collection", "it is required")
	}
	o := x.backend.Control().Store().Current().Get(store.Key{Namespace: namespace, Kind: string(api.KindCollection), Name: name})
	if o == nil {
		return api.NewProblem(api.NotFound, "There is no collection "+strconv.Quote(name)+" in namespace "+namespace+".")
	}
	if o.Decoded.(*api.Collection).Visibility != api.VisibilityPublic && x.caller.Role < Admin {
		return api.NewProblem(api.Forbidden, "The collection "+name+" is private.")
	}
	return nil
}

func viewDocument(d *store.Document) DocumentView {
	return DocumentView{
		ID: d.ID, Namespace: d.Namespace, Collection: d.Collection, Data: d.Data,
		Revision: d.Revision, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
}

func listDocuments(ctx context.Context, x *exchange) *api.Problem {
	out := DocumentList{Documents: []DocumentView{}, Limit: store.DefaultDocuments, Collection: x.query.Get("collection"), Namespace: x.namespace()}
	if p := x.collection(out.Namespace, out.Collection); p != nil {
		return p
	}
	for _, n := range []struct {
		name        string
		least, most int
		into        *int
	}{{"limit", 1, store.MaxDocuments, &out.Limit}, {"offset", 0, store.MaxDocumentOffset, &out.Offset}} {
		text := x.query.Get(n.name)
		if text == "" {
			continue
		}
		v, err := strconv.Atoi(text)
		if err != nil || v < n.least || v > n.most {
			return badParameter(n.name, "it is not a number from %d to %d", n.least, n.most)
		}
		*n.into = v
	}
	list, _, err := x.backend.Documents().List(ctx, out.Namespace, out.Collection, store.Page{Offset: out.Offset, Limit: out.Limit})
	if err != nil {
		return x.problem(err)
	}
	for _, d := range list {
		out.Documents = append(out.Documents, viewDocument(d))
	}
	out.Count = len(list)
	return x.write(200, out)
}

// document gives the place that path and query name.
func (x *exchange) document() (namespace, collection, id string, p *api.Problem) {
	id, _ = x.req.Params.Get("id")
	namespace, collection = x.namespace(), x.query.Get("collection")
	return namespace, collection, id, x.collection(namespace, collection)
}

// revision is what If-Match and If-None-Match ask of a document; nil: nothing.
func (x *exchange) revision() (*int64, *api.Problem) {
	conditions, p := x.conditions(store.Key{})
	if p != nil || conditions == nil {
		return nil, p
	}
	return &conditions[0].Revision, nil
}

func getDocument(ctx context.Context, x *exchange) *api.Problem {
	namespace, collection, id, p := x.document()
	if p != nil {
		return p
	}
	d, err := x.backend.Documents().Get(ctx, namespace, collection, id)
	if err != nil {
		return x.problem(err)
	}
	x.setHeader("ETag", etag(d.Revision))
	return x.write(200, viewDocument(d))
}

func putDocument(ctx context.Context, x *exchange) *api.Problem {
	namespace, collection, id, p := x.document()
	if p != nil {
		return p
	}
	data, p := x.body()
	if p != nil {
		return p
	}
	d, p := x.store(ctx, namespace, collection, id, data)
	if p != nil {
		return p
	}
	return x.write(200, viewDocument(d))
}

// store writes one document.
func (x *exchange) store(ctx context.Context, namespace, collection, id string, data []byte) (*store.Document, *api.Problem) {
	if err := api.Decode(data, new(json.RawMessage)); err != nil {
		return nil, x.problem(err)
	}
	revision, p := x.revision()
	if p != nil {
		return nil, p
	}
	d, err := x.backend.Documents().Put(ctx, namespace, collection, id, data, revision)
	x.audit("document "+namespace+"/"+collection, err)
	if err != nil {
		return nil, x.problem(err)
	}
	x.setHeader("ETag", etag(d.Revision))
	return d, nil
}

func deleteDocument(ctx context.Context, x *exchange) *api.Problem {
	namespace, collection, id, p := x.document()
	if p != nil {
		return p
	}
	return x.removeDocument(ctx, namespace, collection, id)
}

func (x *exchange) removeDocument(ctx context.Context, namespace, collection, id string) *api.Problem {
	revision, p := x.revision()
	if p != nil {
		return p
	}
	err := x.backend.Documents().Delete(ctx, namespace, collection, id, revision)
	x.audit("document "+namespace+"/"+collection, err)
	if err != nil {
		return x.problem(err)
	}
	x.resp.SetStatus(204)
	return nil
}

func putWholeDocument(ctx context.Context, x *exchange) *api.Problem {
	body, p := x.body()
	if p != nil {
		return p
	}
	r, err := api.DecodeKind(api.KindDocument, body)
	if err != nil {
		return x.problem(err)
	}
	d := r.(*api.Document)
	if p := x.collection(d.Namespace, d.Collection); p != nil {
		return p
	}
	stored, p := x.store(ctx, d.Namespace, d.Collection, d.ID, d.Data)
	if p != nil {
		return p
	}
	view, err := json.Marshal(viewDocument(stored))
	if err != nil {
		return x.internal(err)
	}
	return x.write(201, Envelope{StatusCode: 201, Data: view, Count: 1})
}

// deleteWholeDocument is DGate's shape: id and collection in the body, or all
// documents of the collection that the query names.
func deleteWholeDocument(ctx context.Context, x *exchange) *api.Problem {
	body, err := x.req.Body()
	if err != nil {
		return api.NewProblem(api.MalformedRequest, "The body cannot be read.")
	}
	ref := struct{ ID, Collection, Namespace string }{Collection: x.query.Get("collection"), Namespace: x.namespace()}
	if len(body) > 0 {
		if _, p := x.body(); p != nil {
			return p
		}
		if err := json.Unmarshal(body, &ref); err != nil || ref.ID == "" {
			return x.problem(&api.InvalidError{Errors: []api.FieldError{{Pointer: "/id", Code: api.CodeRequired, Detail: "id is required"}}})
		}
	}
	if p := x.collection(ref.Namespace, ref.Collection); p != nil {
		return p
	}
	if ref.ID != "" {
		if p := x.removeDocument(ctx, ref.Namespace, ref.Collection, ref.ID); p != nil {
			return p
		}
		return x.write(202, Envelope{StatusCode: 202, Count: 1})
	}
	n, err := x.removeAll(ctx, ref.Namespace, ref.Collection)
	x.audit(fmt.Sprintf("%d documents %s/%s", n, ref.Namespace, ref.Collection), err)
	if err != nil {
		return x.problem(err)
	}
	return x.write(202, Envelope{StatusCode: 202, Count: n})
}

// removeAll deletes the documents of a collection, and says how many.
func (x *exchange) removeAll(ctx context.Context, namespace, collection string) (n int, err error) {
	for {
		list, _, err := x.backend.Documents().List(ctx, namespace, collection, store.Page{Limit: store.MaxDocuments})
		if err != nil || len(list) == 0 {
			return n, err
		}
		for _, d := range list {
			if err := x.backend.Documents().Delete(ctx, namespace, collection, d.ID, &d.Revision); err != nil {
				return n, err
			}
			n++
		}
	}
}
