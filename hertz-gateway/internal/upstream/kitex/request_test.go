package kitex

import (
	"context"
	"strings"
	"testing"

	"github.com/cloudwego/gopkg/bufiox"
	"github.com/cloudwego/gopkg/protocol/ttheader"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/remote"
	kthrift "github.com/cloudwego/kitex/pkg/remote/codec/thrift"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/upstream"
)

// TestRequestIsKitexs compares a request with the one that Kitex would write.
func TestRequestIsKitexs(t *testing.T) {
	for _, tt := range []struct {
		name      string
		transport upstream.Transport
		kind      remote.MessageType
		args      string
	}{
		{"TTHeader", upstream.TransportTTHeader, remote.Call, "\x00"},
		{"oneway", upstream.TransportTTHeader, remote.Oneway, "\x00"},
		{"large", upstream.TransportTTHeader, remote.Call, strings.Repeat("x", 100_000)},
		{"framed", upstream.TransportFramed, remote.Call, "some bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := generic.BinaryThriftGenericV2("BookSvc")
			mi := g.GenericMethod()(t.Context(), "queryBook")
			message := func() remote.Message {
				inv := rpcinfo.NewInvocation("BookSvc", "queryBook")
				inv.SetSeqID(7)
				config := rpcinfo.NewRPCConfig()
				if err := rpcinfo.AsMutableRPCConfig(config).SetTransportProtocol(protocol(tt.transport)); err != nil {
					t.Fatal(err)
				}
				rpcinfo.AsMutableRPCConfig(config).SetPayloadCodec(serviceinfo.Thrift)
				ri := rpcinfo.NewRPCInfo(
					rpcinfo.NewEndpointInfo("dgate", "caller", nil, nil),
					rpcinfo.NewEndpointInfo("book", "queryBook", nil, nil), inv, config, rpcinfo.NewRPCStats(),
				)
				args := mi.NewArgs().(*generic.Args)
				args.Method, args.Request = "queryBook", []byte(tt.args)
				msg := remote.NewMessage(args, ri, tt.kind, remote.Client)
				msg.SetPayloadCodec(kthrift.NewThriftCodec())
				return msg
			}
			ctx := context.WithValue(t.Context(), callKey{}, &call{service: "BookSvc"})
			c := newCodec(tt.transport, 1<<20, false)
			ours, theirs := remote.NewWriterBuffer(1<<18), remote.NewWriterBuffer(1<<18)
			if err := c.Encode(ctx, message(), ours); err != nil {
				t.Fatal(err)
			}
			msg := message()
			if _, err := transmeta.ClientTTHeaderHandler.WriteMeta(ctx, msg); err != nil {
				t.Fatal(err)
			}
			if err := c.Codec.Encode(ctx, msg, theirs); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(takeApart(t, theirs, tt.transport), takeApart(t, ours, tt.transport)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// parts is a request whose header is in maps.
type parts struct {
	Header  ttheader.DecodeParam
	Size    int
	Payload string
}

func takeApart(t *testing.T, b remote.ByteBuffer, transport upstream.Transport) (p parts) {
	t.Helper()
	frame, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	p.Size = len(frame)
	if transport == upstream.TransportFramed {
		p.Payload = string(frame)
		return p
	}
	if p.Header, err = ttheader.Decode(t.Context(), bufiox.NewBytesReader(frame)); err != nil {
		t.Fatal(err)
	}
	p.Payload = string(frame[p.Header.HeaderLen:])
	return p
}
