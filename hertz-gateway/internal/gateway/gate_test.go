package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
)

const gateIDL = `struct Req { 1: i32 num (api.query="num") }
service BookSvc { string get(1: Req req) (api.get="/book") }
`

const gateModule = "// @routes GET /book\nexport function requestModifier(ctx) { return new Response('from the module') }"

// gated starts a gateway on gateIDL and a service beside it.
func gated(t *testing.T, mode GateMode) *running {
	return start(t, map[string]string{
		"book.thrift":      gateIDL,
		"other.thrift":     `service OtherSvc { void ping() (api.get="/ping") }`,
		"modules/stamp.js": gateModule,
	}, func(c *Config) { c.IDLGate = mode })
}

// edit writes a file of the IDL directory.
func (r *running) edit(name, text string) { write(r.t, filepath.Join(r.cfg.IDL, name), text) }

// digest of the mapping that serves.
func (r *running) digest() string { return r.status().Gateways[0].MappingDigest }

// broken are the breaking changes of the status, on one line each.
func (r *running) broken() []string {
	out := []string{}
	for _, d := range r.status().Diagnostics {
		if strings.HasPrefix(d.Rule, "breaking/") {
			out = append(out, string(d.Severity)+" "+d.File+" "+d.Rule+": "+d.Message+": "+strings.Join(d.Routes, ", "))
		}
	}
	return out
}

const refusedRename = `error book.thrift breaking/name-changed: book.Req.num is the query "n", no longer the query "num", ` +
	`which modules stamp rely on (refused: the last version keeps serving): GET /book`

