package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dgate/hertz-gateway/internal/upstream/discovery"
)

func TestInstanceFile(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	if f := openInstances(dir, log); f.known != nil {
		t.Fatalf("out of nothing: %v", f.known)
	}
	one := []discovery.Entry{{Key: "who/a:1", Value: `{"address":"a:1"}`, Revision: 3}}
	two := append(slices.Clone(one), discovery.Entry{Key: "who/b:1", Value: `{"address":"b:1"}`, Revision: 4})
	f := openInstances(dir, log)
	f.save([]discovery.Entry{}) // of a registry that is empty, not of one that was never read
	if got := openInstances(dir, log).known; got == nil || len(got) != 0 {
		t.Errorf("of an empty registry: %v", got)
	}
	f.save(one)
	f.save(two)
	f.save([]discovery.Entry{})
	if got := openInstances(dir, log).known; !slices.Equal(got, two) {
		t.Errorf("the last that was not empty: %v", got)
	}
	path := filepath.Join(dir, instancesFile)
	for name, text := range map[string]string{
		"empty": "", "torn": instancesMagic, "foreign": "{}", "flipped": "dgate-instances 1 00\n[]",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := openInstances(dir, log).known; !slices.Equal(got, one) {
				t.Errorf("not the version before: %v", got)
			}
		})
	}
}
