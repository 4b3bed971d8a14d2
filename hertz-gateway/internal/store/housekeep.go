package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// sweepInterval is how often staged changes that nobody committed are looked
	// for.
	sweepInterval = 5 * time.Minute
	// trimPause is the least time between two looks at the bounds of the history,
	// and trimShare how much it may exceed them, as a part of them, until this
	// gateway looks at what it added.
	trimPause = 2 * time.Second
	trimShare = 10
	// removeAtOnce bounds what one transaction removes.
	removeAtOnce = 40
)

// housekeep does what nobody waits for: it folds large commits whose gateway
// has died, trims the history, and sweeps stages without a writer. Every
// gateway does, all steps are safe to be done by several.
func (s *Store) housekeep(ctx context.Context) {
	if s.cfg.WatchOnly {
		return
	}
	tick := time.NewTicker(foldAfter)
	defer tick.Stop()
	sweep := time.NewTimer(rand.N(sweepInterval))
	defer sweep.Stop()
	trim := time.NewTimer(rand.N(trimPause))
	defer trim.Stop()
	pending, trimmed := false, false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := s.pending()
			if now && pending && s.Synced() {
				err = s.fold(ctx)
			}
			pending = now
		case <-trim.C:
			if s.Synced() && (!trimmed || s.grown()) {
				err = s.trim(ctx)
				trimmed = err == nil
			}
			trim.Reset(trimPause)
		case <-sweep.C:
			if s.Synced() {
				err = errors.Join(s.sweep(ctx), s.sweepDocuments(ctx))
			}
			sweep.Reset(sweepInterval/2 + rand.N(sweepInterval))
		}
		if err != nil && ctx.Err() == nil {
			s.log.Debug("housekeeping; it will be tried again", "error", err)
		}
	}
}

// grown says whether this gateway added so much to the history since it was
// trimmed that it is worth another look.
func (s *Store) grown() bool {
	return int(s.newEntries.Load())*trimShare > s.cfg.HistoryCount || int(s.newBytes.Load())*trimShare > s.cfg.HistoryBytes
}

// trim removes the oldest entries of a history that exceeds its bounds.
func (s *Store) trim(ctx context.Context) error {
	s.newEntries.Store(0)
	s.newBytes.Store(0)
	entries, err := s.History(ctx)
	if err != nil {
		return err
	}
	keep, size := 0, 0
	for keep < len(entries) && keep < s.cfg.HistoryCount {
		if size += entries[keep].size; size > s.cfg.HistoryBytes {
			break
		}
		keep++
	}
	old := entries[keep:]
	for len(old) > 0 {
		// Oldest first, so that what is left has no gap.
		n := min(len(old), removeAtOnce)
		batch := old[len(old)-n:]
		old = old[:len(old)-n]
		floor, modified, err := s.floor(ctx)
		if err != nil {
			return err
		}
		ops := []clientv3.Op{clientv3.OpPut(floorKey, strconv.FormatInt(max(floor, batch[0].Revision), 10))}
		for _, e := range batch {
			ops = append(ops, clientv3.OpDelete(entryPrefix+e.ID),
				clientv3.OpDelete(stagePrefix+e.ID+"/", clientv3.WithPrefix()))
		}
		done, err := s.txn(ctx, []clientv3.Cmp{
			// What is being folded is needed.
			absent(configPrefix + commitPath),
			clientv3.Compare(clientv3.ModRevision(floorKey), "=", modified),
		}, ops...)
		if err != nil || !done {
			return err
		}
	}
	return nil
}

// sweep removes what was staged by writers that died before they committed.
func (s *Store) sweep(ctx context.Context) error {
	staged, err := s.stagedIDs(ctx)
	if err != nil {
		return err
	}
	entries, err := s.History(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		delete(staged, e.ID)
	}
	for id := range staged {
		if _, err := s.txn(ctx, []clientv3.Cmp{
			absent(entryPrefix + id), absent(aliveKey(id)), absent(fenceKey(id)),
		}, clientv3.OpDelete(stagePrefix+id+"/", clientv3.WithPrefix())); err != nil {
			return err
		}
	}
	return nil
}

// stagedIDs are those of all commits that have something staged.
func (s *Store) stagedIDs(ctx context.Context) (map[string]bool, error) {
	ids := map[string]bool{}
	for from := stagePrefix; ; {
		page, err := s.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(stagePrefix)), clientv3.WithLimit(10*listPage), clientv3.WithKeysOnly())
		if err != nil {
			return nil, err
		}
		for _, kv := range page.Kvs {
			id, _, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), stagePrefix), "/")
			ids[id] = true
			from = string(kv.Key) + "\x00"
		}
		if !page.More {
			return ids, nil
		}
	}
}
