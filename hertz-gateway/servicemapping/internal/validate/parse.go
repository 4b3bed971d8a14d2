package validate

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"dgate/hertz-gateway/transcode"
)

// Limits on one expression.
const (
	maxNesting = 32
	maxNodes   = 500
)

// parser compiles one expression. Grammar, each level binding tighter:
//
//	or      = and { "||" and }
//	and     = equal { "&&" equal }
//	equal   = less { ( "==" | "!=" ) less }
//	less    = sum { ( "<" | "<=" | ">" | ">=" ) sum }
//	sum     = product { ( "+" | "-" ) product }
//	product = unary { ( "*" | "/" | "%" ) unary }
//	unary   = { "!" | "-" | "+" } primary
//	primary = "(" or ")" | "'" text "'" | number | "true" | "false" | "nil"
//	        | function "(" [ or { "," or } ] ")"
//	        | ( "$" | "(" name { "." name } ")$" | "#k" | "#v" | "##" ) { "[" or "]" }
type parser struct {
	scope    *structScope
	field    *transcode.Field // $
	src      string
	pos      int
	start    int // where the expression began
	depth    int
	nodes    int
	loops    []loopScope
	namesNil bool
}

// loopScope types #k and #v inside a range.
type loopScope struct{ key, value operand }

// parse compiles all of the rest of the source.
func (p *parser) parse() (operand, *fault) {
	p.skipSpace()
	p.start = p.pos
	x, err := p.expression(1)
	if err != nil {
		return operand{}, err
	}
	if p.skipSpace(); p.pos < len(p.src) {
		return operand{}, p.unexpected("an operator or the end")
	}
	return x, nil
}

func (p *parser) rest() string { return p.src[p.pos:] }

func (p *parser) skipSpace() {
	p.pos = len(p.src) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
}

// accept takes token if it comes next.
func (p *parser) accept(token string) bool {
	p.skipSpace()
	if !strings.HasPrefix(p.rest(), token) {
		return false
	}
	p.pos += len(token)
	return true
}

// unexpected says what stands where something else was expected, with a hint
// for what other languages have.
func (p *parser) unexpected(want string) *fault {
	p.skipSpace()
	rest := p.rest()
	hint := ""
	switch {
	case rest == "":
		return faultAt(p.pos, "expected %s, found the end", want)
	case rest[0] == '=':
		hint = "; equality is =="
	case rest[0] == '&':
		hint = "; and is &&"
	case rest[0] == '|':
		hint = "; or is ||"
	case rest[0] == '?':
		hint = "; there is no ?: operator, use && and ||"
	case rest[0] == '"':
		hint = "; texts stand in single quotes"
	}
	return faultAt(p.pos, "expected %s, found %q%s", want, clipWord(rest), hint)
}

// clipWord is the first word of s, or the beginning of a long one.
func clipWord(s string) string {
	end := strings.IndexAny(s, " \t\r\n")
	if end <= 0 || end > 12 {
		end = min(len(s), 12)
		for end < len(s) && !utf8.RuneStart(s[end]) {
			end++
		}
	}
	return s[:end]
}

// operators by length, so that <= is not taken for <, with their levels.
var operators = [...]struct {
	token string
	level int
}{
	{"||", 1},
	{"&&", 2},
	{"==", 3},
	{"!=", 3},
	{"<=", 4},
	{">=", 4},
	{"<", 4},
	{">", 4},
	{"+", 5},
	{"-", 5},
	{"*", 6},
	{"/", 6},
	{"%", 6},
}

func (p *parser) operator(level int) (string, int) {
	p.skipSpace()
	for _, o := range operators {
		if strings.HasPrefix(p.rest(), o.token) {
			if o.level < level {
				return "", 0
			}
			return o.token, o.level
		}
	}
	return "", 0
}

