package kitex

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/transcode"
)

var (
	seedFlag   = flag.Uint64("seed", 1, "seed of the differential tests; 0: a new one")
	idlsFlag   = flag.Int("idls", 15, "IDLs that the differential tests make")
	updateFlag = flag.Bool("update", false, "rewrite the tables of docs/kitex-json.md")
)

// seed gives the seed of a run, which the log names.
func seed(t *testing.T) uint64 {
	s := *seedFlag
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("to see this run again: -seed %d", s)
	return s
}

// TestDifferentialRequests sends requests of generated IDLs all ways. What
// dgate sends is what the rules demand, as a Kitex server reads it; where the
// others differ the difference is one of those that are known.
func TestDifferentialRequests(t *testing.T) {
	rec := newRecorder(t)
	register(t, name(t), rec.addr, 10)
	n := *idlsFlag
	if testing.Short() {
		n = 5
	}
	first := seed(t)
	seen := map[string]int{}
	for i := range n {
		s := first + uint64(i)
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			g := generateIDL(s)
			r := newRig(t, rec, "TestDifferentialRequests", g.files)
			random := rand.New(rand.NewPCG(s, 2))
			plain := newSampler(random, 0).plain(g.root)
			for range 40 {
				sm := newSample(random, g.root)
				for _, k := range r.compareRequest(t, g, sm) {
					seen[k]++
				}
				if t.Failed() {
					t.Fatalf("the request:\n%s\nof the IDL:\n%s%s", sm.json, g.files[sharedIDL], g.files[mainIDL])
				}
				for range 2 {
					a := newAnswer(random, g.root)
					for _, k := range r.compareAnswer(t, plain, a) {
						seen[k]++
					}
					if t.Failed() {
						t.Fatalf("the answer %x\nfor %s\nof the IDL:\n%s%s", a.wire, show(a.want), g.files[sharedIDL], g.files[mainIDL])
					}
				}
			}
		})
		if t.Failed() {
			t.Logf("alone: -seed %d -idls 1", s)
			break
		}
	}
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%5d %s", seen[k], k)
	}
}

// errCorrupt is a request on the wire that is no Thrift.
var errCorrupt = errors.New("corrupt message")

// request sends a sample one way.
func (r *rig) request(t *testing.T, w way, body string) (got any, args []byte, err error) {
	t.Helper()
	r.prepare(nil)
	_, callErr := w.call(body)
	args = r.received()
	if args == nil {
		if callErr == nil {
			t.Errorf("%s: neither a call nor an error", w.name)
		}
		return nil, nil, callErr
	}
	v, n, err := readValue(args, 12)
	if err == nil && n < len(args) {
		err = errors.New("more after the struct")
	}
	if err != nil {
		return nil, args, fmt.Errorf("%w: %x: %w", errCorrupt, args, err)
	}
	fields := v.(*structValue).fields
	if len(fields) != 1 {
		return nil, args, fmt.Errorf("sent %d arguments", len(fields))
	}
	return fields[1], args, nil
}

// compareRequest gives the keys of the differences that are known.
func (r *rig) compareRequest(t *testing.T, g *generatedIDL, s *sample) []string {
	t.Helper()
	got, args, err := r.request(t, r.ways[0], s.json)
	refused := r.checkOurs(t, s, got, err)
	if t.Failed() {
		return nil
	}
	if !refused {
		verdict, err := r.verdict(args, g.root)
		if err != nil {
			t.Errorf("the judge: %v", err)
		} else if diff := cmp.Diff(show(s.want), show(verdict)); diff != "" {
			t.Errorf("the judge has read (-want +got):\n%s", diff)
		}
	}
	var keys []string
	for _, w := range r.ways[1:] {
		if refused && w.name == wayGateway {
			continue // refused in the same place
		}
		got, _, err := r.request(t, w, s.json)
		for _, d := range s.compare(refused, got, err) {
			key, ok := classify(s.notes, s.whole, "", w.name, d)
			if !ok {
				t.Errorf("%s: unknown difference at %q: %s; want %s, got %s (%v); %s", w.name, d.path, d.outcome, show(d.want), show(d.got), err, key)
			}
			keys = append(keys, key)
		}
	}
	return keys
}

