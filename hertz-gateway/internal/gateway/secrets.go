package gateway

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"gopkg.in/yaml.v3"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule"
)

// fileSecrets are the secrets of the default namespace that stand in files: a
// directory with one file for each, or one YAML file of names and values. Safe
// for concurrent use.
type fileSecrets struct {
	path   string
	log    *slog.Logger
	values atomic.Pointer[map[string]string]
}

var _ jsmodule.Secrets = (*fileSecrets)(nil)

// openSecrets reads the secrets at path; none when path is empty.
func openSecrets(path string, log *slog.Logger) (*fileSecrets, error) {
	s := &fileSecrets{path: path, log: log}
	s.values.Store(new(map[string]string))
	if path == "" {
		return s, nil
	}
	values, err := readSecrets(path)
	if err != nil {
		return nil, fmt.Errorf("the secrets (--secrets): %w", err)
	}
	s.values.Store(&values)
	return s, nil
}

// reload reads them again. What cannot be read leaves all as they were.
func (s *fileSecrets) reload() {
	values, err := readSecrets(s.path)
	if err != nil {
		s.log.Error("the secrets stay as they were", "error", err)
		return
	}
	s.values.Store(&values)
	s.log.Info("secrets read", "count", len(values))
}

// Secret implements jsmodule.Secrets.
func (s *fileSecrets) Secret(namespace, name string) (string, error) {
	if namespace != api.DefaultNamespace {
		return "", jsmodule.ErrNoSecret
	}
	v, ok := (*s.values.Load())[name]
	if !ok {
		return "", jsmodule.ErrNoSecret
	}
	return v, nil
}

// maxSecret bounds a file of secrets in bytes.
const maxSecret = 1 << 20

// readSecrets reads a directory or a file. Errors never quote the contents.
func readSecrets(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readSecretList(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		info, err := os.Stat(file) // mounted secrets are links
		switch {
		case err != nil:
			return nil, err
		case info.IsDir() || strings.HasPrefix(e.Name(), "."):
			continue
		}
		data, err := readPrivate(file, info)
		if err != nil {
			return nil, err
		}
		text := strings.TrimSuffix(string(data), "\n")
		values[e.Name()] = strings.TrimSuffix(text, "\r")
	}
	return values, nil
}

func readSecretList(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	data, err := readPrivate(path, info)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil {
		return nil, fmt.Errorf("%s is not valid YAML", path) // the parser's own words may quote a value
	}
	values := map[string]string{}
	if len(doc.Content) == 0 {
		return values, nil
	}
	list := doc.Content[0]
	if list.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: expected names and values", path, list.Line)
	}
	for i := 0; i+1 < len(list.Content); i += 2 {
		name, value := list.Content[i], list.Content[i+1]
		if value.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("%s:%d: the value of %s is not text", path, name.Line, name.Value)
		}
		if _, ok := values[name.Value]; ok {
			return nil, fmt.Errorf("%s:%d: %s stands here twice", path, name.Line, name.Value)
		}
		values[name.Value] = value.Value
	}
	return values, nil
}

// readPrivate reads a file that only its owner and group may read.
func readPrivate(path string, info fs.FileInfo) ([]byte, error) {
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s can be accessed by every user of this machine; chmod 600 it", path)
	}
	if info.Size() > maxSecret {
		return nil, fmt.Errorf("%s has %d bytes, %d is the most", path, info.Size(), maxSecret)
	}
	return os.ReadFile(path)
}
