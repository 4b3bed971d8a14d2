package snapshot

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// state makes a state of resources in JSON with their kinds.
func state(t testing.TB, base *store.State, resources ...string) *store.State {
	t.Helper()
	if base == nil {
		base = new(store.State)
	}
	var puts []*store.Object
	for _, text := range resources {
		r, err := api.DecodeResource([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		m := r.Head()
		puts = append(puts, &store.Object{Key: store.Key{Namespace: m.Namespace, Kind: string(r.Kind()), Name: m.Name}, Value: []byte(text), Decoded: r})
	}
	return base.With(puts, nil)
}

const shopIDL = `
struct Item { 1: i64 id }
service Shop { Item get(1: i64 id) (api.get = "/idl"), Item put(1: Item item) }
`

func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail
	return string(b)
}

func moduleJSON(name, text string) string {
	return fmt.Sprintf(`{"kind":"module","name":%q,"payloadRaw":%s}`, name, quote(text))
}

// at describes what answers a request.
func at(s *Snapshot, host, verb, path string) string {
	var p router.Params
	r, o := s.Match([]byte(host), verb, path, &p)
	if o.Kind != router.Found {
		return o.Kind.String()
	}
	out := r.Namespace + "/" + r.Name + " " + string(r.Origin)
	if r.Method != nil {
		out += " " + r.Method.Name
	}
	return out
}

func TestRoutesOfResources(t *testing.T) {
	res := newCounted(t)
	m := mapping(t, nil, map[string]string{"shop.thrift": shopIDL})
	in := Inputs{Mapping: m, Timeout: time.Second, Generic: GenericAll}
	answer := moduleJSON("answer", `export function requestHandler(ctx) { return "x" }`)
	for _, tt := range []struct {
		name      string
		resources []string
		asked     string // host verb path
		want      string
		problems  []string
	}{
		{"idl alone", nil, "h GET /idl", "default/Shop.get idl get", nil},
		{"a route to an IDL service", []string{`{"kind":"route","name":"r","paths":["/items/{id}"],"methods":["get"],"service":"Shop","rpcMethod":"get"}`}, "h GET /items/5", "default/r admin get", nil},
		{"in the place of an IDL route", []string{`{"kind":"route","name":"r","paths":["/idl"],"methods":["GET"],"service":"shop","rpcMethod":"get"}`}, "h GET /idl", "default/r admin get", []string{"route default/r /paths: it takes the place of the route Shop.get (warning)"}},
		{"a module answers", []string{answer, `{"kind":"route","name":"r","paths":["/m"],"modules":["answer"]}`}, "h PUT /m", "default/r admin", nil},
		{"attached", []string{answer, `{"kind":"route","name":"Shop.get","modules":["answer"]}`}, "h GET /idl", "default/Shop.get idl get", nil},
		{"attached to nothing", []string{`{"kind":"route","name":"Shop.nothing"}`}, "h GET /idl", "default/Shop.get idl get", []string{`route default/Shop.nothing /name: no IDL route of this namespace is called "Shop.nothing"; a route of its own needs paths`}},
		{"no such service", []string{`{"kind":"route","name":"r","paths":["/x"],"service":"nope","rpcMethod":"get"}`}, "h GET /x", "default/r admin", []string{`route default/r /service: there is no service "nope" in this namespace`}},
		{"no such method", []string{`{"kind":"route","name":"r","paths":["/x"],"service":"Shop","rpcMethod":"gat"}`}, "h GET /x", "default/r admin", []string{`route default/r /rpcMethod: the service Shop has no method "gat"; did you mean get?`}},
		{"no method", []string{`{"kind":"route","name":"r","paths":["/x"],"service":"Shop"}`}, "h GET /x", "default/r admin", []string{`route default/r /rpcMethod: rpcMethod is required: Shop is a Kitex service`}},
		{"no module", []string{`{"kind":"route","name":"r","paths":["/x"],"modules":["gone"]}`}, "h GET /x", "default/r admin", []string{`route default/r /modules/0: no module "gone" works in this namespace`}},
		{"a bad path", []string{`{"kind":"route","name":"r","paths":["/x{"],"service":"Shop","rpcMethod":"get"}`}, "h GET /x", "not found", []string{`route default/r /paths/0: path "/x{", at byte 2: '{' without its '}'; a literal brace is %7B, in a regular expression \{`}},
		{"two on one place", []string{
			`{"kind":"route","name":"a","paths":["/x/{id}"],"service":"Shop","rpcMethod":"get"}`,
			`{"kind":"route","name":"b","paths":["/x/:other"],"service":"Shop","rpcMethod":"put"}`,
		}, "h GET /x/1", "default/a admin get", []string{
			`route default/b /paths/0: no field reads the path parameter "other" of /x/:other (warning)`,
			`route default/b /paths: ANY /x/:other belongs to the route a`,
		}},
		{"http is not served", []string{`{"kind":"service","name":"web","urls":["http://127.0.0.1:1"]}`, `{"kind":"route","name":"r","paths":["/w"],"service":"web"}`}, "h GET /w", "default/r admin", []string{`service default/web /urls: HTTP services are stored, and not served by this version: their routes answer 501 (warning)`}},
		{"pushed IDL in a namespace", []string{
			`{"kind":"namespace","name":"n"}`, `{"kind":"domain","name":"d","namespace":"n","patterns":["*.n.test"]}`,
			`{"kind":"idl","name":"shop","namespace":"n","files":{"shop.thrift":` + quote(shopIDL) + `}}`,
		}, "a.N.test:80 GET /idl", "n/Shop.get idl get", nil},
		{"a host of nobody", []string{`{"kind":"domain","name":"d","patterns":["only.test"]}`}, "h GET /idl", "not found", nil},
		{"priority", []string{
			`{"kind":"namespace","name":"n"}`, `{"kind":"domain","name":"d","namespace":"n","patterns":["h*"],"priority":1}`, `{"kind":"domain","name":"e","patterns":["host"]}`,
		}, "host GET /idl", "not found", nil},
		{"longest pattern", []string{
			`{"kind":"namespace","name":"n"}`, `{"kind":"domain","name":"d","namespace":"n","patterns":["h*"]}`, `{"kind":"domain","name":"e","patterns":["/ho.t/"]}`,
		}, "host GET /idl", "default/Shop.get idl get", nil},
		{"a bad pattern", []string{`{"kind":"domain","name":"d","patterns":["a*b","/(/"]}`}, "h GET /idl", "not found", []string{
			`domain default/d /patterns/0: "a*b": a * stands at the beginning, at the end or at both; /…/ is a regular expression`,
			"domain default/d /patterns/1: error parsing regexp: missing closing ): `(?i)^(?:()$`",
		}},
		{"no namespace", []string{`{"kind":"route","name":"r","namespace":"gone","paths":["/x"],"service":"Shop","rpcMethod":"get"}`}, "h GET /idl", "default/Shop.get idl get", []string{"namespace gone : it holds resources and does not exist, so they are left out"}},
		{"a parameter without a name", []string{answer, `{"kind":"route","name":"r","paths":["/{}/x/{}"],"modules":["answer"]}`}, "h GET /a/x/b", "default/r admin", nil},
		{"modules that import each other", []string{
			moduleJSON("b", `import { f } from "./a"; export function requestHandler() { return f() }`), moduleJSON("a", `export const f = () => "x"`),
			`{"kind":"route","name":"r","paths":["/m"],"modules":["b"]}`,
		}, "h GET /m", "default/r admin", nil},
		{"an import that is not there yet", []string{moduleJSON("b", `import { f } from "./later"; export function requestHandler() { return f() }`)}, "h GET /idl", "default/Shop.get idl get", []string{
			`module default/b /payload: b.ts:1:19: module b: there is no module "./later" in this namespace, and the built-in ones are dgate, dgate/crypto, dgate/http, dgate/jwt, dgate/metrics, dgate/rpc, dgate/secrets, dgate/state, dgate/storage, dgate/test (warning)`,
		}},
		{"a broken module", []string{moduleJSON("m", "export function requestModifier( {")}, "h GET /idl", "default/Shop.get idl get", []string{`module default/m /payload: m.ts:1:35: module m: Expected identifier but found end of file`}},
		{"a broken IDL", []string{`{"kind":"idl","name":"x","files":{"x.thrift":"service {"}}`}, "h GET /idl", "default/Shop.get idl get", []string{`idl default/x /files/x.thrift: x.thrift:1:9: error syntax: expected the service's name, found "{"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := in
			in.State = state(t, nil, tt.resources...)
			s := Build(in, nil, res)
			defer s.Close(nil)
			asked := strings.Fields(tt.asked)
			if got := at(s, asked[0], asked[1], asked[2]); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.asked, got, tt.want)
			}
			var problems []string
			for _, p := range s.Problems {
				text := p.Where + " " + p.Pointer + ": " + p.Message
				if p.Warning {
					text += " (warning)"
				}
				problems = append(problems, text)
			}
			slices.Sort(problems)
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if len(res.clients) == 0 || res.chains != 0 {
		t.Errorf("left open: %v, chains %d", res.clients, res.chains)
	}
	for name, n := range res.clients {
		if n != 0 {
			t.Errorf("client %s is held %d times", name, n)
		}
	}
}

// Changing step by step must lead where building from nothing leads, and hold
// open the same.
func TestIncrementalBuild(t *testing.T) {
	res := newCounted(t)
	maps1 := map[string]string{"shop.thrift": shopIDL}
	m1 := mapping(t, nil, maps1)
	m2 := mapping(t, m1, map[string]string{"shop.thrift": strings.Replace(shopIDL, `"/idl"`, `"/p1"`, 1)})
	resources := []string{
		moduleJSON("a", `export function requestModifier() {}`), moduleJSON("a", `export function responseModifier() {}`),
		moduleJSON("b", `import "./a"; export function requestHandler() {}`),
		`{"kind":"namespace","name":"n"}`,
		`{"kind":"domain","name":"d","namespace":"n","patterns":["n"]}`,
		`{"kind":"idl","name":"i","namespace":"n","files":{"shop.thrift":` + quote(shopIDL) + `}}`,
		`{"kind":"idl","name":"i","files":{"x.thrift":"service X { void x() (api.get = \"/p0\") }"}}`,
		`{"kind":"service","name":"svc","idlService":"Shop","transport":"framed"}`,
		`{"kind":"service","name":"Shop","destination":"elsewhere","requestTimeout":"3s"}`,
		`{"kind":"route","name":"Shop.get","modules":["a"],"policies":{"timeout":"7s"}}`,
		`{"kind":"route","name":"Shop.get","policies":{"json":{"int64":"string"}}}`,
	}
	for i := range 6 {
		for j := range 3 {
			resources = append(resources,
				fmt.Sprintf(`{"kind":"route","name":"r%d","paths":["/p%d"],"methods":["GET"],"service":"Shop","rpcMethod":"get"}`, i, j),
				fmt.Sprintf(`{"kind":"route","name":"r%d","paths":["/p%d"],"service":"svc","rpcMethod":"put","modules":["a"]}`, i, j),
				fmt.Sprintf(`{"kind":"route","name":"r%d","namespace":"n","paths":["/p%d"],"service":"Shop","rpcMethod":"get"}`, i, j),
				fmt.Sprintf(`{"kind":"route","name":"r%d","paths":["/p%d"],"modules":["b"]}`, i, j))
		}
	}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		in := Inputs{Mapping: m1, Timeout: time.Second, Generic: GenericAll, State: new(store.State)}
		s := Build(in, nil, res)
		for range 60 {
			for range 1 + rnd.IntN(3) {
				switch rnd.IntN(5) {
				case 0:
					var keys []store.Key
					for o := range in.State.All("", "") {
						keys = append(keys, o.Key)
					}
					if len(keys) > 0 {
						in.State = in.State.With(nil, []store.Key{keys[rnd.IntN(len(keys))]})
					}
				case 1:
					in.Mapping = []*servicemapping.Mapping{m1, m2}[rnd.IntN(2)]
				default:
					in.State = state(t, in.State, resources[rnd.IntN(len(resources))])
				}
			}
			next := Build(in, s, res)
			s.Close(next)
			s = next
			clean := newCounted(t)
			clean.host = res.host
			fresh := Build(in, nil, clean)
			// Which of two equals came first is lost in a fresh build.
			if got, want := describe(s), describe(fresh); len(conflicts(s)) == 0 && len(conflicts(fresh)) == 0 {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d (-fresh +incremental):\n%s", seed, diff)
				}
			}
			if diff := cmp.Diff(clean.clients, positive(res.clients)); diff != "" {
				t.Fatalf("seed %d: clients held (-fresh +incremental):\n%s", seed, diff)
			}
			if clean.chains != res.chains {
				t.Fatalf("seed %d: %d chains are held, want %d", seed, res.chains, clean.chains)
			}
			fresh.Close(nil)
		}
		s.Close(nil)
	}
}

func conflicts(s *Snapshot) (out []Problem) {
	for _, p := range s.Problems {
		if p.Code == api.CodeConflictField && !p.Warning {
			out = append(out, p)
		}
	}
	return out
}

func positive(m map[string]int) map[string]int {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// describe says what every request that matters gets, and the problems.
func describe(s *Snapshot) []string {
	var out []string
	for _, host := range []string{"h", "n"} {
		for _, path := range []string{"/idl", "/p0", "/p1", "/p2"} {
			for _, verb := range []string{"GET", "POST"} {
				var p router.Params
				r, _ := s.Match([]byte(host), verb, path, &p)
				line := host + " " + verb + " " + path + ": " + at(s, host, verb, path)
				if r != nil {
					line += " " + r.Timeout.String() + " " + strings.Join(programNames(r), ",")
				}
				out = append(out, line)
			}
		}
	}
	var problems []string
	for _, p := range s.Problems {
		problems = append(problems, fmt.Sprintf("%s %s: %s %v", p.Where, p.Pointer, p.Message, p.Warning))
	}
	slices.Sort(problems)
	return append(out, slices.Compact(problems)...)
}

func programNames(r *Route) (names []string) {
	for _, p := range r.programs() {
		names = append(names, p.Name()+"@"+p.Digest()[:8])
	}
	return names
}

func TestPoliciesOfResources(t *testing.T) {
	res := newCounted(t)
	in := Inputs{Mapping: mapping(t, nil, map[string]string{"shop.thrift": shopIDL}), Timeout: time.Second}
	in.State = state(t, nil,
		`{"kind":"namespace","name":"default","policies":{"timeout":"9s","json":{"int64":"string"}}}`,
		`{"kind":"service","name":"Shop","requestTimeout":"5s","policies":{"json":{"zeroValues":"omit"}}}`,
		`{"kind":"route","name":"Shop.get","policies":{"timeout":"2s"}}`,
		`{"kind":"route","name":"r","paths":["/r/{id}"],"service":"Shop","rpcMethod":"get","policies":{"json":{"int64":"number"}}}`,
	)
	s := Build(in, nil, res)
	defer s.Close(nil)
	for path, want := range map[string]string{"/idl": "2s true true", "/r/1": "5s false true"} {
		var p router.Params
		r, _ := s.Match(nil, "GET", path, &p)
		set := r.Action.(*rpc).plan.Settings()
		if got := fmt.Sprint(r.Timeout, set.Int64AsString, set.OmitZero); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// A change of one resource among many: what it costs must not grow with them.
func BenchmarkChange(b *testing.B) {
	const perService = 10
	service := func(i, n int) string {
		return fmt.Sprintf(`{"kind":"service","name":"svc%d","destination":"shop","idlService":"Shop","labels":{"n":"%d"}}`, i, n)
	}
	route := func(i, n int) string {
		return fmt.Sprintf(`{"kind":"route","name":"r%d","paths":["/r%d/{id}"],"service":"svc%d","rpcMethod":"get","labels":{"n":"%d"}}`, i, i, i/perService, n)
	}
	for _, tt := range []struct {
		kind   string
		change func(i, n int) string
	}{{"route", route}, {"service", service}} {
		for _, n := range []int{100, 10_000} {
			b.Run(fmt.Sprint(tt.kind, "/", n), func(b *testing.B) {
				host, err := jsmodule.NewHost(jsmodule.Config{})
				if err != nil {
					b.Fatal(err)
				}
				defer host.Close()
				res := &counted{host: host, clients: map[string]int{}}
				in := Inputs{Mapping: mapping(b, nil, map[string]string{"shop.thrift": shopIDL}), Timeout: time.Second}
				var all []string
				for i := range n {
					if i%perService == 0 {
						all = append(all, service(i/perService, 0))
					}
					all = append(all, route(i, 0))
				}
				in.State = state(b, nil, all...)
				s := Build(in, nil, res)
				for i := 1; b.Loop(); i++ {
					in.State = state(b, in.State, tt.change(7, i))
					next := Build(in, s, res)
					s.Close(next)
					s = next
				}
			})
		}
	}
}
