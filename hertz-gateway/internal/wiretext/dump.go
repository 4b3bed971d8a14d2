package wiretext

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of a message.
const maxDepth = 100

var typeNames = map[byte]string{
	2: "bool", 3: "i8", 4: "double", 6: "i16", 8: "i32", 10: "i64",
	11: "string", 12: "struct", 13: "map", 14: "set", 15: "list", 16: "uuid",
}

// Dump writes a struct in Thrift binary as text. It fails when the bytes are
// not exactly one struct.
func Dump(wire []byte) (string, error) {
	d := dumper{in: wire}
	d.fields(0)
	if d.err == nil && d.at != len(d.in) {
		d.fail("bytes after the struct")
	}
	if d.err != nil {
		return "", d.err
	}
	return d.out.String(), nil
}

type dumper struct {
	in  []byte
	at  int
	out strings.Builder
	err error
}

func (d *dumper) fail(text string) {
	if d.err == nil {
		d.err = fmt.Errorf("wiretext: %s at byte %d", text, d.at)
	}
}

// take gives the next n bytes, or zeros once the message has failed.
func (d *dumper) take(n int) []byte {
	if d.err != nil || n < 0 || n > len(d.in)-d.at {
		d.fail("truncated")
		return make([]byte, min(max(n, 0), 16))
	}
	b := d.in[d.at : d.at+n]
	d.at += n
	return b
}

func (d *dumper) u32() uint32 { return binary.BigEndian.Uint32(d.take(4)) }

func (d *dumper) indent(depth int) { d.out.WriteString(strings.Repeat("  ", depth)) }

// fields writes the fields of a struct up to its stop byte.
func (d *dumper) fields(depth int) {
	for d.err == nil {
		wt := d.take(1)[0]
		if wt == 0 {
			return
		}
		id := int16(binary.BigEndian.Uint16(d.take(2)))
		if d.err != nil {
			return
		}
		d.indent(depth)
		d.out.WriteString(strconv.Itoa(int(id)) + " ")
		head := d.head(wt)
		d.out.WriteString(head.text + " ")
		d.value(head, depth)
		d.out.WriteByte('\n')
	}
}

// head is the type of a value, with what containers say before their elements.
type head struct {
	wt, key, elem byte
	count         int
	text          string
}

func (d *dumper) head(wt byte) head {
	h := head{wt: wt, text: typeNames[wt]}
	switch wt {
	case 13:
		h.key, h.elem = d.take(1)[0], d.take(1)[0]
		h.count = int(int32(d.u32()))
		h.text = "map<" + typeNames[h.key] + "," + typeNames[h.elem] + ">"
		if h.key == 0 && h.elem == 0 {
			h.text = "map"
		}
	case 14, 15:
		h.elem = d.take(1)[0]
		h.count = int(int32(d.u32()))
		if h.elem != 0 {
			h.text += "<" + typeNames[h.elem] + ">"
		}
	case 2, 3, 4, 6, 8, 10, 11, 12, 16:
	default:
		d.fail("unknown type " + strconv.Itoa(int(wt)))
	}
	// An empty container may be sent without the types of its elements.
	if untyped := h.key == 0 && h.elem == 0; wt >= 13 && wt <= 15 && !(untyped && h.count == 0) {
		if typeNames[h.elem] == "" || wt == 13 && typeNames[h.key] == "" {
			d.fail("unknown type of elements")
		}
	}
	if h.count < 0 || h.count > len(d.in) {
		d.fail("impossible number of elements")
	}
	return h
}

// element writes a value inside a container: containers in containers carry
// their types.
func (d *dumper) element(wt byte, depth int) {
	h := d.head(wt)
	if wt >= 13 && wt <= 15 {
		d.out.WriteString(h.text + " ")
	}
	d.value(h, depth)
}

func (d *dumper) value(h head, depth int) {
	if depth > maxDepth {
		d.fail("nested too deeply")
	}
	if d.err != nil {
		return
	}
	switch h.wt {
	case 2:
		switch d.take(1)[0] {
		case 0:
			d.out.WriteString("false")
		case 1:
			d.out.WriteString("true")
		default:
			d.fail("a bool that is neither 0 nor 1")
		}
	case 3:
		d.integer(int64(int8(d.take(1)[0])))
	case 6:
		d.integer(int64(int16(binary.BigEndian.Uint16(d.take(2)))))
	case 8:
		d.integer(int64(int32(d.u32())))
	case 10:
		d.integer(int64(binary.BigEndian.Uint64(d.take(8))))
	case 4:
		d.out.WriteString(strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(d.take(8))), 'g', -1, 64))
	case 11:
		d.out.WriteString(strconv.Quote(string(d.take(int(int32(d.u32()))))))
	case 16:
		d.out.WriteString(formatUUID(d.take(16)))
	case 12:
		if d.at < len(d.in) && d.in[d.at] == 0 {
			d.at++
			d.out.WriteString("{}")
			return
		}
		d.out.WriteString("{\n")
		d.fields(depth + 1)
		d.indent(depth)
		d.out.WriteByte('}')
	case 13:
		d.elements("{", "}", h, depth, func() {
			d.element(h.key, depth+1)
			d.out.WriteString(": ")
			d.element(h.elem, depth+1)
		})
	case 14, 15:
		d.elements("[", "]", h, depth, func() { d.element(h.elem, depth+1) })
	}
}

func (d *dumper) elements(begin, end string, h head, depth int, one func()) {
	d.out.WriteString(begin)
	for i := 0; i < h.count && d.err == nil; i++ {
		d.out.WriteByte('\n')
		d.indent(depth + 1)
		one()
	}
	if h.count > 0 {
		d.out.WriteByte('\n')
		d.indent(depth)
	}
	d.out.WriteString(end)
}

func (d *dumper) integer(v int64) { d.out.WriteString(strconv.FormatInt(v, 10)) }

func formatUUID(b []byte) string {
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func parseUUID(s string) ([]byte, error) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return nil, errors.New("not a uuid")
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	return hex.DecodeString(digits)
}
