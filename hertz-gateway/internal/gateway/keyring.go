package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dgate/hertz-gateway/internal/store"
)

// keyFile is where the key for secrets is, below the data directory, unless
// --secrets-key names another file.
const keyFile = "secrets.key"

// openKeyring reads the keys that encrypt secrets. A gateway with its own etcd
// makes one when there is none; gateways of a cluster share theirs, so a key of
// their own would be of no use: nil, and secrets are refused.
func openKeyring(cfg *Config) (*store.Keyring, error) {
	path := cfg.SecretsKey
	if path == "" {
		path = filepath.Join(cfg.Data, keyFile)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && cfg.SecretsKey == "" && len(cfg.EtcdEndpoints) > 0:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist) && cfg.SecretsKey == "":
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, fmt.Errorf("the key for secrets: %w", err)
		}
		if err := os.WriteFile(path, []byte(store.NewSecretKey("1")+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("the key for secrets: %w", err)
		}
		if info, err = os.Stat(path); err != nil {
			return nil, fmt.Errorf("the key for secrets: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("the key for secrets (--secrets-key): %w", err)
	}
	text, err := readPrivate(path, info)
	if err != nil {
		return nil, fmt.Errorf("the key for secrets (--secrets-key): %w", err)
	}
	ring, err := store.NewKeyring(string(text))
	if err != nil {
		return nil, fmt.Errorf("the key for secrets (--secrets-key): %s: %w", path, err)
	}
	return ring, nil
}

// secrets are those of the store, then those of files.
type secrets struct {
	g     *Gateway
	files *fileSecrets
}

// Secret implements jsmodule.Secrets.
func (s secrets) Secret(namespace, name string) (string, error) {
	if s.g.control != nil {
		plain, found, err := s.g.control.Secret(namespace, name)
		if err != nil || found {
			return string(plain), err
		}
	}
	return s.files.Secret(namespace, name)
}
