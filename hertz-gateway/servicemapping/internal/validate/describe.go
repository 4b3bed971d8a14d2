package validate

import (
	"fmt"
	"strings"
)

// describe makes the sentence for a condition without a msg: in words for the
// usual conditions on $, else the condition itself.
func describe(n node, src string) detail {
	if words := inWords(n); words != "" {
		return sentence("must " + words)
	}
	return sentence("must satisfy " + src)
}

func sentence(texts ...string) detail { return detail{texts: texts} }

// inWords says what n asks of $, or nothing.
func inWords(n node) string {
	switch n := n.(type) {
	case *logic:
		var words []string
		for _, x := range n.xs {
			w := inWords(x)
			if w == "" || !n.all {
				return ""
			}
			words = append(words, w)
		}
		return strings.Join(words, " and ")
	case *comparison:
		return comparisonInWords(n)
	case *oneOf:
		return oneOfInWords(n)
	case *match:
		if isSelf(n.x) {
			return "match " + n.re.String()
		}
	case *isEmail:
		if isSelf(n.x) {
			return "be an email address"
		}
	case *isPhone:
		if isSelf(n.x) {
			return "be a telephone number"
		}
	}
	return ""
}

func isSelf(n node) bool { _, ok := n.(self); return ok }

// relations in words.
var relations = map[string]string{
	"<": "less than ", "<=": "at most ", ">": "greater than ", ">=": "at least ", "==": "", "!=": "",
}

func comparisonInWords(n *comparison) string {
	c, ok := n.r.(*constant)
	if !ok || c.v.kind == isNil || c.v.kind == isBool {
		return ""
	}
	verb, of, unit := "be ", "", ""
	switch l := n.l.(type) {
	case self:
	case *length:
		if !isSelf(l.x) {
			return ""
		}
		if c.v.kind == isInt && c.v.n == 0 && (n.op == ">" || n.op == "!=") {
			return "not be empty"
		}
		verb, of = "have a length ", "of "
		if n.op == "<" || n.op == ">" {
			of = ""
		}
	case *runes:
		if !isSelf(l.x) {
			return ""
		}
		verb, unit = "have ", " characters"
	default:
		return ""
	}
	if n.op == "!=" {
		verb = "not " + verb
	}
	return verb + of + relations[n.op] + quoted(c.v) + unit
}

func oneOfInWords(n *oneOf) string {
	if !isSelf(n.x) {
		return ""
	}
	var words []string
	for _, s := range n.set {
		c, ok := s.(*constant)
		if !ok {
			return ""
		}
		words = append(words, quoted(c.v))
	}
	return "be one of " + strings.Join(words, ", ")
}

// quoted writes a literal.
func quoted(v value) string {
	if v.kind == isText {
		return `"` + string(v.b) + `"`
	}
	return display(v)
}

// counted writes "1 element", "2 elements".
func counted(n value, unit string) string {
	if n.kind == isInt && n.n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%s %ss", display(n), unit)
}
