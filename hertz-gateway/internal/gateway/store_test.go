package gateway

import (
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// TestStoreLost wipes what the gateway keeps in etcd: the data plane goes on,
// writes are refused, and the admin API restores it or accepts the loss.
func TestStoreLost(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.serve("who", 10, named("x"))
	const route = `{"paths":["/mine"],"methods":["GET"],"service":"WhoSvc","rpcMethod":"who"}`
	g.applied("PUT", "/api/v1/route/mine", route)
	if a := g.admin("POST", "/api/v1/store/restore", ""); a.status != 409 || !strings.Contains(a.body, "nothing to restore") {
		t.Errorf("with nothing lost: %d %s", a.status, a.body)
	}
	wipe := func() {
		if _, err := etcd.Delete(t.Context(), g.cfg.EtcdPrefix+"/dgate/", clientv3.WithPrefix()); err != nil {
			t.Fatal(err)
		}
		await(t, "the loss to be noticed", func() bool { return g.store.Status().Held })
	}

	wipe()
	if a := g.get("/mine"); a.status != 200 {
		t.Errorf("the data plane: %d %s", a.status, a.body)
	}
	if a := g.admin("PUT", "/api/v1/route/other", strings.Replace(route, "/mine", "/other", 1)); a.status != 503 || !strings.Contains(a.body, "store restore") {
		t.Errorf("a write: %d %s", a.status, a.body)
	}
	g.applied("POST", "/api/v1/store/restore", "")
	if a := g.admin("GET", "/api/v1/route/mine", ""); a.status != 200 || g.store.Status().Held {
		t.Errorf("restored: %d %s", a.status, a.body)
	}

	wipe()
	g.applied("POST", "/api/v1/store/accept", "")
	await(t, "the route to be gone", func() bool { return g.get("/mine").status == 404 })
}
