package servicemapping

import (
	"bytes"
	"hash/maphash"
	"math/bits"
)

// maxParams bounds the names of one query, form or multipart body.
const maxParams = 10000

// indexFrom is the number of pairs from which a hash index pays.
const indexFrom = 12

// pair is one name and value of a query, a urlencoded or a multipart form.
type pair struct {
	name    []byte // decoded
	value   []byte // as it came: decoded when a field asks for it
	escaped bool   // value holds % or +
	file    bool   // a multipart part with a file name
	root    int32  // bytes of name before its first '.' or '['
	next    int32  // next pair of the same bucket, or -1
}

// params holds the pairs of one source in the order they came. The slices
// point into the message, so that nothing is copied that needs no decoding.
type params struct {
	pairs   []pair
	heads   []int32 // buckets by hash of the root, empty below indexFrom pairs
	decoded []byte
	bad     [][]byte // names that cannot be decoded
	excess  bool     // more than maxParams: the rest was not read
	seed    maphash.Seed
}

func (p *params) reset() {
	clear(p.pairs)
	clear(p.bad)
	p.pairs, p.heads, p.decoded, p.bad, p.excess = p.pairs[:0], p.heads[:0], p.decoded[:0], p.bad[:0], false
}

// parse reads application/x-www-form-urlencoded text, which is also the form of a query.
func (p *params) parse(raw []byte) {
	for len(raw) > 0 {
		var part []byte
		if i := bytes.IndexByte(raw, '&'); i >= 0 {
			part, raw = raw[:i], raw[i+1:]
		} else {
			part, raw = raw, nil
		}
		if len(part) == 0 {
			continue
		}
		name, value := part, []byte(nil)
		if i := bytes.IndexByte(part, '='); i >= 0 {
			name, value = part[:i], part[i+1:]
		}
		if isEscaped(name) {
			from := len(p.decoded)
			var ok bool
			p.decoded, ok = appendUnescaped(p.decoded, name)
			if !ok {
				p.decoded = p.decoded[:from]
				p.bad = append(p.bad, name)
				continue
			}
			name = p.decoded[from:len(p.decoded):len(p.decoded)]
		}
		if !p.add(pair{name: name, value: value, escaped: isEscaped(value)}) {
			break
		}
	}
	p.index()
}

var equals = []byte{'='}

// add appends a pair; false means that there are too many.
func (p *params) add(q pair) bool {
	if len(p.pairs) >= maxParams {
		p.excess = true
		return false
	}
	q.root = int32(len(rootOf(q.name)))
	p.pairs = append(p.pairs, q)
	return true
}

// index chains the pairs by their roots, so that the cost of a look-up does
// not grow with the number of pairs.
func (p *params) index() {
	n := len(p.pairs)
	if n < indexFrom {
		return
	}
	if p.seed == (maphash.Seed{}) {
		p.seed = maphash.MakeSeed()
	}
	size := 1 << bits.Len(uint(n))
	if cap(p.heads) < size {
		p.heads = make([]int32, size)
	}
	p.heads = p.heads[:size]
	for i := range p.heads {
		p.heads[i] = -1
	}
	for i := n - 1; i >= 0; i-- {
		q := &p.pairs[i]
		h := maphash.Bytes(p.seed, q.name[:q.root]) & uint64(size-1)
		q.next = p.heads[h]
		p.heads[h] = int32(i)
	}
}

// first is the first pair that may have the name or begin with it; -1: none.
func (p *params) first(name string) int32 {
	if len(p.pairs) == 0 {
		return -1
	}
	if len(p.heads) == 0 {
		return 0
	}
	return p.heads[maphash.String(p.seed, rootOf(name))&uint64(len(p.heads)-1)]
}

// rootOf is the part of a name before its first '.' or '[', the first byte aside.
func rootOf[T string | []byte](name T) T {
	for i := 1; i < len(name); i++ {
		if name[i] == '.' || name[i] == '[' {
			return name[:i]
		}
	}
	return name
}

// after is the pair to look at after pair i; -1: none.
func (p *params) after(i int32) int32 {
	if len(p.heads) != 0 {
		return p.pairs[i].next
	}
	if i++; int(i) < len(p.pairs) {
		return i
	}
	return -1
}

// only finds the pair of exactly that name and counts how often it is there.
func (p *params) only(name string) (at int32, count int) {
	at = -1
	for i := p.first(name); i >= 0; i = p.after(i) {
		if string(p.pairs[i].name) == name {
			if count++; count == 1 {
				at = i
			}
		}
	}
	return at, count
}

// entry is a pair within a nested value: at is where the part of its name
// begins that is still to be read. An entry whose name ends at at is the value itself.
type entry struct {
	pair int32
	at   int32
}

// appendEntries collects what is under name: name itself, name.x and name[x].
func (p *params) appendEntries(dst []entry, name string) []entry {
	for i := p.first(name); i >= 0; i = p.after(i) {
		n := p.pairs[i].name
		if len(n) < len(name) || string(n[:len(name)]) != name {
			continue
		}
		if len(n) == len(name) || n[len(name)] == '.' || n[len(name)] == '[' {
			dst = append(dst, entry{i, int32(len(name))})
		}
	}
	return dst
}

// segment reads the next part of a name: ".a" or "[a]". ok is false when the
// text at that place is neither.
func segment(name []byte, at int32) (seg []byte, next int32, ok bool) {
	rest := name[at:]
	if len(rest) == 0 {
		return nil, at, false
	}
	switch rest[0] {
	case '.':
		end := len(rest)
		if i := bytes.IndexAny(rest[1:], ".["); i >= 0 {
			end = i + 1
		}
		return rest[1:end], at + int32(end), true
	case '[':
		// A key that is JSON may have brackets of its own.
		for i := 1; ; i++ {
			n := bytes.IndexByte(rest[i:], ']')
			if n < 0 {
				return nil, at, false
			}
			if i += n; i+1 == len(rest) || rest[i+1] == '.' || rest[i+1] == '[' {
				return rest[1:i], at + int32(i+1), true
			}
		}
	}
	return nil, at, false
}

func isEscaped(s []byte) bool {
	for _, c := range s {
		if c == '%' || c == '+' {
			return true
		}
	}
	return false
}

// appendUnescaped decodes + and %XX; ok is false at a bad escape.
func appendUnescaped(dst, s []byte) (out []byte, ok bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			dst = append(dst, ' ')
		case '%':
			if i+2 >= len(s) {
				return dst, false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return dst, false
			}
			dst = append(dst, byte(hi<<4|lo))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst, true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// has tells whether anything stands under name.
func (p *params) has(name string) bool {
	for i := p.first(name); i >= 0; i = p.after(i) {
		n := p.pairs[i].name
		if len(n) >= len(name) && string(n[:len(name)]) == name &&
			(len(n) == len(name) || n[len(name)] == '.' || n[len(name)] == '[') {
			return true
		}
	}
	return false
}