// checkOurs compares what dgate does with the rules; it tells whether it refused.
func (r *rig) checkOurs(t *testing.T, s *sample, got any, err error) bool {
	t.Helper()
	var invalid *transcode.InvalidError
	switch {
	case err != nil && !errors.As(err, &invalid):
		t.Errorf("dgate: %v", err)
	case err != nil:
		var found []string
		for _, v := range invalid.Violations {
			found = append(found, v.Code+" at "+v.Pointer)
		}
		slices.Sort(found)
		if s.fatal && slices.ContainsFunc(s.refused, func(want string) bool { return slices.Contains(codesOf(found), codesOf([]string{want})[0]) }) {
			return true
		}
		if diff := cmp.Diff(s.refused, found); diff != "" {
			t.Errorf("dgate refuses (-want +got):\n%s%v", diff, err)
		}
		return true
	case len(s.refused) > 0:
		t.Errorf("dgate sends %s, want %q", show(got), s.refused)
	default:
		if diff := differences("", s.want, got); len(diff) > 0 {
			t.Errorf("dgate sends at %s:\n got %s\nwant %s", diff[0].path, show(diff[0].got), show(diff[0].want))
		}
	}
	return false
}

func codesOf(refused []string) []string {
	var codes []string
	for _, r := range refused {
		code, _, _ := strings.Cut(r, " at ")
		codes = append(codes, code)
	}
	return codes
}

// compare gives the differences of a codec from what is due.
func (s *sample) compare(refused bool, got any, err error) []difference {
	switch {
	case errors.Is(err, errDied):
		return nil // that happens later than what has led to it, and is said in the document
	case errors.Is(err, errCorrupt):
		return []difference{{outcome: "corrupt message"}}
	case err != nil && refused:
		return nil
	case err != nil:
		return []difference{{outcome: "refused"}}
	case s.broken:
		return []difference{{outcome: "sent"}}
	}
	return differences("", s.want, got)
}

// compareAnswer gives the keys of the known differences in what the ways make
// of an answer.
func (r *rig) compareAnswer(t *testing.T, request string, a *madeAnswer) []string {
	t.Helper()
	var keys []string
	for _, w := range r.ways {
		r.prepare(a.wire)
		text, err := w.call(request)
		if r.received() == nil {
			if w.name == wayDGate {
				t.Errorf("no call: %v", err)
			}
			continue // the others refuse requests now and then
		}
		for _, d := range a.compare(text, err) {
			key, ok := "", false
			if w.name != wayDGate {
				key, ok = classify(a.notes, "", "answer: ", w.name, d)
			}
			if !ok {
				t.Errorf("%s: unknown difference in the answer at %q: %s; want %s, got %s (%v); %s", w.name, d.path, d.outcome, show(d.want), show(d.got), err, key)
			}
			keys = append(keys, key)
		}
	}
	return keys
}

// anything is the outcome where what is read is out of step with the message.
const anything = "anything"

// compare gives the differences of an answer from what is due.
func (a *madeAnswer) compare(text string, err error) []difference {
	switch {
	case err != nil && a.bad, errors.Is(err, errDied):
		return nil
	case err != nil:
		return []difference{{outcome: "refused"}}
	case !utf8.ValidString(text):
		return []difference{{outcome: "not UTF-8"}}
	}
	got, err := parseJSON(text)
	if err != nil {
		return []difference{{outcome: err.Error(), got: text}}
	}
	return differences("", a.want, got)
}

// classify finds the known difference that d is. Its form is that of the place
// itself, or of one around it or within it.
func classify(about notes, whole, prefix, way string, d difference) (key string, known bool) {
	var candidates []string
	if whole != "" {
		candidates = append(candidates, whole)
	}
	for _, n := range about {
		place := strings.TrimSuffix(n.path, "/*")
		switch {
		case n.path == d.path:
			candidates = slices.Insert(candidates, 0, n.form)
		case d.path == "", place == "", place == d.path, strings.HasPrefix(place, d.path+"/"), strings.HasPrefix(d.path, place+"/"):
			candidates = append(candidates, n.form)
		}
	}
	for _, form := range candidates {
		outcomes := []string{d.outcome, anything}
		if d.outcome == "zero" {
			outcomes = append(outcomes, "a value", "another value") // which may happen to be zero
		}
		for _, outcome := range outcomes {
			if key := differenceKey(prefix+form, way, outcome); knownDifferences[key] != nil {
				return key, true
			}
		}
	}
	return prefix + strings.Join(candidates, "; "), false
}
