package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// partSuffix marks a file that is being written.
const partSuffix = ".part"

// Write makes the file name in dir hold text, mode 0600: whole or not at all,
// and on disk when it returns. The file that was there before goes on under the
// name keep, unless that is "". One caller per file at a time.
func Write(dir, name, keep string, text []byte) error {
	path := func(name string) string { return filepath.Join(dir, name) }
	f, err := os.OpenFile(path(name+partSuffix), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if keep != "" {
		if err := os.Rename(path(name), path(keep)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(path(name+partSuffix), path(name)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
