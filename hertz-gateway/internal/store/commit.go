package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// commitTimeout bounds each of the requests of a commit.
	commitTimeout = 2 * time.Second
	// settleTimeout bounds how long Commit waits until Current has the change.
	settleTimeout = time.Second
	// commitAttempts is how often a commit helps another one to its end first.
	commitAttempts = 5

	// What fits into one transaction: etcd allows 128 operations and 1.5 MiB.
	maxTxnOps   = 100
	maxTxnBytes = 1 << 20
	// maxNamespaces is how many are guarded one by one; with maxConditions it
	// stays below what etcd allows.
	maxNamespaces = 20
	maxConditions = 80
)

// Bounds of what a Batch says about itself.
const (
	MaxAuthorBytes  = 256
	MaxMessageBytes = 4096
)

// Batch is a change, made as a whole or not at all.
type Batch struct {
	Puts    []Put
	Deletes []Key
	// Base is the state that the change was checked on; nil for Current. If a
	// namespace that the batch touches has changed since: ErrGuardMoved.
	Base *State
	// If are conditions of the caller: *ConditionError.
	If []Condition
	// Guards are namespaces that the change depends on beside those it touches.
	// The names may be made up, to guard what lies across namespaces; "*" stands
	// for all.
	Guards []string
	// Author and Message are for the history.
	Author, Message string

	// created has when objects were created that are not new though they are not
	// in the base.
	created map[Key]time.Time
}

// Put is an object to write.
type Put struct {
	Key Key
	// Value is JSON of at most MaxValueBytes; it is stored compacted.
	Value []byte
}

// Condition is that an object is at a revision; 0: that there is none.
type Condition struct {
	Key      Key
	Revision int64
}

// commit is a batch on its way.
type commit struct {
	id         string
	base       *State
	namespaces []string // guards to compare and bump
	changes    []change
	conditions []string // paths to compare
	time       time.Time
	author     string
	message    string
	packed     []byte // the changes, as the history keeps them
	large      bool   // too large for one transaction
	isStaged   bool
}

// change is what happens to one object; nil stands for absent.
type change struct {
	Path string    `json:"key"`
	Prev *envelope `json:"prev,omitempty"`
	Next *envelope `json:"next,omitempty"`
}

// Commit makes the change and returns its revision. When it returns, Current
// has the change, unless following etcd lags by more than a second. A batch
// that changes nothing is committed all the same.
//
// Errors: ErrGuardMoved, *ConditionError, *TooLargeError, ErrUnavailable,
// ErrUnknown, ErrReadOnly, ErrHeld, and those of bad batches. It takes some
// seconds at most while etcd doesn't answer.
func (s *Store) Commit(ctx context.Context, b Batch) (revision int64, err error) {
	if err := s.Writable(); err != nil {
		return 0, err
	}
	return s.commit(ctx, b)
}

// Confirm does for a change that changes nothing what Commit does for others: it
// asks etcd whether the namespaces are as in base still, and checks the
// conditions. Nothing is written. Its errors are those of Commit.
func (s *Store) Confirm(ctx context.Context, base *State, namespaces []string, conditions []Condition) error {
	if err := s.Writable(); err != nil {
		return err
	}
	for _, ns := range append(slices.Clone(namespaces), everyNamespace) {
		if err := s.guardStill(ctx, base, ns); err != nil {
			return err
		}
	}
	return s.checkConditions(ctx, &commit{base: base}, conditions)
}

// Writable says why nothing can be written now; nil: nothing is known to be in
// the way.
func (s *Store) Writable() error {
	st := s.Status()
	switch {
	case s.ctx.Err() != nil:
		return ErrClosed
	case s.cfg.WatchOnly:
		return ErrReadOnly
	case !st.Connected && st.Err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, st.Err)
	case !st.Connected:
		return ErrUnavailable
	case st.Held:
		return ErrHeld
	}
	return nil
}

