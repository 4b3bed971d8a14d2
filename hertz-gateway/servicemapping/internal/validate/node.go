package validate

import (
	"bytes"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"dgate/hertz-gateway/transcode"
)

// node is one operand or operator of a compiled rule. Types were checked when
// it was compiled; what eval meets of another kind is nil or false.
type node interface{ eval(m *machine) value }

// constant is a literal.
type constant struct{ v value }

func (n *constant) eval(*machine) value { return n.v }

// self is the value under check: $.
type self struct{}

func (self) eval(m *machine) value { return m.self }

// present is whether the value under check is in the message.
type present struct{}

func (present) eval(m *machine) value { return boolean(!m.unset) }

// sibling is another field of the struct: (X)$.
type sibling struct {
	slot     int
	f        *transcode.Field
	optional bool
}

func (n *sibling) eval(m *machine) value {
	v, ok := fieldValue(n.f, n.optional, m.slots[m.base+n.slot])
	m.broken = m.broken || !ok
	return v
}

// loopVar is #k, #v or ## ('#').
type loopVar struct{ name byte }

func (n *loopVar) eval(m *machine) value {
	switch n.name {
	case 'k':
		return m.loop.key
	case 'v':
		return m.loop.value
	default:
		return integer(int64(m.loop.count))
	}
}

// member is a field of a struct: (X.Y)$, $['Y'], $[0].
type member struct {
	of       node
	f        *transcode.Field
	optional bool
}

func (n *member) eval(m *machine) value {
	of := n.of.eval(m)
	if of.kind != isRef {
		return value{}
	}
	raw, scanned, ok := findField(of.b, n.f)
	m.steps -= scanned
	if !ok {
		m.broken = true
		return value{}
	}
	v, ok := fieldValue(n.f, n.optional, raw)
	m.broken = m.broken || !ok
	return v
}

// element is an element of a list or set by index, or of a map by key.
type element struct{ of, key node }

func (n *element) eval(m *machine) value {
	of, key := n.of.eval(m), n.key.eval(m)
	if of.kind != isRef {
		return value{}
	}
	if of.t.Kind != transcode.Map {
		if key.kind != isInt {
			f := key.float()
			if key.kind != isFloat || !(f >= 0 && f < 1<<31) {
				return value{}
			}
			key = integer(int64(f))
		}
		if count, _ := of.count(); key.n < 0 || key.n >= int64(count) {
			return value{}
		}
	}
	var out value
	ok := each(of, func(k, elem value) bool {
		m.spend(k, elem)
		if equal(k, key) {
			out = elem
			return false
		}
		return m.steps >= 0
	})
	m.broken = m.broken || !ok
	return out
}

// byteAt is a byte of a text, as a number.
type byteAt struct{ of, index node }

func (n *byteAt) eval(m *machine) value {
	of, i := n.of.eval(m), n.index.eval(m)
	if of.kind != isText || i.kind != isInt || i.n < 0 || i.n >= int64(len(of.b)) {
		return value{}
	}
	return integer(int64(of.b[i.n]))
}

// not is !.
type not struct{ x node }

func (n *not) eval(m *machine) value { return boolean(!n.x.eval(m).truth()) }

// arith is + - * / %; nil counts as zero unless strict.
type arith struct {
	op     byte
	l, r   node
	strict bool // nil gives nil
}

func (n *arith) eval(m *machine) value {
	l, r := n.l.eval(m), n.r.eval(m)
	if !l.isNumber() || !r.isNumber() {
		if n.strict {
			return value{}
		}
		if !l.isNumber() {
			l = integer(0)
		}
		if !r.isNumber() {
			r = integer(0)
		}
	}
	return arithmetic(n.op, l, r)
}

// concat is + of a text and something else; nil counts as the empty text
// unless strict.
type concat struct {
	l, r   node
	strict bool
}

func (n *concat) eval(m *machine) value {
	l, r := n.l.eval(m), n.r.eval(m)
	if n.strict && (l.kind == isNil || r.kind == isNil) {
		return value{}
	}
	m.steps -= len(l.b) + len(r.b)
	if m.steps < 0 {
		return value{}
	}
	out := append([]byte(nil), l.b...)
	switch r.kind {
	case isNil:
	case isText:
		out = append(out, r.b...)
	default:
		out = append(out, display(r)...)
	}
	return textual(out)
}

// comparison is one of the operators == != < <= > >=.
type comparison struct {
	op     string
	l, r   node
	strict bool // nil gives nil
	// holds tells for each order (less, equal, greater) whether the operator does.
	holds [3]bool
	// limit is r where that is an integer literal, the usual case.
	limit *int64
}

