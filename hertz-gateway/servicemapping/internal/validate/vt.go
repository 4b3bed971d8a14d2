package validate

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// Rules that each kind of type takes, besides not_nil.
var (
	numberRules = []string{"const", "lt", "le", "gt", "ge", "in", "not_in"}
	textRules   = []string{
		"const", "pattern", "prefix", "suffix", "contains", "not_contains",
		"min_size", "max_size", "min_rune_size", "max_rune_size", "in", "not_in",
	}
	boolRules   = []string{"const"}
	enumRules   = []string{"const", "defined_only", "in", "not_in"}
	listRules   = []string{"min_size", "max_size", "no_sparse", "elem"}
	mapRules    = []string{"min_size", "max_size", "no_sparse", "key", "value"}
	structRules = []string{"skip"}
)

// rulesOf gives the rules that values of t take.
func rulesOf(t *transcode.Type) []string {
	var rules []string
	switch classOf(t) {
	case boolClass:
		rules = boolRules
	case numberClass:
		rules = numberRules
		if t.Kind == transcode.Enum {
			rules = enumRules
		}
	case textClass:
		rules = textRules
	case listClass:
		rules = listRules
	case mapClass:
		rules = mapRules
	case structClass:
		rules = structRules
	}
	return append([]string{"not_nil"}, rules...)
}

// kindName is a type in the words of an IDL.
func kindName(t *transcode.Type) string {
	switch t.Kind {
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		return "an integer"
	case transcode.Double:
		return "a double"
	case transcode.String:
		return "a string"
	case transcode.Binary:
		return "a binary"
	case transcode.UUID:
		return "a uuid"
	case transcode.Enum:
		return "an enum"
	case transcode.Set:
		return "a set"
	default:
		return classOf(t).String()
	}
}

// vtRule is one vt annotation: what is left of its key below the place it is
// about ("lt" of vt.elem.lt for the elements).
type vtRule struct {
	Annotation
	name string
}

// compileVT compiles the vt rules of a field into tree. skip is vt.skip on it
// or on its elements: structs below are not checked by vt.
func (c *compiler) compileVT(s *structScope, f *transcode.Field, as []Annotation, tree *ruleTree) (skip bool) {
	var rules []vtRule
	for _, a := range as {
		rules = append(rules, vtRule{a, strings.TrimPrefix(a.Key, "vt.")})
	}
	x := &vtCompiler{c: c, s: s, f: f}
	x.compile(rules, tree)
	return x.skip
}

// vtCompiler compiles the rules of one field.
type vtCompiler struct {
	c    *compiler
	s    *structScope
	f    *transcode.Field
	skip bool
}

func (x *vtCompiler) compile(rules []vtRule, tree *ruleTree) {
	var key, elem []vtRule
	sets := map[string]*oneOf{}
	allowed := rulesOf(tree.t)
	for _, r := range rules {
		head, tail, nested := strings.Cut(r.name, ".")
		if err := misplaced(r, head, nested, tree.t, allowed); err != nil {
			x.c.report(x.s.t, x.f, r.Annotation, err)
			continue
		}
		below := vtRule{r.Annotation, tail}
		var err *fault
		switch head {
		case "key":
			key = append(key, below)
		case "elem", "value":
			elem = append(elem, below)
		case "in", "not_in":
			err = x.set(r, tree, sets)
		default:
			err = x.rule(r, tree)
		}
		if err != nil {
			err.offset = rawOffset(r.Value, err.offset)
			x.c.report(x.s.t, x.f, r.Annotation, err)
		}
	}
	if len(key) > 0 {
		tree.key = x.inner(key, tree.t.Key)
	}
	if len(elem) > 0 {
		tree.elem = x.inner(elem, tree.t.Elem)
	}
}

// misplaced reports a rule that values of t do not take.
func misplaced(r vtRule, head string, nested bool, t *transcode.Type, allowed []string) *fault {
	about := map[string]string{"elem": "elements", "key": "keys", "value": "values"}[head]
	switch {
	case !slices.Contains(allowed, head) || nested && about == "":
		return faultAt(0, "%s has no rule %q%s", kindName(t), r.name, suggestion(r.name, allowed))
	case !nested && about != "":
		return faultAt(0, "%[1]s is about the %[2]s; a rule for them comes next, as in %[1]s.not_nil", r.Key, about)
	default:
		return nil
	}
}

// inner compiles the rules of keys or elements; nil when none is to run.
func (x *vtCompiler) inner(rules []vtRule, t *transcode.Type) *ruleTree {
	tree := &ruleTree{t: t, keys: x.c.keyCodec(t)}
	x.compile(rules, tree)
	if tree.empty() {
		return nil
	}
	return tree
}

