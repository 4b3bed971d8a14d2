package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
)

// admin sends a request to the admin API; header lines are "Name: value".
func (r *running) admin(verb, path, body string, header ...string) answer {
	r.t.Helper()
	req, err := http.NewRequest(verb, "http://"+r.AdminAddr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return r.do(req)
}

// applied makes a change that has to succeed and waits until it serves.
func (r *running) applied(verb, path, body string) answer {
	r.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	a := r.admin(verb, path+sep+"wait=true", body)
	if a.status/100 != 2 {
		r.t.Fatalf("%s %s: %d %s", verb, path, a.status, a.body)
	}
	return a
}

func TestResources(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.serve("who", 10, named("x"))

	// A route of its own, seen at once; changed; gone.
	a := g.applied("PUT", "/api/v1/route/mine", `{"paths":["/mine"],"methods":["GET"],"service":"WhoSvc","rpcMethod":"who"}`)
	if a.status != 201 || a.header.Get("ETag") == "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if got := g.get("/mine"); got.status != 200 || got.body != `{"name":"x"}` {
		t.Errorf("%d %s", got.status, got.body)
	}
	tag := a.header.Get("ETag")
	if got := g.admin("GET", "/api/v1/route/mine", "", "If-None-Match: "+tag); got.status != 304 {
		t.Errorf("read again: %d", got.status)
	}
	g.applied("PATCH", "/api/v1/route/mine", `{"paths":["/other"],"labels":{"team":"a"}}`)
	if got := g.get("/mine"); got.status != 404 {
		t.Errorf("the old path: %d", got.status)
	}
	if got := g.admin("PUT", "/api/v1/route/mine", `{"paths":["/x"],"service":"WhoSvc","rpcMethod":"who"}`, "If-Match: "+tag); got.status != 412 {
		t.Errorf("an old ETag: %d %s", got.status, got.body)
	}
	if got := g.admin("PUT", "/api/v1/route/mine", `{"paths":["/x"],"service":"WhoSvc","rpcMethod":"who"}`, "If-None-Match: *"); got.status != 412 {
		t.Errorf("create only: %d %s", got.status, got.body)
	}

	// Everything that is wrong comes back together, and nothing changes.
	bad := g.admin("POST", "/api/v1/apply", `{"resources":[
		{"kind":"route","name":"a","paths":["/a"],"service":"nope","rpcMethod":"x"},
		{"kind":"module","name":"m","payloadRaw":"export function ("},
		{"kind":"route","name":"b","paths":["/other"],"methods":["GET"],"service":"WhoSvc","rpcMethod":"who"},
		{"kind":"route","name":"c","namespace":"gone","paths":["/c"],"service":"WhoSvc","rpcMethod":"who"}
	]}`)
	var problem api.Problem
	if err := json.Unmarshal([]byte(bad.body), &problem); err != nil || bad.status != 400 {
		t.Fatalf("%d %s %v", bad.status, bad.body, err)
	}
	if len(problem.Errors) != 1 || problem.Errors[0].Pointer != "/resources/3/namespace" {
		t.Errorf("without the namespace: %s", bad.body)
	}
	bad = g.admin("POST", "/api/v1/apply", `{"resources":[
		{"kind":"route","name":"a","paths":["/a"],"service":"nope","rpcMethod":"x"},
		{"kind":"module","name":"m","payloadRaw":"export function ("},
		{"kind":"route","name":"b","paths":["/other"],"methods":["GET"],"service":"WhoSvc","rpcMethod":"who"}
	]}`)
	for _, want := range []string{`"/resources/0/service"`, `"/resources/1/payload"`, `"/resources/2/paths"`} {
		if !strings.Contains(bad.body, want) {
			t.Errorf("no %s in %s", want, bad.body)
		}
	}
	if bad.status != 409 {
		t.Errorf("status %d", bad.status)
	}

	// A namespace with a host of its own, in one transaction; what uses it holds it.
	g.applied("POST", "/api/v1/apply", `{"resources":[
		{"kind":"namespace","name":"shop"},
		{"kind":"domain","name":"d","namespace":"shop","patterns":["shop.test"]},
		{"kind":"module","name":"hello","namespace":"shop","payloadRaw":"export function requestHandler(ctx) { return 'hello' }"},
		{"kind":"route","name":"r","namespace":"shop","paths":["/hello"],"modules":["hello"]}
	]}`)
	req, err := http.NewRequest("GET", g.url+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.test"
	if got := g.do(req); got.status != 200 || got.body != "hello" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := g.get("/hello"); got.status != 404 {
		t.Errorf("in default: %d", got.status)
	}
	if got := g.admin("DELETE", "/api/v1/module/hello?namespace=shop", ""); got.status != 409 || !strings.Contains(got.body, `"code":"in_use"`) {
		t.Errorf("a module in use: %d %s", got.status, got.body)
	}
	if got := g.admin("DELETE", "/api/v1/namespace/shop", ""); got.status != 409 {
		t.Errorf("a namespace with resources: %d %s", got.status, got.body)
	}
	before := revisionIn(t, g.admin("GET", "/api/v1/status", ""))
	g.applied("DELETE", "/api/v1/namespace/shop?cascade=true", "")
	if got := g.do(req); got.status != 404 {
		t.Errorf("after the delete: %d %s", got.status, got.body)
	}

	// Back to what was; an export can be applied again and changes nothing.
	g.applied("POST", "/api/v1/rollback", fmt.Sprintf(`{"revision":%d}`, before))
	if got := g.do(req); got.status != 200 {
		t.Errorf("after the rollback: %d %s", got.status, got.body)
	}
	set := g.admin("GET", "/api/v1/export", "")
	again := g.applied("POST", "/api/v1/apply", set.body)
	if !strings.Contains(again.body, `"unchanged":5`) || strings.Contains(again.body, "updated") {
		t.Errorf("an export applied: %s", again.body)
	}
	if got := g.admin("GET", "/api/v1/history", ""); !strings.Contains(got.body, `"message":"rollback to `) || !strings.Contains(got.body, `"author":"local"`) {
		t.Errorf("history: %s", got.body)
	}
	g.applied("POST", "/api/v1/apply?prune=true", `{"resources":[{"kind":"namespace","name":"shop"}]}`)
	if got := g.admin("GET", "/api/v1/route?namespace=shop", ""); !strings.Contains(got.body, `"count":0`) {
		t.Errorf("pruned: %s", got.body)
	}
}

func revisionIn(t *testing.T, a answer) int64 {
	t.Helper()
	var s struct{ Revision int64 }
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatal(err)
	}
	return s.Revision
}

