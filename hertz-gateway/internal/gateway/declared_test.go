package gateway

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dgate/hertz-gateway/internal/store"
)

// declaring is a change of the configuration: a file with these resources.
func declaring(t *testing.T, resources string) func(*Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dgate.yaml")
	write(t, file, "resources:\n"+resources)
	return func(c *Config) {
		l, err := LoadConfig([]string{"--config", file}, env(nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Resources = l.Config.Resources
	}
}

const helloResources = `
  - kind: module
    name: hello
    payloadRaw: export function requestHandler() { return "hello" }
  - {kind: secret, name: s, data: canary-71c3}
  - {kind: consumer, name: c, apiKeys: [canary-71c4-0123456789]}
  - {kind: route, name: r, paths: [/hello], modules: [hello]}
`

func TestDeclaredResources(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "more", "shop.yaml"), "kind: namespace\nname: shop\n---\n{kind: domain, name: d, namespace: shop, patterns: [shop.test]}\n")
	declare := declaring(t, helloResources+"  - "+filepath.Join(dir, "more")+"\n")
	var cfg Config
	first := start(t, nil, declare, func(c *Config) { c.SecretsKey = secretsKeyFile(t); cfg = *c })
	await(t, "the resources", func() bool { return first.get("/hello").body == "hello" })
	await(t, "the log line", func() bool {
		return strings.Contains(first.logs.String(), `"resources of the configuration applied" created=6 changed=0 unchanged=0`)
	})
	if strings.Contains(first.logs.String(), "canary") {
		t.Error("a secret is in the log")
	}
	revision := first.status().Revision

	// The second start, and the second gateway, change nothing.
	same := func(c *Config) { c.EtcdPrefix, c.SecretsKey = cfg.EtcdPrefix, cfg.SecretsKey }
	second := start(t, nil, declare, same)
	await(t, "the log line", func() bool {
		return strings.Contains(second.logs.String(), `"resources of the configuration applied" created=0 changed=0 unchanged=6`)
	})
	if got := second.status().Revision; got != revision {
		t.Errorf("revision %d, was %d", got, revision)
	}
	if a := second.admin("GET", "/api/v1/history", ""); !strings.Contains(a.body, `"author":"configuration"`) {
		t.Error(a.body)
	}
	third := start(t, nil, declare, same, func(c *Config) { c.WatchOnly = true })
	await(t, "the log line", func() bool { return strings.Contains(third.logs.String(), "this one is watch-only") })
}

// What is wrong is said with its place, and nothing of the set is written.
func TestDeclaredResourcesRefused(t *testing.T) {
	g := start(t, nil, declaring(t, helloResources+"  - {kind: namespace, name: shop}\n  - kind: route\n    name: x\n    paths: [/x]\n    service: nobody\n    rpcMethod: y\n"),
		func(c *Config) { c.SecretsKey = secretsKeyFile(t) })
	find := func() string {
		for _, d := range g.status().Diagnostics {
			if d.Rule == "resources-refused" {
				return d.File + ": " + d.Message
			}
		}
		return ""
	}
	await(t, "the diagnostic", func() bool { return find() != "" })
	if got := find(); !strings.Contains(got, `dgate.yaml:13: /service: there is no service "nobody"`) {
		t.Error(got)
	}
	await(t, "the log line", func() bool {
		return strings.Contains(g.logs.String(), "the resources of the configuration are refused; none of them is applied")
	})
	if got := g.get("/hello"); got.status != 404 {
		t.Errorf("a part of the set serves: %d", got.status)
	}
}

// With etcd away the gateway serves; the resources come when it answers.
func TestDeclaredResourcesWithoutEtcd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	g := launch(t, map[string]string{"modules/here.js": "// @routes GET /here\nexport function requestHandler() { return 'here' }"},
		declaring(t, helloResources), func(c *Config) {
			c.EtcdEndpoints, c.SecretsKey = []string{addr}, secretsKeyFile(t)
		})
	await(t, "serving without etcd", func() bool { return strings.Contains(g.logs.String(), "msg=ready") })
	if got := g.get("/here"); got.body != "here" {
		t.Errorf("%d %s", got.status, got.body)
	}
	await(t, "the warning", func() bool { return strings.Contains(g.logs.String(), "not applied yet; trying again") })
	etcd, err := store.StartEmbedded(t.Context(), store.EmbeddedConfig{Dir: t.TempDir(), Listen: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	t.Cleanup(g.stop) // before its etcd
	await(t, "the resources", func() bool { return g.get("/hello").body == "hello" })
	if n := strings.Count(g.logs.String(), "not applied yet"); n != 1 {
		t.Error(fmt.Sprint("told ", n, " times"))
	}
}

// secretsKeyFile is the file of a new key for secrets.
func secretsKeyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(store.NewSecretKey("1")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