// set compiles vt.in and vt.not_in; repeated annotations make one set.
func (x *vtCompiler) set(r vtRule, tree *ruleTree, sets map[string]*oneOf) *fault {
	v, err := x.value(r, tree.t)
	if err != nil {
		return err
	}
	n := sets[r.name]
	if n != nil {
		n.set = append(n.set, v.node)
	} else {
		n = &oneOf{x: self{}, set: []node{v.node}}
		sets[r.name] = n
		if r.name == "in" {
			tree.rules = append(tree.rules, rule{code: "vt.in", cond: n})
		} else {
			tree.rules = append(tree.rules, rule{code: "vt.not_in", cond: &not{n}})
		}
	}
	d := sentence("must be one of ")
	if r.name == "not_in" {
		d = sentence("must not be one of ")
	}
	for i, member := range n.set {
		if i > 0 {
			d.texts = append(d.texts, ", ")
		}
		d.args = append(d.args, &inQuotes{member})
	}
	for i := range tree.rules {
		if tree.rules[i].code == "vt."+r.name {
			tree.rules[i].detail = d
		}
	}
	return nil
}

// inQuotes writes a value for a sentence: texts stand in quotes.
type inQuotes struct{ x node }

func (n *inQuotes) eval(m *machine) value {
	v := n.x.eval(m)
	v.b = v.b[:min(len(v.b), 2*maxDetail)] // the sentence will be clipped
	return textual([]byte(quoted(v)))
}

// howMany writes a number with its unit for a sentence.
type howMany struct {
	x    node
	unit string
}

func (n *howMany) eval(m *machine) value { return textual([]byte(counted(n.x.eval(m), n.unit))) }

// rule compiles every other rule.
func (x *vtCompiler) rule(r vtRule, tree *ruleTree) *fault {
	switch r.name {
	case "skip", "not_nil", "no_sparse", "defined_only":
		return x.flag(r, tree)
	case "pattern":
		return x.pattern(r, tree)
	case "min_size", "max_size", "min_rune_size", "max_rune_size":
		return x.size(r, tree)
	}
	v, err := x.value(r, tree.t)
	if err != nil {
		return err
	}
	out := rule{code: "vt." + r.name}
	var words string
	switch r.name {
	case "const":
		out.cond, words = newComparison("==", self{}, v.node, true), "must be "
	case "lt":
		out.cond, words = newComparison("<", self{}, v.node, true), "must be less than "
	case "le":
		out.cond, words = newComparison("<=", self{}, v.node, true), "must be at most "
	case "gt":
		out.cond, words = newComparison(">", self{}, v.node, true), "must be greater than "
	case "ge":
		out.cond, words = newComparison(">=", self{}, v.node, true), "must be at least "
	case "prefix":
		out.cond, words = &textTest{bytes.HasPrefix, self{}, v.node}, "must begin with "
	case "suffix":
		out.cond, words = &textTest{bytes.HasSuffix, self{}, v.node}, "must end with "
	case "contains":
		out.cond, words = &textTest{bytes.Contains, self{}, v.node}, "must contain "
	case "not_contains":
		out.cond, words = &textTest{lacks, self{}, v.node}, "must not contain "
	}
	out.detail = detail{texts: []string{words}, args: []node{&inQuotes{v.node}}}
	tree.rules = append(tree.rules, out)
	return nil
}

// flag compiles the rules that are switched on by "true".
func (x *vtCompiler) flag(r vtRule, tree *ruleTree) *fault {
	on, err := strconv.ParseBool(r.Value)
	if err != nil {
		return faultAt(0, `expected "true" or "false", found %q`, clipWord(r.Value))
	}
	switch {
	case !on:
	case r.name == "skip":
		x.skip = true
	case r.name == "not_nil":
		tree.rules = append(tree.rules, rule{code: "vt.not_nil", cond: present{}, detail: sentence("must be set"), onUnset: true})
	case r.name == "defined_only":
		n := &defined{numbers: map[int64]bool{}}
		for _, v := range tree.t.Values {
			n.numbers[int64(v.Number)] = true
		}
		tree.rules = append(tree.rules, rule{code: "vt.defined_only", cond: n, detail: sentence("must be a value of " + shortName(tree.t.Name))})
	}
	return nil
}

