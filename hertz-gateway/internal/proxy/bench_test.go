package proxy

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/cloudwego/hertz/pkg/app"

	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// canned is a service that gives one result to all calls, where it lies.
type canned struct{ result []byte }

func (c *canned) Call(_ context.Context, call *upstream.Call) (upstream.Reply, error) {
	call.Reader.ReadResult(c.result)
	return upstream.Reply{Instance: "127.0.0.1:1"}, nil
}

func (c *canned) Close() error { return nil }

func (c *canned) Client(upstream.Spec) (upstream.Client, func(), error) { return c, func() {}, nil }

func (c *canned) Chain(string, []*jsmodule.Program) (*jsmodule.Chain, func(), error) {
	return nil, nil, errors.New("no modules")
}

// BenchmarkBookQuery is the way of the book query from Hertz to the call of the
// service and back, without either of them.
func BenchmarkBookQuery(b *testing.B) {
	mapping, err := servicemapping.Load(os.DirFS("../../../idl"), servicemapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var book []byte
	for id, text := range []string{"1", "The Go Programming Language", "Alan Donovan", "A book about Go"} {
		book = transcode.AppendString(transcode.AppendFieldHeader(book, transcode.WireString, int16(id+1)), text)
	}
	result := append(transcode.AppendFieldHeader(nil, transcode.WireStruct, 0), transcode.AppendStop(book)...)
	h := &Handler{Current: new(snapshot.Current), Log: slog.New(slog.DiscardHandler), MaxBody: 1 << 20}
	s := snapshot.Build(snapshot.Inputs{Mapping: mapping, Timeout: time.Second}, nil, &canned{transcode.AppendStop(result)})
	h.Current.Swap(s)

	c := app.NewContext(0)
	c.Response.SetMaxKeepBodySize(4 << 20) // as the server does
	c.Request.SetMethod("GET")
	c.Request.Header.SetRequestURI("/book/query?num=1")
	c.Request.Header.SetRawHeaders([]byte("Host: localhost\r\nUser-Agent: bench\r\n"))
	var req message.Request
	var resp message.Response
	b.ReportAllocs()
	for b.Loop() {
		c.Response.Reset()
		req.Reset(c)
		resp.Reset(c)
		h.Serve(context.Background(), &req, &resp)
		req.Release()
		resp.Release()
	}
	if c.Response.StatusCode() != 200 || len(c.Response.Body()) < 50 {
		b.Fatalf("status %d: %s", c.Response.StatusCode(), c.Response.Body())
	}
}
