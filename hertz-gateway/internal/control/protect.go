package control

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// Sealer encrypts what nobody may read in etcd, in the state file or in a
// backup, bound to its key: *store.Keyring.
type Sealer interface {
	Seal(k store.Key, plain []byte) ([]byte, error)
	Open(k store.Key, sealed []byte) ([]byte, error)
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
		switch {
		case out.Data == "" && before == "":
			return nil, &api.FieldError{Pointer: "/data", Code: api.CodeRequired, Detail: "data is required"}
		case out.Data == "":
			out.Data = before // written back as it was read
		}
		return &out, c.seal(KeyOf(r), "/data", &out.Data, before)
	case *api.Domain:
		out, before := *r, ""
		if old != nil {
			before = old.Decoded.(*api.Domain).Key
		}
		switch {
		case r.Cert == "" && r.Key == "":
			return r, nil
		case r.Cert == "":
			return nil, &api.FieldError{Pointer: "/cert", Code: api.CodeRequired, Detail: "cert and key go together"}
		case r.Key == "" && before == "":
			return nil, &api.FieldError{Pointer: "/key", Code: api.CodeRequired, Detail: "cert and key go together"}
		case r.Key == "":
			out.Key = before
			return &out, nil
		}
		if _, sealed := c.cfg.openable(KeyOf(r), r.Key); !sealed {
			if _, err := tls.X509KeyPair([]byte(r.Cert), []byte(r.Key)); err != nil {
				return nil, &api.FieldError{Pointer: "/cert", Code: api.CodeInvalid, Detail: "cert and key are no pair: " + err.Error()}
			}
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

// openable tells whether text is what Seal made for the key: a rollback writes
// back what was stored.
func (c *Config) openable(k store.Key, text string) (plain []byte, ok bool) {
	if c.Seal == nil {
		return nil, false
	}
	plain, err := c.Seal.Open(k, []byte(text))
	return plain, err == nil
}

const hashed = "sha256:"

// seal encrypts *text, unless it is sealed already: a rollback writes back what
// was stored.
func (c *Control) seal(k store.Key, pointer string, text *string, before string) *api.FieldError {
	if c.cfg.Seal == nil {
		return &api.FieldError{Pointer: pointer, Code: api.CodeInvalid, Detail: "this gateway has no key to encrypt secrets with; see --secrets-key"}
	}
	if _, sealed := c.cfg.openable(k, *text); sealed {
		return nil
	}
	if before != "" {
		if plain, err := c.cfg.Seal.Open(k, []byte(before)); err == nil && string(plain) == *text {
			*text = before
			return nil
		}
	}
	sealed, err := c.cfg.Seal.Seal(k, []byte(*text))
	if err != nil {
		return &api.FieldError{Pointer: pointer, Code: api.CodeInvalid, Detail: "it cannot be encrypted"}
	}
	*text = string(sealed)
	return nil
}

// Secret opens a stored secret of a namespace.
func (c *Control) Secret(namespace, name string) ([]byte, bool, error) {
	k := store.Key{Namespace: namespace, Kind: string(api.KindSecret), Name: name}
	o := c.cfg.Store.Current().Get(k)
	if o == nil || c.cfg.Seal == nil {
		return nil, false, nil
	}
	plain, err := c.cfg.Seal.Open(k, []byte(o.Decoded.(*api.Secret).Data))
	return plain, err == nil, err
}
