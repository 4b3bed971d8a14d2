package drill

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// version is one value of a register, and the revision that it came with.
type version struct {
	revision int64
	value    string
}

// attempt is a write that asked for the register to be at a revision still; 0:
// not to be there.
type attempt struct {
	version // its revision is 0 unless it was acknowledged
	after   int64
}

// registers are resources that several clients write through several gateways.
type registers struct {
	c *cluster
	// acked counts acknowledged writes of all.
	acked atomic.Int64

	mu      sync.Mutex
	done    map[string][]attempt        // acknowledged
	unknown map[string]map[string]int64 // value → what it was to follow: whether it was written is not known
	read    map[string]map[version]bool // what was read
	refused int
}

// TestLinearizable has clients read registers and write them with If-Match on
// three gateways while the leader of etcd is killed and started again. At the
// end the revisions of a register in etcd are one chain in which every
// acknowledged write stands exactly once, right after what it had asked for; no
// refused one stands there, and nothing else was ever read.
func TestLinearizable(t *testing.T) {
	kills, until := 2, time.Now().Add(drillFor(t))
	c := newCluster(t)
	r := &registers{c: c, done: map[string][]attempt{}, unknown: map[string]map[string]int64{}, read: map[string]map[version]bool{}}
	names := []string{"k0", "k1"}
	for _, k := range names {
		r.unknown[k], r.read[k] = map[string]int64{}, map[version]bool{}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() { r.work(t, w, names[w/3], c.gateways[w%3], stop) })
	}
	progress := func() {
		t.Helper()
		want := r.acked.Load() + 20
		await(t, "acknowledged writes", patience, func() bool { return r.acked.Load() >= want })
	}
	killed := 0
	for ; killed < kills || time.Now().Before(until); killed++ {
		progress()
		i := c.leader()
		c.members[i].kill()
		progress()
		c.startMember(i)
	}
	progress()
	close(stop)
	wg.Wait()
	c.leader()
	written := 0
	for _, k := range names {
		written += r.check(t, k)
	}
	figure(t, "no acknowledged write lost, none twice", "%d acknowledged, %d unknown, %d refused, %d revisions in etcd, %d kills of the leader",
		r.acked.Load(), len(r.unknown["k0"])+len(r.unknown["k1"]), r.refused, written, killed)
}

// work reads and writes one register through one gateway until stop.
func (r *registers) work(t *testing.T, worker int, name string, g *gatewayProcess, stop <-chan struct{}) {
	last := int64(0)
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
		now, err := r.get(g, name)
		if err != nil {
			t.Error(err)
			return
		}
		if now.revision < last {
			t.Errorf("%s: revision %d was read after %d", name, now.revision, last)
		}
		last = now.revision
		a := attempt{version{0, fmt.Sprintf("w%d-%d", worker, n)}, now.revision}
		status, tag, detail := r.put(g, name, a)
		r.mu.Lock()
		if now.revision > 0 {
			r.read[name][now] = true
		}
		switch {
		case status/100 == 2:
			a.revision = tag
			r.done[name] = append(r.done[name], a)
			r.acked.Add(1)
		case status == 412 || status == 409 || status == 503 && !strings.Contains(detail, "before it answered"):
			r.refused++
		case status == 503 || status == 0:
			r.unknown[name][a.value] = a.after
		default:
			t.Errorf("%s: %d %s", name, status, detail)
		}
		r.mu.Unlock()
	}
}

var token = regexp.MustCompile(`w\d+-\d+`)

func (r *registers) get(g *gatewayProcess, name string) (version, error) {
	status, answer, err := g.request("GET", "/api/v1/collection/"+name, "")
	switch {
	case err != nil:
		return version{}, err
	case status == 404:
		return version{}, nil
	case status != 200:
		return version{}, fmt.Errorf("GET %s: %d %s", name, status, answer)
	}
	var o struct{ Revision int64 }
	if err := json.Unmarshal([]byte(answer), &o); err != nil {
		return version{}, err
	}
	return version{o.Revision, token.FindString(answer)}, nil
}

// put gives the status (0: no answer), the revision that the ETag tells, and the body.
func (r *registers) put(g *gatewayProcess, name string, a attempt) (status int, revision int64, answer string) {
	body := fmt.Sprintf(`{"tags":[%q]}`, a.value)
	req, err := http.NewRequest("PUT", "http://"+g.admin+"/api/v1/collection/"+name, strings.NewReader(body))
	if err != nil {
		return 0, 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	if a.after == 0 {
		req.Header.Set("If-None-Match", "*")
	} else {
		req.Header.Set("If-Match", fmt.Sprintf(`"%d"`, a.after))
	}
	res, err := r.c.http.Do(req)
	if err != nil {
		return 0, 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, 0, err.Error()
	}
	if res.StatusCode/100 == 2 {
		if revision, err = strconv.ParseInt(strings.Trim(res.Header.Get("ETag"), `"`), 10, 64); err != nil {
			return res.StatusCode, 0, "ETag: " + err.Error()
		}
	}
	return res.StatusCode, revision, string(text)
}

// chain lists all versions of a register that etcd ever had.
func (r *registers) chain(t *testing.T, name string) (all []version) {
	t.Helper()
	key := "/dgate/config/default/collection/" + name
	now, err := r.c.etcd.Get(t.Context(), key)
	if err != nil || len(now.Kvs) != 1 {
		t.Fatal(now, err)
	}
	for resp := range r.c.etcd.Watch(clientv3.WithRequireLeader(t.Context()), key, clientv3.WithRev(1)) {
		if err := resp.Err(); err != nil {
			t.Fatal(err)
		}
		for _, e := range resp.Events {
			all = append(all, version{e.Kv.ModRevision, token.FindString(string(e.Kv.Value))})
		}
		if all[len(all)-1].revision >= now.Kvs[0].ModRevision {
			return all
		}
	}
	t.Fatal("the watch ended")
	return nil
}

func (r *registers) check(t *testing.T, name string) int {
	t.Helper()
	chain := r.chain(t, name)
	at, there := map[string]int{}, map[version]bool{}
	for i, v := range chain {
		if _, twice := at[v.value]; twice {
			t.Errorf("%s: %s was written twice", name, v.value)
		}
		at[v.value], there[v] = i, true
	}
	follows := func(value string, after int64) {
		before := int64(0)
		if i := at[value]; i > 0 {
			before = chain[i-1].revision
		}
		if before != after {
			t.Errorf("%s: %s follows revision %d, and was written after %d: an update was lost", name, value, before, after)
		}
	}
	known := map[string]bool{}
	for _, a := range r.done[name] {
		known[a.value] = true
		if !there[a.version] {
			t.Errorf("%s: %s was acknowledged at revision %d, and is not there", name, a.value, a.revision)
			continue
		}
		follows(a.value, a.after)
	}
	for value, after := range r.unknown[name] {
		if _, ok := at[value]; ok {
			known[value] = true
			follows(value, after)
		}
	}
	for _, v := range chain {
		if !known[v.value] {
			t.Errorf("%s: %s is at revision %d, and was refused", name, v.value, v.revision)
		}
	}
	for v := range r.read[name] {
		if !there[v] {
			t.Errorf("%s: %s was read at revision %d, and was never there", name, v.value, v.revision)
		}
	}
	last := chain[len(chain)-1]
	for _, g := range r.c.gateways {
		await(t, "the last version", patience, func() bool {
			now, err := r.get(g, name)
			return err == nil && now == last
		})
	}
	return len(chain)
}
