package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Keyring encrypts what must not be readable in etcd, in the history or in the
// state file. Each secret has a data key of its own, which is encrypted with
// one of the ring's keys; both by AES-256-GCM, bound to the secret's key in the
// store, so that one secret can't be put in the place of another. Safe for
// concurrent use.
type Keyring struct {
	primary string
	keys    map[string]cipher.AEAD
}

// ErrNoSecretKey says that a secret was encrypted with a key that isn't there.
var ErrNoSecretKey = errors.New("no such key for secrets")

const secretKeyBytes = 32

// sealed is a secret as it is stored; nonces stand before what they are for.
type sealed struct {
	Key     string `json:"key"`     // id of the ring's key
	DataKey []byte `json:"dataKey"` // encrypted with it
	Data    []byte `json:"data"`    // encrypted with the data key
}

// NewKeyring reads a ring from text, of a file or an environment variable: a
// key per line or separated by commas, "id:base64 of 32 bytes"; # begins a
// comment line. The first key encrypts, all decrypt: to rotate, put a new one
// in front, write the secrets again (Stale tells which) and remove the old one.
// The error says what is wrong without showing a key.
func NewKeyring(text string) (*Keyring, error) {
	r := &Keyring{keys: map[string]cipher.AEAD{}}
	n := 0
	for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == ',' }) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		n++
		id, encoded, ok := strings.Cut(line, ":")
		if !ok || !validSegment(id) {
			return nil, fmt.Errorf("key %d for secrets: not of the form id:base64", n)
		}
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(raw) != secretKeyBytes {
			return nil, fmt.Errorf("key %s for secrets: not the base64 of %d bytes", clip(id), secretKeyBytes)
		}
		if r.keys[id] != nil {
			return nil, fmt.Errorf("key %s for secrets is there twice", clip(id))
		}
		if r.keys[id], err = newGCM(raw); err != nil {
			return nil, err
		}
		if r.primary == "" {
			r.primary = id
		}
	}
	if r.primary == "" {
		return nil, errors.New("there is no key for secrets: it takes a line id:base64 of 32 random bytes")
	}
	return r, nil
}

// NewSecretKey makes a line for NewKeyring with a random key.
func NewSecretKey(id string) string {
	var raw [secretKeyBytes]byte
	_, _ = rand.Read(raw[:]) // never fails
	return id + ":" + base64.StdEncoding.EncodeToString(raw[:])
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// boundTo is what the encryption of a secret is bound to.
func boundTo(key Key) []byte { return []byte("dgate secret 1/" + key.String()) }

// Seal encrypts the secret of that key. The result is a JSON object.
func (r *Keyring) Seal(key Key, secret []byte) ([]byte, error) {
	var raw [secretKeyBytes]byte
	_, _ = rand.Read(raw[:]) // never fails
	data, err := newGCM(raw[:])
	if err != nil {
		return nil, err
	}
	aad := boundTo(key)
	return marshal(sealed{
		Key:     r.primary,
		DataKey: r.keys[r.primary].Seal(nil, nil, raw[:], aad),
		Data:    data.Seal(nil, nil, secret, aad),
	}), nil
}

// Open decrypts what Seal made for the same key. ErrNoSecretKey if the ring
// lacks the key; anything else means that it isn't what Seal made.
func (r *Keyring) Open(key Key, box []byte) ([]byte, error) {
	var b sealed
	if err := json.Unmarshal(box, &b); err != nil {
		return nil, fmt.Errorf("%s: not an encrypted secret", key)
	}
	ring := r.keys[b.Key]
	if ring == nil {
		return nil, fmt.Errorf("%s: %w: %q", key, ErrNoSecretKey, clip(b.Key))
	}
	aad := boundTo(key)
	raw, err := ring.Open(nil, nil, b.DataKey, aad)
	if err != nil {
		return nil, fmt.Errorf("%s: its data key was not encrypted with key %s for it", key, clip(b.Key))
	}
	data, err := newGCM(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	secret, err := data.Open(nil, nil, b.Data, aad)
	if err != nil {
		return nil, fmt.Errorf("%s: the encrypted data is damaged", key)
	}
	return secret, nil
}

// Stale says whether the box was encrypted with another key than the first.
func (r *Keyring) Stale(box []byte) bool {
	var b sealed
	return json.Unmarshal(box, &b) != nil || b.Key != r.primary
}
