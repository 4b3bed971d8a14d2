package kitex

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/gopkg/bufiox"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/remote"
	keys "github.com/cloudwego/kitex/pkg/remote/transmeta"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"

	"dgate/hertz-gateway/internal/upstream"
)

// joinedArgs is the size up to which arguments are copied behind the head of
// their message; larger ones are sent from where they are.
const joinedArgs = 4 << 10

// encode makes c.unsent the request, or what comes before its arguments, which
// it returns then.
func (h *transHandler) encode(ctx context.Context, c *conn, msg remote.Message) (rest []byte, err error) {
	data, ok := msg.Data().(*generic.Args)
	if !ok {
		return nil, fmt.Errorf("%T are not generic arguments", msg.Data())
	}
	args, ok := data.Request.([]byte)
	if !ok {
		if args, err = writeArgs(ctx, data, msg.RPCInfo().Invocation().MethodName()); err != nil {
			return nil, err
		}
	}
	head, err := appendHead(c.buf.b[:0], h.transport, c.call.service, msg, len(args))
	if err != nil {
		return nil, err
	}
	if len(args) > joinedArgs {
		c.unsent = head
		return args, nil
	}
	c.unsent = append(head, args...)
	return nil, nil
}

// writeArgs has Kitex convert arguments.
func writeArgs(ctx context.Context, args *generic.Args, method string) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	w := bufiox.NewBytesWriter(&b)
	if err := args.Write(ctx, method, w); err != nil {
		return nil, err
	}
	return b, w.Flush()
}

// appendHead appends what comes before the arguments, which take that many
// bytes: https://www.cloudwego.io/docs/kitex/reference/transport_protocol_ttheader/
// and the begin of the Thrift message.
func appendHead(dst []byte, t upstream.Transport, service string, msg remote.Message, args int) ([]byte, error) {
	inv := msg.RPCInfo().Invocation()
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if t != upstream.TransportFramed {
		dst = append(dst, ttheaderMagic>>8, ttheaderMagic&0xff, 0, 0)
		dst = binary.BigEndian.AppendUint32(dst, uint32(inv.SeqID()))
		dst = append(dst, 0, 0)
		header := len(dst)
		dst = append(dst, 0, 0) // Thrift binary, no transforms
		var ok bool
		if dst, ok = appendInfos(dst, service, msg); !ok {
			return nil, errHeader
		}
		for (len(dst)-header)%4 != 0 {
			dst = append(dst, infoPadding)
		}
		size := (len(dst) - header) / 4
		if size*4 > math.MaxUint16 {
			return nil, errHeader
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

var errHeader = errors.New("the header is too large: more than 64 KB of names and metainfo")

// appendInfos appends the infos of a TTHeader: those that Kitex has collected
// for a message with metainfo, or else the ones that every message has. ok is
// false when one is too long.
func appendInfos(dst []byte, service string, msg remote.Message) (_ []byte, ok bool) {
	if trans := msg.TransInfo(); len(trans.TransIntInfo()) > 0 {
		strings, integers := trans.TransStrInfo(), trans.TransIntInfo()
		ok = len(strings) <= math.MaxUint16
		dst = binary.BigEndian.AppendUint16(append(dst, infoStrings), uint16(len(strings)))
		for key, value := range strings {
			ok = ok && len(key) <= math.MaxUint16 && len(value) <= math.MaxUint16
			dst = appendInfo(appendInfo(dst, key), value)
		}
		dst = binary.BigEndian.AppendUint16(append(dst, infoIntegers), uint16(len(integers)))
		for key, value := range integers {
			ok = ok && len(value) <= math.MaxUint16
			dst = appendInfo(binary.BigEndian.AppendUint16(dst, key), value)
		}
		return dst, ok
	}
	ri := msg.RPCInfo()
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
	ok = len(service) <= math.MaxUint16
	for _, info := range infos {
		ok = ok && len(info.value) <= math.MaxUint16
		dst = appendInfo(binary.BigEndian.AppendUint16(dst, info.key), info.value)
	}
	return dst, ok
}

// appendInfo appends a string of a header with its length.
func appendInfo(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// headerInfo has Kitex's handler of TTHeaders work where there is something to
// do for it: infos of a request with metainfo, with the Thrift service of each
// call, which clients of one destination need not have in common; and infos of
// an answer.
type headerInfo struct{}

var _ remote.MetaHandler = headerInfo{}

func (headerInfo) WriteMeta(ctx context.Context, msg remote.Message) (context.Context, error) {
	if !metainfo.HasMetaInfo(ctx) {
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