// expression compiles operators of at least the level.
func (p *parser) expression(level int) (operand, *fault) {
	left, err := p.unary()
	if err != nil {
		return operand{}, err
	}
	for {
		op, opLevel := p.operator(level)
		if op == "" {
			return left, nil
		}
		at := p.pos
		p.pos += len(op)
		right, err := p.expression(opLevel + 1)
		if err != nil {
			return operand{}, err
		}
		pos := left.pos
		if left, err = p.binary(op, at, left, right); err != nil {
			return operand{}, err
		}
		left.pos = pos
	}
}

// binary makes the node of an operator after checking that it can ever do
// something with its operands.
func (p *parser) binary(op string, at int, l, r operand) (operand, *fault) {
	switch op {
	case "||", "&&":
		for _, x := range []operand{l, r} {
			if !x.class.hasTruth() {
				return operand{}, faultAt(x.pos, "%s has no truth value; ask for its len(…) or compare it with nil", x.class)
			}
		}
		all := op == "&&"
		if left, ok := l.node.(*logic); ok && left.all == all {
			left.xs = append(left.xs, r.node)
			return l, nil
		}
		return operand{node: &logic{all: all, xs: []node{l.node, r.node}}, class: boolClass}, nil
	case "+", "-", "*", "/", "%":
		return p.arithmetic(op, at, l, r)
	default:
		if why := incomparable(op, l, r); why != "" {
			return operand{}, faultAt(at, "%s", why)
		}
		return operand{node: newComparison(op, l.node, r.node, false), class: boolClass}, nil
	}
}

func (p *parser) arithmetic(op string, at int, l, r operand) (operand, *fault) {
	if op == "+" && l.class == textClass && r.class <= textClass {
		p.scope.c.scans++
		return operand{node: &concat{l: l.node, r: r.node}, class: textClass}, nil
	}
	for _, x := range []operand{l, r} {
		if x.class != numberClass {
			return operand{}, faultAt(at, "%s takes numbers, not %s", op, x.class)
		}
	}
	return operand{node: &arith{op: op[0], l: l.node, r: r.node}, class: numberClass}, nil
}

// incomparable says why a comparison would give the same answer for all
// values, else "".
func incomparable(op string, l, r operand) string {
	ordered := op != "==" && op != "!="
	for _, x := range []operand{l, r} {
		if ordered && x.class != numberClass && x.class != textClass {
			return op + " compares numbers or texts, not " + x.class.String()
		}
	}
	if l.class == r.class && l.class <= textClass || l.class == nilClass || r.class == nilClass {
		return ""
	}
	text, number := l, r
	if l.class == numberClass {
		text, number = r, l
	}
	if text.class != textClass || number.class != numberClass {
		return op + " of " + l.class.String() + " and " + r.class.String() + " is never " + strconv.FormatBool(op != "!=")
	}
	if v, ok := text.literal(); ok {
		if _, ok := v.number(); !ok {
			return "a number is compared with the text '" + string(v.b) + "', which is no number"
		}
	}
	return ""
}

func (p *parser) unary() (operand, *fault) {
	p.skipSpace()
	at := p.pos
	if p.nodes++; p.nodes > maxNodes {
		return operand{}, faultAt(at, "more than %d operands", maxNodes)
	}
	if p.depth++; p.depth > maxNesting {
		return operand{}, faultAt(at, "nested more than %d deep", maxNesting)
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("!"):
		return p.negation(at)
	case p.accept("+"):
		x, err := p.unary()
		if err == nil && x.class != numberClass {
			err = faultAt(at, "a sign takes a number, not %s", x.class)
		}
		return x, err
	case p.accept("-"):
		if digits := p.digits(); digits != "" {
			return p.number(at, "-"+digits)
		}
		x, err := p.unary()
		if err != nil {
			return operand{}, err
		}
		if x.class != numberClass {
			return operand{}, faultAt(at, "- takes a number, not %s", x.class)
		}
		minus := &arith{op: '-', l: &constant{integer(0)}, r: x.node}
		return operand{node: minus, class: numberClass, pos: at}, nil
	default:
		return p.primary()
	}
}

