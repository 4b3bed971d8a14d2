package jsmodule

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// OpenDocuments is a MemoryDocuments that keeps every document and collection
// in a file of its own in dir, which is made with the first. Nothing is
// answered before it is on disk. One process at a time may use dir.
func OpenDocuments(dir string) (*MemoryDocuments, error) {
	m := NewMemoryDocuments()
	m.files = recordFiles(dir)
	records, err := m.files.read()
	if err != nil {
		return nil, err
	}
	for _, documents := range []bool{false, true} {
		for file, r := range records {
			if (r.Document != nil) != documents {
				continue
			}
			if err := m.restore(r); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return m, nil
}

// record is what one file holds: a collection, or with Document one of its
// documents.
type record struct {
	Namespace  string     `json:"namespace"`
	Collection Collection `json:"collection"`
	Document   *Document  `json:"document,omitempty"`
}

func collectionRecord(namespace string, c Collection) record {
	return record{Namespace: namespace, Collection: c}
}

func documentRecord(namespace string, d Document) record {
	return record{Namespace: namespace, Collection: Collection{Name: d.Collection}, Document: &d}
}

// name is that of the file: ids can hold anything.
func (r *record) name() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", r.Namespace, r.Collection.Name)
	if r.Document != nil {
		fmt.Fprintf(h, " %q", r.Document.ID)
	}
	return hex.EncodeToString(h.Sum(nil)) + ".json"
}

// recordFiles is the directory of the records; empty for none.
type recordFiles string

func (dir recordFiles) read() (map[string]record, error) {
	entries, err := os.ReadDir(string(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	records := map[string]record{}
	for _, e := range entries {
		path := filepath.Join(string(dir), e.Name())
		if !strings.HasSuffix(path, ".json") {
			continue // a write that was cut off
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var r record
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		records[path] = r
	}
	return records, nil
}

// write puts a record where it belongs: whole or not at all.
func (dir recordFiles) write(r record) (err error) {
	if dir == "" {
		return nil
	}
	data, err := encodePlain(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(string(dir), "new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what is left of it is skipped when reading
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(string(dir), r.name())); err != nil {
		return err
	}
	return dir.sync()
}

func (dir recordFiles) remove(r record) error {
	if dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(string(dir), r.name())); err != nil {
		return err
	}
	return dir.sync()
}

// sync makes a change of the directory last.
func (dir recordFiles) sync() error {
	d, err := os.Open(string(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
