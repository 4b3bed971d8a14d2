package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// CollectionKind is the kind of the objects that documents belong to.
const CollectionKind = "collection"

// Bounds of documents: the bytes of one's JSON and of its id, how many List
// returns at most and if nothing is said, and how many it skips, each of which
// is read.
const (
	MaxDocumentBytes  = 512 << 10
	MaxDocumentID     = 255
	MaxDocuments      = 1000
	DefaultDocuments  = 100
	MaxDocumentOffset = 100_000
)

const (
	// maxListBytes is where List ends a page early.
	maxListBytes = 8 << 20
	documentPage = 16
	putAttempts  = 10
)

var (
	// ErrNoCollection says that the collection of a document does not exist.
	ErrNoCollection = errors.New("no such collection")
	// ErrNoDocument says that a document does not exist.
	ErrNoDocument = errors.New("no such document")
)

// Document is one of a collection's.
type Document struct {
	Namespace, Collection, ID string
	// Data is JSON.
	Data                 []byte
	Revision             int64
	CreatedAt, UpdatedAt time.Time
}

// storedDocument is the value of a document's key. Collection says which one of
// that name it belongs to, by when that was created: the documents of one that
// was deleted are gone at once for everybody, whenever their keys go.
type storedDocument struct {
	CreatedAt  time.Time       `json:"createdAt"`
	UpdatedAt  time.Time       `json:"updatedAt"`
	Collection int64           `json:"collection"`
	Data       json.RawMessage `json:"data"`
}

// Documents are kept in etcd beside the state, each under a key of its own, and
// read on demand. Safe for concurrent use.
type Documents struct {
	s        *Store
	validate func(collection *Object, id string, data []byte) error
}

// Documents returns the documents of the store. validate refuses data that
// the collection's schema doesn't allow; nil takes everything. It is called
// with the version of the collection that the document is stored under.
func (s *Store) Documents(validate func(collection *Object, id string, data []byte) error) *Documents {
	return &Documents{s, validate}
}

// collection returns the collection's object.
func (d *Documents) collection(namespace, name string) (*Object, error) {
	key := Key{namespace, CollectionKind, name}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	o := d.s.Current().Get(key)
	if o == nil {
		return nil, fmt.Errorf("%w: %s in namespace %s", ErrNoCollection, name, namespace)
	}
	return o, nil
}

func checkID(id string) error {
	if id == "" || len(id) > MaxDocumentID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
		return fmt.Errorf("document id %q: 1 to %d bytes of UTF-8 without control characters", clip(id), MaxDocumentID)
	}
	return nil
}

func documentsPrefix(collection Key) string {
	return dataPrefix + collection.Namespace + "/" + collection.Name + "/"
}

// generation is what tells a collection from an earlier one of its name.
func generation(collection *Object) int64 { return collection.CreatedAt.UnixNano() }

// readDocument makes a document of a key's value; nil if it isn't one of the
// collection. What somebody else wrote there is an error.
func readDocument(collection *Object, kv *mvccpb.KeyValue) (*Document, error) {
	id := strings.TrimPrefix(string(kv.Key), documentsPrefix(collection.Key))
	var v storedDocument
	if err := json.Unmarshal(kv.Value, &v); err != nil || len(v.Data) == 0 || !utf8.Valid(kv.Value) {
		return nil, fmt.Errorf("document %q of %s in etcd is not of ours", clip(id), collection.Key)
	}
	if v.Collection != generation(collection) {
		return nil, nil
	}
	return &Document{
		Namespace: collection.Namespace, Collection: collection.Name, ID: id, Data: v.Data,
		Revision: kv.ModRevision, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}, nil
}

