package gateway

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settleFor is how long a directory must be quiet before it is read: an
	// editor's rename and write come as several events.
	settleFor = 15 * time.Millisecond
	// settleAtMost bounds the wait while events keep coming.
	settleAtMost = 150 * time.Millisecond
	// pollEvery finds what no event told of: network file systems send none.
	pollEvery = 2 * time.Second
)

// dirWatch tells when anything below a directory has changed: by events of the
// operating system, and by a slow poll of names, sizes and times. It can watch a
// single file too.
type dirWatch struct {
	dir     string
	log     *slog.Logger
	changed func()
	seed    maphash.Seed
	last    uint64
	// watched holds the directories that send events.
	watched map[string]bool
}

func newDirWatch(dir string, log *slog.Logger, changed func()) *dirWatch {
	w := &dirWatch{dir: dir, log: log, changed: changed, seed: maphash.MakeSeed(), watched: map[string]bool{}}
	w.last, _ = w.fingerprint(nil)
	return w
}

// Run watches until ctx ends.
func (w *dirWatch) Run(ctx context.Context) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		w.log.Warn("no file events; changes are found by polling", "dir", w.dir, "error", err)
		watcher = &fsnotify.Watcher{}
	} else {
		defer func() { _ = watcher.Close() }()
	}
	w.check(watcher)
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	var first time.Time // of the events not yet acted on
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-watcher.Events:
			if !ok {
				watcher = &fsnotify.Watcher{}
				continue
			}
			if first.IsZero() {
				first = time.Now()
			}
			quiet.Reset(min(settleFor, settleAtMost-time.Since(first)))
		case err := <-watcher.Errors:
			w.log.Warn("watching a directory", "dir", w.dir, "error", err)
			quiet.Reset(settleFor)
		case <-quiet.C:
			// Two writes within one tick of the file system's clock leave the
			// same size and time, so an event always counts as a change.
			first = time.Time{}
			w.last = 0
			w.check(watcher)
		case <-poll.C:
			w.check(watcher)
		}
	}
}

// check compares the directory with what it was, and follows new folders.
func (w *dirWatch) check(watcher *fsnotify.Watcher) {
	now, dirs := w.fingerprint(watcher)
	for d := range w.watched {
		if !dirs[d] {
			delete(w.watched, d)
			if watcher.Events != nil {
				_ = watcher.Remove(d) // mostly gone with its folder
			}
		}
	}
	if now != w.last {
		w.last = now
		w.changed()
	}
}

// maxWatched bounds the folders that are looked at: a link may lead anywhere.
const maxWatched = 10_000

// fingerprint sums up names, sizes and times below the directory, through links
// too, and adds folders that are not watched yet to watcher (unless nil). It
// gives the folders by their real paths.
func (w *dirWatch) fingerprint(watcher *fsnotify.Watcher) (uint64, map[string]bool) {
	var h maphash.Hash
	h.SetSeed(w.seed)
	dirs := map[string]bool{}
	w.walk(&h, w.dir, watcher, dirs)
	return h.Sum64(), dirs
}

// walk sums up one folder. Links are resolved, since what a link leads to can be
// edited without any change around the link; a folder is entered once. Hidden
// folders are not read as IDLs or modules, and not looked at here.
func (w *dirWatch) walk(h *maphash.Hash, dir string, watcher *fsnotify.Watcher, dirs map[string]bool) {
	folder, err := filepath.EvalSymlinks(dir)
	if err != nil {
		fmt.Fprintf(h, "%s!%v\n", dir, err)
		return
	}
	fmt.Fprintf(h, "%s is %s\n", dir, folder)
	if dirs[folder] || len(dirs) >= maxWatched {
		return
	}
	dirs[folder] = true
	w.follow(watcher, folder)
	entries, err := os.ReadDir(folder)
	if err != nil {
		fmt.Fprintf(h, "%s!%v\n", dir, err)
		if info, err := os.Stat(folder); err == nil { // it is a file
			fmt.Fprintf(h, "%d %d\n", info.Size(), info.ModTime().UnixNano())
		}
		return
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		info, err := os.Stat(path) // of what a link leads to
		switch {
		case err != nil:
			fmt.Fprintf(h, "%s!\n", path)
		case !info.IsDir():
			fmt.Fprintf(h, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		case e.Name()[0] != '.':
			w.walk(h, path, watcher, dirs)
		}
	}
}

func (w *dirWatch) follow(watcher *fsnotify.Watcher, path string) {
	if watcher == nil || w.watched[path] || watcher.Events == nil {
		return
	}
	if err := watcher.Add(path); err != nil {
		w.log.Warn("no file events for a directory; it is polled", "dir", path, "error", err)
	}
	w.watched[path] = true
}
