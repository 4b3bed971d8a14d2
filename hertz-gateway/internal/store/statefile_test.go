package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dgate/hertz-gateway/internal/durable"
)

// fileStore is a Store that has nothing but files.
func fileStore(dir string) *Store {
	s := &Store{cfg: Config{StateDir: dir, Decode: decodeJSON}, log: slog.New(slog.DiscardHandler)}
	s.cfg.defaults()
	s.mirror = &State{}
	s.current.Store(s.mirror)
	return s
}

func stateOf(version string, n int) *State {
	st := &State{revision: 7}
	for i := range n {
		k := key(fmt.Sprintf("k%d", i))
		value := fmt.Appendf(nil, `{"version":%q,"h":"<&>"}`, version)
		st.objects = st.objects.With(k.String(), &Object{Key: k, Value: value, Revision: 5, CreatedAt: time.Unix(1, 0).UTC(), UpdatedAt: time.Unix(2, 0).UTC(), modRevision: 6})
	}
	return st
}

// TestDamagedStateFile flips bytes, cuts and empties: always the newest whole
// version is taken, or none.
func TestDamagedStateFile(t *testing.T) {
	dir := t.TempDir()
	s := fileStore(dir)
	texts := [][]byte{encodeState(savedState{}, stateOf("old", 5)), encodeState(savedState{}, stateOf("new", 5))}
	for _, text := range texts {
		if err := durable.Write(s.cfg.StateDir, stateFile, previousFile, text); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]byte{stateFile: texts[1], previousFile: texts[0]} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	load := func() string {
		s := fileStore(dir)
		if err := s.loadState(); err != nil {
			t.Fatal(err)
		}
		if s.Current().Len() == 0 {
			return ""
		}
		v, err := version(s.Current())
		if err != nil || s.Current().Len() != 5 || s.Current().Revision() != 7 {
			t.Fatalf("half a state: %v, %d objects", err, s.Current().Len())
		}
		return v
	}
	if got := load(); got != "new" {
		t.Fatalf("whole: %q", got)
	}
	r := rand.New(rand.NewPCG(5, 6))
	damage := func(name string, text []byte, i int) {
		t.Helper()
		text = bytes.Clone(text)
		switch i % 10 {
		case 0:
			text = text[:r.IntN(len(text))]
		default:
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		damage(stateFile, texts[1], i)
		if got := load(); got != "old" {
			t.Fatalf("damage %d of the newest: %q", i, got)
		}
	}
	for i := range 100 {
		damage(previousFile, texts[0], i)
		if got := load(); got != "" {
			t.Fatalf("damage %d of both: %q", i, got)
		}
	}
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil { // died between two renames
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, previousFile), texts[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if got := load(); got != "old" {
		t.Fatalf("without the newest: %q", got)
	}
}

func TestStateDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Client: testClient(t, "127.0.0.1:1"), StateDir: filepath.Join(file, "x")}); err == nil {
		t.Error("opened")
	}
}

// FuzzStateFile reads foreign bytes behind a right checksum.
func FuzzStateFile(f *testing.F) {
	whole := encodeState(savedState{}, stateOf("v", 2))
	_, body, _ := bytes.Cut(whole, []byte("\n"))
	f.Add(body)
	f.Add([]byte("{}\n{\"key\":\"a/b/c\"}\n"))
	s := fileStore("")
	f.Fuzz(func(t *testing.T, body []byte) {
		text := append(fmt.Appendf(nil, "%s %s %d\n", stateMagic, sum(body), len(body)), body...)
		_, st, err := s.decodeState(text)
		if err == nil && st.Len() > bytes.Count(body, []byte("key"))+bytes.Count(body, []byte("\\")) {
			t.Errorf("%d objects in %q", st.Len(), body)
		}
	})
}