func (n *comparison) eval(m *machine) value {
	l := n.l.eval(m)
	if n.limit != nil && l.kind == isInt {
		return boolean(n.holds[1+compareInts(l.n, *n.limit)])
	}
	r := n.r.eval(m)
	if n.strict && (l.kind == isNil || r.kind == isNil) {
		return value{}
	}
	switch n.op {
	case "==":
		return boolean(equal(l, r))
	case "!=":
		return boolean(!equal(l, r))
	default:
		cmp, ok := order(l, r)
		return boolean(ok && n.holds[1+cmp])
	}
}

// newComparison makes the node of an operator.
func newComparison(op string, l, r node, strict bool) node {
	n := &comparison{op: op, l: l, r: r, strict: strict}
	n.holds = [3]bool{
		strings.HasPrefix(op, "<") || op == "!=",
		strings.HasSuffix(op, "=") && op != "!=",
		strings.HasPrefix(op, ">") || op == "!=",
	}
	if c, ok := r.(*constant); ok && c.v.kind == isInt {
		n.limit = &c.v.n
	}
	return n
}

// logic is && (all) or || of its operands, from left to right, as far as needed.
type logic struct {
	all bool
	xs  []node
}

func (n *logic) eval(m *machine) value {
	for _, x := range n.xs {
		if x.eval(m).truth() != n.all {
			return boolean(!n.all)
		}
	}
	return boolean(n.all)
}

// length is the bytes of a text or the elements of a container; 0 of nil.
type length struct{ x node }

func (n *length) eval(m *machine) value {
	v := n.x.eval(m)
	if v.kind == isText {
		return integer(int64(len(v.b)))
	}
	count, _ := v.count()
	return integer(int64(count))
}

// runes is the characters of a text or the elements of a container.
type runes struct{ x node }

func (n *runes) eval(m *machine) value {
	v := n.x.eval(m)
	if v.kind == isText {
		m.steps -= len(v.b)
		return integer(int64(utf8.RuneCount(v.b)))
	}
	count, _ := v.count()
	return integer(int64(count))
}

// match is whether a text matches; nil does not.
type match struct {
	re *regexp.Regexp
	x  node
}

func (n *match) eval(m *machine) value {
	v := n.x.eval(m)
	m.steps -= len(v.b)
	return boolean(m.steps >= 0 && v.kind == isText && n.re.Match(v.b))
}

// textTest is whether one text begins with, ends with or contains another.
type textTest struct {
	test func(s, part []byte) bool
	x, y node
}

func (n *textTest) eval(m *machine) value {
	x, y := n.x.eval(m), n.y.eval(m)
	if x.kind != isText || y.kind != isText {
		return value{}
	}
	return boolean(n.test(x.b, y.b))
}

func lacks(s, part []byte) bool { return !bytes.Contains(s, part) }

// oneOf is whether a value is among others of its own kind.
type oneOf struct {
	x   node
	set []node
}

func (n *oneOf) eval(m *machine) value {
	x := n.x.eval(m)
	for _, s := range n.set {
		if equal(x, s.eval(m)) {
			return boolean(true)
		}
	}
	return boolean(false)
}

// ranging is range(over, body): whether body holds for each element. negate
// is a ! before it, which go-tagexpr applies to each single result.
type ranging struct {
	over, body node
	negate     bool
}

func (n *ranging) eval(m *machine) value {
	over := n.over.eval(m)
	if over.kind != isRef {
		return boolean(true)
	}
	outer, all := m.loop, true
	m.loop.count, _ = over.count()
	ok := each(over, func(key, elem value) bool {
		if m.spend(key, elem); m.steps < 0 {
			return false
		}
		m.loop.key, m.loop.value = key, elem
		all = n.body.eval(m).truth() != n.negate
		return all
	})
	m.loop = outer
	m.broken = m.broken || !ok
	return boolean(all)
}

// isEmail and isPhone are email(x) and phone(x, region).
type isEmail struct{ x node }

func (n *isEmail) eval(m *machine) value {
	v := n.x.eval(m)
	m.steps -= len(v.b)
	return boolean(v.kind == isText && validEmail(v.b))
}

type isPhone struct{ x, region node }

func (n *isPhone) eval(m *machine) value {
	v, region := n.x.eval(m), n.region.eval(m)
	m.steps -= len(v.b)
	return boolean(v.kind == isText && validPhone(v.b, region.b))
}

// defined is whether a number is one of an enum's.
type defined struct{ numbers map[int64]bool }

func (n *defined) eval(m *machine) value { return boolean(n.numbers[m.self.n]) }

// now is @now_unix_nano().
type now struct{}

func (now) eval(*machine) value { return integer(time.Now().UnixNano()) }
