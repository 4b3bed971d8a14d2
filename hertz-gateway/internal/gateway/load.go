package gateway

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/admin"
	"dgate/hertz-gateway/internal/upstream"
)

// Loaded is a configuration and where each of its values came from.
type Loaded struct {
	Config Config
	// Origin by key: "default", "file dgate.yaml:3", "environment DGATE_LISTEN" or "flag --listen".
	Origin map[string]string
}

// ErrHelp is returned when the arguments ask for help, which has been written.
var ErrHelp = flag.ErrHelp

// LoadConfig reads arguments, environment and the file that --config names;
// flag beats environment beats file beats default. The error is for people.
func LoadConfig(args []string, getenv func(string) (string, bool), out io.Writer) (*Loaded, error) {
	l := &Loaded{Config: DefaultConfig(), Origin: map[string]string{}}
	file, fromFlags, err := parseFlags(args, out)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file, _ = getenv("DGATE_CONFIG")
	}
	for _, s := range settings {
		l.Origin[s.key] = "default"
	}
	l.Origin["services"] = "default"
	if file != "" {
		if err := l.readFile(file); err != nil {
			return nil, err
		}
	}
	var wrong []string
	apply := func(s *setting, value, origin string) {
		if err := s.set(&l.Config, value); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", origin, err))
		}
		l.Origin[s.key] = origin
	}
	for i := range settings {
		s := &settings[i]
		if v, ok := getenv(s.env()); ok {
			apply(s, v, "environment "+s.env())
		}
		if v, ok := fromFlags[s.flag]; ok {
			apply(s, v, "flag --"+s.flag)
		}
	}
	if wrong != nil {
		return nil, &ConfigError{wrong}
	}
	return l, l.Config.Validate()
}

// parseFlags gives the value of --config and of the flags that were given.
func parseFlags(args []string, out io.Writer) (file string, given map[string]string, err error) {
	fs := flag.NewFlagSet("hertz-gateway", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	given = map[string]string{}
	fs.StringVar(&file, "config", "", "")
	for _, s := range settings {
		keep := func(v string) error { given[s.flag] = v; return nil }
		if s.boolean {
			fs.BoolFunc(s.flag, "", keep)
		} else {
			fs.Func(s.flag, "", keep)
		}
	}
	err = fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(out)
		return "", nil, ErrHelp
	case err != nil:
		text := err.Error()
		if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
			text = "unknown flag --" + name + api.Near("--"+name, flagNames())
		}
		return "", nil, &ConfigError{[]string{text}}
	case fs.NArg() > 0:
		return "", nil, &ConfigError{[]string{fmt.Sprintf("unexpected argument %q", fs.Arg(0))}}
	}
	return file, given, nil
}

func flagNames() []string {
	names := []string{"--config"}
	for _, s := range settings {
		names = append(names, "--"+s.flag)
	}
	return names
}

func usage(out io.Writer) {
	var b strings.Builder
	b.WriteString("hertz-gateway serves HTTP/JSON for the Thrift services of a directory of IDLs.\n\n" +
		"Usage:\n  hertz-gateway [flags]\n  hertz-gateway config print [--origin] [flags]\n  hertz-gateway version\n  hertz-gateway token      makes a token for admin.auth, and its hash\n  hertz-gateway password   reads a password, prints its hash for admin.auth\n\nFlags:\n")
	def := DefaultConfig()
	fmt.Fprintf(&b, "  --%-20s %s\n", "config FILE", "configuration file; every key is explained in dgate.yaml")
	for _, s := range settings {
		d := s.get(&def)
		if d != "" {
			d = " (default " + d + ")"
		}
		fmt.Fprintf(&b, "  --%-20s %s%s\n", s.flag, s.help, d)
	}
	b.WriteString("\nEach flag is also an environment variable: --admin-listen is DGATE_ADMIN_LISTEN.\n")
	_, _ = io.WriteString(out, b.String()) // help that cannot be written has nobody to tell
}

// readFile applies a configuration file.
func (l *Loaded) readFile(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return &ConfigError{[]string{fmt.Sprintf("--config: %v", err)}}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return &ConfigError{[]string{fmt.Sprintf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))}}
	}
	if len(doc.Content) == 0 {
		return nil
	}
	r := fileReader{path: path, loaded: l}
	r.walk("", doc.Content[0])
	if r.wrong != nil {
		return &ConfigError{r.wrong}
	}
	return nil
}

type fileReader struct {
	path   string
	loaded *Loaded
	wrong  []string
}

func (r *fileReader) bad(n *yaml.Node, format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf("%s:%d: %s", r.path, n.Line, fmt.Sprintf(format, args...)))
}

