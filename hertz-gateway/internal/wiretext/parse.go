package wiretext

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var typeCodes = map[string]byte{
	"bool": 2, "i8": 3, "byte": 3, "double": 4, "i16": 6, "i32": 8, "i64": 10,
	"string": 11, "binary": 11, "struct": 12, "map": 13, "set": 14, "list": 15, "uuid": 16,
}

// Parse reads what Dump writes and gives the struct in Thrift binary.
// Spaces, line breaks and commas between values are all the same to it.
func Parse(text string) ([]byte, error) {
	p := parser{in: text}
	p.fields(0, "")
	if p.err != nil {
		return nil, p.err
	}
	return p.out, nil
}

type parser struct {
	in  string
	at  int
	out []byte
	err error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("wiretext: line %d: "+format, append([]any{1 + strings.Count(p.in[:p.at], "\n")}, args...)...)
	}
}

// token gives the next word, quoted string or sign; "" at the end.
func (p *parser) token() string {
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.at++
		case c == '#':
			if i := strings.IndexByte(p.in[p.at:], '\n'); i >= 0 {
				p.at += i
			} else {
				p.at = len(p.in)
			}
		case c == '"':
			quoted, err := strconv.QuotedPrefix(p.in[p.at:])
			if err != nil {
				p.fail("a string without an end")
				return ""
			}
			p.at += len(quoted)
			return quoted
		case strings.IndexByte("{}[]<>:,", c) >= 0:
			p.at++
			return string(c)
		default:
			from := p.at
			for p.at < len(p.in) && strings.IndexByte(" \t\n\r\"{}[]<>:,#", p.in[p.at]) < 0 {
				p.at++
			}
			return p.in[from:p.at]
		}
	}
	return ""
}

// peek gives the next token without taking it.
func (p *parser) peek() string {
	at, err := p.at, p.err
	t := p.token()
	p.at, p.err = at, err
	return t
}

func (p *parser) expect(want string) {
	if got := p.token(); got != want {
		p.fail("%q where %q belongs", got, want)
	}
}

func (p *parser) fields(depth int, end string) {
	if depth > maxDepth {
		p.fail("nested too deeply")
	}
	for p.err == nil {
		word := p.token()
		if word == end {
			p.out = append(p.out, 0)
			return
		}
		id, err := strconv.ParseInt(word, 10, 16)
		if err != nil {
			p.fail("%q is no field id", word)
			return
		}
		at := len(p.out)
		p.out = append(p.out, 0, byte(id>>8), byte(id))
		t := p.typ()
		p.out[at] = t.wt
		p.value(t, depth)
	}
}

// wireType is a type as it is written: key and elem are set in containers.
type wireType struct{ wt, key, elem byte }

func (p *parser) code() byte {
	word := p.token()
	wt, ok := typeCodes[word]
	if !ok {
		p.fail("%q is no type", word)
	}
	return wt
}

// typ reads a type; inner types of inner containers stand with their values,
// and an empty container may do without.
func (p *parser) typ() wireType {
	t := wireType{wt: p.code()}
	if t.wt < 13 || t.wt > 15 || p.peek() != "<" {
		return t
	}
	p.expect("<")
	if t.wt == 13 {
		t.key = p.code()
		p.expect(",")
	}
	t.elem = p.code()
	p.expect(">")
	return t
}

// element reads a value inside a container.
func (p *parser) element(wt byte, depth int) {
	t := wireType{wt: wt}
	if wt >= 13 && wt <= 15 {
		if t = p.typ(); t.wt != wt {
			p.fail("an element of another type")
		}
	}
	p.value(t, depth)
}

func (p *parser) value(t wireType, depth int) {
	if p.err != nil {
		return
	}
	switch t.wt {
	case 12:
		p.expect("{")
		p.fields(depth+1, "}")
	case 13:
		p.out = append(p.out, t.key, t.elem)
		p.elements("{", "}", t.elem != 0, depth, func() {
			p.element(t.key, depth+1)
			p.expect(":")
			p.element(t.elem, depth+1)
		})
	case 14, 15:
		p.out = append(p.out, t.elem)
		p.elements("[", "]", t.elem != 0, depth, func() { p.element(t.elem, depth+1) })
	default:
		word := p.token()
		if err := p.scalar(t.wt, word); err != nil {
			p.fail("%q: %v", word, err)
		}
	}
}

func (p *parser) elements(begin, end string, typed bool, depth int, one func()) {
	if depth > maxDepth {
		p.fail("nested too deeply")
		return
	}
	p.expect(begin)
	at, count := len(p.out), 0
	p.out = append(p.out, 0, 0, 0, 0)
	for p.err == nil {
		switch p.peek() {
		case end:
			p.expect(end)
			binary.BigEndian.PutUint32(p.out[at:], uint32(count))
			return
		case ",":
			p.expect(",")
			continue
		}
		if !typed {
			p.fail("elements without a type")
			return
		}
		one()
		count++
	}
}

func (p *parser) scalar(wt byte, word string) error {
	integer := func(bits int) (uint64, error) {
		v, err := strconv.ParseInt(word, 10, bits)
		return uint64(v), err
	}
	switch wt {
	case 2:
		switch word {
		case "true":
			p.out = append(p.out, 1)
		case "false":
			p.out = append(p.out, 0)
		default:
			return errors.New("not a bool")
		}
		return nil
	case 3:
		v, err := integer(8)
		p.out = append(p.out, byte(v))
		return err
	case 6:
		v, err := integer(16)
		p.out = binary.BigEndian.AppendUint16(p.out, uint16(v))
		return err
	case 8:
		v, err := integer(32)
		p.out = binary.BigEndian.AppendUint32(p.out, uint32(v))
		return err
	case 10:
		v, err := integer(64)
		p.out = binary.BigEndian.AppendUint64(p.out, v)
		return err
	case 4:
		v, err := strconv.ParseFloat(word, 64)
		p.out = binary.BigEndian.AppendUint64(p.out, math.Float64bits(v))
		return err
	case 11:
		s, err := strconv.Unquote(word)
		p.out = binary.BigEndian.AppendUint32(p.out, uint32(len(s)))
		p.out = append(p.out, s...)
		return err
	case 16:
		b, err := parseUUID(word)
		p.out = append(p.out, b...)
		return err
	}
	return errors.New("not a value")
}
