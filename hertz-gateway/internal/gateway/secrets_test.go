package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSecrets(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string // path → text; a path below "open" is for all
		at    string
		want  map[string]string
		err   string
	}{
		{"directory", map[string]string{"d/key": "value\n", "d/pem": "a\nb\r\n", "d/.hidden": "x", "d/sub/x": "x"}, "d", map[string]string{"key": "value", "pem": "a\nb"}, ""},
		{"list", map[string]string{"s.yaml": "key: value\nnum: 007\npem: |\n  a\n  b\n"}, "s.yaml", map[string]string{"key": "value", "num": "007", "pem": "a\nb\n"}, ""},
		{"empty list", map[string]string{"s.yaml": "# none\n"}, "s.yaml", map[string]string{}, ""},
		{"for all", map[string]string{"open/key": "hunter2"}, "open", nil, "open/key can be accessed by every user of this machine; chmod 600 it"},
		{"list for all", map[string]string{"open/s.yaml": "a: hunter2"}, "open/s.yaml", nil, "open/s.yaml can be accessed by every user of this machine; chmod 600 it"},
		{"no YAML", map[string]string{"s.yaml": "a: [hunter2"}, "s.yaml", nil, "s.yaml is not valid YAML"},
		{"no mapping", map[string]string{"s.yaml": "- hunter2"}, "s.yaml", nil, "s.yaml:1: expected names and values"},
		{"no text", map[string]string{"s.yaml": "\na: [hunter2]"}, "s.yaml", nil, "s.yaml:2: the value of a is not text"},
		{"twice", map[string]string{"s.yaml": "a: hunter2\na: hunter3"}, "s.yaml", nil, "s.yaml:2: a stands here twice"},
		{"too large", map[string]string{"d/key": strings.Repeat("x", maxSecret+1)}, "d", nil, "d/key has 1048577 bytes, 1048576 is the most"},
		{"absent", nil, "d", nil, "stat d: no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range tt.files {
				mode := os.FileMode(0o600)
				if strings.HasPrefix(path, "open") {
					mode = 0o644
				}
				path = filepath.Join(dir, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), mode); err != nil {
					t.Fatal(err)
				}
			}
			got, err := readSecrets(filepath.Join(dir, tt.at))
			text := ""
			if err != nil {
				text = strings.ReplaceAll(err.Error(), dir+"/", "")
			}
			if text != tt.err {
				t.Errorf("error %q, want %q", text, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSecretsReachModulesAndRotate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.yaml")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	put("key: first-value")
	g := start(t, map[string]string{
		"modules/show.ts": `// @routes GET /show
			// @permissions secret:key
			import { get } from "dgate/secrets";
			export const requestHandler = () => { console.log("key", get("key")); return get("key") }`,
	}, func(c *Config) { c.Secrets = file })
	if a := g.get("/show"); a.status != 200 || a.body != "first-value" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	put("key: second-value")
	await(t, "the new value", func() bool { return g.get("/show").body == "second-value" })
	put("key: [")
	await(t, "the error", func() bool { return strings.Contains(g.logs.String(), "secrets.yaml is not valid YAML") })
	if a := g.get("/show"); a.body != "second-value" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if logs := g.logs.String(); strings.Contains(logs, "-value") || !strings.Contains(logs, "key [secret]") {
		t.Error("a secret is in the log")
	}
}

func TestOpenSecretsRefuses(t *testing.T) {
	_, err := openSecrets(filepath.Join(t.TempDir(), "none"), slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "the secrets (--secrets): ") {
		t.Errorf("got %v", err)
	}
}
