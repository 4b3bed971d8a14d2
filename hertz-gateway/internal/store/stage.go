package store

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// A commit that doesn't fit into one transaction goes in four steps, and a
// writer may die after each:
//
//  1. stage: what changes, packed and cut into pieces, below stagePrefix, with
//     a leased key beside it that says that its writer is alive;
//  2. commit: one transaction that compares the guards and puts the commit key.
//     From its revision on, everybody who lists or watches takes the staged
//     changes for made;
//  3. fold: the changes go into the keys of the objects, in chunks. Nothing
//     else is committed meanwhile: every commit compares that there is no
//     commit key, and folds what it finds;
//  4. the commit key goes. The pieces stay, as part of the history.
//
// What was staged and never committed is swept when the leased key is gone.
const (
	// MaxBatchChanges and MaxBatchBytes bound a batch; the bytes are those of
	// the values before and after.
	MaxBatchChanges = 50_000
	MaxBatchBytes   = 64 << 20

	pieceBytes = 512 << 10
	maxPieces  = MaxBatchBytes/pieceBytes*2 + 1
	piecePage  = 8
	// stageSeconds is how long a writer has for staging.
	stageSeconds = 60
	// foldAfter is how long a commit is left to its own gateway for folding.
	foldAfter = 3 * time.Second
	// foldAtOnce is how many chunks are folded at a time: commits wait for it, and
	// etcd writes concurrent transactions to disk together.
	foldAtOnce = 8
)

func aliveKey(id string) string { return stagePrefix + id + "/alive" }
func fenceKey(id string) string { return stagePrefix + id + "/fence" }

func pieceKey(id string, i int) string { return fmt.Sprintf("%s%s/%06d", stagePrefix, id, i) }

// stagedCommit is the value of the commit key.
type stagedCommit struct {
	ID     string `json:"id"`
	Pieces int    `json:"pieces"`
	SHA256 string `json:"sha256"`
}

func (c *commit) staged() stagedCommit {
	return stagedCommit{ID: c.id, Pieces: c.pieces(), SHA256: sum(c.packed)}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// pack packs the changes, what was and what is, and sees whether they fit into
// one transaction.
func (c *commit) pack() error {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return err
	}
	direct, total := 0, 0
	for _, ch := range c.changes {
		line := append(marshal(ch), '\n')
		direct, total = direct+ch.size(), total+len(line)
		if total > MaxBatchBytes {
			return &TooLargeError{"bytes of the batch", total, MaxBatchBytes}
		}
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("packing the changes: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("packing the changes: %w", err)
	}
	c.packed = b.Bytes()
	c.large = len(c.changes)+c.pieces() > maxTxnOps || direct+len(c.packed) > maxTxnBytes
	return nil
}

// unpack reads what pack wrote.
func unpack(packed []byte) ([]change, error) {
	r := flate.NewReader(bytes.NewReader(packed))
	d := json.NewDecoder(io.LimitReader(r, MaxBatchBytes+1))
	var list []change
	for {
		var ch change
		err := d.Decode(&ch)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("packed changes: %w", err)
		}
		for _, e := range []*envelope{ch.Prev, ch.Next} {
			if e != nil && len(e.Resource) == 0 {
				return nil, fmt.Errorf("packed changes: %s has no resource", clip(ch.Path))
			}
		}
		if list = append(list, ch); len(list) > MaxBatchChanges {
			return nil, &TooLargeError{"packed changes", len(list), MaxBatchChanges}
		}
	}
}

func (c *commit) pieces() int { return (len(c.packed) + pieceBytes - 1) / pieceBytes }

