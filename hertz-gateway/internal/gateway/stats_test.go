package gateway

import (
	"testing"
	"time"

	"dgate/hertz-gateway/api"
)

func TestStats(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.serve("who", 10, named("x"))
	for range 3 {
		g.get("/who")
	}
	g.get("/nowhere")
	var s *api.Stats
	var err error
	// A request is counted once its answer has been made.
	await(t, "the counts", func() bool {
		if s, err = g.logClient().Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(s.Routes) == 2 && s.Routes[1].Statuses["200"] == 3
	})
	none, who := s.Routes[0], s.Routes[1]
	if none.Route != "" || none.Statuses["404"] != 1 || who.Route != "WhoSvc.who" || who.Namespace != "default" {
		t.Errorf("%+v", s.Routes)
	}
	var n uint64
	for _, b := range who.Buckets {
		n += b
	}
	if n != 3 || len(who.Buckets) != len(s.BoundsSeconds)+1 {
		t.Errorf("%d in %v of %v", n, who.Buckets, s.BoundsSeconds)
	}
	if s.Gateway != g.id || s.At.Before(s.StartedAt) || time.Since(s.StartedAt) < 0 {
		t.Errorf("%s from %s to %s", s.Gateway, s.StartedAt, s.At)
	}
}