// Get reads a document: ErrNoCollection, ErrNoDocument, ErrUnavailable.
func (d *Documents) Get(ctx context.Context, namespace, collection, id string) (*Document, error) {
	c, err := d.collection(namespace, collection)
	if err != nil {
		return nil, err
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	doc, _, err := d.get(ctx, c, id)
	if err == nil && doc == nil {
		err = fmt.Errorf("%w: %q in %s", ErrNoDocument, clip(id), c.Key)
	}
	return doc, err
}

// get returns nil if it isn't there, and the revision of its key.
func (d *Documents) get(ctx context.Context, c *Object, id string) (*Document, int64, error) {
	r, err := d.s.get(ctx, documentsPrefix(c.Key)+id)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(r.Kvs) == 0 {
		return nil, 0, nil
	}
	doc, err := readDocument(c, r.Kvs[0])
	return doc, r.Kvs[0].ModRevision, err
}

// Page says which documents to list.
type Page struct {
	// Limit is how many at most; 0 for DefaultDocuments. There are fewer than
	// there could be when they are large: go by Next.
	Limit int
	// Offset is how many to skip.
	Offset int
	// Continue is Next of the page before; Offset is then from there.
	Continue string
}

// List returns documents in order of their ids, and where to go on, "" at the
// end. Pages are read at their own times: a document that is written meanwhile
// may be missed, none comes twice. Values that others wrote there are left out.
func (d *Documents) List(ctx context.Context, namespace, collection string, p Page) (list []*Document, next string, err error) {
	c, err := d.collection(namespace, collection)
	if err != nil {
		return nil, "", err
	}
	if p.Limit == 0 {
		p.Limit = DefaultDocuments
	}
	if p.Limit < 0 || p.Limit > MaxDocuments || p.Offset < 0 || p.Offset > MaxDocumentOffset {
		return nil, "", fmt.Errorf("limit %d, offset %d: up to %d, up to %d", p.Limit, p.Offset, MaxDocuments, MaxDocumentOffset)
	}
	prefix := documentsPrefix(c.Key)
	from := prefix
	if p.Continue != "" {
		id, err := base64.RawURLEncoding.DecodeString(p.Continue)
		if err != nil || checkID(string(id)) != nil {
			return nil, "", fmt.Errorf("continue %q: not of an earlier page", clip(p.Continue))
		}
		from = prefix + string(id) + "\x00"
	}
	end := clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix))
	for skip := p.Offset; skip > 0; {
		r, err := d.s.get(ctx, from, end, clientv3.WithLimit(int64(min(skip, 10*listPage))), clientv3.WithKeysOnly())
		if err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if len(r.Kvs) == 0 {
			return nil, "", nil
		}
		skip -= len(r.Kvs)
		from = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
	for size := 0; ; {
		r, err := d.s.get(ctx, from, end, clientv3.WithLimit(int64(min(p.Limit-len(list), documentPage))))
		if err != nil {
			return nil, "", fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for _, kv := range r.Kvs {
			from = string(kv.Key) + "\x00"
			if doc, err := readDocument(c, kv); err == nil && doc != nil {
				list, size = append(list, doc), size+len(doc.Data)
			}
		}
		switch {
		case !r.More:
			return list, "", nil
		case len(list) == p.Limit || size >= maxListBytes:
			return list, base64.RawURLEncoding.EncodeToString([]byte(from[len(prefix) : len(from)-1])), nil
		}
	}
}

// Put writes a document and returns it. revision, if not nil, is the one that it
// must have: 0 for none; *ConditionError otherwise. Errors beside those of Get:
// validate's, *TooLargeError, ErrUnknown, ErrReadOnly, ErrHeld.
func (d *Documents) Put(ctx context.Context, namespace, collection, id string, data []byte, revision *int64) (*Document, error) {
	if len(data) > MaxDocumentBytes {
		return nil, &TooLargeError{"bytes of the document", len(data), MaxDocumentBytes}
	}
	data, err := compact(data)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	var stored *Document
	err = d.change(ctx, namespace, collection, id, revision, func(c *Object, key string, old *Document) (clientv3.Op, error) {
		if d.validate != nil {
			if err := d.validate(c, id, data); err != nil {
				return clientv3.Op{}, err
			}
		}
		now := d.s.cfg.Now().UTC()
		stored = &Document{Namespace: namespace, Collection: collection, ID: id, Data: data, CreatedAt: now, UpdatedAt: now}
		if old != nil {
			stored.CreatedAt = old.CreatedAt
		}
		return clientv3.OpPut(key, string(marshal(storedDocument{stored.CreatedAt, now, generation(c), data}))), nil
	}, func(revision int64) { stored.Revision = revision })
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// Delete removes a document; revision and errors are as for Put.
func (d *Documents) Delete(ctx context.Context, namespace, collection, id string, revision *int64) error {
	return d.change(ctx, namespace, collection, id, revision, func(c *Object, key string, old *Document) (clientv3.Op, error) {
		if old == nil {
			return clientv3.Op{}, fmt.Errorf("%w: %q in %s", ErrNoDocument, clip(id), c.Key)
		}
		return clientv3.OpDelete(key), nil
	}, func(int64) {})
}

// change makes one operation on a document, as long as neither it nor its
// collection changes meanwhile: then it tries again.
func (d *Documents) change(ctx context.Context, namespace, collection, id string, revision *int64,
	op func(c *Object, key string, old *Document) (clientv3.Op, error), done func(revision int64),
) error {
	if err := d.s.Writable(); err != nil {
		return err
	}
	if err := checkID(id); err != nil {
		return err
	}
	for range putAttempts {
		st := d.s.Current()
		c, err := d.collection(namespace, collection)
		if err != nil {
			return err
		}
		old, at, err := d.get(ctx, c, id)
		if err != nil && at == 0 {
			return err // else what is there is not of ours: it may be replaced
		}
		have := int64(0)
		if old != nil {
			have = old.Revision
		}
		if revision != nil && have != *revision {
			return &ConditionError{Key: c.Key, Document: id, Want: *revision, Have: have}
		}
		key, config := documentsPrefix(c.Key)+id, configPrefix+c.Key.String()
		o, err := op(c, key, old)
		if err != nil {
			return err
		}
		resp, err := within(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
			return d.s.client.Txn(ctx).If(
				absent(configPrefix+commitPath),
				clientv3.Compare(clientv3.ModRevision(config), "=", c.modRevision),
				clientv3.Compare(clientv3.ModRevision(key), "=", at),
			).Then(o).Else(clientv3.OpGet(config, clientv3.WithKeysOnly())).Commit()
		})
		switch {
		case err != nil && refused(err):
			return fmt.Errorf("etcd refused the document: %w", err)
		case err != nil:
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		case resp.Succeeded:
			done(resp.Header.Revision)
			return nil
		}
		if now := modRevision(resp.Responses[0].GetResponseRange().Kvs); now != c.modRevision {
			d.s.settleAfter(ctx, st)
		}
		if err := d.s.fold(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: document %q of %s/%s", ErrGuardMoved, clip(id), namespace, collection)
}

// purge removes the documents of a collection that was deleted, or those of its
// predecessors. They are invisible already.
func (s *Store) purge(ctx context.Context, collection Key) error {
	prefix, config := documentsPrefix(collection), configPrefix+collection.String()
	end := clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix))
	for from := prefix; ; {
		opts := []clientv3.OpOption{end, clientv3.WithLimit(documentPage)}
		c := s.Current().Get(collection)
		if c == nil {
			opts = []clientv3.OpOption{end, clientv3.WithLimit(maxTxnOps), clientv3.WithKeysOnly()}
		}
		r, err := s.get(ctx, from, opts...)
		if err != nil || len(r.Kvs) == 0 {
			return err
		}
		last := string(r.Kvs[len(r.Kvs)-1].Key)
		compares := []clientv3.Cmp{absent(configPrefix + commitPath)}
		var ops []clientv3.Op
		if c == nil {
			compares = append(compares, absent(config))
			ops = append(ops, clientv3.OpDelete(from, clientv3.WithRange(last+"\x00")))
		} else {
			compares = append(compares, clientv3.Compare(clientv3.ModRevision(config), "=", c.modRevision))
			for _, kv := range r.Kvs {
				if doc, err := readDocument(c, kv); err == nil && doc == nil {
					compares = append(compares, clientv3.Compare(clientv3.ModRevision(string(kv.Key)), "=", kv.ModRevision))
					ops = append(ops, clientv3.OpDelete(string(kv.Key)))
				}
			}
		}
		done, err := s.txn(ctx, compares, ops...)
		if err != nil || !done {
			return err // if not done: it is not what it was; the next sweep sees
		}
		from = last + "\x00"
	}
}

// collections are those that c deletes or makes anew.
func (c *commit) collections() (list []Key) {
	for _, ch := range c.changes {
		if key, err := parseKey(ch.Path); err == nil && key.Kind == CollectionKind && (ch.Prev == nil) != (ch.Next == nil) {
			list = append(list, key)
		}
	}
	return list
}

// sweepDocuments purges collections that exist no more.
func (s *Store) sweepDocuments(ctx context.Context) error {
	for from := dataPrefix; ; {
		r, err := s.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(dataPrefix)), clientv3.WithLimit(1), clientv3.WithKeysOnly())
		if err != nil || len(r.Kvs) == 0 {
			return err
		}
		path := string(r.Kvs[0].Key)
		parts := strings.SplitN(strings.TrimPrefix(path, dataPrefix), "/", 3)
		if len(parts) < 3 {
			from = path + "\x00"
			continue
		}
		key := Key{parts[0], CollectionKind, parts[1]}
		if s.Current().Get(key) == nil {
			if err := s.purge(ctx, key); err != nil {
				return err
			}
		}
		from = clientv3.GetPrefixRangeEnd(documentsPrefix(key))
	}
}