func (s *Store) commit(ctx context.Context, b Batch) (int64, error) {
	c, err := s.prepare(b)
	if err != nil {
		return 0, err
	}
	if err := s.checkConditions(ctx, c, b.If); err != nil {
		return 0, err
	}
	if err := c.pack(); err != nil {
		return 0, err
	}
	for range commitAttempts {
		revision, retry, err := s.commitOnce(ctx, c)
		if err != nil {
			return 0, err
		}
		if retry {
			continue
		}
		s.settle(ctx, revision)
		s.afterCommit(c)
		return revision, nil
	}
	return 0, fmt.Errorf("%w: other large changes are always under way", ErrGuardMoved)
}

// prepare checks the batch and takes it apart.
func (s *Store) prepare(b Batch) (*commit, error) {
	switch {
	case len(b.Author) > MaxAuthorBytes:
		return nil, &TooLargeError{"bytes of the author", len(b.Author), MaxAuthorBytes}
	case len(b.Message) > MaxMessageBytes:
		return nil, &TooLargeError{"bytes of the message", len(b.Message), MaxMessageBytes}
	}
	now := s.cfg.Now().UTC()
	c := &commit{id: s.newID(), base: b.Base, time: now, author: b.Author, message: b.Message}
	if c.base == nil {
		c.base = s.Current()
	}
	namespaces, seen := slices.Clone(b.Guards), map[Key]bool{}
	for _, ns := range namespaces {
		if ns != everyNamespace && !validSegment(ns) {
			return nil, fmt.Errorf("guard %q: not a namespace", clip(ns))
		}
	}
	add := func(k Key, next *envelope) error {
		if err := k.Validate(); err != nil {
			return err
		}
		if seen[k] {
			return fmt.Errorf("%s is in the batch twice", k)
		}
		seen[k] = true
		ch := change{Path: k.String(), Next: next}
		if o := c.base.Get(k); o != nil {
			ch.Prev = o.stored()
			if next != nil {
				next.CreatedAt = o.CreatedAt
			}
		}
		c.changes = append(c.changes, ch)
		namespaces = append(namespaces, k.Namespace)
		return nil
	}
	for _, p := range b.Puts {
		value, err := compact(p.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Key, err)
		}
		created, ok := b.created[p.Key]
		if !ok {
			created = now
		}
		if err := add(p.Key, &envelope{CreatedAt: created, UpdatedAt: now, Resource: value}); err != nil {
			return nil, err
		}
	}
	for _, k := range b.Deletes {
		if err := add(k, nil); err != nil {
			return nil, err
		}
	}
	if len(c.changes) > MaxBatchChanges {
		return nil, &TooLargeError{"changes of the batch", len(c.changes), MaxBatchChanges}
	}
	slices.Sort(namespaces)
	c.namespaces = slices.Compact(namespaces)
	if len(c.namespaces) == 0 {
		return nil, errors.New("the batch is empty")
	}
	return c, nil
}

// compact checks a value and takes the blanks out.
func compact(value []byte) ([]byte, error) {
	if len(value) > MaxValueBytes {
		return nil, &TooLargeError{"bytes of the object", len(value), MaxValueBytes}
	}
	if !utf8.Valid(value) {
		return nil, errors.New("not UTF-8")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return b.Bytes(), nil
}

// checkConditions checks them on the base, which the guards then hold still.
func (s *Store) checkConditions(ctx context.Context, c *commit, conditions []Condition) error {
	for _, cond := range conditions {
		if err := cond.Key.Validate(); err != nil {
			return err
		}
		have := int64(0)
		if o := c.base.Get(cond.Key); o != nil {
			have = o.Revision
		}
		if have != cond.Revision {
			// Unless it is only that the base is behind.
			if err := s.guardStill(ctx, c.base, cond.Key.Namespace); err != nil {
				return err
			}
			return &ConditionError{Key: cond.Key, Want: cond.Revision, Have: have}
		}
		c.conditions = append(c.conditions, cond.Key.String())
		if !slices.Contains(c.namespaces, cond.Key.Namespace) {
			c.namespaces = append(c.namespaces, cond.Key.Namespace)
		}
	}
	return nil
}

// guardStill asks etcd whether the namespace is as it was in base; if not, it
// waits until Current has it.
func (s *Store) guardStill(ctx context.Context, base *State, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	r, err := s.client.Get(ctx, configPrefix+guardPrefix+namespace, clientv3.WithKeysOnly())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if now := modRevision(r.Kvs); now != base.ownGuard(namespace) {
		return s.guardMoved(ctx, guardPrefix+namespace, now)
	}
	return nil
}

// guardMoved waits until Current has what moved it.
func (s *Store) guardMoved(ctx context.Context, path string, revision int64) error {
	s.settle(ctx, revision)
	return fmt.Errorf("%w: %s at revision %d", ErrGuardMoved, path, revision)
}

// settle waits until Current has the revision, for a bounded time.
func (s *Store) settle(ctx context.Context, revision int64) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	_ = s.waitApplied(ctx, revision)
}

