package control

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// Sealer encrypts what nobody may read in etcd, in the state file or in a
// backup. what binds the text to its place: "secret/NAMESPACE/NAME".
type Sealer interface {
	Seal(what string, plain []byte) (string, error)
	Open(what, sealed string) ([]byte, error)
}

// protect gives r with what is secret in its stored form; r itself stays as the
// caller gave it, for another attempt. What is the same as in old keeps its
// sealed form, so that nothing is written.
func (c *Control) protect(r api.Resource, old *store.Object) (api.Resource, *api.FieldError) {
	switch r := r.(type) {
	case *api.Secret:
		out, before := *r, ""
		if old != nil {
			before = old.Decoded.(*api.Secret).Data
		}
		return &out, c.seal(KeyOf(r), "/data", &out.Data, before)
	case *api.Domain:
		if r.Key == "" {
			return r, nil
		}
		out, before := *r, ""
		if old != nil {
			before = old.Decoded.(*api.Domain).Key
		}
		return &out, c.seal(KeyOf(r), "/key", &out.Key, before)
	case *api.Consumer:
		out := *r
		out.APIKeys = slices.Clone(r.APIKeys)
		for i, k := range out.APIKeys {
			if !strings.HasPrefix(k, hashed) {
				sum := sha256.Sum256([]byte(k))
				out.APIKeys[i] = hashed + hex.EncodeToString(sum[:])
			}
		}
		return &out, nil
	}
	return r, nil
}

const hashed = "sha256:"

// seal encrypts *text, unless it is sealed already: a rollback writes back what
// was stored.
func (c *Control) seal(k store.Key, pointer string, text *string, before string) *api.FieldError {
	if c.cfg.Seal == nil {
		return &api.FieldError{Pointer: pointer, Code: api.CodeInvalid, Detail: "this gateway has no key to encrypt secrets with; see --secrets-key"}
	}
	if _, err := c.cfg.Seal.Open(k.String(), *text); err == nil {
		return nil
	}
	if before != "" {
		if plain, err := c.cfg.Seal.Open(k.String(), before); err == nil && string(plain) == *text {
			*text = before
			return nil
		}
	}
	sealed, err := c.cfg.Seal.Seal(k.String(), []byte(*text))
	if err != nil {
		return &api.FieldError{Pointer: pointer, Code: api.CodeInvalid, Detail: "it cannot be encrypted"}
	}
	*text = sealed
	return nil
}

// Secret opens a stored secret of a namespace.
func (c *Control) Secret(namespace, name string) ([]byte, bool, error) {
	k := store.Key{Namespace: namespace, Kind: string(api.KindSecret), Name: name}
	o := c.cfg.Store.Current().Get(k)
	if o == nil || c.cfg.Seal == nil {
		return nil, false, nil
	}
	plain, err := c.cfg.Seal.Open(k.String(), o.Decoded.(*api.Secret).Data)
	return plain, err == nil, err
}
