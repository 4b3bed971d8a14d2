package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dgate/hertz-gateway/internal/admin"
	"dgate/hertz-gateway/schema"
)

// credentials makes one caller of each role, and an editor of one namespace;
// tokens by name.
func credentials(t *testing.T) (c admin.Credentials, tokens map[string]string) {
	t.Helper()
	tokens = map[string]string{}
	add := func(name, role string, namespaces ...string) {
		token, hash := admin.NewToken()
		tokens[name] = token
		c.Tokens = append(c.Tokens, admin.Credential{Name: name, Role: role, Namespaces: namespaces, Hash: hash})
	}
	add("viewer", "viewer")
	add("editor", "editor")
	add("admin", "admin")
	add("shop", "admin", "shop")
	hash, err := admin.HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	c.Users = []admin.Credential{{Name: "ann", Role: "editor", Hash: hash}}
	return c, tokens
}

// operations are the endpoints of the admin API, from its own description.
func (r *running) operations(header ...string) (ops []operation) {
	r.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Role       string `json:"x-dgate-role"`
			Parameters []struct{ Name, In string }
		}
	}
	a := r.admin("GET", "/openapi.json", "", header...)
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 {
		r.t.Fatalf("%d %v", a.status, err)
	}
	for path, verbs := range doc.Paths {
		for verb, op := range verbs {
			ops = append(ops, operation{strings.ToUpper(verb), path, op.Role})
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.path+a.verb, b.path+b.verb) })
	return ops
}

type operation struct{ verb, path, role string }

// TestRoleMatrix sends every operation with every role: what is beyond a role
// is refused, and so is everything without credentials or with wrong ones.
func TestRoleMatrix(t *testing.T) {
	creds, tokens := credentials(t)
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.AdminAuth = creds })
	ops := g.operations("Authorization: Bearer " + tokens["admin"])
	if len(ops) < 60 {
		t.Fatalf("%d operations", len(ops))
	}
	rank := map[string]int{"anyone": 0, "viewer": 1, "editor": 2, "admin": 3}
	for _, op := range ops {
		path := strings.NewReplacer("{name}", "x", "{id}", "x", "{service}", "WhoSvc", "{method}", "who").Replace(op.path)
		for who, want := range map[string]int{"": 0, "wrong": 0, "viewer": 1, "editor": 2, "admin": 3} {
			var header []string
			switch who {
			case "":
			case "wrong":
				header = []string{"Authorization: Bearer dgate_wrong"}
			default:
				header = []string{"Authorization: Bearer " + tokens[who]}
			}
			a := g.admin(op.verb, path, "{}", header...)
			refused := a.status == 401 || a.status == 403
			if beyond := want < rank[op.role]; beyond != refused {
				t.Errorf("%s %s as %q: %d, the role is %s: %s", op.verb, op.path, who, a.status, op.role, a.body)
			}
		}
	}
}

