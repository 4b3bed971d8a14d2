package validate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// format is sprintf: texts with args between them.
type format struct {
	texts []string // one more than verbs
	verbs []verb
}

// verb is one %… of a format.
type verb struct {
	spec string // "%-5.2" without the letter
	char byte
	arg  node
}

func (n *format) eval(m *machine) value {
	out := []byte(n.texts[0])
	for i, v := range n.verbs {
		arg := v.arg.eval(m)
		if m.steps -= len(arg.b); m.steps < 0 {
			return value{}
		}
		out = append(out, v.render(arg)...)
		out = append(out, n.texts[i+1]...)
	}
	return textual(out)
}

// render formats v so that package fmt never sees a verb that does not fit.
func (v verb) render(x value) string {
	switch {
	case v.char == 'd' && x.kind == isInt:
		return fmt.Sprintf(v.spec+"d", x.n)
	case strings.IndexByte("feEgGF", v.char) >= 0 && x.isNumber():
		return fmt.Sprintf(v.spec+string(v.char), x.asFloat())
	case (v.char == 'x' || v.char == 'X') && x.kind == isInt:
		return fmt.Sprintf(v.spec+string(v.char), x.n)
	case (v.char == 'x' || v.char == 'X') && x.kind == isText:
		return fmt.Sprintf(v.spec+string(v.char), x.b)
	case v.char == 'q' && x.kind == isText:
		return fmt.Sprintf(v.spec+"q", x.b)
	case x.kind == isText:
		return fmt.Sprintf(textSpec(v.spec)+"s", x.b)
	default:
		width, _, _ := strings.Cut(v.spec, ".")
		return fmt.Sprintf(textSpec(width)+"s", display(x))
	}
}

// textSpec drops from a spec the flags that are for numbers.
func textSpec(spec string) string {
	flags := strings.TrimRight(spec, ".0123456789")
	aligned := "%"
	if strings.Contains(flags, "-") {
		aligned = "%-"
	}
	return aligned + strings.TrimLeft(spec[len(flags):], "0")
}

// sprintfCall compiles sprintf('format', args …).
func (p *parser) sprintfCall() (operand, *fault) {
	p.skipSpace()
	at := p.pos
	if !strings.HasPrefix(p.rest(), "'") {
		return operand{}, faultAt(at, "sprintf begins with a quoted format: sprintf('bad value %%v', $)")
	}
	s, err := p.text()
	if err != nil {
		return operand{}, err
	}
	var args []operand
	switch {
	case p.accept(","):
		if args, err = p.arguments(); err != nil {
			return operand{}, err
		}
	case !p.accept(")"):
		return operand{}, p.unexpected("a comma or )")
	}
	p.scope.c.scans++
	n, err := newFormat(at, s, args)
	if err != nil {
		return operand{}, err
	}
	return operand{node: n, class: textClass}, nil
}

// newFormat compiles a format; every argument must be used and fit its verb.
func newFormat(at int, s string, args []operand) (*format, *fault) {
	n := &format{}
	var text strings.Builder
	next, used := 0, make([]bool, len(args))
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		text.WriteString(s[:i])
		s = s[i+1:]
		if strings.HasPrefix(s, "%") {
			text.WriteByte('%')
			s = s[1:]
			continue
		}
		v, index, rest, err := readVerb(at, s)
		if err != nil {
			return nil, err
		}
		s = rest
		if index > 0 {
			next = index - 1
		}
		if next >= len(args) {
			return nil, faultAt(at, "no argument for %%%c", v.char)
		}
		if err := v.fits(args[next]); err != nil {
			return nil, err
		}
		v.arg, used[next] = args[next].node, true
		next++
		n.texts, n.verbs = append(n.texts, text.String()), append(n.verbs, v)
		text.Reset()
	}
	n.texts = append(n.texts, text.String()+s)
	for i, ok := range used {
		if !ok {
			return nil, faultAt(args[i].pos, "the format does not use this argument")
		}
	}
	return n, nil
}

// verbForm is what may follow a %: flags, width, precision, [argument], letter.
var verbForm = regexp.MustCompile(`^([+\-# 0]*[0-9]{0,2}(?:\.[0-9]{0,2})?)(?:\[([0-9]{1,3})\])?([vsqdfFeEgGtxX])`)

// readVerb reads what follows a %. index is the number in brackets, or 0.
func readVerb(at int, s string) (v verb, index int, rest string, err *fault) {
	m := verbForm.FindStringSubmatch(s)
	if m == nil {
		return verb{}, 0, "", faultAt(at, "bad verb %q; there are v s q d f e g t x, widths to 99 and [1] for the first argument", "%"+clipWord(s))
	}
	if m[2] != "" {
		if index, _ = strconv.Atoi(m[2]); index == 0 {
			return verb{}, 0, "", faultAt(at, "arguments are numbered from 1")
		}
	}
	return verb{spec: "%" + m[1], char: m[3][0]}, index, s[len(m[0]):], nil
}

// fits reports a verb that can't format an argument.
func (v verb) fits(x operand) *fault {
	var ok bool
	switch v.char {
	case 'v', 's':
		ok = true
	case 'q':
		ok = x.class == textClass
	case 't':
		ok = x.class == boolClass
	case 'x', 'X':
		ok = x.class == textClass || x.class == numberClass
	default:
		ok = x.class == numberClass
	}
	if !ok {
		return faultAt(x.pos, "%%%c cannot format %s; %%v formats anything", v.char, x.class)
	}
	return nil
}
