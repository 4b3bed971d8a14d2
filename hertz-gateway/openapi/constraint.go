package openapi

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// constrain adds what validation rules of a field say where JSON Schema has
// the same. The rest is left out: a schema may allow more than the gateway
// does, never less.
func (m *model) constrain(o *object, v *value, f *transcode.Field) {
	var members []any // of vt.in
	if m.skips(f) {
		return
	}
	for _, r := range m.notes.Rules(f) {
		switch key, ok := strings.CutPrefix(r.Key, "vt."); {
		case r.Key == "api.vd":
			constrainVD(o, v, r.Value)
		case !ok:
		case key == "in":
			if n, ok := number(v, r.Value); ok {
				members = append(members, n)
			} else if v.typ.Kind == transcode.String && isLiteral(r.Value) {
				members = append(members, r.Value)
			}
		default:
			constrainVT(o, v, key, r.Value)
		}
	}
	if len(members) > 0 {
		o.set("enum", members)
	}
}

// constrainVT adds one rule of thrift-gen-validator. Those of elements, keys
// and values go where these have a schema of their own.
func constrainVT(o *object, v *value, key, arg string) {
	for prefix, name := range map[string]string{"elem.": "items", "value.": "additionalProperties"} {
		rest, ok := strings.CutPrefix(key, prefix)
		inner, isObject := o.get(name).(*object)
		if ok && isObject && v.elem != nil && inner.get("$ref") == nil {
			constrainVT(inner, v.elem, rest, arg)
		}
	}
	if key == "pattern" {
		setPattern(o, v, arg)
	}
	if !isLiteral(arg) {
		return
	}
	switch key {
	case "lt":
		setBound(o, v, "<", arg)
	case "le":
		setBound(o, v, "<=", arg)
	case "gt":
		setBound(o, v, ">", arg)
	case "ge":
		setBound(o, v, ">=", arg)
	case "const":
		if n, ok := number(v, arg); ok {
			o.set("const", n)
		} else if v.typ.Kind == transcode.String {
			o.set("const", arg)
		}
	case "min_size", "min_rune_size":
		setSize(o, v, ">=", arg, key == "min_rune_size")
	case "max_size", "max_rune_size":
		setSize(o, v, "<=", arg, key == "max_rune_size")
	case "prefix":
		setPattern(o, v, "^"+regexp.QuoteMeta(arg))
	case "suffix":
		setPattern(o, v, regexp.QuoteMeta(arg)+"$")
	}
}

// isLiteral tells an argument that stands for itself from one that is computed,
// $field or @function(…).
// A text with a backslash is not compared with what it may stand for.
func isLiteral(arg string) bool {
	return !strings.HasPrefix(arg, "$") && !strings.HasPrefix(arg, "@") && !strings.Contains(arg, `\`)
}

var (
	vdBound  = regexp.MustCompile(`^\$\s*(<=|>=|==|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)$`)
	vdSize   = regexp.MustCompile(`^(len|mblen)\(\s*\$\s*\)\s*(<=|>=|==|<|>)\s*([0-9]+)$`)
	vdRegexp = regexp.MustCompile(`^regexp\(\s*'([^'\\]*(?:\\[^'][^'\\]*)*)'\s*(?:,\s*\$\s*)?\)$`)
	vdIn     = regexp.MustCompile(`^in\(\s*\$\s*((?:,\s*(?:'[^'\\]*'|-?[0-9]+)\s*)+)\)$`)
	vdMember = regexp.MustCompile(`'[^'\\]*'|-?[0-9]+`)
	vdEmail  = regexp.MustCompile(`^email\(\s*\$\s*\)$`)
)

// constrainVD adds those conditions of an api.vd expression that all have to
// hold and are simple.
func constrainVD(o *object, v *value, expression string) {
	for _, c := range conditions(expression) {
		if a := vdBound.FindStringSubmatch(c); a != nil {
			setBound(o, v, a[1], a[2])
		} else if a := vdSize.FindStringSubmatch(c); a != nil {
			setSize(o, v, a[2], a[3], a[1] == "mblen")
		} else if a := vdRegexp.FindStringSubmatch(c); a != nil {
			setPattern(o, v, a[1])
		} else if a := vdIn.FindStringSubmatch(c); a != nil {
			setIn(o, v, vdMember.FindAllString(a[1], -1))
		} else if vdEmail.MatchString(c) && v.typ.Kind == transcode.String {
			o.set("format", "email")
		}
	}
}