func shortName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func (x *vtCompiler) pattern(r vtRule, tree *ruleTree) *fault {
	if r.Value != "" && (r.Value[0] == '$' || r.Value[0] == '@') && r.Value != "$" {
		return faultAt(0, "a pattern is written out; it cannot come from a field or a function")
	}
	re, err := regexp.Compile(unescape(r.Value))
	if err != nil {
		return faultAt(0, "bad pattern: %s", regexpError(err))
	}
	tree.rules = append(tree.rules, rule{code: "vt.pattern", cond: &match{re, self{}}, detail: sentence("must match " + re.String())})
	return nil
}

// size compiles the four rules about lengths.
func (x *vtCompiler) size(r vtRule, tree *ruleTree) *fault {
	v, err := x.value(r, &transcode.Type{Kind: transcode.I64})
	if err != nil {
		return err
	}
	n, unit := node(&length{self{}}), "element"
	switch {
	case strings.Contains(r.name, "rune"):
		n, unit = &runes{self{}}, "character"
	case classOf(tree.t) == textClass:
		unit = "byte"
	}
	op, words := ">=", "must have at least "
	if strings.HasPrefix(r.name, "max") {
		op, words = "<=", "must have at most "
	}
	tree.rules = append(tree.rules, rule{
		code:   "vt." + r.name,
		cond:   newComparison(op, n, v.node, true),
		detail: detail{texts: []string{words}, args: []node{&howMany{v.node, unit}}},
	})
	return nil
}

// value compiles the value of a rule about values of t: $field, @function(…)
// or a literal.
func (x *vtCompiler) value(r vtRule, t *transcode.Type) (operand, *fault) {
	if len(r.Value) > maxExpression {
		return operand{}, faultAt(0, "longer than %d bytes", maxExpression)
	}
	if strings.HasPrefix(r.Value, "$") || strings.HasPrefix(r.Value, "@") {
		p := &vtParser{scope: x.s, src: unescape(r.Value)}
		v, err := p.parse()
		if err == nil && v.class != classOf(t) {
			err = faultAt(0, "%s is compared with %s", kindName(t), v.class)
		}
		return v, err
	}
	v, err := literalOf(t, r.Value)
	return operand{node: &constant{v}, class: classOf(t)}, err
}

// literalOf reads a literal for values of t.
func literalOf(t *transcode.Type, s string) (value, *fault) {
	switch t.Kind {
	case transcode.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return value{}, faultAt(0, `expected "true" or "false", found %q`, clipWord(s))
		}
		return boolean(b), nil
	case transcode.Double:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) {
			return value{}, faultAt(0, "expected a number, found %q", clipWord(s))
		}
		return floating(f), nil
	case transcode.Enum:
		return enumLiteral(t, s)
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil {
			return value{}, faultAt(0, "expected an integer, found %q", clipWord(s))
		}
		return integer(n), nil
	default:
		return textual([]byte(unescape(s))), nil
	}
}

// enumLiteral reads "Gender.MALE", "book.Gender.MALE", "MALE" or a number.
func enumLiteral(t *transcode.Type, s string) (value, *fault) {
	if n, err := strconv.ParseInt(s, 0, 32); err == nil {
		return integer(n), nil
	}
	dot := strings.LastIndexByte(s, '.')
	if dot >= 0 && t.Name != s[:dot] && shortName(t.Name) != shortName(s[:dot]) {
		return value{}, faultAt(0, "the field is a %s, not a %s", shortName(t.Name), s[:dot])
	}
	var names []string
	for _, v := range t.Values {
		if v.Name == s[dot+1:] {
			return integer(int64(v.Number)), nil
		}
		names = append(names, v.Name)
	}
	return value{}, faultAt(0, "%s has no value %q%s", shortName(t.Name), s[dot+1:], suggestion(s[dot+1:], names))
}

// asserts compiles the vt.assert rules of a struct.
func (c *compiler) asserts(s *structScope) []rule {
	var out []rule
	for _, a := range c.structRules(s.t) {
		a.Key = strings.ToLower(a.Key)
		if !strings.HasPrefix(a.Key, "vt.") {
			continue
		}
		if a.Key != "vt.assert" {
			c.report(s.t, nil, a, faultAt(0, "a struct has no rule %q; there is vt.assert", strings.TrimPrefix(a.Key, "vt.")))
			continue
		}
		p := &vtParser{scope: s, src: unescape(a.Value)}
		x, err := p.parse()
		if err == nil && x.class != boolClass {
			err = faultAt(0, "an assertion is a bool, such as @equal($a, $b), not %s", x.class)
		}
		if err != nil {
			err.offset = rawOffset(a.Value, err.offset)
			c.report(s.t, nil, a, err)
			continue
		}
		out = append(out, rule{code: "vt.assert", cond: x.node, detail: sentence("must satisfy " + p.src)})
	}
	return out
}
