package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// MaxValueBytes bounds the JSON of one object: with the rest of its key's
// request it has to stay below etcd's 1.5 MiB.
const MaxValueBytes = 1 << 20

// Object is one object of a State; immutable.
type Object struct {
	Key
	// Value is the JSON of the resource, without what the server adds.
	Value []byte
	// Decoded is what Config.Decode made of Value.
	Decoded any
	// Revision is that of the commit that wrote it.
	Revision             int64
	CreatedAt, UpdatedAt time.Time

	// modRevision is that of its key: later than Revision where a large commit
	// was folded into the keys afterwards.
	modRevision int64
}

// same says whether two versions of an object mean the same.
func (o *Object) same(p *Object) bool {
	return o == p || o.Revision == p.Revision && o.CreatedAt.Equal(p.CreatedAt) && o.UpdatedAt.Equal(p.UpdatedAt) && bytes.Equal(o.Value, p.Value)
}

// envelopeBytes is more than an envelope has around the resource.
const envelopeBytes = 256

// envelope is the value of an object's key in etcd.
type envelope struct {
	// Revision, if it isn't that of the key: see Object.
	Revision  int64           `json:"revision,omitempty"`
	CreatedAt time.Time       `json:"createdAt"`
	UpdatedAt time.Time       `json:"updatedAt"`
	Resource  json.RawMessage `json:"resource"`
}

func (e envelope) encode() []byte { return marshal(e) }

// marshal is json.Marshal that leaves compact JSON inside as it is.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // of our own types, whose raw parts were read or compacted before
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// stored is o as its key or the history holds it.
func (o *Object) stored() *envelope {
	return &envelope{Revision: o.Revision, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, Resource: o.Value}
}

// decodeEnvelope reads what somebody wrote into etcd, not necessarily we.
func decodeEnvelope(b []byte) (e envelope, err error) {
	switch {
	case len(b) > MaxValueBytes+envelopeBytes:
		return e, fmt.Errorf("%d bytes; an object has %d at most", len(b), MaxValueBytes)
	case !utf8.Valid(b):
		return e, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("not an object of ours: %w", err)
	}
	if d.More() {
		return e, errors.New("not an object of ours: more than one JSON value")
	}
	if len(e.Resource) == 0 {
		return e, errors.New(`not an object of ours: no "resource"`)
	}
	if len(e.Resource) > MaxValueBytes {
		return e, fmt.Errorf("%d bytes; an object has %d at most", len(e.Resource), MaxValueBytes)
	}
	return e, nil
}

// Quarantined is a key of the state that can't be used.
type Quarantined struct {
	// Path of the key in etcd below the prefix of the state, as it is there.
	Path string
	// Key is Path taken apart; zero where that is what is wrong.
	Key      Key
	Revision int64
	Err      error
	// Serving says that an older version of the object goes on being used.
	Serving bool
}

// read makes an object of a key's value. prior, if there is one, is the
// object's last version: what it was decoded to is used again if its value is
// the same.
func (s *Store) read(path string, kv *mvccpb.KeyValue, prior *Object) (*Object, Key, error) {
	key, err := parseKey(path)
	if err != nil {
		return nil, Key{}, err
	}
	e, err := decodeEnvelope(kv.Value)
	if err != nil {
		return nil, key, err
	}
	o, err := s.object(key, e, prior)
	if err != nil {
		return nil, key, err
	}
	o.modRevision = kv.ModRevision
	if o.Revision == 0 {
		o.Revision = kv.ModRevision
	}
	if prior != nil && prior.modRevision == o.modRevision && prior.same(o) {
		return prior, key, nil
	}
	return o, key, nil
}

func (s *Store) object(key Key, e envelope, prior *Object) (*Object, error) {
	o := &Object{Key: key, Value: e.Resource, Revision: e.Revision, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt}
	if prior != nil && bytes.Equal(prior.Value, o.Value) {
		o.Value, o.Decoded = prior.Value, prior.Decoded
		return o, nil
	}
	var err error
	o.Decoded, err = s.decode(key, o.Value)
	return o, err
}

// decode calls Config.Decode, which must not end the process over a value that
// somebody wrote into etcd.
func (s *Store) decode(key Key, value []byte) (decoded any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoding panicked: %v", p)
		}
	}()
	if s.cfg.Decode == nil {
		return nil, nil
	}
	return s.cfg.Decode(key, value)
}