// settleAfter waits until Current is another than st, for a bounded time.
func (s *Store) settleAfter(ctx context.Context, st *State) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	_, _ = s.Next(ctx, st)
}

// commitOnce tries the commit in one transaction, staging it first if it is too
// large for one. It is to be tried again when another one had to be brought to
// its end before.
func (s *Store) commitOnce(ctx context.Context, c *commit) (revision int64, retry bool, err error) {
	entry := historyEntry{Time: c.time, Author: c.author, Message: c.message, Size: len(c.packed), Pieces: c.pieces()}
	entry.describe(c.changes)
	ops := []clientv3.Op{clientv3.OpPut(entryPrefix+c.id, string(marshal(entry)))}
	if c.large {
		if err := s.stage(ctx, c); err != nil {
			return 0, false, err
		}
		ops = append(ops,
			clientv3.OpPut(configPrefix+commitPath, string(marshal(c.staged()))),
			clientv3.OpDelete(aliveKey(c.id)))
		return s.transact(ctx, c, ops, clientv3.Compare(clientv3.CreateRevision(aliveKey(c.id)), ">", 0))
	}
	for i, piece := range c.split() {
		ops = append(ops, clientv3.OpPut(pieceKey(c.id, i), string(piece)))
	}
	for _, ch := range c.changes {
		ops = append(ops, ch.op(0))
	}
	return s.transact(ctx, c, ops)
}

// op is the operation on the object's key. revision is that of the change if it
// is not that of the operation.
func (ch change) op(revision int64) clientv3.Op {
	key := configPrefix + ch.Path
	if ch.Next == nil {
		return clientv3.OpDelete(key)
	}
	next := *ch.Next
	next.Revision = revision
	return clientv3.OpPut(key, string(next.encode()))
}

// size is what op puts into a request, about.
func (ch change) size() int {
	n := len(configPrefix) + len(ch.Path)
	if ch.Next != nil {
		n += len(ch.Next.Resource) + envelopeBytes
	}
	return n
}

// check is a key of the state that has to be at a revision still; or, with
// prefix, keys none of which may be at a later one.
type check struct {
	path     string
	prefix   bool
	revision int64
}

// checks are what c depends on in etcd.
func (c *commit) checks() []check {
	list := []check{{path: guardPrefix + everyNamespace, revision: c.base.ownGuard(everyNamespace)}}
	if c.everywhere() {
		list[0] = check{path: guardPrefix, prefix: true, revision: c.base.lastGuard()}
	} else {
		for _, ns := range c.namespaces {
			list = append(list, check{path: guardPrefix + ns, revision: c.base.ownGuard(ns)})
		}
	}
	// The guards do it alone, but for keys that somebody writes past us.
	for _, path := range c.conditions[:min(len(c.conditions), maxConditions)] {
		list = append(list, check{path: path, revision: c.base.modRevision(path)})
	}
	return list
}

func (k check) compare() clientv3.Cmp {
	if k.prefix {
		return clientv3.Compare(clientv3.ModRevision(configPrefix+k.path), "<", k.revision+1).WithPrefix()
	}
	return clientv3.Compare(clientv3.ModRevision(configPrefix+k.path), "=", k.revision)
}

func (k check) get() clientv3.Op {
	opts := []clientv3.OpOption{clientv3.WithKeysOnly()}
	if k.prefix {
		opts = append(opts, clientv3.WithLastRev()...)
	}
	return clientv3.OpGet(configPrefix+k.path, opts...)
}

// everywhere says whether c touches too many namespaces to guard each.
func (c *commit) everywhere() bool { return len(c.namespaces) > maxNamespaces }

