package validate

import (
	"slices"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// vtFunctions of vt rules.
var vtFunctions = [...]string{"len", "sprintf", "now_unix_nano", "equal", "mod", "add"}

// vtParser compiles the values of vt rules that are computed:
//
//	value    = "$" name | function | number | text
//	function = "@" name "(" { value [ "," | ";" ] } ")"
//
// An unset field gives nil, and so does what is computed from it: a rule that
// depends on it holds.
type vtParser struct {
	scope *structScope
	src   string
	pos   int
	depth int
	nodes int
}

func (p *vtParser) parse() (operand, *fault) {
	if len(p.src) > maxExpression {
		return operand{}, faultAt(0, "longer than %d bytes", maxExpression)
	}
	x, err := p.value()
	if err != nil {
		return operand{}, err
	}
	if p.skipSpace(); p.pos < len(p.src) {
		return operand{}, faultAt(p.pos, "expected the end, found %q", clipWord(p.src[p.pos:]))
	}
	return x, nil
}

func (p *vtParser) skipSpace() {
	p.pos = len(p.src) - len(strings.TrimLeft(p.src[p.pos:], " \t\r\n"))
}

func (p *vtParser) value() (operand, *fault) {
	p.skipSpace()
	at, rest := p.pos, p.src[p.pos:]
	if p.nodes++; p.nodes > maxNodes {
		return operand{}, faultAt(at, "more than %d values", maxNodes)
	}
	switch {
	case rest == "":
		return operand{}, faultAt(at, "expected a value, found the end")
	case rest[0] == '$':
		p.pos++
		f, err := fieldNamed(p.scope.t, p.name())
		if err != nil {
			return operand{}, faultAt(at, "%s", err)
		}
		x := p.scope.sibling(f)
		x.pos = at
		return x, nil
	case rest[0] == '@':
		p.pos++
		return p.function(at)
	case rest[0] == '"' || rest[0] == '\'':
		return p.text(at)
	default:
		return p.number(at)
	}
}

// name takes an identifier.
func (p *vtParser) name() string {
	from := p.pos
	for p.pos < len(p.src) && (isLetter(p.src[p.pos]) || isDigit(p.src[p.pos])) {
		p.pos++
	}
	return p.src[from:p.pos]
}

func (p *vtParser) text(at int) (operand, *fault) {
	quote := p.src[at]
	var out []byte
	for i := at + 1; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == quote:
			p.pos = i + 1
			return operand{node: &constant{textual(out)}, class: textClass, pos: at}, nil
		case c == '\\' && i+1 < len(p.src) && p.src[i+1] == quote:
			i++
			out = append(out, quote)
		default:
			out = append(out, c)
		}
	}
	return operand{}, faultAt(at, "this quote is not closed")
}

func (p *vtParser) number(at int) (operand, *fault) {
	for p.pos < len(p.src) && strings.IndexByte(",;) \t\r\n", p.src[p.pos]) < 0 {
		p.pos++
	}
	word := p.src[at:p.pos]
	v, err := literalOf(&transcode.Type{Kind: transcode.I64}, word)
	if err != nil {
		if v, err = literalOf(&transcode.Type{Kind: transcode.Double}, word); err != nil {
			return operand{}, faultAt(at, "expected a value ($field, @function(…), number, text in quotes), found %q", clipWord(p.src[at:]))
		}
	}
	return operand{node: &constant{v}, class: numberClass, pos: at}, nil
}

func (p *vtParser) function(at int) (operand, *fault) {
	if p.depth++; p.depth > maxNesting {
		return operand{}, faultAt(at, "nested more than %d deep", maxNesting)
	}
	defer func() { p.depth-- }()
	name := p.name()
	if !slices.Contains(vtFunctions[:], name) {
		return operand{}, faultAt(at, "unknown function %q%s", name, suggestion(name, vtFunctions[:]))
	}
	if p.skipSpace(); !strings.HasPrefix(p.src[p.pos:], "(") {
		return operand{}, faultAt(p.pos, "expected ( after @%s", name)
	}
	p.pos++
	var args []operand
	for {
		p.skipSpace()
		if strings.HasPrefix(p.src[p.pos:], ")") {
			p.pos++
			break
		}
		x, err := p.value()
		if err != nil {
			return operand{}, err
		}
		args = append(args, x)
		if p.skipSpace(); p.pos < len(p.src) && (p.src[p.pos] == ',' || p.src[p.pos] == ';') {
			p.pos++
		}
	}
	x, err := p.call(at, name, args)
	x.pos = at
	return x, err
}

func (p *vtParser) call(at int, name string, args []operand) (operand, *fault) {
	want := map[string]int{"len": 1, "now_unix_nano": 0, "equal": 2, "mod": 2, "add": 2}
	if n, fixed := want[name]; fixed && len(args) != n {
		return operand{}, faultAt(at, "@%s takes %s, not %d", name, counted(integer(int64(n)), "value"), len(args))
	}
	switch name {
	case "len":
		x := args[0]
		if x.class != textClass && x.class != listClass && x.class != mapClass {
			return operand{}, faultAt(x.pos, "@len takes a text, a list or a map, not %s", x.class)
		}
		return operand{node: &length{x.node}, class: numberClass}, nil
	case "now_unix_nano":
		return operand{node: now{}, class: numberClass}, nil
	case "sprintf":
		return p.sprintf(at, args)
	case "equal":
		l, r := args[0], args[1]
		if l.class != r.class || l.class > textClass {
			return operand{}, faultAt(at, "@equal cannot compare %s with %s", l.class, r.class)
		}
		return operand{node: newComparison("==", l.node, r.node, true), class: boolClass}, nil
	case "add":
		if args[0].class == textClass && args[1].class == textClass {
			p.scope.c.scans++
			return operand{node: &concat{l: args[0].node, r: args[1].node, strict: true}, class: textClass}, nil
		}
	}
	for _, x := range args {
		if x.class != numberClass {
			return operand{}, faultAt(x.pos, "@%s takes numbers, not %s", name, x.class)
		}
	}
	op := byte('+')
	if name == "mod" {
		op = '%'
	}
	return operand{node: &arith{op: op, l: args[0].node, r: args[1].node, strict: true}, class: numberClass}, nil
}

func (p *vtParser) sprintf(at int, args []operand) (operand, *fault) {
	if len(args) > 0 {
		if v, ok := args[0].literal(); ok && v.kind == isText {
			p.scope.c.scans++
			n, err := newFormat(args[0].pos, string(v.b), args[1:])
			return operand{node: n, class: textClass}, err
		}
	}
	return operand{}, faultAt(at, "@sprintf begins with a format in quotes")
}
