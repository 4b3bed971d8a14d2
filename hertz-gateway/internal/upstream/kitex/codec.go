package kitex

import (
	"bytes"
	"context"
	"errors"

	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/remote"
	kcodec "github.com/cloudwego/kitex/pkg/remote/codec"
	"github.com/cloudwego/netpoll"

	"dgate/hertz-gateway/internal/upstream"
)

// codec reads and mostly writes on its own: Kitex's codec takes any transport
// for an answer whatever the request had, and lengths at their word.
type codec struct {
	remote.Codec
	transport upstream.Transport
	maxFrame  int
	json      bool // results are read by Kitex's JSON generic
}

var _ remote.Codec = (*codec)(nil)

func newCodec(t upstream.Transport, maxFrame int, json bool) *codec {
	return &codec{Codec: kcodec.NewDefaultCodec(), transport: t, maxFrame: maxFrame, json: json}
}

func (c *codec) Name() string { return "dgate" }

// Decode reads one answer. The frame belongs to the connection's buffer until
// Decode returns: what is kept of it is copied.
func (c *codec) Decode(ctx context.Context, msg remote.Message, in remote.ByteBuffer) error {
	np, ok := in.(interface{ NetpollReader() netpoll.Reader })
	if !ok {
		return errors.New("not a netpoll buffer")
	}
	frame, err := readFrame(np.NetpollReader(), c.transport, c.maxFrame)
	if err != nil {
		return err
	}
	rep, err := parseReply(frame, c.transport)
	if err != nil {
		return err
	}
	inv := msg.RPCInfo().Invocation()
	cl := callOf(ctx)
	switch {
	case rep.kind == typeException:
		// Proxies answer with sequence id 0.
		if rep.seq != 0 && rep.seq != inv.SeqID() {
			return badFrame("exception with sequence id %d, not %d", rep.seq, inv.SeqID())
		}
		if cl != nil {
			cl.conn.whole = true
		}
		code, text := parseException(rep.payload)
		return remote.NewTransErrorWithMsg(code, text)
	case rep.kind != typeReply:
		return badFrame("message type %d", rep.kind)
	case rep.seq != inv.SeqID():
		return badFrame("sequence id %d, not %d", rep.seq, inv.SeqID())
	case string(rep.method) != inv.MethodName():
		return badFrame("method %.64q, not %q", rep.method, inv.MethodName())
	}
	if rep.info != nil {
		msg.TransInfo().PutTransStrInfo(rep.info)
	}
	res, ok := msg.Data().(*generic.Result)
	if !ok {
		return errors.New("not a generic result")
	}
	switch {
	case c.json:
		return decodeJSON(ctx, res, inv.MethodName(), bytes.Clone(rep.payload))
	case cl != nil && cl.req.Reader != nil && !rep.business() && cl.acceptable(rep.payload):
		cl.read = true
		cl.req.Reader.ReadResult(rep.payload)
	default:
		res.Success = bytes.Clone(rep.payload)
	}
	return nil
}
