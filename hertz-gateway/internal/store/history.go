package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// ErrTrimmed says that the history doesn't reach back that far.
var ErrTrimmed = errors.New("the history does not reach back that far")

// keysShown is how many keys an entry names.
const keysShown = 20

// historyEntry is the value of a key of the history.
type historyEntry struct {
	Time    time.Time `json:"time"`
	Author  string    `json:"author,omitempty"`
	Message string    `json:"message,omitempty"`
	// Changes is how many objects changed; Keys are the first of them.
	Changes int      `json:"changes"`
	Keys    []string `json:"keys,omitempty"`
	// Size of the packed changes, in bytes and in pieces.
	Size   int `json:"size"`
	Pieces int `json:"pieces"`
}

func (e *historyEntry) describe(changes []change) {
	e.Changes = len(changes)
	for _, c := range changes[:min(len(changes), keysShown)] {
		e.Keys = append(e.Keys, c.Path)
	}
}

// Entry is a commit of the past.
type Entry struct {
	ID              string
	Revision        int64
	Time            time.Time
	Author, Message string
	// Changes is how many objects it put or deleted; Keys are the first 20.
	Changes int
	Keys    []Key

	size, pieces int
}

// History returns what was committed, newest first, as far as it is kept
// (Config.HistoryCount). Writes past this package are not in it.
func (s *Store) History(ctx context.Context) ([]Entry, error) {
	var list []Entry
	for from := entryPrefix; ; {
		page, err := s.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(entryPrefix)), clientv3.WithLimit(listPage))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for _, kv := range page.Kvs {
			list = append(list, readEntry(kv))
		}
		if !page.More {
			break
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(b.Revision, a.Revision) })
	return list, nil
}

// readEntry reads an entry; one that is not from us shows as such.
func readEntry(kv *mvccpb.KeyValue) Entry {
	e := Entry{ID: string(kv.Key[len(entryPrefix):]), Revision: kv.CreateRevision}
	var v historyEntry
	if err := json.Unmarshal(kv.Value, &v); err != nil {
		e.Message = "unreadable: " + clip(err.Error())
		return e
	}
	e.Time, e.Author, e.Message, e.Changes, e.size, e.pieces = v.Time, v.Author, v.Message, v.Changes, v.Size, v.Pieces
	for _, path := range v.Keys {
		if k, err := parseKey(path); err == nil {
			e.Keys = append(e.Keys, k)
		}
	}
	return e
}

// changes reads what a commit did.
func (s *Store) changes(ctx context.Context, e Entry) ([]change, error) {
	list, err := s.load(ctx, stagedCommit{ID: e.ID, Pieces: e.pieces}, 0)
	if err != nil {
		return nil, fmt.Errorf("history, revision %d: %w", e.Revision, err)
	}
	return list, nil
}

// At returns the state as it was at a revision: Current with all later commits
// undone, for comparing and for rolling back. What was written past this
// package meanwhile is not undone. ErrTrimmed if the history is too short.
func (s *Store) At(ctx context.Context, revision int64) (*State, error) {
	base := s.Current()
	if revision > base.revision {
		return nil, fmt.Errorf("revision %d is not there yet: the newest is %d", revision, base.revision)
	}
	entries, err := s.History(ctx)
	if err != nil {
		return nil, err
	}
	st := *base
	st.revision = revision
	for _, e := range entries {
		if e.Revision <= revision || e.Revision > base.revision {
			continue
		}
		changes, err := s.changes(ctx, e)
		if err != nil {
			return nil, err
		}
		for _, ch := range changes {
			if err := s.undo(&st, ch); err != nil {
				return nil, fmt.Errorf("history, revision %d: %s: %w", e.Revision, clip(ch.Path), err)
			}
		}
	}
	// Last: entries may have been trimmed while they were read.
	floor, _, err := s.floor(ctx)
	if err != nil {
		return nil, err
	}
	if revision < floor {
		return nil, fmt.Errorf("%w: to revision %d, not %d", ErrTrimmed, floor, revision)
	}
	return &st, nil
}

// undo takes one change back.
func (s *Store) undo(st *State, ch change) error {
	if ch.Prev == nil {
		st.objects = st.objects.Without(ch.Path)
		return nil
	}
	key, err := parseKey(ch.Path)
	if err != nil {
		return err
	}
	last, _ := st.objects.Get(ch.Path)
	o, err := s.object(key, *ch.Prev, last)
	if err != nil {
		return err
	}
	st.objects = st.objects.With(ch.Path, o)
	return nil
}

// floor reads how far the history reaches, and at which revision that was
// written.
func (s *Store) floor(ctx context.Context) (floor, modified int64, err error) {
	r, err := s.get(ctx, floorKey)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(r.Kvs) == 0 {
		return 0, 0, nil
	}
	floor, err = strconv.ParseInt(string(r.Kvs[0].Value), 10, 64)
	if err != nil {
		// Not from us. Nothing before it was written is sure.
		floor = r.Kvs[0].ModRevision
	}
	return floor, r.Kvs[0].ModRevision, nil
}
