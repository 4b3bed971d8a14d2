package discovery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	opTimeout  = 3 * time.Second
	pageSize   = 1000
	minBackoff = 50 * time.Millisecond
	maxBackoff = time.Second
)

// errAgain ends a session to list again at once; nothing is wrong with etcd.
var errAgain = errors.New("list again")

// Run follows the registry until ctx ends, and returns its error. With etcd
// away it keeps trying; the sets stay as they are. It may be called once.
func (r *Resolver) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { r.probe(ctx) })
	defer wg.Wait()
	backoff := minBackoff
	for {
		start := time.Now()
		err := r.session(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errAgain):
			backoff = minBackoff
			continue
		case time.Since(start) > maxBackoff+opTimeout:
			backoff = minBackoff
		}
		r.setStale(err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// session lists at a revision and watches from the next one, until something
// is not as it should be.
func (r *Resolver) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	revision, err := r.list(ctx)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	r.setConnected()

	checks := make(chan error)
	wg.Go(func() { r.check(ctx, checks) })
	relist := time.NewTimer(r.c.RelistEvery)
	defer relist.Stop()

	events := r.c.Client.Watch(clientv3.WithRequireLeader(ctx), r.c.Prefix,
		clientv3.WithPrefix(), clientv3.WithRev(revision+1))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case resp, ok := <-events:
			if !ok {
				return errors.New("watch: ended")
			}
			if resp.CompactRevision != 0 {
				// What was missed is not to be had as events any more.
				return errAgain
			}
			if err := resp.Err(); err != nil {
				return fmt.Errorf("watch: %w", err)
			}
			r.apply(resp)
		case err := <-checks:
			if err != nil {
				return err
			}
		case <-relist.C:
			return errAgain
		}
	}
}

// list reads the whole registry at one revision, and makes the sets those it found.
func (r *Resolver) list(ctx context.Context) (revision int64, err error) {
	seen := map[string]struct{}{}
	changed := map[*Destination]struct{}{}
	from, end := r.c.Prefix, clientv3.GetPrefixRangeEnd(r.c.Prefix)
	var found []*clientv3.GetResponse
	for {
		opts := []clientv3.OpOption{clientv3.WithRange(end), clientv3.WithLimit(pageSize)}
		if revision > 0 {
			opts = append(opts, clientv3.WithRev(revision))
		}
		resp, err := r.get(ctx, from, opts...)
		if err != nil {
			return 0, err
		}
		found = append(found, resp)
		revision = found[0].Header.Revision
		if !resp.More || len(resp.Kvs) == 0 {
			break
		}
		from = string(resp.Kvs[len(resp.Kvs)-1].Key) + "\x00"
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	note := func(d *Destination) {
		if d != nil {
			changed[d] = struct{}{}
		}
	}
	for _, resp := range found {
		for _, kv := range resp.Kvs {
			key := string(kv.Key)
			seen[key] = struct{}{}
			note(r.putLocked(key, string(kv.Value), kv.ModRevision))
		}
	}
	for key := range r.entries {
		if _, ok := seen[key]; !ok {
			note(r.deleteLocked(key))
		}
	}
	r.revision, r.cluster = revision, found[0].Header.ClusterId
	r.publishLocked(changed)
	select {
	case <-r.synced:
	default:
		close(r.synced)
	}
	return revision, nil
}

// apply takes over the events of a watch.
func (r *Resolver) apply(resp clientv3.WatchResponse) {
	changed := map[*Destination]struct{}{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ev := range resp.Events {
		var d *Destination
		if key := string(ev.Kv.Key); ev.Type == clientv3.EventTypeDelete {
			d = r.deleteLocked(key)
		} else {
			d = r.putLocked(key, string(ev.Kv.Value), ev.Kv.ModRevision)
		}
		if d != nil {
			changed[d] = struct{}{}
		}
	}
	r.revision = max(r.revision, resp.Header.Revision)
	r.publishLocked(changed)
}

// check asks etcd every CheckEvery whether it is there and still the same: a
// watch does not notice a dead server, nor one restored to an older revision.
// It sends an error once the session must end.
func (r *Resolver) check(ctx context.Context, result chan<- error) {
	tick := time.NewTicker(r.c.CheckEvery)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.mu.Lock()
		revision, cluster := r.revision, r.cluster
		r.mu.Unlock()
		resp, err := r.get(ctx, r.c.Prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			away = true
			r.setStale(err)
			continue
		case away, resp.Header.Revision < revision, resp.Header.ClusterId != cluster:
			// It is back, or another one: whatever the watch may do, list.
			select {
			case result <- errAgain:
			case <-ctx.Done():
			}
			return
		}
	}
}

func (r *Resolver) get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, min(opTimeout, r.c.CheckEvery))
	defer cancel()
	return r.c.Client.Get(ctx, key, opts...)
}
