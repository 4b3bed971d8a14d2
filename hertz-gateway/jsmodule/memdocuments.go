package jsmodule

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"dgate/hertz-gateway/schema"
)

// maxMemory bounds what MemoryDocuments holds, in bytes of data.
const maxMemory = 256 << 20

// MemoryDocuments is a Documents in memory, for tests of modules. Safe for
// concurrent use.
type MemoryDocuments struct {
	mu       sync.RWMutex
	all      map[collectionKey]*memoryCollection
	revision int64
	size     int
	now      func() time.Time
}

type collectionKey struct{ namespace, name string }

type memoryCollection struct {
	Collection
	schema *schema.Schema // nil: any document fits
	docs   map[string]Document
}

var _ Documents = (*MemoryDocuments)(nil)

// NewMemoryDocuments is empty and forgets all when the process ends.
func NewMemoryDocuments() *MemoryDocuments {
	return &MemoryDocuments{all: map[collectionKey]*memoryCollection{}, now: time.Now}
}

func (m *MemoryDocuments) collection(namespace, name string) (*memoryCollection, error) {
	c := m.all[collectionKey{namespace, name}]
	if c == nil {
		return nil, ErrNoCollection
	}
	return c, nil
}

// Get implements Documents.
func (m *MemoryDocuments) Get(_ context.Context, namespace, collection, id string) (Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, err := m.collection(namespace, collection)
	if err != nil {
		return Document{}, err
	}
	d, ok := c.docs[id]
	if !ok {
		return Document{}, ErrNoDocument
	}
	return d, nil
}

// List implements Documents.
func (m *MemoryDocuments) List(_ context.Context, namespace, collection string, offset, limit int) ([]Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, err := m.collection(namespace, collection)
	if err != nil {
		return nil, err
	}
	ids := slices.Sorted(maps.Keys(c.docs))
	ids = ids[min(offset, len(ids)):]
	ids = ids[:min(limit, len(ids))]
	docs := make([]Document, len(ids))
	for i, id := range ids {
		docs[i] = c.docs[id]
	}
	return docs, nil
}

// Put implements Documents.
func (m *MemoryDocuments) Put(_ context.Context, namespace string, d Document) (Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.collection(namespace, d.Collection)
	if err != nil {
		return Document{}, err
	}
	before, there := c.docs[d.ID]
	if d.Revision == MustNotExist && there || d.Revision > 0 && d.Revision != before.Revision {
		return Document{}, ErrConflict
	}
	if err := c.fits(d); err != nil {
		return Document{}, err
	}
	grown := len(d.Data) - len(before.Data)
	if m.size+grown > maxMemory {
		return Document{}, &CallError{Code: CodeTooLarge, Status: http.StatusInsufficientStorage, Message: "the documents in memory take up all that they may"}
	}
	d.Data = bytes.Clone(d.Data)
	d.UpdatedAt = m.now().UTC()
	d.CreatedAt = d.UpdatedAt
	if there {
		d.CreatedAt = before.CreatedAt
	}
	d.Revision = m.revision + 1
	m.revision, m.size = d.Revision, m.size+grown
	c.docs[d.ID] = d
	return d, nil
}

func (c *memoryCollection) fits(d Document) error {
	if c.schema == nil {
		return nil
	}
	if err := c.schema.Check(d.Data); err != nil {
		return SchemaError("document %s does not fit the schema of %s: %v", d.ID, d.Collection, err)
	}
	return nil
}

// Delete implements Documents.
func (m *MemoryDocuments) Delete(_ context.Context, namespace, collection, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.collection(namespace, collection)
	if err != nil {
		return err
	}
	d, ok := c.docs[id]
	if !ok {
		return ErrNoDocument
	}
	m.revision++
	m.size -= len(d.Data)
	delete(c.docs, id)
	return nil
}

// Collection implements Documents.
func (m *MemoryDocuments) Collection(_ context.Context, namespace, name string) (Collection, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, err := m.collection(namespace, name)
	if err != nil {
		return Collection{}, err
	}
	return c.Collection, nil
}

// PutCollection implements Documents.
func (m *MemoryDocuments) PutCollection(_ context.Context, namespace string, c Collection) (Collection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next, err := newMemoryCollection(c)
	if err != nil {
		return Collection{}, err
	}
	key := collectionKey{namespace, c.Name}
	next.UpdatedAt = m.now().UTC()
	next.CreatedAt = next.UpdatedAt
	if before := m.all[key]; before != nil {
		next.CreatedAt, next.docs = before.CreatedAt, before.docs
	}
	next.Revision = m.revision + 1
	m.revision = next.Revision
	m.all[key] = next
	return next.Collection, nil
}

func newMemoryCollection(c Collection) (*memoryCollection, error) {
	m := &memoryCollection{Collection: c, docs: map[string]Document{}}
	if len(c.Schema) == 0 {
		return m, nil
	}
	compiled, err := schema.Compile(c.Schema)
	if err != nil {
		return nil, SchemaError("the schema of %s: %v", c.Name, err)
	}
	m.schema, m.Schema = compiled, compiled.Text()
	return m, nil
}

// DeleteCollection implements Documents.
func (m *MemoryDocuments) DeleteCollection(_ context.Context, namespace, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.collection(namespace, name)
	if err != nil {
		return err
	}
	if len(c.docs) > 0 {
		return &CallError{Code: CodeConflict, Status: http.StatusConflict, Message: "the collection still holds documents"}
	}
	m.revision++
	delete(m.all, collectionKey{namespace, name})
	return nil
}
