package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/telemetry"
)

// logClient reads the log of a gateway.
func (r *running) logClient() *api.Client {
	r.t.Helper()
	c, err := api.NewClient(api.ClientConfig{URL: "http://" + r.AdminAddr()})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

var errEnough = errors.New("enough")

func TestLogs(t *testing.T) {
	g := start(t, map[string]string{
		"who.thrift":      whoIDL,
		"modules/talk.js": "// @routes GET /talk\nexport function requestHandler(ctx) { console.warn('asked', ctx.queryParam('n')); return 'x' }",
	})
	c := g.logClient()
	read := func(q api.LogQuery, enough func(string) bool) []string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var out []string
		err := c.Logs(ctx, q, func(line json.RawMessage) error {
			out = append(out, string(line))
			if enough(string(line)) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			t.Fatalf("%v after %q", err, out)
		}
		return out
	}
	never := func(string) bool { return false }

	// What was logged already, and the last of it.
	if all := read(api.LogQuery{Tail: -1}, never); len(all) < 2 || !strings.Contains(strings.Join(all, "\n"), `"msg":"serving"`) {
		t.Errorf("%q", all)
	}
	if one := read(api.LogQuery{Tail: 1}, never); len(one) != 1 {
		t.Errorf("%q", one)
	}

	// What comes: of a module alone, first with what it has said before.
	if a := g.get("/talk?n=1"); a.status != 200 {
		t.Fatal(a)
	}
	got := read(api.LogQuery{Follow: true, Tail: -1, Module: "talk", Level: "warn"}, func(line string) bool {
		if strings.Contains(line, "asked 1") {
			g.get("/talk?n=2")
		}
		return strings.Contains(line, "asked 2")
	})
	if len(got) != 2 {
		t.Errorf("%q", got)
	}

	for query, want := range map[string]string{
		"level=loud": "is none of debug", "tail=-1": "is no number of lines", "leve=warn": "did you mean",
	} {
		if a := g.admin("GET", "/api/v1/logs?"+query, ""); a.status != 400 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}

	// Who has left is forgotten at the next line: all places are free again.
	await(t, "followers to go", func() bool {
		g.get("/talk?n=3")
		for range telemetry.MaxFollowers {
			f, err := g.Logs().Follow(0, telemetry.Filter{})
			if err != nil {
				return false
			}
			defer f.Close()
		}
		return true
	})

	// Who follows does not hold up the end.
	ended := make(chan error, 1)
	following := make(chan struct{}, 1)
	go func() {
		ended <- c.Logs(context.Background(), api.LogQuery{Follow: true, Tail: 1}, func(json.RawMessage) error {
			select {
			case following <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	<-following
	g.stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