func TestNamespaceScope(t *testing.T) {
	creds, tokens := credentials(t)
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.AdminAuth = creds })
	as := func(who string) string { return "Authorization: Bearer " + tokens[who] }
	if a := g.admin("POST", "/api/v1/apply", `{"resources":[
		{"kind":"namespace","name":"shop"},{"kind":"namespace","name":"other"},
		{"kind":"collection","name":"c","namespace":"other"},{"kind":"collection","name":"c","namespace":"shop"},
		{"kind":"consumer","name":"hidden","namespace":"other"}]}`, as("admin")); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, tt := range []struct {
		verb, path, body string
		status           int
	}{
		{"PUT", "/api/v1/consumer/c?namespace=shop", `{}`, 201},
		{"PUT", "/api/v1/consumer/c?namespace=other", `{}`, 403},
		{"PUT", "/api/v1/consumer", `{"name":"c","namespace":"other"}`, 403},
		{"PATCH", "/api/v1/consumer/hidden?namespace=other", `{}`, 403},
		{"DELETE", "/api/v1/consumer/hidden?namespace=other", "", 403},
		{"DELETE", "/api/v1/consumer", `{"name":"hidden","namespace":"other"}`, 403},
		{"GET", "/api/v1/consumer/hidden?namespace=other", "", 403},
		{"GET", "/api/v1/consumer?namespace=other", "", 403},
		{"DELETE", "/api/v1/namespace/other?cascade=true", "", 403},
		{"PUT", "/api/v1/namespace/third", `{}`, 403},
		{"POST", "/api/v1/apply", `{"resources":[{"kind":"consumer","name":"x","namespace":"other"}]}`, 403},
		{"POST", "/api/v1/validate", `{"resources":[{"kind":"consumer","name":"x","namespace":"other"}]}`, 403},
		{"POST", "/api/v1/rollback", `{"revision":1}`, 403},
		{"POST", "/api/v1/call/WhoSvc/who", `{}`, 403},
		{"GET", "/api/v1/instances", "", 403},
		{"GET", "/api/v1/instances?namespace=shop", "", 200},
		{"GET", "/api/v1/logs", ``, 403},
		{"POST", "/api/v1/explain", `{}`, 403},
		{"PUT", "/api/v1/document/a?namespace=other&collection=c", `{}`, 403},
		{"PUT", "/api/v1/document", `{"id":"a","namespace":"other","collection":"c","data":{}}`, 403},
		{"PUT", "/api/v1/document/a?namespace=shop&collection=c", `{}`, 200},
	} {
		if a := g.admin(tt.verb, tt.path, tt.body, as("shop")); a.status != tt.status {
			t.Errorf("%s %s: %d, want %d: %s", tt.verb, tt.path, a.status, tt.status, a.body)
		}
	}
	for _, path := range []string{"/api/v1/namespace", "/api/v1/export", "/api/v1/history"} {
		if a := g.admin("GET", path, "", as("shop")); a.status != 200 || strings.Contains(a.body, "hidden") || strings.Contains(a.body, `"other"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestPasswords(t *testing.T) {
	creds, tokens := credentials(t)
	g := start(t, nil, func(c *Config) { c.AdminAuth = creds })
	basic := func(pair string) int {
		return g.admin("GET", "/api/v1/status", "", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(pair))).status
	}
	for pair, want := range map[string]int{
		"ann:correct horse": 200, "ann:wrong": 401, "bob:correct horse": 401, "ann": 401, ":": 401, "viewer:" + tokens["viewer"]: 401,
	} {
		if got := basic(pair); got != want {
			t.Errorf("%s: %d", pair, got)
		}
	}
	if got := basic("ann:correct horse"); got != 200 {
		t.Errorf("again: %d", got)
	}
	g.admin("PUT", "/api/v1/collection/c", "{}", "Authorization: Bearer "+tokens["editor"])
	if logs := g.logs.String(); !strings.Contains(logs, "msg=audit by=editor role=editor") || strings.Contains(logs, tokens["editor"]) {
		t.Error("the audit log is wrong")
	}
}

func TestHostsOfAdmin(t *testing.T) {
	g := start(t, nil, func(c *Config) { c.AdminHosts = []string{"gw.example.com"} })
	for host, want := range map[string]int{"gw.example.com": 200, "GW.example.com:9080": 200, "10.0.0.1": 200, "localhost": 200, "evil.test": 403, "gw.example.com.evil.test": 403} {
		req, err := http.NewRequest("GET", "http://"+g.AdminAddr()+"/api/v1/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if a := g.do(req); a.status != want {
			t.Errorf("%s: %d", host, a.status)
		}
	}
}

// Every answer fits the schema that /openapi.json has for it.
func TestOpenAPIOfAdmin(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.serve("who", 10, named("x"))
	var doc map[string]any
	if err := json.Unmarshal([]byte(g.admin("GET", "/openapi.json", "").body), &doc); err != nil {
		t.Fatal(err)
	}
	components := doc["components"].(map[string]any)["schemas"]
	fits := func(operation map[string]any, a answer) error {
		responses := operation["responses"].(map[string]any)
		response := responses["2XX"]
		if a.status/100 != 2 {
			response = responses["default"]
		}
		content, _ := response.(map[string]any)["content"].(map[string]any)
		for _, media := range content {
			text, err := json.Marshal(map[string]any{"components": map[string]any{"schemas": components}, "allOf": []any{media.(map[string]any)["schema"]}})
			if err != nil {
				return err
			}
			s, err := schema.Compile(text)
			if err != nil {
				return fmt.Errorf("the schema: %w", err)
			}
			return s.Check([]byte(a.body))
		}
		return nil
	}
	asked := map[string]bool{}
	for _, tt := range []struct{ verb, path, of, body string }{
		{"GET", "/api/v1/status", "", ""},
		{"GET", "/api/v1/instances", "", ""},
		{"GET", "/api/v1/instances?service=WhoSvc", "/api/v1/instances", ""},
		{"GET", "/api/v1/instances?service=nope", "/api/v1/instances", ""},
		{"POST", "/api/v1/call/WhoSvc/who", "/api/v1/call/{service}/{method}", "{}"},
		{"POST", "/api/v1/call/WhoSvc/nope", "/api/v1/call/{service}/{method}", "{}"},
		{"PUT", "/api/v1/route/r", "/api/v1/route/{name}", `{"paths":["/r"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"PATCH", "/api/v1/route/r", "/api/v1/route/{name}", `{"tags":["x"]}`},
		{"GET", "/api/v1/route/r", "/api/v1/route/{name}", ""},
		{"GET", "/api/v1/route", "", ""},
		{"PUT", "/api/v1/route", "", `{"name":"r2","paths":["/r2"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"DELETE", "/api/v1/route", "", `{"name":"r2"}`},
		{"PUT", "/api/v1/route/bad", "/api/v1/route/{name}", `{"pat":1}`},
		{"DELETE", "/api/v1/route/r", "/api/v1/route/{name}", ""},
		{"POST", "/api/v1/apply", "", `{"resources":[{"kind":"collection","name":"c","visibility":"public"}]}`},
		{"POST", "/api/v1/validate", "", `{"resources":[{"kind":"collection"}]}`},
		{"GET", "/api/v1/export", "", ""},
		{"GET", "/api/v1/history", "", ""},
		{"POST", "/api/v1/rollback", "", `{"revision":0}`},
		{"PUT", "/api/v1/document/a", "/api/v1/document/{id}", `{}`},
		{"PUT", "/api/v1/document/a?collection=c", "/api/v1/document/{id}", `{"n":9223372036854775807}`},
		{"GET", "/api/v1/document/a?collection=c", "/api/v1/document/{id}", ""},
		{"GET", "/api/v1/document?collection=c", "/api/v1/document", ""},
		{"PUT", "/api/v1/document", "", `{"id":"b","collection":"c","data":1}`},
		{"DELETE", "/api/v1/document/a?collection=c", "/api/v1/document/{id}", ""},
		{"DELETE", "/api/v1/document?collection=c", "/api/v1/document", ""},
	} {
		if tt.of == "" {
			tt.of = tt.path
		}
		operation, ok := doc["paths"].(map[string]any)[tt.of].(map[string]any)[strings.ToLower(tt.verb)].(map[string]any)
		if !ok {
			t.Errorf("%s %s is not described", tt.verb, tt.of)
			continue
		}
		asked[tt.verb+" "+tt.of] = true
		a := g.admin(tt.verb, tt.path, tt.body)
		if err := fits(operation, a); err != nil {
			t.Errorf("%s %s: %d %s\n%v", tt.verb, tt.path, a.status, a.body, err)
		}
	}
	if len(asked) < 18 {
		t.Errorf("%d operations asked", len(asked))
	}
}

// A client certificate of the authority is a caller; another one, or none, is not.
func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	serverCert, serverKey := selfSigned(t, "localhost", 1)
	robotCert, robotKey := selfSigned(t, "robot", 2)
	otherCert, otherKey := selfSigned(t, "robot", 3)
	g := launch(t, nil, func(c *Config) {
		c.AdminCert, c.AdminKey = file("cert.pem", serverCert), file("key.pem", serverKey)
		c.AdminClientCA = file("ca.pem", robotCert)
		c.AdminAuth = admin.Credentials{Clients: []admin.Credential{{Name: "robot", Role: "viewer"}}}
	})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(serverCert))
	ask := func(verb, path, cert, key string) (status int, err error) {
		conf := &tls.Config{RootCAs: roots, ServerName: "localhost"}
		if cert != "" {
			pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
			if err != nil {
				t.Fatal(err)
			}
			conf.Certificates = []tls.Certificate{pair}
		}
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}
		req, err := http.NewRequest(verb, "https://"+g.AdminAddr()+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := c.Do(req)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}
	await(t, "the admin API", func() bool { status, err := ask("GET", "/livez", "", ""); return err == nil && status == 200 })
	for _, tt := range []struct {
		name, verb, path, cert, key string
		want                        int
	}{
		{"its own", "GET", "/api/v1/status", robotCert, robotKey, 200},
		{"beyond its role", "PUT", "/api/v1/collection/c", robotCert, robotKey, 403},
		{"none", "GET", "/api/v1/status", "", "", 401},
	} {
		if status, err := ask(tt.verb, tt.path, tt.cert, tt.key); err != nil || status != tt.want {
			t.Errorf("%s: %d %v, want %d", tt.name, status, err, tt.want)
		}
	}
	if status, err := ask("GET", "/api/v1/status", otherCert, otherKey); err == nil && status == 200 {
		t.Error("a certificate of nobody's authority was taken")
	}
}
