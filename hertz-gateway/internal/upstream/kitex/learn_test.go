package kitex

import (
	"fmt"
	"os"
	"testing"
)

func TestLearn(t *testing.T) {
	rec := newRecorder(t)
	register(t, name(t), rec.addr, 10)
	g := fixedIDL()
	r := newRig(t, rec, name(t), g.files)
	out, _ := os.Create("/tmp/w/t/learn.txt")
	for _, s := range fixedSamples(g.root) {
		got, args, err := r.request(t, r.ways[0], s.json)
		refused := r.checkOurs(t, s.sample, got, err)
		if t.Failed() {
			t.Logf("%.200s", s.json)
		}
		if !refused {
			v, err := r.verdict(args, g.root)
			if err != nil || show(v) != show(s.want) {
				t.Errorf("judge: %v\nwant %s\ngot  %s", err, show(s.want), show(v))
			}
		}
		for _, w := range r.ways[1:] {
			if refused && w.name == wayGateway {
				continue
			}
			got, _, err := r.request(t, w, s.json)
			for _, d := range s.compare(refused, got, err) {
				key, _ := classify(s.forms, s.whole, "", w.name, d)
				fmt.Fprintf(out, "%s | %s | %s | %s | %.60q want %s got %s (%.150v)\n", key, w.name, d.outcome, s.idl, s.text, show(d.want), show(d.got), err)
			}
		}
	}

	for _, a := range fixedAnswers(g.root) {
		for _, w := range r.ways {
			r.prepare(a.wire)
			text, err := w.call("{}")
			ds := a.compare(text, err)
			for _, d := range ds {
				key, _ := classify(a.forms, "", "answer: ", w.name, d)
				fmt.Fprintf(out, "%s | %s | %s | %s | %.60q want %s got %s (%.150v)\n", key, w.name, d.outcome, a.idl, a.text, show(d.want), show(d.got), err)
			}
		}
	}
}
