package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// Contexts are the gateways that a person works with.
type Contexts struct {
	// Current is used when neither flag nor environment names a gateway.
	Current  string             `yaml:"current,omitempty" json:"current,omitempty"`
	Contexts map[string]Context `yaml:"contexts,omitempty" json:"contexts,omitempty"`
}

// Context is one gateway and how to log in there.
type Context struct {
	Admin string `yaml:"admin" json:"admin"`
	Auth  string `yaml:"auth,omitempty" json:"-"`
}

// contextsPath is where they are kept: $XDG_CONFIG_HOME, else ~/.config.
func (e *Env) contextsPath() string {
	dir := e.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home := e.Getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "dgate", "config.yaml")
}

// ReadContexts reads the file of contexts; without one there are none.
func (e *Env) ReadContexts() (*Contexts, error) {
	c := &Contexts{Contexts: map[string]Context{}}
	path := e.contextsPath()
	if path == "" {
		return c, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, one := range c.Contexts {
		if one.Auth != "" && info.Mode().Perm()&0o077 != 0 {
			return nil, &HintError{Err: fmt.Errorf("%s holds credentials, and others can read it", path), Hint: "chmod 600 " + path}
		}
	}
	if c.Contexts == nil {
		c.Contexts = map[string]Context{}
	}
	if _, ok := c.Contexts[c.Current]; c.Current != "" && !ok {
		return nil, &HintError{Err: fmt.Errorf("%s: there is no context %q", path, c.Current), Hint: "`dgate-cli context use NAME` chooses one"}
	}
	return c, nil
}

// WriteContexts replaces the file of contexts.
func (e *Env) WriteContexts(c *Contexts) error {
	path := e.contextsPath()
	if path == "" {
		return errors.New("neither HOME nor XDG_CONFIG_HOME says where the contexts are kept")
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