func (c *commit) split() (pieces [][]byte) {
	for rest := c.packed; len(rest) > 0; {
		n := min(len(rest), pieceBytes)
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	return pieces
}

// stage puts the packed changes into etcd, where nobody sees them yet.
func (s *Store) stage(ctx context.Context, c *commit) error {
	if c.isStaged {
		return nil
	}
	err := s.stagePieces(ctx, c)
	if err != nil {
		return fmt.Errorf("%w: staging the change: %w", ErrUnavailable, err)
	}
	c.isStaged = true
	return nil
}

func (s *Store) stagePieces(ctx context.Context, c *commit) error {
	lease, err := within(ctx, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return s.client.Grant(ctx, stageSeconds)
	})
	if err != nil {
		return err
	}
	if _, err := s.txn(ctx, nil, clientv3.OpPut(aliveKey(c.id), "", clientv3.WithLease(lease.ID))); err != nil {
		return err
	}
	alive := clientv3.Compare(clientv3.CreateRevision(aliveKey(c.id)), ">", 0)
	for i, piece := range c.split() {
		done, err := s.txn(ctx, []clientv3.Cmp{alive}, clientv3.OpPut(pieceKey(c.id, i), string(piece)))
		if err == nil && !done {
			err = fmt.Errorf("it took longer than %d s", stageSeconds)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// within calls f with a bound on time.
func within[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	return f(ctx)
}

// txn does ops if the compares hold, and says whether they did.
func (s *Store) txn(ctx context.Context, compares []clientv3.Cmp, ops ...clientv3.Op) (bool, error) {
	resp, err := within(ctx, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return s.client.Txn(ctx).If(compares...).Then(ops...).Commit()
	})
	if err != nil {
		return false, fmt.Errorf("etcd: %w", err)
	}
	return resp.Succeeded, nil
}

// errDamaged is about packed changes that aren't what was written.
var errDamaged = errors.New("the staged changes are damaged")

// load reads the packed changes of a commit as of a revision of etcd; 0 for
// now.
func (s *Store) load(ctx context.Context, c stagedCommit, revision int64) ([]change, error) {
	if c.Pieces < 0 || c.Pieces > maxPieces || !validSegment(c.ID) {
		return nil, fmt.Errorf("%w: %d pieces", errDamaged, c.Pieces)
	}
	var packed []byte
	for i := 0; i < c.Pieces; {
		page, err := s.get(ctx, pieceKey(c.ID, i), clientv3.WithRange(pieceKey(c.ID, c.Pieces)), clientv3.WithRev(revision), clientv3.WithLimit(piecePage))
		if err != nil {
			return nil, err
		}
		for _, kv := range page.Kvs {
			if string(kv.Key) != pieceKey(c.ID, i) || len(kv.Value) > pieceBytes {
				return nil, fmt.Errorf("%w: piece %d is missing", errDamaged, i)
			}
			packed = append(packed, kv.Value...)
			i++
		}
		if len(page.Kvs) == 0 {
			return nil, fmt.Errorf("%w: piece %d is missing", errDamaged, i)
		}
	}
	if c.SHA256 != "" && sum(packed) != c.SHA256 {
		return nil, fmt.Errorf("%w: wrong checksum", errDamaged)
	}
	list, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return list, nil
}

// readStaged reads the commit key and what it commits. Its error is errDamaged
// if it is not what we write.
func (s *Store) readStaged(ctx context.Context, kv *mvccpb.KeyValue, revision int64) ([]change, error) {
	var c stagedCommit
	if err := json.Unmarshal(kv.Value, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return s.load(ctx, c, revision)
}

// applyStaged applies to st, which is being built, what the commit key makes
// visible. revision is one of etcd at which it is there.
func (s *Store) applyStaged(ctx context.Context, st *State, kv *mvccpb.KeyValue, revision int64) error {
	changes, err := s.readStaged(ctx, kv, revision)
	if err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	st.pending = true
	if err != nil {
		st.set(s, commitPath, Key{}, nil, kv.ModRevision, err, st)
		return nil
	}
	for _, ch := range changes {
		key, err := parseKey(ch.Path)
		if err == nil && ch.Next == nil {
			st.objects, st.broken = st.objects.Without(ch.Path), st.broken.Without(ch.Path)
			continue
		}
		var o *Object
		last, _ := st.objects.Get(ch.Path)
		if err == nil {
			e := *ch.Next
			e.Revision = kv.ModRevision
			if o, err = s.object(key, e, last); err == nil && last != nil {
				o.modRevision = last.modRevision
			}
		}
		st.set(s, ch.Path, key, o, kv.ModRevision, err, st)
	}
	st.revision = max(st.revision, kv.ModRevision)
	return nil
}

// fold brings a large commit to its end, if there is one: whoever meets it does
// so. Doing it twice at the same time does no harm.
func (s *Store) fold(ctx context.Context) error {
	r, err := s.get(ctx, configPrefix+commitPath)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(r.Kvs) == 0 {
		return nil
	}
	kv := r.Kvs[0]
	changes, err := s.readStaged(ctx, kv, r.Header.Revision)
	if err != nil && !errors.Is(err, errDamaged) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil {
		// Not from us: ours are complete before the commit key is there.
		s.log.Error("removing a commit key that is not ours", "key", configPrefix+commitPath, "revision", kv.ModRevision, "error", err)
	}
	still := []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(configPrefix+commitPath), "=", kv.ModRevision)}
	txn := func(ops ...clientv3.Op) error {
		// Where the commit key is another by now, somebody else was faster.
		if _, err := s.txn(ctx, still, ops...); err != nil {
			return fmt.Errorf("%w: folding a large change: %w", ErrUnavailable, err)
		}
		return nil
	}
	// The chunks may go in any order: each holds only while the commit key is there.
	var chunks sync.WaitGroup
	slots := make(chan struct{}, foldAtOnce)
	var failed atomic.Pointer[error]
	var ops []clientv3.Op
	size := 0
	for _, ch := range changes {
		if failed.Load() != nil {
			break
		}
		if len(ops) == maxTxnOps || len(ops) > 0 && size+ch.size() > maxTxnBytes {
			chunk := ops
			slots <- struct{}{}
			chunks.Go(func() {
				defer func() { <-slots }()
				if err := txn(chunk...); err != nil {
					failed.Store(&err)
				}
			})
			ops, size = nil, 0
		}
		ops, size = append(ops, ch.op(kv.ModRevision)), size+ch.size()
	}
	chunks.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return txn(append(ops, clientv3.OpDelete(configPrefix+commitPath))...)
}

// pending says whether a large commit is to be folded.
func (s *Store) pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mirror.pending
}

// afterCommit does in the background what a commit leaves to do.
func (s *Store) afterCommit(c *commit) {
	if collections := c.collections(); c.large || len(collections) > 0 {
		s.run(func(ctx context.Context) {
			if c.large {
				if err := s.fold(ctx); err != nil {
					s.log.Warn("a large change is left for others to fold", "error", err)
					return
				}
			}
			for _, key := range collections {
				if err := s.purge(ctx, key); err != nil {
					s.log.Debug("documents of an old collection stay for the next sweep", "collection", key, "error", err)
					return
				}
			}
		})
	}
	s.newEntries.Add(1)
	s.newBytes.Add(int64(len(c.packed)))
}
