package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// What links lead to is watched as if it stood there, also after a link was
// turned to another folder, and a circle of links ends.
func TestWatchFollowsLinks(t *testing.T) {
	for _, tt := range []struct {
		name, dir, link string
	}{
		{"to the directory", "link", "link"},
		{"to a folder in it", "idl", "idl/link"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			at := func(path string) string { return filepath.Join(root, path) }
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			edit := func(path, text string) { t.Helper(); must(os.WriteFile(at(path), []byte(text), 0o600)) }
			for _, folder := range []string{"one/sub", "two/sub", "idl"} {
				must(os.MkdirAll(at(folder), 0o700))
			}
			edit("one/sub/a.thrift", "1")
			edit("two/sub/a.thrift", "1")
			must(os.Symlink(at("idl"), at("idl/loop")))
			must(os.Symlink(at("one"), at(tt.link)))

			w := newDirWatch(at(tt.dir), slog.New(slog.DiscardHandler), func() {})
			last := w.last
			expect := func(what, folder string) {
				t.Helper()
				now, dirs := w.fingerprint(nil)
				if now == last {
					t.Error("not seen:", what)
				}
				if !dirs[at(folder)] {
					t.Errorf("%s: %s is not watched, but %v", what, folder, dirs)
				}
				last = now
			}
			edit("one/sub/a.thrift", "22")
			expect("an edit behind a link", "one/sub")
			must(os.Symlink(at("two"), at("new")))
			must(os.Rename(at("new"), at(tt.link)))
			expect("a link to another folder", "two/sub")
			edit("two/sub/a.thrift", "333")
			expect("an edit behind the new link", "two/sub")
			if now, _ := w.fingerprint(nil); now != last {
				t.Error("a change is seen where none is")
			}
		})
	}
}
