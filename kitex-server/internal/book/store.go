package book

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// operationTimeout bounds each request to etcd, the first one included.
const operationTimeout = 3 * time.Second

// Store finds books and takes new ones. The books of the start are in every
// store; inserted ones are in etcd, one key each, and are remembered once seen,
// since books never change. Safe for concurrent use.
type Store struct {
	etcd   *clientv3.Client
	prefix string

	mu    sync.RWMutex
	known map[string]Book // by ID
}

// Open returns the store whose inserted books have their keys below
// /books/<library>/. It fails when etcd does not answer. The client stays the
// caller's.
func Open(ctx context.Context, etcd *clientv3.Client, library string) (*Store, error) {
	s := &Store{etcd: etcd, prefix: "/books/" + library + "/", known: make(map[string]Book)}
	for _, b := range seed {
		s.known[b.ID] = b
	}
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	if _, err := etcd.Get(ctx, s.prefix, clientv3.WithPrefix(), clientv3.WithCountOnly()); err != nil {
		return nil, fmt.Errorf("read the books in etcd: %w", err)
	}
	return s, nil
}

// Find returns the book with that ID, or ErrNotFound; other errors mean that
// etcd could not be asked.
func (s *Store) Find(ctx context.Context, id string) (Book, error) {
	s.mu.RLock()
	b, ok := s.known[id]
	s.mu.RUnlock()
	if ok {
		return b, nil
	}
	if id == "" || len(id) > MaxID {
		return Book{}, ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	got, err := s.etcd.Get(ctx, s.prefix+id)
	if err != nil {
		return Book{}, fmt.Errorf("read book %q in etcd: %w", id, err)
	}
	if len(got.Kvs) == 0 {
		return Book{}, ErrNotFound
	}
	if err := json.Unmarshal(got.Kvs[0].Value, &b); err != nil {
		return Book{}, fmt.Errorf("read book %q in etcd: %w", id, err)
	}
	s.remember(b)
	return b, nil
}

// Insert adds a book. A book that cannot be taken, because its ID is, or
// because a text is missing or too long, is a *RefusedError. After any other
// error the book may be there or not.
func (s *Store) Insert(ctx context.Context, b Book) error {
	if err := b.check(); err != nil {
		return err
	}
	switch _, err := s.Find(ctx, b.ID); {
	case err == nil:
		return duplicate(b.ID)
	case !errors.Is(err, ErrNotFound):
		return err
	}
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("insert book %q: %w", b.ID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	key := s.prefix + b.ID
	put, err := s.etcd.Txn(ctx).
		If(clientv3.Compare(clientv3.CreateRevision(key), "=", 0)).
		Then(clientv3.OpPut(key, string(text))).
		Commit()
	if err != nil {
		return fmt.Errorf("insert book %q: %w", b.ID, err)
	}
	if !put.Succeeded {
		return duplicate(b.ID)
	}
	s.remember(b)
	return nil
}

func (s *Store) remember(b Book) {
	s.mu.Lock()
	s.known[b.ID] = b
	s.mu.Unlock()
}
