package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/transcode"
)

const whoIDL = `
struct Who { 1: string name }
service WhoSvc { Who who() (api.get = "/who", dgate.idempotent = "true") }
`

// patience bounds every wait for what must come; figures are told, not asserted.
const patience = time.Minute

// cluster is an etcd of three members, gateways on it, a backend, and load on
// all gateways.
type cluster struct {
	t         *testing.T
	members   []*member
	endpoints []string
	etcd      *clientv3.Client
	gateways  []*gatewayProcess
	load      *load
	http      *http.Client
}

type member struct {
	memberConfig
	*process
}

// newCluster starts everything; args are for all gateways.
func newCluster(t *testing.T, args ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(c.http.CloseIdleConnections)
	var initial []string
	for i := range 3 {
		m := &member{memberConfig: memberConfig{
			Name: fmt.Sprintf("m%d", i), Dir: filepath.Join(t.TempDir(), "etcd"), Client: freePort(t), Peer: freePort(t),
		}}
		initial = append(initial, m.Name+"=http://"+m.Peer)
		c.members, c.endpoints = append(c.members, m), append(c.endpoints, m.Client)
	}
	t.Cleanup(c.killEtcd)
	for _, m := range c.members {
		m.Initial = strings.Join(initial, ",")
	}
	c.startEtcd()
	var err error
	if c.etcd, err = store.NewClient(store.ClientConfig{Endpoints: c.endpoints}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.etcd.Close() })
	c.leader()

	backend := kitextest.Serve(t, "127.0.0.1:0", func(context.Context, string, []byte) ([]byte, error) { return who, nil })
	c.put("kitex/registry-etcd/who/"+backend.Addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":10}`, backend.Addr))
	idl := t.TempDir()
	if err := os.WriteFile(filepath.Join(idl, "who.thrift"), []byte(whoIDL), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g := c.addGateway(strings.Join(c.endpoints, ","), append([]string{"--idl", idl, "--drain", "1s"}, args...)...)
		c.gateways = append(c.gateways, g)
	}
	for _, g := range c.gateways {
		g.start()
		g.ready()
	}
	c.load = startLoad(t, c.gateways)
	return c
}

// who is what the backend answers: a result struct with a Who in it.
var who = func() []byte {
	b := transcode.AppendFieldHeader(nil, transcode.Struct.WireType(), 0)
	b = transcode.AppendFieldHeader(b, transcode.String.WireType(), 1)
	b = transcode.AppendString(b, "x")
	return transcode.AppendStop(transcode.AppendStop(b))
}()

func (c *cluster) startMember(i int) {
	text, err := json.Marshal(c.members[i].memberConfig)
	if err != nil {
		c.t.Fatal(err)
	}
	c.members[i].process = spawn(c.t, memberEnv+"="+string(text))
}

func (c *cluster) startEtcd() {
	for i := range c.members {
		c.startMember(i)
	}
}

func (c *cluster) killEtcd() {
	for _, m := range c.members {
		m.kill()
	}
}

// leader waits until all members serve and agree on one.
func (c *cluster) leader() (leader int) {
	c.t.Helper()
	await(c.t, "a leader of etcd", patience, func() bool {
		agree := 0
		leader = -1
		for i, endpoint := range c.endpoints {
			ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
			st, err := c.etcd.Status(ctx, endpoint)
			cancel()
			if err != nil || st.Leader == 0 {
				return false
			}
			if st.Leader == st.Header.MemberId {
				leader = i
			}
			agree++
		}
		return leader >= 0 && agree == len(c.members)
	})
	return leader
}

// put writes straight into etcd.
func (c *cluster) put(key, value string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if _, err := c.etcd.Put(ctx, key, value); err != nil {
		c.t.Fatal(err)
	}
}

// gatewayProcess is a gateway that keeps its addresses and its data from one
// start to the next.
type gatewayProcess struct {
	*process
	c             *cluster
	dir           string
	endpoints     string
	args          []string
	listen, admin string
	// out: the load balancer leaves it out.
	out atomic.Bool
}

// addGateway makes one, not started yet.
func (c *cluster) addGateway(endpoints string, args ...string) *gatewayProcess {
	g := &gatewayProcess{c: c, dir: c.t.TempDir(), endpoints: endpoints, args: args, listen: freePort(c.t), admin: freePort(c.t)}
	c.t.Cleanup(func() {
		g.kill()
		if c.t.Failed() && g.process != nil {
			c.t.Logf("gateway %s:\n%s", g.listen, g.process.out)
		}
	})
	return g
}

func (g *gatewayProcess) start() {
	g.process = spawn(g.c.t, gatewayEnv+"=1", append([]string{
		"--listen", g.listen, "--admin-listen", g.admin, "--data", g.dir, "--etcd-endpoints", g.endpoints, "--log-format", "text",
	}, g.args...)...)
}

// ready waits until readyz says so.
func (g *gatewayProcess) ready() time.Duration {
	g.c.t.Helper()
	return await(g.c.t, "the gateway to be ready", patience, func() bool {
		status, _, err := g.request("GET", "/readyz", "")
		return err == nil && status == 200
	})
}

// serves waits until the data plane answers 200 to a path.
func (g *gatewayProcess) serves(path string) time.Duration {
	g.c.t.Helper()
	return await(g.c.t, "the gateway to serve "+path, patience, func() bool { return g.get(path) == 200 })
}

// get asks the data plane; 0 is no answer.
func (g *gatewayProcess) get(path string) int {
	res, err := g.c.http.Get("http://" + g.listen + path)
	if err != nil {
		return 0
	}
	_, err = io.Copy(io.Discard, res.Body)
	if cerr := res.Body.Close(); err != nil || cerr != nil {
		return 0
	}
	return res.StatusCode
}

// request asks the admin API.
func (g *gatewayProcess) request(verb, path, body string) (status int, answer string, err error) {
	req, err := http.NewRequest(verb, "http://"+g.admin+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := g.c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// must makes a request that has to succeed.
func (g *gatewayProcess) must(verb, path, body string) string {
	g.c.t.Helper()
	status, answer, err := g.request(verb, path, body)
	if err != nil || status/100 != 2 {
		g.c.t.Fatalf("%s %s: %d %s %v", verb, path, status, answer, err)
	}
	return answer
}

// state is what the gateway says of itself.
func (g *gatewayProcess) state() *api.Status {
	g.c.t.Helper()
	var s api.Status
	if err := json.Unmarshal([]byte(g.must("GET", "/api/v1/status", "")), &s); err != nil {
		g.c.t.Fatal(err)
	}
	return &s
}

// route is a resource that the backend serves at path.
func route(path string) string {
	return fmt.Sprintf(`{"paths":[%q],"methods":["GET"],"service":"WhoSvc","rpcMethod":"who"}`, path)
}

// routes is a set of n of them, at /PREFIX/0 and so on.
func routes(prefix string, n int) string {
	var b strings.Builder
	b.WriteString(`{"resources":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"kind":"route","name":"%s-%d",%s`, prefix, i, strings.TrimPrefix(route(fmt.Sprintf("/%s/%d", prefix, i)), "{"))
	}
	b.WriteString("]}")
	return b.String()
}
