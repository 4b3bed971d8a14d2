package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"one", "two", "three"} {
		if err := Write(dir, "f", "f.previous", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"f": "three", "f.previous": "two"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%v %v", left, err)
	}
	if err := Write(filepath.Join(dir, "none"), "f", "", nil); err == nil {
		t.Error("no error for a directory that is missing")
	}
}
