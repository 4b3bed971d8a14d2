package store

import (
	"bytes"
	"compress/flate"
	"fmt"
	"time"
)

// historyEntry is the value of a key of the history.
type historyEntry struct {
	Time    time.Time `json:"time"`
	Author  string    `json:"author,omitempty"`
	Message string    `json:"message,omitempty"`
	// Changes is how many objects changed; Keys are the first of them.
	Changes int      `json:"changes"`
	Keys    []string `json:"keys,omitempty"`
	// Data are the changes, packed.
	Data []byte `json:"data,omitempty"`
}

// keysShown is how many keys an entry names.
const keysShown = 100

func (e *historyEntry) describe(changes []change) {
	e.Changes = len(changes)
	for _, c := range changes[:min(len(changes), keysShown)] {
		e.Keys = append(e.Keys, c.Path)
	}
}

// data packs the changes: what was, and what is.
func (c *commit) data() ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	for _, ch := range c.changes {
		if _, err := w.Write(append(marshal(ch), '\n')); err != nil {
			return nil, fmt.Errorf("packing the changes: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing the changes: %w", err)
	}
	return b.Bytes(), nil
}
