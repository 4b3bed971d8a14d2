package snapshot

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// counted counts what is held.
type counted struct {
	t       *testing.T
	host    *jsmodule.Host
	clients map[string]int
	chains  int
	broken  string // destination that has no client
}

type nobody struct{}

func (nobody) Call(context.Context, *upstream.Call) (upstream.Reply, error) {
	return upstream.Reply{}, &upstream.Error{Code: upstream.NoInstance}
}
func (nobody) Close() error { return nil }

func (c *counted) Client(spec upstream.Spec) (upstream.Client, func(), error) {
	if spec.Destination == c.broken {
		return nil, nil, errors.New("no such thing")
	}
	c.clients[spec.Destination]++
	return nobody{}, func() { c.clients[spec.Destination]-- }, nil
}

func (c *counted) Chain(namespace string, programs []*jsmodule.Program) (*jsmodule.Chain, func(), error) {
	chain, err := c.host.NewChain(namespace, programs...)
	if err != nil {
		return nil, nil, err
	}
	c.chains++
	return chain, func() { c.chains--; chain.Close() }, nil
}

func newCounted(t *testing.T) *counted {
	host, err := jsmodule.NewHost(jsmodule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return &counted{t: t, host: host, clients: map[string]int{}}
}

func mapping(t testing.TB, prev *servicemapping.Mapping, files map[string]string) *servicemapping.Mapping {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := servicemapping.Load(dir, servicemapping.Options{Previous: prev})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func find(s *Snapshot, path string) *Route {
	var p router.Params
	r, _ := s.Match(nil, "GET", path, &p)
	return r
}

func TestBuildSharesWhatHasNotChanged(t *testing.T) {
	res := newCounted(t)
	files := map[string]string{
		"a.thrift": `service A { string get() (api.get = "/a") }`,
		"b.thrift": `service B { string get() (api.get = "/b") }`,
	}
	m1 := mapping(t, nil, files)
	in := Inputs{Mapping: m1, Timeout: time.Second, Generic: GenericAll}
	s1 := Build(in, nil, res)

	files["b.thrift"] = `service B { string get() (api.get = "/b2") }`
	in.Mapping = mapping(t, m1, files)
	s2 := Build(in, s1, res)
	if find(s2, "/a") != find(s1, "/a") || find(s1, "/a") == nil {
		t.Error("the route of an unchanged service was compiled again")
	}
	if find(s2, "/b") != nil || find(s2, "/b2") == nil || find(s1, "/b") == nil || find(s1, "/b2") != nil {
		t.Error("the routes of the changed service are wrong")
	}

	in.Modules = jsmodule.LoadDir(fstest.MapFS{
		"m.js": &fstest.MapFile{Data: []byte("// @routes B.get\nexport function requestModifier() {}")},
	}, nil)
	s3 := Build(in, s2, res)
	if find(s3, "/a") != find(s2, "/a") {
		t.Error("a module of another route made a service new")
	}
	if find(s3, "/b2").Chain == nil || find(s2, "/b2").Chain != nil {
		t.Error("the module is not attached")
	}

	in.Services = map[string]upstream.Settings{"A": {Transport: upstream.TransportFramed}}
	s4 := Build(in, s3, res)
	if find(s4, "/a") == find(s3, "/a") {
		t.Error("other settings did not make the service new")
	}
	if find(s4, "/b2") != find(s3, "/b2") {
		t.Error("settings of another service made a service new")
	}

	s1.Close(s2)
	s2.Close(s3)
	s3.Close(s4)
	s4.Close(nil)
	if res.clients["a"] != 0 || res.clients["b"] != 0 || res.chains != 0 {
		t.Errorf("left open: clients %v, chains %d", res.clients, res.chains)
	}
}

func TestBuildGoesOnAroundProblems(t *testing.T) {
	res := newCounted(t)
	res.broken = "a"
	files := map[string]string{
		"a.thrift": `service A { string get() (api.get = "/a") }`,
		"b.thrift": `service B { string get() (api.get = "/b", dgate.modules = "gone") }`,
	}
	s := Build(Inputs{Mapping: mapping(t, nil, files), Timeout: time.Second}, nil, res)
	if len(s.Problems) != 2 { // the client of A; the module of B
		t.Errorf("problems: %v", s.Problems)
	}
	if find(s, "/a") == nil || find(s, "/b") == nil {
		t.Error("a route is missing")
	}
	// What was wrong is tried again with the next change.
	res.broken = ""
	s2 := Build(Inputs{Mapping: s.Mapping, Timeout: time.Second}, s, res)
	if len(s2.Problems) != 1 || res.clients["a"] != 1 {
		t.Errorf("problems: %v, clients %v", s2.Problems, res.clients)
	}
}