// walk reads one mapping; prefix is its path with a trailing dot.
func (r *fileReader) walk(prefix string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "expected keys and values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := prefix + k.Value
		if seen[key] {
			r.bad(k, "key %s stands here twice", key)
			continue
		}
		seen[key] = true
		switch at := slices.IndexFunc(settings, func(s setting) bool { return s.key == key }); {
		case at >= 0:
			r.value(&settings[at], v)
		case key == "services":
			r.services(v)
		case key == "resources":
			r.resources(v)
		case key == "admin.auth":
			r.auth(v)
		case slices.ContainsFunc(settings, func(s setting) bool { return strings.HasPrefix(s.key, key+".") }):
			r.walk(key+".", v)
		default:
			r.bad(k, "unknown key %s%s", key, api.Near(key, fileKeys()))
		}
	}
}

func (r *fileReader) value(s *setting, v *yaml.Node) {
	var text string
	switch v.Kind {
	case yaml.ScalarNode:
		if v.Tag != "!!null" {
			text = v.Value
		}
	case yaml.SequenceNode:
		var parts []string
		if err := v.Decode(&parts); err != nil {
			r.bad(v, "%s: expected a list of texts", s.key)
			return
		}
		text = strings.Join(parts, ",")
	default:
		r.bad(v, "%s: expected a value", s.key)
		return
	}
	if err := s.set(&r.loaded.Config, text); err != nil {
		r.bad(v, "%s: %v", s.key, err)
	}
	r.loaded.Origin[s.key] = fmt.Sprintf("file %s:%d", r.path, v.Line)
}

// services reads {BookSvc: {codec, transport}}.
func (r *fileReader) services(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.bad(n, "services: expected service names and their settings")
		return
	}
	r.loaded.Config.Services = map[string]upstream.Settings{}
	r.loaded.Origin["services"] = fmt.Sprintf("file %s:%d", r.path, n.Line)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, v := n.Content[i].Value, n.Content[i+1]
		if v.Kind != yaml.MappingNode {
			r.bad(v, "services.%s: expected codec or transport", name)
			continue
		}
		var s upstream.Settings
		for j := 0; j+1 < len(v.Content); j += 2 {
			switch key := v.Content[j].Value; key {
			case "codec":
				s.Codec = upstream.Codec(v.Content[j+1].Value)
			case "transport":
				s.Transport = upstream.Transport(v.Content[j+1].Value)
			default:
				r.bad(v.Content[j], "unknown key services.%s.%s%s", name, key, api.Near(key, []string{"codec", "transport"}))
			}
		}
		r.loaded.Config.Services[name] = s
	}
}

// auth reads {tokens: [{name, role, namespaces, hash}], users: […], clients: […]}.
func (r *fileReader) auth(n *yaml.Node) {
	r.loaded.Origin["admin.auth"] = fmt.Sprintf("file %s:%d", r.path, n.Line)
	if n.Tag == "!!null" {
		return
	}
	lists := map[string]*[]admin.Credential{
		"tokens": &r.loaded.Config.AdminAuth.Tokens, "users": &r.loaded.Config.AdminAuth.Users, "clients": &r.loaded.Config.AdminAuth.Clients,
	}
	if n.Kind != yaml.MappingNode {
		r.bad(n, "admin.auth: expected tokens, users or clients")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		list := lists[key]
		if list == nil {
			r.bad(n.Content[i], "unknown key admin.auth.%s%s", key, api.Near(key, []string{"tokens", "users", "clients"}))
			continue
		}
		if v.Kind != yaml.SequenceNode {
			r.bad(v, "admin.auth.%s: expected a list", key)
			continue
		}
		for _, entry := range v.Content {
			*list = append(*list, r.credential("admin.auth."+key, entry))
		}
	}
}

func (r *fileReader) credential(at string, n *yaml.Node) (c admin.Credential) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, "%s: expected name, role and hash", at)
		return c
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		switch key {
		case "name":
			c.Name = v.Value
		case "role":
			c.Role = v.Value
		case "hash":
			c.Hash = v.Value
		case "namespaces":
			if err := v.Decode(&c.Namespaces); err != nil {
				r.bad(v, "%s.namespaces: expected a list of texts", at)
			}
		default:
			r.bad(n.Content[i], "unknown key %s.%s%s", at, key, api.Near(key, []string{"name", "role", "hash", "namespaces"}))
		}
	}
	return c
}

func fileKeys() []string {
	keys := []string{"services", "resources", "admin.auth"}
	for _, s := range settings {
		keys = append(keys, s.key)
	}
	return keys
}

// Print writes the configuration as dgate.yaml keys, with the origin of each value if asked for.
func (l *Loaded) Print(w io.Writer, origin bool) error {
	var b strings.Builder
	for i := range settings {
		s := &settings[i]
		fmt.Fprintf(&b, "%s: %s", s.key, s.get(&l.Config))
		if origin {
			fmt.Fprintf(&b, "\t# %s", l.Origin[s.key])
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
