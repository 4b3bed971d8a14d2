package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dgate/hertz-gateway/internal/durable"
	"dgate/hertz-gateway/internal/upstream/discovery"
)

// The instances last seen, beside the last good state: the newest and the one before.
const (
	instancesFile     = "instances"
	instancesPrevious = "instances.previous"
	instancesMagic    = "dgate-instances 1"

	// saveInstancesEvery is the least time between two versions.
	saveInstancesEvery = time.Second
)

// instanceFile keeps the registry as last seen on disk, so that a gateway that
// starts while etcd is away has the instances too.
type instanceFile struct {
	dir string
	log *slog.Logger
	// known is what is on disk; nil: nothing that can be used.
	known []discovery.Entry
}

// openInstances reads what an earlier run left. A file that is damaged is
// reported, and the one before it is taken.
func openInstances(dir string, log *slog.Logger) *instanceFile {
	f := &instanceFile{dir: dir, log: log}
	for _, name := range []string{instancesFile, instancesPrevious} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			f.known, err = decodeInstances(text)
		}
		if err == nil {
			break
		}
		log.Error("the instances last seen can't be used", "file", filepath.Join(dir, name), "error", err)
	}
	return f
}

// encodeInstances is the file's text: a line with the checksum, then JSON.
func encodeInstances(entries []discovery.Entry) ([]byte, error) {
	body, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	return append(instancesHead(body), body...), nil
}

func instancesHead(body []byte) []byte {
	return fmt.Appendf(nil, "%s %x\n", instancesMagic, sha256.Sum256(body))
}

// decodeInstances reads what encodeInstances wrote; anything else is an error.
// The entries are not nil without one.
func decodeInstances(text []byte) (entries []discovery.Entry, err error) {
	head, body, _ := bytes.Cut(text, []byte("\n"))
	if !bytes.Equal(append(head, '\n'), instancesHead(body)) {
		return nil, errors.New("damaged, or not of this version")
	}
	entries = []discovery.Entry{}
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	return entries, nil
}

// run keeps the file up to date from the first reading of the registry until
// ctx ends, and once more then.
func (f *instanceFile) run(ctx context.Context, r *discovery.Resolver) {
	changed := make(chan struct{}, 1)
	defer r.Subscribe(func(*discovery.Destination) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	select {
	case <-r.Synced():
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		f.save(r.Export())
		select {
		case <-time.After(saveInstancesEvery):
		case <-ctx.Done():
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	f.save(r.Export())
}

// save writes the file if anything is new. A registry in which nothing is left
// is not: that is what a wiped etcd looks like, and instances that are gone are
// found out by dialling them.
func (f *instanceFile) save(entries []discovery.Entry) {
	if f.known != nil && (len(entries) == 0 || slices.Equal(entries, f.known)) {
		return
	}
	text, err := encodeInstances(entries)
	if err == nil {
		err = durable.Write(f.dir, instancesFile, instancesPrevious, text)
	}
	if err != nil {
		f.log.Error("the instances can't be kept on disk", "dir", f.dir, "error", err)
		return
	}
	f.known = entries
}