func TestGateRefuses(t *testing.T) {
	r := gated(t, GateRefuse)
	before := r.digest()

	// A breaking change is refused, and told once; what is beside it is served.
	r.edit("book.thrift", strings.Replace(gateIDL, `api.query="num"`, `api.query="n"`, 1))
	await(t, "the finding", func() bool { return len(r.broken()) > 0 })
	if d := cmp.Diff([]string{refusedRename}, r.broken()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if r.digest() != before {
		t.Error("the change is served")
	}
	r.edit("other.thrift", `service OtherSvc { void ping() (api.get="/ping"), void pong() (api.get="/pong") }`)
	await(t, "the change beside it", func() bool { return r.get("/pong").status == 503 })
	if d := cmp.Diff([]string{refusedRename}, r.broken()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if n := strings.Count(r.logs.String(), "is refused"); n != 1 {
		t.Errorf("told %d times", n)
	}
	for _, want := range []string{"at=book.thrift:1", "rule=name-changed", `routes="[GET /book]"`, "modules=[stamp]"} {
		if !strings.Contains(r.logs.String(), want) {
			t.Errorf("the log does not have %s", want)
		}
	}

	// So is a file that goes.
	if err := os.Remove(filepath.Join(r.cfg.IDL, "other.thrift")); err != nil {
		t.Fatal(err)
	}
	await(t, "two findings", func() bool { return len(r.broken()) == 2 })
	if got := r.get("/pong").status; got != 503 {
		t.Errorf("/pong: %d", got)
	}

	// Taking it back, or allowing it, ends it.
	r.edit("other.thrift", `service OtherSvc { void ping() (api.get="/ping"), void pong() (api.get="/pong") }`)
	r.edit("book.thrift", strings.Replace(gateIDL, `api.query="num"`, `api.query="n", dgate.breaking="allow: name-changed"`, 1))
	await(t, "no findings", func() bool { return len(r.broken()) == 0 })
	await(t, "the change", func() bool { return r.digest() != before })
}

// A change that cannot be held back by files alone is refused as a whole.
func TestGateRefusesWhatOthersTake(t *testing.T) {
	r := gated(t, GateRefuse)
	before := r.digest()
	// A second file of that base name leaves BookSvc without a registry name.
	r.edit("sub/book.thrift", `service Thief { void take() (api.get="/take") }`)
	await(t, "the finding", func() bool { return len(r.broken()) > 0 })
	if r.digest() != before || r.get("/take").status != 404 {
		t.Error("the change is served")
	}
}

func TestGateWarns(t *testing.T) {
	r := gated(t, GateWarn)
	before := r.digest()
	r.edit("book.thrift", strings.Replace(gateIDL, `api.query="num"`, `api.query="n"`, 1))
	await(t, "the change", func() bool { return r.digest() != before })
	want := `warning book.thrift breaking/name-changed: book.Req.num is the query "n", no longer the query "num", ` +
		`which modules stamp rely on (served all the same): GET /book`
	if d := cmp.Diff([]string{want}, r.broken()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if !strings.Contains(r.logs.String(), "is breaking, and served") {
		t.Error("not in the log")
	}
}

func TestGateOff(t *testing.T) {
	r := gated(t, GateOff)
	before := r.digest()
	r.edit("book.thrift", strings.Replace(gateIDL, `api.query="num"`, `api.query="n"`, 1))
	await(t, "the change", func() bool { return r.digest() != before })
	if got := r.broken(); len(got) > 0 {
		t.Error(got)
	}
}

// Routes and modules of the admin API are known too.
func TestGateKnowsResources(t *testing.T) {
	r := gated(t, GateRefuse)
	r.applied("PUT", "/api/v1/module/page", `{"payloadRaw":"import rpc from 'dgate/rpc'; export function requestHandler() { return rpc.OtherSvc.ping() }"}`)
	r.applied("PUT", "/api/v1/route/mine", `{"paths":["/mine"],"methods":["GET"],"service":"OtherSvc","rpcMethod":"ping"}`)
	r.edit("other.thrift", `service OtherSvc { oneway void ping() (api.get="/ping") }`)
	await(t, "the finding", func() bool { return len(r.broken()) > 0 })
	want := `error other.thrift breaking/oneway-changed: OtherSvc.ping was answered and is oneway, ` +
		`which modules page rely on (refused: the last version keeps serving): GET /mine, GET /ping`
	if d := cmp.Diff([]string{want}, r.broken()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// pushed is the body of an IDL resource with one file.
func pushed(text string) string {
	body, err := json.Marshal(map[string]any{"files": map[string]string{"shop.thrift": text}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// What is pushed is compared with what is stored, whatever idlGate says.
func TestGateOfPushes(t *testing.T) {
	r := gated(t, GateOff)
	first := strings.Replace(gateIDL, "BookSvc", "ShopSvc", 1)
	first = strings.Replace(first, `"/book"`, `"/shop"`, 1)
	second := strings.Replace(first, `api.query="num"`, `api.query="n"`, 1)
	second = strings.Replace(second, "string get(", "i32 get(", 1)
	r.applied("PUT", "/api/v1/idl/shop", pushed(first))
	r.applied("PUT", "/api/v1/module/page", `{"payloadRaw":"import rpc from 'dgate/rpc'; export function requestHandler() { return rpc.ShopSvc.get({}) }"}`)
	r.applied("PUT", "/api/v1/route/mine", `{"paths":["/mine"],"methods":["GET"],"service":"ShopSvc","rpcMethod":"get","modules":["page"]}`)
	before := revisionIn(t, r.admin("GET", "/api/v1/status", ""))

	// Each finding is an error of its own, which names those who notice.
	for _, write := range []struct{ name, verb, path, body, at string }{
		{"put", "PUT", "/api/v1/idl/shop?namespace=default", pushed(second), "/files/shop.thrift"},
		{"patch", "PATCH", "/api/v1/idl/shop?namespace=default", pushed(second), "/files/shop.thrift"},
		{"whole", "PUT", "/api/v1/idl?message=x", `{"name":"shop",` + pushed(second)[1:], "/files/shop.thrift"},
		{"apply", "POST", "/api/v1/apply?dry_run=true", `{"resources":[{"kind":"idl","name":"shop",` + pushed(second)[1:] + `]}`, "/resources/0/files/shop.thrift"},
		{"validate", "POST", "/api/v1/validate?prune=false", `{"resources":[{"kind":"idl","name":"shop",` + pushed(second)[1:] + `]}`, "/resources/0/files/shop.thrift"},
	} {
		t.Run(write.name, func(t *testing.T) {
			a := r.admin(write.verb, write.path, write.body)
			var p api.Problem
			if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != 409 {
				t.Fatalf("%d %s %v", a.status, a.body, err)
			}
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Resource+" "+e.Pointer+" "+e.Code+": "+e.Detail)
			}
			want := []string{
				"idl default/shop " + write.at + ` breaking/name-changed: shop.thrift:1: breaking name-changed: shop.Req.num is the query "n", no longer the query "num" (GET /shop)`,
				"idl default/shop " + write.at + ` breaking/type-changed: shop.thrift:2: breaking type-changed: the result of ShopSvc.get is i32, no longer string (GET /mine, GET /shop; module page)`,
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if !strings.Contains(p.Detail, "force=true") {
				t.Errorf("detail %q", p.Detail)
			}
			// With force it would be done, and the findings are warnings.
			if forced := r.admin(write.verb, write.path+"&force=true&dry_run=true", write.body); write.verb != "POST" &&
				(forced.status/100 != 2 || !strings.Contains(forced.body, `"shop"`)) {
				t.Errorf("forced: %d %s", forced.status, forced.body)
			}
		})
	}
	if now := revisionIn(t, r.admin("GET", "/api/v1/status", "")); now != before {
		t.Errorf("revision %d, was %d", now, before)
	}
	a := r.applied("PUT", "/api/v1/idl/shop?force=true", pushed(second))
	if n := strings.Count(a.body, `"code":"breaking/`); n != 2 {
		t.Errorf("%d warnings: %s", n, a.body)
	}
	// What is not breaking passes, and so does what the IDL allows, and the way back.
	r.applied("PUT", "/api/v1/idl/shop", pushed(strings.Replace(second, "service ShopSvc {", `service ShopSvc { void ping() (api.get="/ping2"), `, 1)))
	allowed := strings.Replace(second, `api.query="n"`, `api.query="m", dgate.breaking="allow: name-changed"`, 1)
	allowed = strings.Replace(allowed, "service ShopSvc {", `service ShopSvc { void ping() (api.get="/ping2"), `, 1)
	r.applied("PUT", "/api/v1/idl/shop", pushed(allowed))
	r.applied("POST", "/api/v1/rollback", fmt.Sprintf(`{"revision":%d}`, before))
	if a := r.admin("PUT", "/api/v1/route/mine?force=true", `{}`); a.status != 400 {
		t.Errorf("force on a route: %d %s", a.status, a.body)
	}
	// Services that did not serve have nobody who uses them.
	r.applied("PUT", "/api/v1/idl/shop?force=true", `{"service":"ShopSvc",`+pushed(first + "service Other { void x() (api.get=\"/x\") }")[1:])
	r.applied("PUT", "/api/v1/idl/shop", `{"service":"ShopSvc",`+pushed(first)[1:])
}
