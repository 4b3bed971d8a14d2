package jsmodule

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// maxJSONDepth bounds nesting, in both directions. Recursion deeper than the
// goroutine's stack would end the process.
const maxJSONDepth = 512

// jsonError is JSON text that breaks the grammar of RFC 8259.
type jsonError struct {
	offset int
	reason string
}

func (e *jsonError) Error() string {
	return fmt.Sprintf("JSON: %s at byte %d", e.reason, e.offset)
}

// jsonParser reads JSON text. Its methods take a position and return the next
// one; skip and its helpers panic with *jsonError, which newDocument and whole
// turn into what their callers need.
type jsonParser struct {
	rt  *vmRuntime
	src []byte
	// bigints reads integers beyond 2^53 as BigInt.
	bigints bool
	// values counts what was made, to look at the clock now and then.
	values int
}

func (p *jsonParser) fail(at int, reason string) {
	if at >= len(p.src) {
		at, reason = len(p.src), "the text ends too early"
	}
	panic(&jsonError{offset: at, reason: reason})
}

func (p *jsonParser) space(i int) int {
	for i < len(p.src) {
		switch p.src[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// skip checks the value at i and returns its end.
func (p *jsonParser) skip(i, depth int) int {
	if i >= len(p.src) {
		p.fail(i, "")
	}
	switch p.src[i] {
	case '"':
		return p.skipString(i)
	case '{', '[':
		return p.skipContainer(i, depth)
	case 't':
		return p.word(i, "true")
	case 'f':
		return p.word(i, "false")
	case 'n':
		return p.word(i, "null")
	default:
		return p.skipNumber(i)
	}
}

// skipContainer checks the object or array at i and returns its end. It is one
// loop, since most of a text is inside of containers: the bits of objects say
// which of the open ones are objects.
func (p *jsonParser) skipContainer(i, depth int) int {
	src, outer := p.src, depth
	var objects [maxJSONDepth / 64]uint64
	var closing byte
	for {
		// A value stands at i.
		if i >= len(src) {
			p.fail(i, "")
		}
		switch c := src[i]; c {
		case '"':
			i = p.skipString(i)
		case '{', '[':
			if depth >= maxJSONDepth {
				p.fail(i, "nested too deeply")
			}
			closing = c + 2
			bit := uint64(1) << (depth & 63)
			if objects[depth>>6] &^= bit; c == '{' {
				objects[depth>>6] |= bit
			}
			depth++
			if i++; i < len(src) && src[i] <= ' ' {
				i = p.space(i)
			}
			if i >= len(src) || src[i] != closing {
				if c == '{' {
					i = p.colon(p.skipString(i))
				}
				continue
			}
		case 't', 'f', 'n':
			i = p.skip(i, depth)
		default:
			i = p.skipNumber(i)
		}
		// It has ended, and so may those around it.
		for {
			if i < len(src) && src[i] <= ' ' {
				i = p.space(i)
			}
			if i >= len(src) {
				p.fail(i, "")
			}
			if src[i] == ',' {
				break
			}
			if src[i] != closing {
				p.fail(i, "a comma is missing")
			}
			i++
			if depth--; depth == outer {
				return i
			}
			closing = ']'
			if objects[(depth-1)>>6]>>((depth-1)&63)&1 != 0 {
				closing = '}'
			}
		}
		if i++; i < len(src) && src[i] <= ' ' {
			i = p.space(i)
		}
		if closing == '}' {
			i = p.colon(p.skipString(i))
		}
	}
}

// colon passes the colon after a name, and the space around it.
func (p *jsonParser) colon(i int) int {
	if len(p.src)-i > 1 && p.src[i] == ':' && p.src[i+1] > ' ' {
		return i + 1
	}
	i = p.space(i)
	if i >= len(p.src) || p.src[i] != ':' {
		p.fail(i, "a colon is missing")
	}
	return p.space(i + 1)
}

// next passes what follows a member: a comma, or the end of the container.
func (p *jsonParser) next(i int, end byte) (int, bool) {
	if i < len(p.src) && p.src[i] <= ' ' {
		i = p.space(i)
	}
	if i >= len(p.src) {
		p.fail(i, "")
	}
	switch p.src[i] {
	case ',':
		if i++; i < len(p.src) && p.src[i] > ' ' {
			return i, true
		}
		return p.space(i), true
	case end:
		return i + 1, false
	}
	p.fail(i, "a comma is missing")
	return 0, false
}

func (p *jsonParser) word(i int, word string) int {
	end := i + len(word)
	if end > len(p.src) || string(p.src[i:end]) != word {
		p.fail(i, "not a value")
	}
	return end
}

// skipString checks the string at i, its quotes included.
func (p *jsonParser) skipString(i int) int {
	src := p.src
	if i >= len(src) || src[i] != '"' {
		p.fail(i, "a string is missing")
	}
	for i++; len(src)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		if found := special(x); found != 0 {
			at := bits.TrailingZeros64(found) &^ 7
			if i += at >> 3; byte(x>>at) == '"' {
				return i + 1
			}
			break
		}
	}
	for {
		i = p.plain(i)
		if i >= len(src) {
			p.fail(i, "")
		}
		switch src[i] {
		case '"':
			return i + 1
		case '\\':
			i = p.escape(i)
		default:
			p.fail(i, "a control character in a string")
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special has the high bit of the first byte of x that is a quote, a backslash
// or a control character, and no lower bit; what it has above means nothing.
func special(x uint64) uint64 {
	return ((x ^ ones*'"' - ones) | (x ^ ones*'\\' - ones) | (x - ones*' ')) &^ x & highs
}

// isPlain says whether a checked string, without its quotes, means itself.
func isPlain(b []byte) bool {
	var high byte
	for _, c := range b {
		if c == '\\' {
			return false
		}
		high |= c
	}
	return high < utf8.RuneSelf || utf8.Valid(b)
}

// plain passes bytes that mean themselves, eight at a time: it stops at a
// quote, a backslash or a control character.
func (p *jsonParser) plain(i int) int {
	src := p.src
	for ; len(src)-i >= 8; i += 8 {
		if found := special(binary.LittleEndian.Uint64(src[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(src) {
		if c := src[i]; c == '"' || c == '\\' || c < ' ' {
			return i
		}
		i++
	}
	return i
}

func (p *jsonParser) escape(i int) int {
	if i+1 >= len(p.src) {
		p.fail(i+1, "")
	}
	switch p.src[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if _, ok := p.hex4(i + 2); ok {
			return i + 6
		}
	}
	p.fail(i, "a bad escape")
	return 0
}

func (p *jsonParser) hex4(i int) (rune, bool) {
	if i+4 > len(p.src) {
		p.fail(len(p.src), "")
	}
	n, err := strconv.ParseUint(string(p.src[i:i+4]), 16, 16)
	return rune(n), err == nil && p.src[i] != '+'
}

func (p *jsonParser) skipNumber(i int) int {
	if i < len(p.src) && p.src[i] == '-' {
		i++
	}
	if i < len(p.src) && p.src[i] == '0' {
		i++
	} else {
		i = p.digits(i)
	}
	if i < len(p.src) && p.src[i] == '.' {
		i = p.digits(i + 1)
	}
	if i < len(p.src) && p.src[i]|0x20 == 'e' {
		if i++; i < len(p.src) && (p.src[i] == '+' || p.src[i] == '-') {
			i++
		}
		i = p.digits(i)
	}
	return i
}

// digits passes one digit or more.
func (p *jsonParser) digits(i int) int {
	src, start := p.src, i
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	if i == start {
		p.fail(i, "not a value")
	}
	return i
}

// whole reads the text as one value.
func (p *jsonParser) whole() (v goja.Value) {
	err := catchJSON(func() {
		i := p.space(0)
		var end int
		v, end = p.value(i, 0)
		if end = p.space(end); end != len(p.src) {
			p.fail(end, "text after the value")
		}
	})
	if err != nil {
		p.rt.throwSyntax("%v", err)
	}
	return v
}

// catchJSON runs f and returns the *jsonError that it panics with.
func catchJSON(f func()) (err *jsonError) {
	defer func() {
		if x := recover(); x != nil {
			e, ok := x.(*jsonError)
			if !ok {
				panic(x)
			}
			err = e
		}
	}()
	f()
	return nil
}

// value reads the value at i.
func (p *jsonParser) value(i, depth int) (goja.Value, int) {
	if p.values++; p.values&0xfff == 0 {
		p.rt.checkTime()
	}
	if i >= len(p.src) {
		p.fail(i, "")
	}
	switch p.src[i] {
	case '{':
		if depth >= maxJSONDepth {
			p.fail(i, "nested too deeply")
		}
		o := p.rt.vm.NewObject()
		i = p.space(i + 1)
		if i < len(p.src) && p.src[i] == '}' {
			return o, i + 1
		}
		for {
			end := p.skipString(i)
			name := p.text(i, end)
			var v goja.Value
			v, i = p.value(p.colon(end), depth+1)
			own(o, name, v)
			var more bool
			if i, more = p.next(i, '}'); !more {
				return o, i
			}
		}
	case '[':
		if depth >= maxJSONDepth {
			p.fail(i, "nested too deeply")
		}
		var items []any
		i = p.space(i + 1)
		if i < len(p.src) && p.src[i] == ']' {
			return p.rt.vm.NewArray(), i + 1
		}
		for {
			var v goja.Value
			v, i = p.value(i, depth+1)
			items = append(items, v)
			var more bool
			if i, more = p.next(i, ']'); !more {
				return p.rt.vm.NewArray(items...), i
			}
		}
	}
	end := p.skip(i, depth)
	return p.scalar(i, end), end
}

// scalar gives the value of a string, number or word that skip has checked.
func (p *jsonParser) scalar(start, end int) goja.Value {
	switch p.src[start] {
	case '"':
		return p.rt.newString(p.text(start, end))
	case 't':
		return p.rt.vm.ToValue(true)
	case 'f':
		return p.rt.vm.ToValue(false)
	case 'n':
		return goja.Null()
	}
	return p.number(p.src[start:end])
}

func (p *jsonParser) number(digits []byte) goja.Value {
	if len(digits) < 16 {
		if n, ok := smallInt(digits); ok {
			return p.rt.vm.ToValue(n)
		}
	}
	if p.bigints && isInteger(digits) {
		if n, ok := new(big.Int).SetString(string(digits), 10); ok && n.BitLen() > 53 {
			if len(digits) > maxBigIntDigits {
				p.rt.throwRange("an integer of %d digits is too large", len(digits))
			}
			return p.rt.vm.ToValue(n)
		}
	}
	f, err := strconv.ParseFloat(string(digits), 64)
	if err != nil && !math.IsInf(f, 0) {
		return p.rt.vm.ToValue(math.NaN())
	}
	return p.rt.vm.ToValue(f)
}

// smallInt reads integers; "-0" is none.
func smallInt(digits []byte) (n int64, ok bool) {
	i := 0
	if digits[0] == '-' {
		i = 1
	}
	for _, c := range digits[i:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if i == 1 {
		return -n, n != 0
	}
	return n, true
}

func isInteger(digits []byte) bool {
	for _, c := range digits {
		if (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// text decodes the string between two positions, quotes included. What is not
// UTF-8, and half surrogates, become U+FFFD.
func (p *jsonParser) text(start, end int) string {
	start, end = start+1, end-1
	i := p.plain(start)
	if i == end {
		return validText(p.src[start:end])
	}
	b := make([]byte, 0, end-start)
	for i = start; i < end; {
		run := p.plain(i)
		b = append(b, p.src[i:run]...)
		if i = run; i >= end {
			break
		}
		i += 2
		switch c := p.src[i-1]; c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, _ := p.hex4(i)
			i += 4
			if utf16.IsSurrogate(r) && i+6 <= end && p.src[i] == '\\' && p.src[i+1] == 'u' {
				if low, ok := p.hex4(i + 2); ok {
					if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
						r = pair
						i += 6
					}
				}
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return validText(b)
}

func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}
