package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Errors of SetWeight.
var (
	ErrNoInstance = errors.New("no such instance is registered")
	ErrWeight     = fmt.Errorf("a weight is a number from 0 to %d", maxWeight)
)

// SetWeight changes the weight of a registered instance in the registry, for
// every gateway that reads it; 0 drains it. The key keeps its lease, so it goes
// with the instance; an instance that registers anew brings its own weight.
func (r *Resolver) SetWeight(ctx context.Context, destination, address string, weight int) error {
	if weight < 0 || weight > maxWeight {
		return ErrWeight
	}
	key := r.keyOf(destination, address)
	if key == "" {
		return fmt.Errorf("%s %s: %w", destination, address, ErrNoInstance)
	}
	for {
		got, err := r.get(ctx, key)
		if err != nil {
			return fmt.Errorf("the registry: %w", err)
		}
		if len(got.Kvs) == 0 {
			return fmt.Errorf("%s %s: %w", destination, address, ErrNoInstance)
		}
		var value map[string]json.RawMessage
		if err := json.Unmarshal(got.Kvs[0].Value, &value); err != nil {
			return fmt.Errorf("the registry key %s: %w", key, err)
		}
		value["weight"] = json.RawMessage(fmt.Sprint(weight))
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("the registry key %s: %w", key, err)
		}
		done, err := r.putIf(ctx, key, string(text), got.Kvs[0].ModRevision)
		if err != nil || done {
			return err
		}
	}
}

// keyOf is the key of a registered instance; empty: there is none.
func (r *Resolver) keyOf(destination, address string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, inst := range r.destinationLocked(destination).registered {
		if inst.Address == address {
			return key
		}
	}
	return ""
}

// putIf replaces a value that is still at a revision; the key keeps its lease.
func (r *Resolver) putIf(ctx context.Context, key, value string, revision int64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	resp, err := r.c.Client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(key), "=", revision)).
		Then(clientv3.OpPut(key, value, clientv3.WithIgnoreLease())).
		Commit()
	if err != nil {
		return false, fmt.Errorf("the registry: %w", err)
	}
	return resp.Succeeded, nil
}
