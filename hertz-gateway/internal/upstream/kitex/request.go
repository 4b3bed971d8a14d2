package kitex

import (
	"context"
	"encoding/binary"
	"errors"
	"math"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/remote"
	keys "github.com/cloudwego/kitex/pkg/remote/transmeta"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"

	"dgate/hertz-gateway/internal/upstream"
)

// Encode writes one request. Kitex's codec collects the infos of a TTHeader in
// maps first, which costs more than all the rest of a small request: it is left
// to those that carry metainfo, or have Kitex convert their arguments.
func (c *codec) Encode(ctx context.Context, msg remote.Message, out remote.ByteBuffer) error {
	data, ok := msg.Data().(*generic.Args)
	if !ok || c.json || len(msg.TransInfo().TransIntInfo()) > 0 {
		return c.Codec.Encode(ctx, msg, out)
	}
	args, ok := data.Request.([]byte)
	if !ok {
		return errors.New("the arguments are not bytes")
	}
	var room [512]byte
	head, err := appendHead(room[:0], c.transport, callOf(ctx).service, msg, len(args))
	if err != nil {
		return err
	}
	const small = 4 << 10 // larger ones netpoll sends from where they are
	if len(args) > small {
		if err := write(out, head, nil); err != nil {
			return err
		}
		_, err := out.WriteBinary(args)
		return err
	}
	return write(out, head, args)
}

func write(out remote.ByteBuffer, head, args []byte) error {
	b, err := out.Malloc(len(head) + len(args))
	if err != nil {
		return err
	}
	copy(b[copy(b, head):], args)
	return nil
}

// appendHead appends what comes before the arguments, which take that many
// bytes: https://www.cloudwego.io/docs/kitex/reference/transport_protocol_ttheader/
// and the begin of the Thrift message.
func appendHead(dst []byte, t upstream.Transport, service string, msg remote.Message, args int) ([]byte, error) {
	ri := msg.RPCInfo()
	inv := ri.Invocation()
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if t != upstream.TransportFramed {
		dst = append(dst, ttheaderMagic>>8, ttheaderMagic&0xff, 0, 0)
		dst = binary.BigEndian.AppendUint32(dst, uint32(inv.SeqID()))
		dst = append(dst, 0, 0)
		header := len(dst)
		dst = append(dst, 0, 0) // Thrift binary, no transforms
		infos := [...]struct {
			key   uint16
			value string
		}{
			{keys.FromService, ri.From().ServiceName()},
			{keys.FromMethod, ri.From().Method()},
			{keys.ToService, ri.To().ServiceName()},
			{keys.ToMethod, ri.To().Method()},
			{keys.MsgType, string(rune('0' + msg.MessageType()))},
			{keys.TransportType, "unframed"},
		}
		dst = append(dst, infoStrings, 0, 1)
		dst = appendInfo(dst, keys.HeaderIDLServiceName)
		dst = appendInfo(dst, service)
		dst = append(dst, infoIntegers, 0, byte(len(infos)))
		for _, info := range infos {
			dst = appendInfo(binary.BigEndian.AppendUint16(dst, info.key), info.value)
		}
		for (len(dst)-header)%4 != 0 {
			dst = append(dst, infoPadding)
		}
		size := (len(dst) - header) / 4
		if size*4 > math.MaxUint16 {
			return nil, errors.New("the names in the header are too long")
		}
		binary.BigEndian.PutUint16(dst[header-2:], uint16(size))
	}
	method := inv.MethodName()
	dst = append(dst, thriftMagic>>8, thriftMagic&0xff, 0, byte(msg.MessageType()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(method)))
	dst = append(dst, method...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(inv.SeqID()))
	size := len(dst) - start - 4 + args
	if size > math.MaxInt32 {
		return nil, errors.New("the arguments are too large")
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(size))
	return dst, nil
}

// appendInfo appends a string of a header with its length; a too long one makes
// the header too long.
func appendInfo(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// headerInfo has Kitex's handler of TTHeaders work where there is something to
// do for it: infos of a request that Encode leaves to Kitex, with the Thrift
// service of each call, which clients of one destination need not have in
// common; and infos of an answer.
type headerInfo struct{ json bool }

var _ remote.MetaHandler = headerInfo{}

func (h headerInfo) WriteMeta(ctx context.Context, msg remote.Message) (context.Context, error) {
	if !h.json && !metainfo.HasMetaInfo(ctx) {
		return ctx, nil
	}
	if c := callOf(ctx); c != nil {
		if inv, ok := msg.RPCInfo().Invocation().(rpcinfo.InvocationSetter); ok {
			inv.SetServiceName(c.service)
		}
	}
	return transmeta.ClientTTHeaderHandler.WriteMeta(ctx, msg)
}

func (headerInfo) ReadMeta(ctx context.Context, msg remote.Message) (context.Context, error) {
	if len(msg.TransInfo().TransStrInfo()) == 0 {
		return ctx, nil
	}
	return transmeta.ClientTTHeaderHandler.ReadMeta(ctx, msg)
}
