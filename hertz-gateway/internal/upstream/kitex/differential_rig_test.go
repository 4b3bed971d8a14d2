package kitex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
	"github.com/cloudwego/kitex/transport"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// recorder is a service that keeps the arguments of its last call, and answers
// with what it is given, or with its argument.
type recorder struct {
	addr string

	mu    sync.Mutex
	args  []byte
	reply []byte
}

func newRecorder(t testing.TB) *recorder {
	t.Helper()
	r := &recorder{}
	r.addr = kitextest.Serve(t, "127.0.0.1:0", func(_ context.Context, _ string, args []byte) ([]byte, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.args = bytes.Clone(args)
		if r.reply != nil {
			return r.reply, nil
		}
		return success(args), nil
	}).Addr
	return r
}

// success makes a result struct of an argument struct whose one field is a struct.
func success(args []byte) []byte {
	if len(args) < 4 {
		return []byte{0}
	}
	result := bytes.Clone(args)
	result[1], result[2] = 0, 0
	return result
}

// prepare sets the next answer, a result struct, and forgets the last call.
func (r *recorder) prepare(reply []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.args, r.reply = nil, reply
}

func (r *recorder) received() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.args
}

// way is one way from a request in JSON to its answer in JSON.
type way struct {
	name string
	call func(body string) (answer string, err error)
}

// The ways, as docs/kitex-json.md names them.
const (
	wayDGate   = "dgate"
	wayKitex   = "Kitex"
	wayDynamic = "dynamicgo"
	wayGateway = "kitex-json"
)

// rig has all ways to the service of one IDL.
type rig struct {
	*recorder
	plan *servicemapping.Plan
	ways []way // dgate first
	// judge is a server that reads with Kitex's own decoder.
	judge genericclient.Client
	// judged is what it has read; mu guards it.
	judged map[string]any
}

func newRig(t testing.TB, rec *recorder, destination string, files map[string]string) *rig {
	t.Helper()
	fs := fstest.MapFS{}
	for path, text := range files {
		fs[path] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := servicemapping.Load(fs, servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Services) != 1 || len(m.Services[0].Methods) != 1 {
		t.Fatalf("%v\n%s", m.Diagnostics, files[mainIDL])
	}
	svc := m.Services[0]
	r := &rig{recorder: rec, plan: svc.Methods[0].Generic}
	r.ways = []way{
		{wayDGate, r.throughPlan(t, destination, svc, upstream.CodecDGate)},
		{wayKitex, kitexJSON(t, files, rec.addr, generic.NewThriftContentWithAbsIncludePathProvider)},
		{wayDynamic, newDynamicProcess(t, files, rec.addr).call},
		{wayGateway, r.throughPlan(t, destination, svc, upstream.CodecKitexJSON)},
	}
	r.startJudge(t, files)
	return r
}

// throughPlan is the way of the gateway, with either codec.
func (r *rig) throughPlan(t testing.TB, destination string, svc *servicemapping.Service, codec upstream.Codec) func(string) (string, error) {
	t.Helper()
	spec := upstream.Spec{Destination: destination, Service: svc.Name, Settings: upstream.Settings{Codec: codec}}
	if codec == upstream.CodecKitexJSON {
		spec.IDL = svc
	}
	c, err := factory.Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return func(body string) (string, error) {
		args, err := r.plan.AppendRequest(nil, jsonRequest(body))
		if err != nil {
			return "", err
		}
		reply, err := c.Call(context.Background(), &upstream.Call{Service: svc.Name, Method: "echo", Args: args, Deadline: in(5 * time.Second)})
		if err != nil {
			return "", err
		}
		var w jsonResponse
		if err := r.plan.WriteResponse(&w, reply.Result); err != nil {
			return "", err
		}
		return string(w.body), nil
	}
}

// kitexJSON is Kitex's own JSON generic client.
func kitexJSON(t testing.TB, files map[string]string, addr string, provide func(string, map[string]string, ...generic.ThriftIDLProviderOption) (*generic.ThriftContentWithAbsIncludePathProvider, error)) func(string) (string, error) {
	t.Helper()
	p, err := provide(mainIDL, files)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, files[sharedIDL], files[mainIDL])
	}
	g, err := generic.JSONThriftGeneric(p)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, g, addr)
	return func(body string) (answer string, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		got, err := c.GenericCall(context.Background(), "echo", body)
		if err != nil {
			return "", err
		}
		text, ok := got.(string)
		if !ok {
			return "", fmt.Errorf("a %T", got)
		}
		return text, nil
	}
}