// negation compiles what follows a !.
func (p *parser) negation(at int) (operand, *fault) {
	x, err := p.unary()
	if err != nil {
		return operand{}, err
	}
	if r, ok := x.node.(*ranging); ok && !strings.HasPrefix(strings.TrimLeft(p.src[at+1:], " \t\r\n"), "(") {
		r.negate = !r.negate
		return x, nil
	}
	if !x.class.hasTruth() {
		return operand{}, faultAt(at, "%s has no truth value; ask for its len(…) or compare it with nil", x.class)
	}
	return operand{node: &not{x.node}, class: boolClass, pos: at}, nil
}

// digits gives the number that comes next, without taking it.
func (p *parser) digits() string {
	s := p.rest()
	n := leadingDigits(s)
	if n > 0 && strings.HasPrefix(s[n:], ".") {
		if fraction := leadingDigits(s[n+1:]); fraction > 0 {
			n += 1 + fraction
		}
	}
	return s[:n]
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// number takes a number; text is it with its sign.
func (p *parser) number(at int, text string) (operand, *fault) {
	p.pos += len(strings.TrimPrefix(text, "-"))
	if rest := p.rest(); rest != "" && (isLetter(rest[0]) || rest[0] == '.') {
		return operand{}, faultAt(at, "numbers are decimal: 10, 0.5")
	}
	v, ok := parseNumber(text)
	if !ok {
		return operand{}, faultAt(at, "%s is too large", text)
	}
	return operand{node: &constant{v}, class: numberClass, pos: at}, nil
}

func (p *parser) primary() (operand, *fault) {
	at, rest := p.pos, p.rest()
	if rest == "" {
		return operand{}, p.unexpected("a value")
	}
	if path, ok := p.selector(); ok {
		x, err := p.fieldPath(at, path)
		if err != nil {
			return operand{}, err
		}
		return p.indexes(at, x)
	}
	switch {
	case rest[0] == '(':
		p.pos++
		x, err := p.expression(1)
		if err != nil {
			return operand{}, err
		}
		if !p.accept(")") {
			return operand{}, p.unexpected("an operator or )")
		}
		x.pos = at
		return x, nil
	case rest[0] == '\'':
		s, err := p.text()
		return operand{node: &constant{textual([]byte(s))}, class: textClass, pos: at}, err
	case isDigit(rest[0]):
		return p.number(at, p.digits())
	case rest[0] == '#':
		x, err := p.loopVariable()
		if err != nil {
			return operand{}, err
		}
		return p.indexes(at, x)
	case isLetter(rest[0]):
		return p.word(at)
	default:
		return operand{}, p.unexpected("a value")
	}
}

// text takes a quoted text; only the quote itself is escaped in it.
func (p *parser) text() (string, *fault) {
	at := p.pos
	end := closingQuote(p.src, at)
	if end < 0 {
		return "", faultAt(at, "this quote is not closed")
	}
	p.pos = end + 1
	return strings.ReplaceAll(p.src[at+1:end], `\'`, `'`), nil
}

// selector takes $ or (X.Y)$ and gives what is between the parentheses.
func (p *parser) selector() (string, bool) {
	rest := p.rest()
	if rest[0] == '$' {
		p.pos++
		return "", true
	}
	end := strings.Index(rest, ")$")
	if rest[0] != '(' || end < 0 {
		return "", false
	}
	path := strings.TrimSpace(rest[1:end])
	if path == "" || !isLetter(path[0]) {
		return "", false
	}
	for i := range len(path) {
		if c := path[i]; !isLetter(c) && !isDigit(c) && c != '.' {
			return "", false
		}
	}
	p.pos += end + 2
	return path, true
}

func (p *parser) fieldPath(at int, path string) (operand, *fault) {
	if path == "" {
		return operand{node: self{}, class: classOf(p.field.Type), t: p.field.Type, pos: at}, nil
	}
	var x operand
	for i, name := range strings.Split(path, ".") {
		owner := p.scope.t
		if i > 0 {
			if x.class != structClass {
				return operand{}, faultAt(at, "%q: only a struct has fields, and %s is before .%s", path, x.class, name)
			}
			owner = x.t
		}
		f, err := fieldNamed(owner, name)
		if err != nil {
			return operand{}, faultAt(at, "%s", err)
		}
		if i == 0 {
			x = p.scope.sibling(f)
		} else {
			x = p.member(x, f)
		}
	}
	x.pos = at
	return x, nil
}

func (p *parser) member(of operand, f *transcode.Field) operand {
	p.scope.c.scans++
	n := &member{of: of.node, f: f, optional: isOptional(of.t, f)}
	return operand{node: n, class: classOf(f.Type), t: f.Type, pos: of.pos}
}

func (p *parser) loopVariable() (operand, *fault) {
	at := p.pos
	for _, name := range []byte{'k', 'v', '#'} {
		if !strings.HasPrefix(p.rest(), "#"+string(name)) {
			continue
		}
		if len(p.loops) == 0 {
			return operand{}, faultAt(at, "#%c stands outside of range(…)", name)
		}
		p.pos += 2
		x := operand{class: numberClass}
		switch name {
		case 'k':
			x = p.loops[len(p.loops)-1].key
		case 'v':
			x = p.loops[len(p.loops)-1].value
		}
		x.node, x.pos = &loopVar{name}, at
		return x, nil
	}
	return operand{}, p.unexpected("#k, #v or ##")
}

// indexes compiles the [ ] after a reference.
func (p *parser) indexes(at int, x operand) (operand, *fault) {
	for strings.HasPrefix(p.rest(), "[") {
		p.pos++
		key, err := p.expression(1)
		if err != nil {
			return operand{}, err
		}
		if !p.accept("]") {
			return operand{}, p.unexpected("]")
		}
		if x, err = p.index(x, key); err != nil {
			return operand{}, err
		}
		x.pos = at
	}
	return x, nil
}

func (p *parser) index(of, key operand) (operand, *fault) {
	p.scope.c.scans++
	switch of.class {
	case listClass, mapClass:
		want := numberClass
		if of.class == mapClass {
			want = classOf(of.t.Key)
		}
		if key.class != want {
			return operand{}, faultAt(key.pos, "the key of %s here is %s, not %s", of.class, want, key.class)
		}
		return operand{node: &element{of.node, key.node}, class: classOf(of.t.Elem), t: of.t.Elem}, nil
	case structClass:
		v, ok := key.literal()
		switch {
		case ok && v.kind == isText:
			f, err := fieldNamed(of.t, string(v.b))
			if err != nil {
				return operand{}, faultAt(key.pos, "%s", err)
			}
			return p.member(of, f), nil
		case ok && v.kind == isInt && v.n >= 0 && v.n < int64(len(of.t.Fields)):
			return p.member(of, of.t.Fields[v.n]), nil
		default:
			return operand{}, faultAt(key.pos, "the key of a struct is the name of a field, or its number from 0 to %d", len(of.t.Fields)-1)
		}
	case textClass:
		if key.class != numberClass {
			return operand{}, faultAt(key.pos, "the index of a text is a number, not %s", key.class)
		}
		return operand{node: &byteAt{of.node, key.node}, class: numberClass}, nil
	default:
		return operand{}, faultAt(of.pos, "%s has no elements", of.class)
	}
}

// word compiles true, false, nil and calls of functions.
func (p *parser) word(at int) (operand, *fault) {
	rest := p.rest()
	n := 0
	for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
		n++
	}
	name := rest[:n]
	p.pos += n
	switch name {
	case "true", "false":
		return operand{node: &constant{boolean(name == "true")}, class: boolClass, pos: at}, nil
	case "nil":
		p.namesNil = true
		return operand{node: &constant{}, class: nilClass, pos: at}, nil
	}
	if p.accept("(") {
		x, err := p.call(at, name)
		x.pos = at
		return x, err
	}
	if f, err := fieldNamed(p.scope.t, name); err == nil {
		return operand{}, faultAt(at, "unknown word %q; the field is (%s)$, a text stands in single quotes", name, f.Name)
	}
	return operand{}, faultAt(at, "unknown word %q; a text stands in single quotes", name)
}
