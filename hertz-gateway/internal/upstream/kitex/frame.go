package kitex

import (
	"encoding/binary"
	"errors"
	"fmt"

	"dgate/hertz-gateway/internal/upstream"
)

// frameError is an answer that breaks the protocol.
type frameError struct{ reason string }

func (e *frameError) Error() string { return "answer: " + e.reason }

func badFrame(format string, args ...any) error { return &frameError{fmt.Sprintf(format, args...)} }

const (
	thriftMagic   = 0x8001
	ttheaderMagic = 0x1000
	// ttheaderFixed is the part of a TTHeader before its infos: length, magic
	// and flags, sequence id, size of the rest in words.
	ttheaderFixed = 14
	minFrame      = 12 // a message begin with an empty name, without its length word

	typeReply     = 2
	typeException = 3
)

// readFrame reads one whole answer, its length word included; it is valid until
// the connection's buffer is released. It refuses before it waits: what is not
// of the transport, or claims more than limit bytes, fails at once.
func (c *conn) readFrame(t upstream.Transport, limit int) ([]byte, error) {
	if err := c.fill(4); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(c.buf.b))
	if size>>16 == thriftMagic {
		return nil, badFrame("unframed, where %s is expected", t)
	}
	if size+4 > int64(limit) {
		return nil, badFrame("%d bytes claimed (%#x), at most %d", size, size, limit)
	}
	if size < minFrame {
		return nil, badFrame("%d bytes claimed, less than a message", size)
	}
	if err := c.fill(8); err != nil {
		return nil, err
	}
	want := uint16(ttheaderMagic)
	if t == upstream.TransportFramed {
		want = thriftMagic
	}
	if got := binary.BigEndian.Uint16(c.buf.b[4:]); got != want {
		return nil, badFrame("magic %#04x, where %#04x is expected for %s", got, want, t)
	}
	if err := c.fill(int(size) + 4); err != nil {
		return nil, err
	}
	return c.buf.b[:size+4], nil
}

// reply is an answer taken apart; the slices are parts of its frame.
type reply struct {
	kind   byte
	method []byte
	seq    int32
	// payload is the result struct, or the application exception.
	payload []byte
	info    map[string]string // nil when the header said nothing of interest
}

// business says whether the header tells of a business error.
func (r *reply) business() bool {
	_, ok := r.info["biz-status"]
	return ok
}

var errShort = errors.New("truncated")

// parseReply takes a frame of readFrame apart. Every length in it is checked
// against the bytes that are there.
func parseReply(frame []byte, t upstream.Transport) (reply, error) {
	var rep reply
	body := frame[4:]
	if t != upstream.TransportFramed {
		var err error
		if rep.info, body, err = parseHeader(frame); err != nil {
			return reply{}, badFrame("header: %v", err)
		}
		// A service may frame what is inside the header whatever was asked.
		if len(body) >= 4 && body[0] < 0x80 {
			if n := binary.BigEndian.Uint32(body); int64(n) != int64(len(body)-4) {
				return reply{}, badFrame("frame of %d bytes inside a header with %d", n, len(body)-4)
			}
			body = body[4:]
		}
	}
	if len(body) < minFrame {
		return reply{}, badFrame("message: %v", errShort)
	}
	if binary.BigEndian.Uint16(body) != thriftMagic {
		return reply{}, badFrame("not a Thrift binary message (%#x)", body[:4])
	}
	rep.kind = body[3]
	name := int64(binary.BigEndian.Uint32(body[4:]))
	if name > int64(len(body)-minFrame) {
		return reply{}, badFrame("message name: %v", errShort)
	}
	rep.method = body[8 : 8+name]
	body = body[8+name:]
	rep.seq = int32(binary.BigEndian.Uint32(body))
	rep.payload = body[4:]
	if len(rep.payload) == 0 {
		return reply{}, badFrame("message without a body")
	}
	return rep, nil
}

// The infos of a TTHeader that a client makes something of.
var wantedInfo = map[string]bool{
	"biz-status":  true,
	"biz-message": true,
	"biz-extra":   true,
	"crrst":       true, // the service is about to close the connection
}

const (
	infoPadding  = 0x00
	infoStrings  = 0x01
	infoIntegers = 0x10
	infoToken    = 0x11
)

// parseHeader reads a TTHeader (https://www.cloudwego.io/docs/kitex/reference/transport_protocol_ttheader/)
// and returns the rest of the frame.
func parseHeader(frame []byte) (info map[string]string, body []byte, err error) {
	if len(frame) < ttheaderFixed {
		return nil, nil, errShort
	}
	size := int(binary.BigEndian.Uint16(frame[12:])) * 4
	if size < 2 || size > len(frame)-ttheaderFixed {
		return nil, nil, fmt.Errorf("size %d", size)
	}
	h := cursor{b: frame[ttheaderFixed : ttheaderFixed+size]}
	body = frame[ttheaderFixed+size:]
	if id := h.u8(); id != 0 {
		return nil, nil, fmt.Errorf("protocol %d is not Thrift binary", id)
	}
	if n := h.u8(); n != 0 {
		return nil, nil, fmt.Errorf("%d transforms, none is known", n)
	}
	for len(h.b) > 0 && !h.short {
		switch kind := h.u8(); kind {
		case infoPadding:
		case infoStrings:
			for n := h.u16(); n > 0 && !h.short; n-- {
				key, value := h.str(), h.str()
				if !h.short && wantedInfo[string(key)] {
					if info == nil {
						info = make(map[string]string, len(wantedInfo))
					}
					info[string(key)] = string(value)
				}
			}
		case infoIntegers:
			for n := h.u16(); n > 0 && !h.short; n-- {
				h.u16()
				h.str()
			}
		case infoToken:
			h.str()
		default:
			return nil, nil, fmt.Errorf("info of unknown kind %#x", kind)
		}
	}
	if h.short {
		return nil, nil, errShort
	}
	return info, body, nil
}

// cursor reads from the front of b; reading past the end sets short and yields zeros.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.short, c.b = true, nil
		return nil
	}
	p := c.b[:n]
	c.b = c.b[n:]
	return p
}

func (c *cursor) u8() byte {
	if p := c.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (c *cursor) u16() int {
	if p := c.take(2); p != nil {
		return int(binary.BigEndian.Uint16(p))
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if p := c.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (c *cursor) str() []byte { return c.take(c.u16()) }

// parseException reads a TApplicationException, as far as it can be read.
func parseException(b []byte) (code int32, message string) {
	const (
		kindStop, kindI32, kindString = 0, 8, 11
		idMessage, idType             = 1, 2
	)
	c := cursor{b: b}
	for !c.short {
		kind := c.u8()
		if kind == kindStop {
			break
		}
		id := c.u16()
		switch kind {
		case kindI32:
			if v := c.u32(); id == idType && !c.short {
				code = int32(v)
			}
		case kindString:
			if n := c.u32(); int64(n) <= int64(len(c.b)) {
				if v := c.take(int(n)); id == idMessage {
					message = string(v)
				}
			} else {
				c.short = true
			}
		default:
			return code, message
		}
	}
	return code, message
}
