package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dgate/hertz-gateway/internal/durable"
)

// The last good state on disk, in Config.StateDir: the newest, the one before,
// and, where etcd went back to an older one, what it lost.
const (
	stateFile    = "state"
	previousFile = "state.previous"
	lostFile     = "state.lost"

	stateMagic   = "dgate-state 1"
	maxStateFile = 2 << 30

	// saveEvery is the least time between two versions; saveShare keeps a state
	// that takes long to write from being written all the time.
	saveEvery = time.Second
	saveShare = 20
)

// savedState is the first line of a state's file. The objects follow, one per
// line, after a line of their own with the checksum of all that.
type savedState struct {
	SavedAt  time.Time `json:"savedAt"`
	Revision int64     `json:"revision"`
	Applied  int64     `json:"applied"`
	Origin   origin    `json:"origin"`
	Objects  int       `json:"objects"`
	// Guard is the last of all, which tells whether a commit followed.
	Guard int64 `json:"guard"`
	// Notice says why there is a lostFile.
	Notice string `json:"notice,omitempty"`
}

type savedObject struct {
	Key         string `json:"key"`
	ModRevision int64  `json:"modRevision"`
	envelope
}

// encodeState is the file's text.
func encodeState(head savedState, st *State) []byte {
	head.Revision, head.Objects, head.Guard = st.revision, st.Len(), st.lastGuard()
	body := append(marshal(head), '\n')
	for o := range st.All("", "") {
		body = append(body, marshal(savedObject{o.Key.String(), o.modRevision, *o.stored()})...)
		body = append(body, '\n')
	}
	return append(fmt.Appendf(nil, "%s %s %d\n", stateMagic, sum(body), len(body)), body...)
}

// decodeState reads what encodeState wrote; anything else is an error. Objects
// that Config.Decode refuses, maybe because they were written by a later
// version, are left out.
func (s *Store) decodeState(text []byte) (head savedState, st *State, err error) {
	line, body, _ := bytes.Cut(text, []byte("\n"))
	if string(line) != fmt.Sprintf("%s %s %d", stateMagic, sum(body), len(body)) {
		return head, nil, errors.New("damaged, or not a state of this version")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&head); err != nil {
		return head, nil, fmt.Errorf("damaged: %w", err)
	}
	st = &State{revision: head.Revision}
	st.guards = st.guards.With(everyNamespace, head.Guard)
	for {
		var saved savedObject
		if err := d.Decode(&saved); errors.Is(err, io.EOF) {
			return head, st, nil
		} else if err != nil {
			return head, nil, fmt.Errorf("damaged: %w", err)
		}
		key, err := parseKey(saved.Key)
		if err != nil {
			return head, nil, fmt.Errorf("damaged: %w", err)
		}
		o, err := s.object(key, saved.envelope, nil)
		if err != nil {
			s.log.Error("an object of the last good state can't be used", "key", key, "error", err)
			continue
		}
		o.modRevision = saved.ModRevision
		st.objects = st.objects.With(saved.Key, o)
	}
}

// readState reads a file of the state directory.
func (s *Store) readState(name string) (savedState, *State, error) {
	f, err := os.Open(filepath.Join(s.cfg.StateDir, name))
	if err != nil {
		return savedState{}, nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxStateFile))
	if err != nil {
		return savedState{}, nil, err
	}
	return s.decodeState(text)
}

// loadState takes up the last good state, if there is one that can be read.
func (s *Store) loadState() error {
	if s.cfg.StateDir == "" {
		return nil
	}
	if err := os.MkdirAll(s.cfg.StateDir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory of the last good state (--data): %w", err)
	}
	for _, name := range []string{stateFile, previousFile} {
		head, st, err := s.readState(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			s.log.Error("the last good state can't be used", "file", filepath.Join(s.cfg.StateDir, name), "error", err)
			continue
		}
		s.mirror, s.applied, s.origin, s.status.Source = st, head.Applied, head.Origin, "file"
		s.current.Store(st)
		break
	}
	if head, st, err := s.readState(lostFile); err == nil {
		s.lost, s.lostSaved, s.status.Notice = st, st, head.Notice
	}
	return nil
}

// save keeps the state on disk up to date until ctx ends, and once more then.
// saved is what is there.
func (s *Store) save(ctx context.Context, saved *State) {
	for last := false; !last; {
		_, err := s.Next(ctx, saved)
		last = err != nil
		began := time.Now()
		st, head := s.saved()
		s.saveLost() // first: only the other files have it so far
		if st.stands(saved) {
			continue
		}
		if err := durable.Write(s.cfg.StateDir, stateFile, previousFile, encodeState(head, st)); err != nil {
			s.log.Error("the last good state can't be written", "dir", s.cfg.StateDir, "error", err)
		} else {
			saved = st
		}
		if last {
			return
		}
		select {
		case <-time.After(max(saveEvery, saveShare*time.Since(began))):
		case <-ctx.Done():
		}
	}
}

// saveLost brings the file of what etcd lost up to date.
func (s *Store) saveLost() {
	if s.cfg.StateDir == "" {
		return
	}
	s.lostFile.Lock()
	defer s.lostFile.Unlock()
	s.mu.Lock()
	lost, notice := s.lost, s.status.Notice
	s.mu.Unlock()
	if lost == s.lostSaved {
		return
	}
	var err error
	if lost == nil {
		err = os.Remove(filepath.Join(s.cfg.StateDir, lostFile))
	} else {
		err = durable.Write(s.cfg.StateDir, lostFile, "", encodeState(savedState{SavedAt: s.cfg.Now().UTC(), Notice: notice}, lost))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("what etcd lost can't be kept on disk", "dir", s.cfg.StateDir, "error", err)
		return
	}
	s.lostSaved = lost
}

// saved is the state and what its file says about it.
func (s *Store) saved() (*State, savedState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Current(), savedState{SavedAt: s.cfg.Now().UTC(), Applied: s.applied, Origin: s.origin}
}
