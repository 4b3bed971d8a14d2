package kitex

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"dgate/hertz-gateway/internal/upstream"
)

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// wantError checks that err is an *upstream.Error with a code.
func wantError(t testing.TB, err error, code upstream.Code, sent bool) {
	t.Helper()
	_ = asError(t, err, code, sent)
}

// asError does so too, and returns it.
func asError(t testing.TB, err error, code upstream.Code, sent bool) *upstream.Error {
	t.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want code %d", err, err, code)
	}
	if e.Code != code || e.Sent != sent {
		t.Fatalf("code %d sent %v (%v), want %d %v", e.Code, e.Sent, e, code, sent)
	}
	return e
}

func TestCall(t *testing.T) {
	r := serve(t, name(t), 10)
	args := i32Args(7)
	for _, tr := range []upstream.Transport{upstream.TransportTTHeader, upstream.TransportFramed} {
		t.Run(string(tr), func(t *testing.T) {
			c := newClient(t, "TestCall", tr)
			tests := []struct {
				name string
				call upstream.Call
				want []byte
			}{
				{"struct", upstream.Call{Method: "echo", Args: args}, append(append([]byte{12, 0, 0}, args...), 0)},
				{"no arguments", upstream.Call{Method: "echo"}, []byte{12, 0, 0, 0, 0}},
				{"void", upstream.Call{Method: "void", Args: args, Void: true}, []byte{0}},
				{"large", upstream.Call{Method: "echo", Args: stringResult(strings.Repeat("x", 1<<20))}, append(append([]byte{12, 0, 0}, stringResult(strings.Repeat("x", 1<<20))...), 0)},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					tt.call.Deadline = in(5 * time.Second)
					got, err := c.Call(t.Context(), &tt.call)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got.Result, tt.want) {
						t.Errorf("result %d bytes, want %d", len(got.Result), len(tt.want))
					}
					if got.Instance != r.addr {
						t.Errorf("instance %q, want %q", got.Instance, r.addr)
					}
				})
			}
		})
	}
}

func TestErrorsOfServices(t *testing.T) {
	r := serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	call := func(method string) error {
		_, err := c.Call(t.Context(), &upstream.Call{Service: "TestService", Method: method, Args: i32Args(0), Deadline: in(5 * time.Second)})
		return err
	}
	e := asError(t, call("biz"), upstream.Business, true)
	want := &upstream.Error{
		Code: upstream.Business, Service: "TestService", Method: "biz", Instance: r.addr, Sent: true,
		BizCode: 418, BizMessage: "teapot", BizExtra: map[string]string{"k": "v"}, Cause: e.Cause,
	}
	if diff := cmp.Diff(*want, *e, cmpopts.EquateErrors()); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct{ method, text string }{
		{"fail", "it broke"},
		{"panic", "boom"},
		{"nothing", "unknown method"},
	} {
		t.Run(tt.method, func(t *testing.T) {
			e := asError(t, call(tt.method), upstream.Application, true)
			if !strings.Contains(e.Error(), tt.text) {
				t.Errorf("%v does not contain %q", e, tt.text)
			}
		})
	}
	t.Run("empty result of a method that is not void", func(t *testing.T) {
		wantError(t, call("void"), upstream.Unreadable, true)
	})
	t.Run("nil result", func(t *testing.T) {
		for transport, ok := range map[upstream.Transport]bool{upstream.TransportTTHeader: true, upstream.TransportFramed: false} {
			c := newClient(t, "TestErrorsOfServices", transport)
			_, err := c.Call(t.Context(), &upstream.Call{Method: "void", NilResult: true, Deadline: in(time.Second)})
			if ok != (err == nil) {
				t.Errorf("%s: %v", transport, err)
			}
		}
	})
	t.Run("business error over framed", func(t *testing.T) {
		c := newClient(t, "TestErrorsOfServices", upstream.TransportFramed)
		_, err := c.Call(t.Context(), &upstream.Call{Method: "biz", Deadline: in(time.Second)})
		wantError(t, err, upstream.Unreadable, true)
	})
}

func TestMetainfo(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	got, err := c.Call(t.Context(), &upstream.Call{Method: "meta", Header: map[string]string{"user": "ada"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stringResult("ada"), got.Result); diff != "" {
		t.Error(diff)
	}
}

func TestOneway(t *testing.T) {
	r := serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	if _, err := c.Call(t.Context(), &upstream.Call{Method: "oneway", Oneway: true, Args: i32Args(1)}); err != nil {
		t.Fatal(err)
	}
	await(t, "the oneway call", func() bool { return r.oneway.Load() == 1 })
	start := time.Now()
	if _, err := c.Call(t.Context(), &upstream.Call{Method: "sleep", Oneway: true, Args: i32Args(500)}); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 400*time.Millisecond {
		t.Errorf("oneway took %v, it waited for the service", d)
	}
}

func TestServiceOfEachCall(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	for _, service := range []string{"", "TestService"} {
		got, err := c.Call(t.Context(), &upstream.Call{Service: service, Method: "service"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(stringResult("TestService"), got.Result); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNoInstance(t *testing.T) {
	c := newClient(t, name(t), "")
	_, err := c.Call(t.Context(), &upstream.Call{Method: "echo"})
	wantError(t, err, upstream.NoInstance, false)
}

func TestClose(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	other := newClient(t, name(t), "")
	if _, err := c.Call(t.Context(), &upstream.Call{Method: "echo"}); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := other.Call(t.Context(), &upstream.Call{Method: "sleep", Args: i32Args(5000), Deadline: in(10 * time.Second)})
		failed <- err
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := c.Call(t.Context(), &upstream.Call{Method: "echo"})
	wantError(t, err, upstream.Closed, false)
	if _, err := other.Call(t.Context(), &upstream.Call{Method: "echo"}); err != nil {
		t.Fatal("a client that shares the connections:", err)
	}
	await(t, "the call in flight", func() bool { return busy(other) == 1 })
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-failed, upstream.Closed, true)
}

func TestCloseLeavesNothing(t *testing.T) {
	serve(t, name(t), 10)
	callOnce(t, newClient(t, name(t), ""))
	before := goleak.IgnoreCurrent()
	f, err := New(Config{Resolver: registryView})
	if err != nil {
		t.Fatal(err)
	}
	for _, codec := range []upstream.Codec{upstream.CodecDGate, upstream.CodecKitexJSON} {
		c, err := f.Open(upstream.Spec{Destination: name(t), Service: "TestService", Settings: upstream.Settings{Codec: codec}, IDL: testService(t)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Call(t.Context(), &upstream.Call{Method: "void", Void: true, Args: i32Args(1)}); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error("closed again:", err)
		}
	}
	if len(f.dests) != 0 {
		t.Errorf("%d destinations left", len(f.dests))
	}
	left, err := f.Open(upstream.Spec{Destination: name(t), Service: "TestService"})
	if err != nil {
		t.Fatal(err)
	}
	callOnce(t, left)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	_, err = left.Call(t.Context(), &upstream.Call{Method: "echo"})
	wantError(t, err, upstream.Closed, false)
	// Kitex's server keeps its workers for a while.
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/bytedance/gopkg/util/gopool.(*worker).run.func1"))
}
