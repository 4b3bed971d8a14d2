package validate

import (
	"regexp"
	"slices"
	"strings"
)

// functions of api.vd.
var functions = [...]string{"len", "mblen", "regexp", "sprintf", "range", "in", "email", "phone"}

// call compiles a function; the parser stands behind its opening parenthesis.
func (p *parser) call(at int, name string) (operand, *fault) {
	switch name {
	case "range":
		return p.rangeCall(at)
	case "regexp":
		return p.regexpCall(at)
	case "sprintf":
		return p.sprintfCall()
	}
	if !slices.Contains(functions[:], name) {
		return operand{}, faultAt(at, "unknown function %q%s", name, suggestion(name, functions[:]))
	}
	args, err := p.arguments()
	if err != nil {
		return operand{}, err
	}
	switch name {
	case "in":
		return p.inCall(at, args)
	case "phone":
		return p.phoneCall(at, args)
	}
	if len(args) != 1 {
		return operand{}, faultAt(at, "%s takes one value, not %d", name, len(args))
	}
	x := args[0]
	if name == "email" {
		p.scope.c.scans++
		return operand{node: &isEmail{x.node}, class: boolClass}, takesText(name, x)
	}
	if x.class == boolClass || x.class == numberClass || x.class == structClass {
		// As in hz; len($)>=0 of a number stands in IDLs that are copied widely.
		p.scope.notes = append(p.scope.notes, faultAt(x.pos, "%s takes a text, a list or a map; of %s it is 0", name, x.class))
		return operand{node: &constant{integer(0)}, class: numberClass}, nil
	}
	if name == "len" {
		return operand{node: &length{x.node}, class: numberClass}, nil
	}
	p.scope.c.scans++
	return operand{node: &runes{x.node}, class: numberClass}, nil
}

func takesText(name string, x operand) *fault {
	if x.class != textClass {
		return faultAt(x.pos, "%s takes a text, not %s", name, x.class)
	}
	return nil
}

// arguments compiles values up to the closing parenthesis.
func (p *parser) arguments() ([]operand, *fault) {
	if p.accept(")") {
		return nil, nil
	}
	var args []operand
	for {
		x, err := p.expression(1)
		if err != nil {
			return nil, err
		}
		args = append(args, x)
		if p.accept(")") {
			return args, nil
		}
		if !p.accept(",") {
			return nil, p.unexpected("an operator, a comma or )")
		}
	}
}

func (p *parser) inCall(at int, args []operand) (operand, *fault) {
	if len(args) < 2 {
		return operand{}, faultAt(at, "in takes a value and those that it may be: in($, 1, 2)")
	}
	x := args[0]
	if x.class > textClass {
		return operand{}, faultAt(x.pos, "in takes a number, a text or a bool, not %s", x.class)
	}
	n := &oneOf{x: x.node}
	for _, a := range args[1:] {
		if a.class != x.class && a.class != nilClass && x.class != nilClass {
			return operand{}, faultAt(a.pos, "in compares %s with %s, they are never equal", x.class, a.class)
		}
		n.set = append(n.set, a.node)
	}
	return operand{node: n, class: boolClass}, nil
}

func (p *parser) phoneCall(at int, args []operand) (operand, *fault) {
	if len(args) != 1 && len(args) != 2 {
		return operand{}, faultAt(at, "phone takes a text and, if not 'CN', a region: phone($, 'US')")
	}
	n := &isPhone{x: args[0].node, region: &constant{}}
	for _, a := range args {
		if err := takesText("phone", a); err != nil {
			return operand{}, err
		}
	}
	if len(args) == 2 {
		n.region = args[1].node
	}
	p.scope.c.scans++
	return operand{node: n, class: boolClass}, nil
}

// regexpCall compiles regexp('pattern') and regexp('pattern', x).
func (p *parser) regexpCall(at int) (operand, *fault) {
	p.skipSpace()
	patternAt := p.pos
	if !strings.HasPrefix(p.rest(), "'") {
		return operand{}, faultAt(patternAt, "regexp begins with a quoted pattern: regexp('^a+$') or regexp('^a+$', (X)$)")
	}
	pattern, err := p.text()
	if err != nil {
		return operand{}, err
	}
	re, bad := regexp.Compile(pattern)
	if bad != nil {
		return operand{}, faultAt(patternAt, "bad pattern: %s", regexpError(bad))
	}
	x := operand{node: self{}, class: classOf(p.field.Type), pos: at}
	if p.accept(",") {
		if x, err = p.expression(1); err != nil {
			return operand{}, err
		}
	}
	if !p.accept(")") {
		return operand{}, p.unexpected("a comma or )")
	}
	p.scope.c.scans++
	return operand{node: &match{re, x.node}, class: boolClass}, takesText("regexp", x)
}

// regexpError is a message of package regexp without its prefix.
func regexpError(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// rangeCall compiles range(list or map, condition on #k, #v and ##).
func (p *parser) rangeCall(at int) (operand, *fault) {
	over, err := p.expression(1)
	if err != nil {
		return operand{}, err
	}
	loop := loopScope{key: operand{class: numberClass}}
	switch over.class {
	case listClass:
	case mapClass:
		loop.key = operand{class: classOf(over.t.Key), t: over.t.Key}
	default:
		return operand{}, faultAt(over.pos, "range takes a list or a map, not %s", over.class)
	}
	loop.value = operand{class: classOf(over.t.Elem), t: over.t.Elem}
	if !p.accept(",") {
		return operand{}, p.unexpected("a comma and a condition: range($, #v>0)")
	}
	p.loops = append(p.loops, loop)
	body, err := p.expression(1)
	p.loops = p.loops[:len(p.loops)-1]
	if err != nil {
		return operand{}, err
	}
	if !body.class.hasTruth() {
		return operand{}, faultAt(body.pos, "%s has no truth value; ask for its len(…) or compare it with nil", body.class)
	}
	if !p.accept(")") {
		return operand{}, p.unexpected("an operator or )")
	}
	p.scope.c.scans++
	return operand{node: &ranging{over: over.node, body: body.node}, class: boolClass, pos: at}, nil
}