func dial(t testing.TB, g generic.Generic, addr string) genericclient.Client {
	t.Helper()
	c, err := genericclient.NewClient("TestService", g, client.WithHostPorts(addr), client.WithRPCTimeout(2*time.Second),
		client.WithTransportProtocol(transport.TTHeaderFramed), client.WithMetaHandler(transmeta.ClientTTHeaderHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// GenericCall is the judge's method; it answers with what it has read.
func (r *rig) GenericCall(_ context.Context, _ string, request any) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.judged, _ = request.(map[string]any)
	return request, nil
}

func (r *rig) startJudge(t testing.TB, files map[string]string) {
	t.Helper()
	p, err := generic.NewThriftContentWithAbsIncludePathProvider(mainIDL, files)
	if err != nil {
		t.Fatal(err)
	}
	g, err := generic.MapThriftGeneric(p)
	if err != nil {
		t.Fatal(err)
	}
	ln := kitextest.Listen(t, "127.0.0.1:0")
	svr := genericserver.NewServer(r, g, server.WithListener(ln), server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithExitWaitTime(10*time.Millisecond), server.WithExitSignal(func() <-chan error { return make(chan error) }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = svr.Run() // the calls tell when it does not
	}()
	t.Cleanup(func() {
		_ = svr.Stop()
		<-done
	})
	r.judge = dial(t, generic.BinaryThriftGenericV2("TestService"), ln.Addr().String())
}

// verdict is what Kitex's decoder reads from an argument struct, as a value of t.
func (r *rig) verdict(args []byte, t *genType) (v any, err error) {
	r.mu.Lock()
	r.judged = nil
	r.mu.Unlock()
	if _, err := r.judge.GenericCall(context.Background(), "echo", args); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.judged == nil {
		return nil, errors.New("the judge has read nothing")
	}
	return fromGo(t, r.judged)
}

// fromGo makes a value of t of the Go value that Kitex's map codec reads.
func fromGo(t *genType, v any) (any, error) {
	switch t.kind {
	case transcode.List, transcode.Set:
		items, ok := v.([]any)
		if !ok {
			break
		}
		list := &listValue{elem: t.elem.wire(), set: t.kind == transcode.Set}
		for _, item := range items {
			one, err := fromGo(t.elem, item)
			if err != nil {
				return nil, err
			}
			list.items = append(list.items, one)
		}
		return list, nil
	case transcode.Map:
		items, ok := v.(map[any]any)
		if !ok {
			break
		}
		m := &mapValue{key: t.key.wire(), elem: t.elem.wire(), items: map[string]any{}}
		for key, item := range items {
			one, err := fromGo(t.elem, item)
			if err != nil {
				return nil, err
			}
			m.items[show(key)] = one
		}
		return m, nil
	case transcode.Struct, transcode.Union:
		fields, ok := v.(map[string]any)
		if !ok {
			break
		}
		s := newStruct()
		for _, f := range t.fields {
			item, ok := fields[f.json]
			if !ok {
				continue
			}
			if f.stringly {
				item = unquoted(f.typ, item)
			}
			one, err := fromGo(f.typ, item)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			s.fields[f.id] = one
		}
		return s, nil
	case transcode.Binary:
		if b, ok := v.([]byte); ok {
			return string(b), nil
		}
		return v, nil
	default:
		return v, nil
	}
	return nil, fmt.Errorf("a %T for a %s", v, t.text)
}

// unquoted undoes api.js_conv, under which Kitex hands out i64 as strings.
func unquoted(t *genType, v any) any {
	switch v := v.(type) {
	case string:
		if t.kind == transcode.I64 {
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				return n
			}
		}
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = unquoted(t.elem, item)
		}
		return out
	case map[any]any:
		out := make(map[any]any, len(v))
		for key, item := range v {
			out[key] = unquoted(t.elem, item)
		}
		return out
	}
	return v
}

// jsonRequest is a request with a JSON body.
type jsonRequest string

func (jsonRequest) Verb() string                    { return "POST" }
func (jsonRequest) PathParam(string) (string, bool) { return "", false }
func (jsonRequest) RawQuery() []byte                { return nil }
func (jsonRequest) RequestURI() []byte              { return []byte("/") }
func (jsonRequest) Header(string, func([]byte) bool) {
}
func (jsonRequest) ContentType() []byte     { return []byte("application/json") }
func (r jsonRequest) Body() ([]byte, error) { return []byte(r), nil }

// jsonResponse keeps the body.
type jsonResponse struct{ body []byte }

func (*jsonResponse) SetStatus(int)                  {}
func (*jsonResponse) SetHeader(string, string) error { return nil }
func (*jsonResponse) AddHeader(string, string) error { return nil }
func (w *jsonResponse) SetBody(_ string, b []byte)   { w.body = b }
func (*jsonResponse) BodyBuffer() []byte             { return nil }
