//go:build unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir takes dir for this process; closing the file, or the end of the
// process, frees it. etcd itself would wait without end for a database that
// another process holds, so that is looked at too.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the directory of the embedded etcd (--data): %w", err)
	}
	if err := flock(f, dir); err != nil {
		_ = f.Close()
		return nil, err
	}
	db, err := os.Open(filepath.Join(dir, "etcd", "member", "snap", "db"))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = flock(db, dir)
		_ = db.Close()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func flock(f *os.File, dir string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("the data in %s is in use by another process: stop it, or choose another directory with --data", dir)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}
