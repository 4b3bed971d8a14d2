package kitex

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/gopkg/bufiox"
	"github.com/cloudwego/gopkg/protocol/ttheader"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/remote"
	kcodec "github.com/cloudwego/kitex/pkg/remote/codec"
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
		metainfo  string
	}{
		{"TTHeader", upstream.TransportTTHeader, remote.Call, "\x00", ""},
		{"oneway", upstream.TransportTTHeader, remote.Oneway, "\x00", ""},
		{"large", upstream.TransportTTHeader, remote.Call, strings.Repeat("x", 100_000), ""},
		{"framed", upstream.TransportFramed, remote.Call, "some bytes", ""},
		{"metainfo", upstream.TransportTTHeader, remote.Call, "some bytes", "a value"},
		{"long metainfo", upstream.TransportTTHeader, remote.Call, "some bytes", strings.Repeat("m", 60_000)},
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
			cl := &call{values: t.Context(), service: "BookSvc"}
			ctx := context.Context(cl)
			if tt.metainfo != "" {
				ctx = metainfo.WithPersistentValue(ctx, "KEY", tt.metainfo)
			}
			c := &conn{call: cl, buf: getBuffer()}
			msg := message()
			if _, err := (headerInfo{}).WriteMeta(ctx, msg); err != nil {
				t.Fatal(err)
			}
			rest, err := (&transHandler{transport: tt.transport}).encode(ctx, c, msg)
			if err != nil {
				t.Fatal(err)
			}
			ours := slices.Concat(c.unsent, rest)
			msg = message()
			if _, err := transmeta.ClientTTHeaderHandler.WriteMeta(ctx, msg); err != nil {
				t.Fatal(err)
			}
			buffer := remote.NewWriterBuffer(1 << 18)
			if err := kcodec.NewDefaultCodec().Encode(ctx, msg, buffer); err != nil {
				t.Fatal(err)
			}
			theirs, err := buffer.Bytes()
			if err != nil {
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

func takeApart(t *testing.T, frame []byte, transport upstream.Transport) (p parts) {
	t.Helper()
	p.Size = len(frame)
	if transport == upstream.TransportFramed {
		p.Payload = string(frame)
		return p
	}
	var err error
	if p.Header, err = ttheader.Decode(t.Context(), bufiox.NewBytesReader(frame)); err != nil {
		t.Fatal(err)
	}
	p.Payload = string(frame[p.Header.HeaderLen:])
	return p
}
