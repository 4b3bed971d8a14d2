package jsmodule

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDeadlineContext(t *testing.T) {
	type keyType struct{}
	key := keyType{}
	parent, cancel := context.WithCancel(context.WithValue(context.Background(), key, "v"))
	defer cancel()
	for _, test := range []struct {
		name  string
		after time.Duration
		act   func(c *deadlineContext)
		want  error
	}{
		{"nothing", time.Hour, func(*deadlineContext) {}, nil},
		{"passed", -time.Second, func(*deadlineContext) {}, context.DeadlineExceeded},
		{"passed, asked for Done", -time.Second, func(c *deadlineContext) { <-c.Done() }, context.DeadlineExceeded},
		{"passes", time.Millisecond, func(c *deadlineContext) { <-c.Done() }, context.DeadlineExceeded},
		{"asked for Done", time.Hour, func(c *deadlineContext) { c.Done() }, nil},
		{"ended", time.Hour, func(c *deadlineContext) { c.Done(); c.cancel(); <-c.Done() }, context.Canceled},
		{"child ends with it", time.Millisecond, func(c *deadlineContext) {
			child, stop := context.WithCancel(c)
			defer stop()
			<-child.Done()
		}, context.DeadlineExceeded},
		{"parent ended", time.Hour, func(*deadlineContext) { cancel() }, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			deadline := time.Now().Add(test.after)
			c := &deadlineContext{Context: parent, deadline: deadline}
			defer c.cancel()
			test.act(c)
			if err := c.Err(); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if got, ok := c.Deadline(); !ok || !got.Equal(deadline) || c.Value(key) != "v" {
				t.Errorf("deadline %v, want %v; value %v", got, deadline, c.Value(key))
			}
		})
	}
}
