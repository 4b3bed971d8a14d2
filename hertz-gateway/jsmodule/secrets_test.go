package jsmodule_test

import (
	"errors"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// secretMap is a jsmodule.Secrets: "namespace/name" → value.
type secretMap map[string]string

func (s secretMap) Secret(namespace, name string) (string, error) {
	if name == "locked" {
		return "", errors.New("the key is hunter2")
	}
	if v, ok := s[namespace+"/"+name]; ok {
		return v, nil
	}
	return "", jsmodule.ErrNoSecret
}

func TestSecrets(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"value", `return secrets.get("key")`, `"s3cret value"`},
		{"awaited", `return await get("key")`, `"s3cret value"`},
		{"not enumerable", `return [Object.keys(secrets), JSON.stringify(secrets), secrets.key ?? null]`, `[[],"{}",null]`},
		{"unknown", `return secrets.get("other")`, `"not_found 404 secret other: there is no such secret"`},
		{"of another namespace", `return secrets.get("foreign")`, `"not_found 404 secret foreign: there is no such secret"`},
		{"not granted", `return secrets.get("mine")`, `"permission_denied 403 module m may not read the secret mine: it needs the permission secret:mine, in its own list (\"// @permissions secret:mine\" at the top of m.ts) or in modules.defaultPermissions"`},
		{"an error of the source stays inside", `return secrets.get("locked")`, `"unavailable 503 secret locked: cannot be read"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := jsmodule.Build(jsmodule.Source{
				Name: "m", File: "m.ts", Permissions: []string{"secret:key", "secret:other", "secret:foreign", "secret:locked"},
				Text: `import secrets from "dgate/secrets"; import { get } from "dgate/secrets";
				export async function requestHandler(ctx) {
					try { return Response.json(await (async () => { ` + tt.script + ` })()) } catch (e) { return Response.json(e.code + " " + e.status + " " + e.message) }
				}`,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			h := newHost(t, jsmodule.Config{Secrets: secretMap{"default/key": "s3cret value", "default/mine": "x", "other/foreign": "x"}})
			c, err := h.NewChain("default", p)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			x := open(t, c)
			if _, err := x.Handle(); err != nil {
				t.Fatal(err)
			}
			if got := string(x.r.body); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// What a module writes or throws goes to the log without the secrets it has read.
func TestSecretsStayOutOfLogs(t *testing.T) {
	var logs logBuffer
	c := chain(t, jsmodule.Config{
		Logger: logs.logger(), Secrets: secretMap{"default/key": "s3cret-value"}, DefaultPermissions: []string{"secret:*"},
	}, `import { get } from "dgate/secrets";
		export function requestHandler(ctx) {
			const key = get("key");
			console.log("the key is", key, { key });
			Promise.reject(new Error("early " + key));
			throw new Error("bad key " + key);
		}`)
	x := open(t, c)
	_, err := x.Handle()
	if e := moduleError(t, err); e.Message != "bad key [secret]" {
		t.Errorf("error: %v", e)
	}
	if got := logs.String(); strings.Contains(got, "s3cret") || strings.Count(got, "[secret]") != 3 {
		t.Errorf("log: %s", got)
	}
}

func TestNoSecretsWhileLoading(t *testing.T) {
	_, err := jsmodule.Build(jsmodule.Source{Name: "m", Text: `import { get } from "dgate/secrets"; const key = get("key")`}, nil)
	if err == nil || !strings.Contains(err.Error(), "only while a request is being served") {
		t.Errorf("got %v", err)
	}
}

func TestPermissions(t *testing.T) {
	for _, tt := range []struct{ name, grant, want string }{
		{"rpc", "rpc:BookSvc", ""},
		{"all", "http:*", ""},
		{"host and port", "http:[::1]:80", ""},
		{"no kind", "BookSvc", `"BookSvc" is not a permission; write rpc:SERVICE, http:HOST, secret:NAME or state:COLLECTION`},
		{"unknown kind", "htp:a", `"htp:a" is not a permission; write rpc:SERVICE, http:HOST, secret:NAME or state:COLLECTION`},
		{"empty", "rpc:", `the permission "rpc:" names nothing that a module could use`},
		{"a URL", "http://a.example", `the permission "http://a.example" names nothing that a module could use`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := jsmodule.CheckPermission(tt.grant); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if _, err := jsmodule.Build(jsmodule.Source{Name: "m", Permissions: []string{tt.grant}}, nil); (err == nil) != (tt.want == "") {
				t.Errorf("Build: %v", err)
			}
			h, err := jsmodule.NewHost(jsmodule.Config{DefaultPermissions: []string{tt.grant}})
			if (err == nil) != (tt.want == "") {
				t.Errorf("NewHost: %v", err)
			}
			if err == nil {
				h.Close()
			}
		})
	}
}
