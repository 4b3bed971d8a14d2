package gateway

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// raw sends bytes to the admin listener and gives the status of the answer.
func (r *running) raw(request string) int {
	r.t.Helper()
	c, err := net.Dial("tcp", r.AdminAddr())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		r.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		r.t.Fatalf("%q: %v", request, err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// What clients send cannot be stored under a wrong name, and does no harm.
func TestHostileAdmin(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.applied("PUT", "/api/v1/route/r", `{"paths":["/r"],"service":"WhoSvc","rpcMethod":"who"}`)
	before := g.status().Revision

	const good = `{"paths":["/x"],"service":"WhoSvc","rpcMethod":"who"}`
	for _, name := range []string{
		"..", ".", "../secret/s", "..%2f..%2fetc", "%2e%2e", "a%2Fb", "a%00b", "%00", "a%0ab", "a%20b", "%ff", "%zz", "a;b", "a/b", "",
		strings.Repeat("a", 64), strings.Repeat("a", 9000), "%E2%80%AE", "!guard", "~x",
	} {
		for _, query := range []string{"", "?namespace=..%2f..", "?namespace=a%00b"} {
			status := g.raw("PUT /api/v1/route/" + name + query + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
				fmt.Sprintf("Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(good), good))
			if status < 400 || status >= 500 {
				t.Errorf("name %.40q%s: %d", name, query, status)
			}
		}
	}
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "text/json", "application/merge-patch+json"} {
		if a := g.admin("PUT", "/api/v1/route/x", good, "Content-Type: "+media); a.status != 415 {
			t.Errorf("media type %q: %d", media, a.status)
		}
	}
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + "1" + strings.Repeat(end, n) }
	for _, tt := range []struct{ name, body string }{
		{"nothing", ""},
		{"null", "null"},
		{"a list", "[]"},
		{"a text", `"x"`},
		{"two values", good + good},
		{"a byte order mark", "\ufeff" + good},
		{"not UTF-8", `{"paths":["/\xff"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"twice", `{"paths":["/x"],"paths":["/y"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"twice, inside", `{"paths":["/x"],"labels":{"a":"1","a":"2"},"service":"WhoSvc","rpcMethod":"who"}`},
		{"twice, escaped", `{"paths":["/x"],"p\u0061ths":["/y"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"another name", `{"name":"../x","paths":["/x"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"another namespace", `{"namespace":"..","paths":["/x"],"service":"WhoSvc","rpcMethod":"who"}`},
		{"deep lists", `{"paths":` + deep("[", "]", 300_000) + `}`},
		{"deep lists, unknown", `{"x":` + deep("[", "]", 1_000_000) + `}`},
		{"deep objects", `{"policies":` + deep(`{"a":`, "}", 300_000) + `}`},
		{"never closed", `{"x":` + strings.Repeat("[", 1_000_000)},
		{"many unknown members", `{"a":1` + manyMembers(100_000) + `}`},
		{"a long member", `{"` + strings.Repeat("x", 2_000_000) + `":1}`},
		{"huge", `{"paths":["/` + strings.Repeat("x", 40<<20) + `"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := *g
			g.t = t
			for _, to := range []struct{ verb, path, body string }{
				{"PUT", "/api/v1/route/x", tt.body},
				{"PUT", "/api/v1/route", tt.body},
				{"POST", "/api/v1/apply", tt.body},
				{"POST", "/api/v1/apply", `{"resources":[` + tt.body + `]}`},
				{"POST", "/api/v1/rollback", tt.body},
			} {
				if len(tt.body) > 10<<20 && to.path != "/api/v1/route/x" {
					continue
				}
				if to.body == `{"resources":[]}` { // that is an empty set, and fine
					continue
				}
				if a := g.admin(to.verb, to.path, to.body); a.status < 400 || a.status >= 500 || len(a.body) > 1<<20 {
					t.Errorf("%s %s: %d, %d bytes: %.300s", to.verb, to.path, a.status, len(a.body), a.body)
				}
			}
		})
	}
	for _, patch := range []string{`[]`, `1`, deep(`{"labels":`, "}", 9000), deep("[", "]", 1_000_000), `{"name":"other"}`, `{"namespace":"other"}`, `{"paths":null,"service":null}`, `{"nope":{}}`} {
		if a := g.admin("PATCH", "/api/v1/route/r", patch); a.status < 400 || a.status >= 500 {
			t.Errorf("patch %.40s: %d %.300s", patch, a.status, a.body)
		}
	}
	// A page in a browser reaches nothing, by whatever name.
	for _, h := range []string{"Origin: http://evil.test", "Origin: null", "Origin: http://localhost.evil.test", "Origin: https://localhost", "Host: evil.test", "Host: 127.0.0.1.evil.test"} {
		head := "Host: localhost:9080\r\n" + h + "\r\n"
		if strings.HasPrefix(h, "Host") {
			head = h + "\r\n"
		}
		if h == "Origin: https://localhost" {
			head = "Host: localhost:1\r\n" + h + "\r\n"
		}
		for _, line := range []string{"GET /api/v1/export", "DELETE /api/v1/route/r", "OPTIONS /api/v1/route/r", "GET /metrics"} {
			if status := g.raw(line + " HTTP/1.1\r\n" + head + "Connection: close\r\n\r\n"); status != 403 {
				t.Errorf("%s with %s: %d", line, h, status)
			}
		}
	}
	if got := g.status().Revision; got != before {
		t.Errorf("revision %d, was %d", got, before)
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":1`, i)
	}
	return b.String()
}

// Of writers that have seen the same revision, exactly one wins.
func TestWritersWithIfMatch(t *testing.T) {
	g := start(t, nil)
	tag := g.applied("PUT", "/api/v1/collection/c", `{"tags":["0"]}`).header.Get("ETag")
	const writers = 8
	for round := range 10 {
		var won atomic.Pointer[string]
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				a := g.admin("PUT", "/api/v1/collection/c", fmt.Sprintf(`{"tags":["%d-%d"]}`, round, w), "If-Match: "+tag)
				next := a.header.Get("ETag")
				switch {
				case a.status == 412:
				case a.status != 200:
					t.Errorf("%d %s", a.status, a.body)
				case !won.CompareAndSwap(nil, &next):
					t.Errorf("two writers won in round %d", round)
				}
			})
		}
		wg.Wait()
		if won.Load() == nil {
			t.Fatalf("nobody won in round %d", round)
		}
		if tag = *won.Load(); g.admin("GET", "/api/v1/collection/c", "").header.Get("ETag") != tag {
			t.Fatalf("the winner's ETag %s is not the one that is read", tag)
		}
	}
}

// Who may not write a kind cannot have it deleted with the rest of a namespace.
func TestPruneNeedsTheRole(t *testing.T) {
	creds, tokens := credentials(t)
	g := start(t, nil, func(c *Config) { c.AdminAuth = creds })
	g.admin("PUT", "/api/v1/consumer/c", `{}`, "Authorization: Bearer "+tokens["admin"])
	const set = `{"resources":[{"kind":"collection","name":"c"}]}`
	if a := g.admin("POST", "/api/v1/apply?prune=true", set, "Authorization: Bearer "+tokens["editor"]); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := g.admin("POST", "/api/v1/apply?prune=true", set, "Authorization: Bearer "+tokens["admin"]); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// What is secret is in no answer, log, file, and nowhere in etcd.
func TestSecretCanary(t *testing.T) {
	const canary = "canary-93be-0123456789"
	g := start(t, nil, func(c *Config) { c.SecretsKey = secretsKeyFile(t) })
	var answers []string
	ask := func(verb, path, body string, header ...string) {
		t.Helper()
		a := g.admin(verb, path, body, header...)
		answers = append(answers, verb+" "+path+" "+fmt.Sprint(a.status, a.header, a.body))
	}
	secret := `{"data":"` + canary + `"}`
	for _, query := range []string{"?dry_run=true", "?wait=true", ""} {
		ask("PUT", "/api/v1/secret/s"+query, secret)
	}
	ask("PUT", "/api/v1/secret", `{"name":"s2",`+secret[1:])
	ask("PUT", "/api/v1/consumer/c", `{"apiKeys":["`+canary+`"]}`)
	ask("PUT", "/api/v1/consumer/c?dry_run=true", `{"apiKeys":["`+canary+`"],"tags":["x"]}`)
	ask("POST", "/api/v1/apply", `{"resources":[{"kind":"secret","name":"s3",`+secret[1:]+`]}`)
	ask("PATCH", "/api/v1/secret/s", `{"tags":["x"]}`)
	ask("PATCH", "/api/v1/secret/s", secret)
	// Refused ones do not repeat what they were sent.
	for _, bad := range []string{`{"data":["` + canary + `"]}`, `{"data":"` + canary + `","x":1}`, `{"data":"` + canary + `"`, `{"data":"` + canary + `","data":"` + canary + `"}`, `{"Data":"` + canary + `"}`} {
		ask("PUT", "/api/v1/secret/s", bad)
		ask("PATCH", "/api/v1/secret/s", bad)
		ask("POST", "/api/v1/validate", `{"resources":[{"kind":"secret","name":"s",`+bad[1:]+`]}`)
	}
	ask("PUT", "/api/v1/secret/s", secret, "If-Match: \"1\"")
	ask("DELETE", "/api/v1/secret", `{"name":"s2",`+secret[1:])
	for _, path := range []string{"secret/s", "secret", "consumer/c", "consumer", "export", "history", "status", "stats", "logs", "instances"} {
		ask("GET", "/api/v1/"+path, "")
	}
	ask("POST", "/api/v1/rollback", fmt.Sprintf(`{"revision":%d}`, g.status().Revision-1))
	for _, a := range answers {
		if strings.Contains(a, canary) {
			t.Error(a)
		}
	}
	if strings.Contains(g.logs.String(), canary) {
		t.Error("in the log")
	}
	dump, err := etcd.Get(t.Context(), g.cfg.EtcdPrefix, clientv3.WithPrefix())
	if err != nil || dump.Count < 5 {
		t.Fatal(dump, err)
	}
	for _, kv := range dump.Kvs {
		if bytes.Contains(kv.Value, []byte(canary)) {
			t.Errorf("in etcd: %s", kv.Key)
		}
	}
	entries, err := g.store.History(t.Context())
	if err != nil || len(entries) < 5 {
		t.Fatal(entries, err)
	}
	for _, e := range entries[:len(entries)-1] {
		then, err := g.store.At(t.Context(), e.Revision)
		if err != nil {
			t.Fatal(err)
		}
		for o := range then.All("", "") {
			if bytes.Contains(o.Value, []byte(canary)) {
				t.Errorf("in the history at %d: %s", e.Revision, o.Key)
			}
		}
	}
	g.stop() // writes the last good state
	files := 0
	err = filepath.WalkDir(g.cfg.Data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("in %s", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Error(files, err)
	}
}