// Instances are found by every name of their service; a service resource may
// look elsewhere.
func TestInstances(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	who := g.serve("who", 10, named("x"))
	other := g.serve("elsewhere", 0, named("y"))
	await(t, "both", func() bool {
		return len(g.registered("who")) == 1 && len(g.registered("elsewhere")) == 1
	})
	g.applied("PUT", "/api/v1/service/far", `{"destination":"elsewhere","idlService":"WhoSvc"}`)
	g.applied("PUT", "/api/v1/service/WhoSvc", `{"destination":"who","idlService":"WhoSvc"}`)
	near := api.ServiceInstance{Service: "WhoSvc", Registry: "who", Instance: api.Instance{Address: who.Addr, Weight: 10, State: api.InstanceServing}}
	far := api.ServiceInstance{Service: "far", Registry: "elsewhere", Instance: api.Instance{Address: other.Addr, State: api.InstanceDraining}}
	for query, want := range map[string][]api.ServiceInstance{
		"": {near, far}, "?service=WhoSvc": {near}, "?service=who": {near}, "?service=far": {far}, "?service=elsewhere": {far},
	} {
		var got api.Instances
		if err := json.Unmarshal([]byte(g.admin("GET", "/api/v1/instances"+query, "").body), &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got.Instances); d != "" {
			t.Errorf("%s: -want +got:\n%s", query, d)
		}
	}
	for _, query := range []string{"?service=nope", "?namespace=nope"} {
		if a := g.admin("GET", "/api/v1/instances"+query, ""); a.status != 404 {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// DGate's own shapes: the whole object, name and namespace in a body.
func TestDGateShapes(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	a := g.admin("PUT", "/api/v1/service", `{"name":"web","urls":["http://127.0.0.1:1"],"retryTimeout":1000000000,"tags":["x"]}`)
	if a.status != 201 || !strings.Contains(a.body, `"status_code":201,"data":{"name":"web"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := g.applied("PUT", "/api/v1/route", `{"name":"r","paths":["/r"],"methods":["GET"],"service":"web","stripPath":true,"preserveHost":false,"modules":[],"namespace":"default"}`); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := g.get("/r"); got.status != 501 || !strings.Contains(got.body, "not_implemented") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if a := g.admin("DELETE", "/api/v1/route", `{"name":"r","namespace":"default"}`); a.status != 202 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := g.admin("DELETE", "/api/v1/route", `{"name":"r"}`); a.status != 404 {
		t.Errorf("gone already: %d %s", a.status, a.body)
	}
}

func TestSecrets(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.EtcdEndpoints, c.EtcdListen = nil, "127.0.0.1:0" })
	const canary = "canary-5f1a"
	g.applied("POST", "/api/v1/apply", `{"resources":[
		{"kind":"secret","name":"s","data":"`+canary+`"},
		{"kind":"module","name":"m","permissions":["secret:s"],"payloadRaw":"import { get } from 'dgate/secrets'; export function requestHandler(ctx) { return String(get('s').length) }"},
		{"kind":"route","name":"r","paths":["/s"],"modules":["m"]}
	]}`)
	if got := g.get("/s"); got.body != fmt.Sprint(len(canary)) {
		t.Errorf("the module: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/api/v1/secret/s", "/api/v1/secret", "/api/v1/export", "/api/v1/history", "/api/v1/status"} {
		if got := g.admin("GET", path, ""); strings.Contains(got.body, canary) || got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := g.admin("PUT", "/api/v1/secret/s", `{"data":"`+canary+`","nope":1}`); strings.Contains(got.body, canary) {
		t.Errorf("a refused write: %s", got.body)
	}
	g.applied("PATCH", "/api/v1/secret/s", `{"labels":{"a":"b"}}`)
	if got := g.get("/s"); got.body != fmt.Sprint(len(canary)) {
		t.Errorf("after a patch of labels: %d %s", got.status, got.body)
	}
	for o := range g.store.Current().All("", "") {
		if strings.Contains(string(o.Value), canary) {
			t.Errorf("stored in the clear: %s", o.Key)
		}
	}
}

func TestDocumentsInStore(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.applied("POST", "/api/v1/apply", `{"resources":[
		{"kind":"collection","name":"links","schema":{"type":"object","required":["url"]}},
		{"kind":"module","name":"m","payloadRaw":"import { addDocument, getDocument } from 'dgate/state'; export async function requestHandler(ctx) { const id = ctx.pathParam('id'); if (ctx.request.method == 'PUT') { try { await addDocument({ id, collection: 'links', data: ctx.request.json() }) } catch (e) { return ctx.status(422).text(e.code) } return 'ok' } return (await getDocument(id, 'links')).data.url }"},
		{"kind":"route","name":"r","paths":["/l/{id}"],"modules":["m"]}
	]}`)
	put := func(body string) answer {
		req, err := http.NewRequest("PUT", g.url+"/l/a", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return g.do(req)
	}
	if got := put(`{"url":"http://x"}`); got.body != "ok" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := put(`{}`); got.status != 422 || got.body != "schema" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := g.get("/l/a"); got.body != "http://x" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := g.admin("PUT", "/api/v1/collection/bad", `{"schema":{"type":"nope"}}`); got.status != 400 || !strings.Contains(got.body, `"/schema"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}