// transact does ops and bumps the guards, if all that the commit depends on is
// as in its base.
func (s *Store) transact(ctx context.Context, c *commit, ops []clientv3.Op, compares ...clientv3.Cmp) (revision int64, retry bool, err error) {
	compares = append(compares,
		absent(configPrefix+commitPath),
		// Also makes a repetition of the request harmless: see resolve.
		absent(entryPrefix+c.id), absent(fenceKey(c.id)))
	checks := c.checks()
	var gets []clientv3.Op
	for _, k := range checks {
		compares, gets = append(compares, k.compare()), append(gets, k.get())
	}
	bump := c.namespaces
	if c.everywhere() {
		bump = []string{everyNamespace}
	}
	for _, ns := range bump {
		ops = append(ops, clientv3.OpPut(configPrefix+guardPrefix+ns, c.id))
	}
	tctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	resp, err := s.client.Txn(tctx).If(compares...).Then(ops...).Else(gets...).Commit()
	switch {
	case err != nil && refused(err):
		return 0, false, fmt.Errorf("etcd refused the change: %w", err)
	case err != nil:
		revision, err = s.resolve(ctx, c.id, err)
		return revision, false, err
	case resp.Succeeded:
		return resp.Header.Revision, false, nil
	}
	for i, k := range checks {
		now := modRevision(resp.Responses[i].GetResponseRange().Kvs)
		if now != k.revision && (!k.prefix || now > k.revision) {
			return 0, false, s.guardMoved(ctx, k.path, now)
		}
	}
	return 0, true, s.fold(ctx)
}

// resolve finds out what became of a transaction that etcd didn't answer. It
// asks and, where there is nothing, makes sure that there never will be.
func (s *Store) resolve(ctx context.Context, id string, cause error) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	for {
		revision, err := s.fence(ctx, id)
		if err == nil && revision == 0 {
			return 0, fmt.Errorf("%w: %w", ErrUnavailable, cause)
		}
		if err == nil {
			return revision, nil
		}
		select {
		case <-time.After(retryFirst):
		case <-ctx.Done():
			return 0, fmt.Errorf("%w (change %s): %w", ErrUnknown, id, cause)
		case <-s.ctx.Done():
			return 0, fmt.Errorf("%w (change %s): %w", ErrUnknown, id, ErrClosed)
		}
	}
}

// fence returns the revision of a commit or, where there is none, keeps it from
// being made, and returns 0.
func (s *Store) fence(ctx context.Context, id string) (int64, error) {
	lease, err := s.client.Grant(ctx, fenceSeconds)
	if err != nil {
		return 0, err
	}
	resp, err := s.client.Txn(ctx).If(absent(entryPrefix + id)).
		Then(clientv3.OpPut(fenceKey(id), "", clientv3.WithLease(lease.ID))).
		Else(clientv3.OpGet(entryPrefix+id, clientv3.WithKeysOnly())).Commit()
	if err != nil || resp.Succeeded {
		return 0, err
	}
	if kvs := resp.Responses[0].GetResponseRange().Kvs; len(kvs) > 0 {
		return kvs[0].CreateRevision, nil
	}
	return 0, errors.New("trimmed at once")
}

// fenceSeconds is how long a transaction that was given up is kept from being
// done after all.
const fenceSeconds = 300

// refused says whether etcd looked at the request and said no.
func refused(err error) bool {
	for _, r := range []error{
		rpctypes.ErrTooManyOps, rpctypes.ErrRequestTooLarge, rpctypes.ErrNoSpace, rpctypes.ErrPermissionDenied,
		rpctypes.ErrDuplicateKey, rpctypes.ErrUserEmpty, rpctypes.ErrAuthFailed,
	} {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}

func absent(key string) clientv3.Cmp {
	return clientv3.Compare(clientv3.CreateRevision(key), "=", 0)
}

// newID makes a name that no other has, and that sorts by time.
func (s *Store) newID() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return fmt.Sprintf("%012x", s.cfg.Now().UnixMilli()) + hex.EncodeToString(random[:])
}

func modRevision(kvs []*mvccpb.KeyValue) int64 {
	if len(kvs) == 0 {
		return 0
	}
	return kvs[0].ModRevision
}
