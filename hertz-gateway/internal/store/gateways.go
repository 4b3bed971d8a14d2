package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// gatewaySeconds is how long a gateway that died is still listed.
	gatewaySeconds = 10
	// announceEvery is how often a status is looked at, and announcePause the
	// least time between two of its versions.
	announceEvery = time.Second
	announcePause = 20 * time.Millisecond
	// announceAnew is how often it is written though it hasn't changed, in case
	// somebody removed it.
	announceAnew = 10 * time.Second
	maxGateways  = 1000
)

// Gateway is what a live gateway says about itself.
type Gateway struct {
	ID string
	// Revision is the "revision" of its status: of the state that it serves.
	Revision int64
	// Status is the JSON that it announced.
	Status []byte
}

// Announce keeps a key in etcd with what status returns, a JSON object of some
// kilobytes with a number "revision", until Close; it goes by itself when the
// process dies. touch says that the status has changed, which is seen within a
// second anyhow. Watch-only gateways announce themselves too.
func (s *Store) Announce(id string, status func() []byte) (touch func(), err error) {
	if !validSegment(id) {
		return nil, fmt.Errorf("gateway id %q: 1 to %d characters of A-Z a-z 0-9 . _ ~ -", clip(id), maxSegment)
	}
	touched := make(chan struct{}, 1)
	s.run(func(ctx context.Context) {
		for ctx.Err() == nil {
			err := s.announce(ctx, gatewaysPrefix+id, status, touched)
			if ctx.Err() == nil {
				s.log.Debug("announcing this gateway failed; it will be tried again", "error", err)
			}
			select {
			case <-time.After(announceEvery):
			case <-ctx.Done():
			}
		}
	})
	return func() {
		select {
		case touched <- struct{}{}:
		default:
		}
	}, nil
}

// announce does so with one lease, until that is lost or ctx ends.
func (s *Store) announce(ctx context.Context, key string, status func() []byte, touched <-chan struct{}) error {
	lease, err := within(ctx, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return s.client.Grant(ctx, gatewaySeconds)
	})
	if err != nil {
		return err
	}
	defer func() {
		// The key goes at once, not when the lease ends.
		_, _ = within(context.WithoutCancel(ctx), func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
			return s.client.Revoke(ctx, lease.ID)
		})
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	alive, err := s.client.KeepAlive(ctx, lease.ID)
	if err != nil {
		return err
	}
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	var last []byte
	var written time.Time
	for {
		if now := status(); !bytes.Equal(now, last) || time.Since(written) > announceAnew {
			if _, err := within(ctx, func(ctx context.Context) (*clientv3.PutResponse, error) {
				return s.client.Put(ctx, key, string(now), clientv3.WithLease(lease.ID))
			}); err != nil {
				return err
			}
			last, written = now, time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(announcePause):
		}
		for wait := true; wait; {
			select {
			case <-tick.C:
				wait = false
			case <-touched:
				wait = false
			case _, ok := <-alive:
				if !ok {
					return errors.New("the lease has ended")
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// Gateways lists the live gateways, by id.
func (s *Store) Gateways(ctx context.Context) ([]Gateway, error) {
	list, _, err := s.gateways(ctx)
	return list, err
}

func (s *Store) gateways(ctx context.Context) ([]Gateway, int64, error) {
	r, err := s.get(ctx, gatewaysPrefix, clientv3.WithPrefix(), clientv3.WithLimit(maxGateways))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	var list []Gateway
	for _, kv := range r.Kvs {
		list = append(list, readGateway(kv))
	}
	return list, r.Header.Revision, nil
}

func readGateway(kv *mvccpb.KeyValue) Gateway {
	g := Gateway{ID: strings.TrimPrefix(string(kv.Key), gatewaysPrefix), Status: kv.Value}
	var status struct {
		Revision int64 `json:"revision"`
	}
	if json.Unmarshal(kv.Value, &status) == nil { // else it serves nothing that we know of
		g.Revision = status.Revision
	}
	return g
}

// WaitServed waits until every live gateway serves the revision or a later one.
// The error at the end of ctx names those that don't. A gateway that died is
// waited for until its lease ends, 10 s.
func (s *Store) WaitServed(ctx context.Context, revision int64) error {
	for {
		behind, err := s.waitServed(ctx, revision)
		if err == nil && len(behind) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			if len(behind) > 0 {
				return fmt.Errorf("gateways that do not serve revision %d yet: %s: %w", revision, strings.Join(behind, ", "), ctx.Err())
			}
			return fmt.Errorf("waiting for the gateways: %w", errors.Join(ctx.Err(), err))
		case <-s.ctx.Done():
			return ErrClosed
		case <-time.After(retryFirst):
		}
	}
}

// waitServed does so with one listing and one watch. It returns who is behind.
func (s *Store) waitServed(ctx context.Context, revision int64) (behind []string, err error) {
	list, at, err := s.gateways(ctx)
	if err != nil {
		return nil, err
	}
	late := map[string]int64{}
	see := func(g Gateway) {
		if delete(late, g.ID); g.Revision < revision {
			late[g.ID] = g.Revision
		}
	}
	for _, g := range list {
		see(g)
	}
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	watch := s.client.Watch(ctx, gatewaysPrefix, clientv3.WithPrefix(), clientv3.WithRev(at+1))
	for len(late) > 0 {
		select {
		case resp, ok := <-watch:
			if !ok || resp.Err() != nil {
				return names(late), resp.Err()
			}
			for _, ev := range resp.Events {
				if ev.Type == mvccpb.DELETE {
					delete(late, strings.TrimPrefix(string(ev.Kv.Key), gatewaysPrefix))
				} else {
					see(readGateway(ev.Kv))
				}
			}
		case <-ctx.Done():
			return names(late), ctx.Err()
		case <-s.ctx.Done():
			return nil, ErrClosed
		}
	}
	return nil, nil
}

func names(late map[string]int64) (list []string) {
	for id, revision := range late {
		list = append(list, fmt.Sprintf("%s (at %d)", id, revision))
	}
	slices.Sort(list)
	return list
}