// conditions splits an expression at && where none of its parts is a choice;
// what follows ";" is the message.
func conditions(expression string) []string {
	var out []string
	depth, from := 0, 0
	quoted := false
	cut := func(to, next int) {
		out = append(out, unwrap(expression[from:to]))
		from = next
	}
	end := len(expression)
loop:
	for i := 0; i < len(expression); i++ {
		switch c := expression[i]; {
		case c == '\\':
			i++
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth > 0:
		case c == ';':
			end = i
			break loop
		case strings.HasPrefix(expression[i:], "||"):
			return nil
		case strings.HasPrefix(expression[i:], "&&"):
			cut(i, i+2)
			i++
		}
	}
	if quoted || depth != 0 {
		return nil
	}
	cut(end, end)
	return out
}

// unwrap takes off parentheses around a condition that has none inside but
// those of one call.
func unwrap(c string) string {
	c = strings.TrimSpace(c)
	for len(c) > 1 && c[0] == '(' && c[len(c)-1] == ')' && balanced(c[1:len(c)-1]) {
		c = strings.TrimSpace(c[1 : len(c)-1])
	}
	return c
}

func balanced(s string) bool {
	depth := 0
	for _, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// number reads the argument of a rule on a number that is one in JSON too.
func number(v *value, text string) (json.RawMessage, bool) {
	switch v.typ.Kind {
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64, transcode.Double:
	default:
		return nil, false
	}
	text = strings.TrimSpace(text)
	if v.stringly || !json.Valid([]byte(text)) {
		return nil, false
	}
	if _, ok := new(big.Rat).SetString(text); !ok || len(text) > 40 {
		return nil, false
	}
	return json.RawMessage(text), true
}

// setBound adds a comparison with a number.
func setBound(o *object, v *value, op, text string) {
	n, ok := number(v, text)
	if !ok {
		return
	}
	switch op {
	case "<":
		o.set("exclusiveMaximum", n)
	case "<=":
		o.set("maximum", n)
	case ">":
		o.set("exclusiveMinimum", n)
	case ">=":
		o.set("minimum", n)
	case "==":
		o.set("const", n)
	}
}

// setSize adds a comparison of a length. That of a string is in characters in
// JSON Schema and in bytes in most rules, which are at least as many.
func setSize(o *object, v *value, op, text string, characters bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return
	}
	least, most := "minItems", "maxItems"
	exact := true
	switch v.typ.Kind {
	case transcode.String:
		least, most = "minLength", "maxLength"
		exact = characters
	case transcode.Map:
		least, most = "minProperties", "maxProperties"
	case transcode.List, transcode.Set:
	default:
		return // the text of binary has another length
	}
	lower, upper := -1, -1
	switch op {
	case "<":
		upper = n - 1
	case "<=":
		upper = n
	case ">":
		lower = n + 1
	case ">=":
		lower = n
	case "==":
		lower, upper = n, n
	}
	if lower > 0 && !exact {
		lower = 1
	}
	if lower > 0 {
		o.set(least, lower)
	}
	if upper >= 0 {
		o.set(most, upper)
	}
}

// goOnly is syntax of Go's regular expressions that JavaScript's don't have,
// or read in another way.
var goOnly = regexp.MustCompile(`\(\?[^:]|\[\[:|\[\^?\]|\\[^dDwWbBnrtfv.^$*+?()\[\]{}|/]`)

// setPattern adds a regular expression, one for each field.
func setPattern(o *object, v *value, expression string) {
	// As in the generators that these rules come from, \\d and \d are the same.
	expression = strings.ReplaceAll(expression, `\\`, `\`)
	if v.typ.Kind != transcode.String || goOnly.MatchString(expression) || o.get("pattern") != nil {
		return
	}
	if _, err := regexp.Compile(expression); err != nil {
		return
	}
	o.set("pattern", expression)
}

// setIn adds the values that a field may have.
func setIn(o *object, v *value, members []string) {
	var out []any
	for _, text := range members {
		quoted := text[0] == '\''
		if n, ok := number(v, text); ok && !quoted {
			out = append(out, n)
		} else if quoted && v.typ.Kind == transcode.String {
			out = append(out, text[1:len(text)-1])
		} else {
			return
		}
	}
	o.set("enum", out)
}
