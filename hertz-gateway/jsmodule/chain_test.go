package jsmodule

import (
	"testing"
	"time"
)

// TestRuntimesStayWhileTheyAreNeeded has more sessions at once than a chain
// keeps runtimes for good.
func TestRuntimesStayWhileTheyAreNeeded(t *testing.T) {
	p, err := Build(Source{Name: "m", File: "m.js", Text: "export function requestModifier() {}; export function responseModifier() {}"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewHost(Config{Limits: Limits{Idle: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	c, err := h.NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(sessions int) (used []*vmRuntime) {
		var all []*Session
		for range sessions {
			m := &leakMessage{body: []byte("{}")}
			s := c.Begin(t.Context(), &Call{ID: "1", Service: "S", Request: m, Response: m, Deadline: time.Now().Add(time.Minute)})
			if _, err := s.Request(); err != nil {
				t.Fatal(err)
			}
			all, used = append(all, s), append(used, s.rt)
		}
		for _, s := range all {
			s.Close()
		}
		return used
	}
	made := map[*vmRuntime]bool{}
	for range 3 {
		for _, rt := range serve(6) {
			made[rt] = true
		}
	}
	if len(made) != 6 {
		t.Errorf("%d runtimes were made for 6 sessions at a time", len(made))
	}
	for i, want := range []int{6, 3, 2} {
		c.trim()
		serve(3 - i)
		if len(c.idle) != want {
			t.Errorf("%d runtimes after trim %d, want %d", len(c.idle), i+1, want)
		}
	}
	c.Close()
	c.trim()
	if len(c.idle) != 0 {
		t.Error("a closed chain keeps runtimes")
	}
}
