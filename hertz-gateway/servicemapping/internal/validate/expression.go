package validate

import (
	"strings"

	"dgate/hertz-gateway/transcode"
)

// maxExpression bounds the text of one annotation.
const maxExpression = 4096

// compileVD compiles the value of one api.vd: "-", or conditions and a message
// as in "$<100; msg:'too big'". omit is "-": nothing in or below the field is
// checked by api.vd. The rule is nil when there is nothing to check.
func compileVD(s *structScope, f *transcode.Field, raw string) (r *rule, omit bool, err *fault) {
	if len(raw) > maxExpression {
		return nil, false, faultAt(0, "longer than %d bytes", maxExpression)
	}
	src := unescape(raw)
	switch strings.TrimSpace(src) {
	case "-":
		return nil, true, nil
	case "?":
		return nil, false, nil
	}
	r, err = compileParts(s, f, src)
	if err != nil {
		err.offset = rawOffset(raw, err.offset)
		return nil, false, err
	}
	for _, n := range s.notes {
		n.offset = rawOffset(raw, n.offset)
	}
	return r, false, nil
}

// part is one of the expressions between semicolons, [from, to) in the source.
type part struct {
	name     string // "" or "@" for the condition
	at       int    // where the name stands
	from, to int
}

func compileParts(s *structScope, f *transcode.Field, src string) (*rule, *fault) {
	parts, err := splitParts(src)
	if err != nil {
		return nil, err
	}
	r := &rule{code: "vd"}
	for _, p := range parts {
		x := &parser{scope: s, field: f, src: src[:p.to], pos: p.from}
		switch p.name {
		case "", "@":
			if r.cond != nil {
				return nil, faultAt(p.at, `a second condition; join conditions with &&`)
			}
			if x.skipSpace(); strings.HasPrefix(x.rest(), "?") {
				r.skipZero = true
				x.pos++
			}
			cond, err := x.parse()
			if err != nil {
				return nil, err
			}
			if !cond.class.hasTruth() {
				return nil, faultAt(cond.pos, "%s has no truth value; ask for its len(…) or compare it with nil", cond.class)
			}
			r.cond, r.onUnset = cond.node, x.namesNil
			r.detail = describe(cond.node, strings.TrimSpace(src[x.start:p.to]))
		case "msg":
			if r.msg != nil {
				return nil, faultAt(p.at, "a second msg")
			}
			msg, err := x.parse()
			if err != nil {
				return nil, err
			}
			if msg.class != textClass {
				return nil, faultAt(msg.pos, "msg must be a text, not %s; use sprintf", msg.class)
			}
			r.msg = msg.node
		default:
			return nil, faultAt(p.at, "unknown expression name %q; there are @ (the condition) and msg", p.name)
		}
	}
	if r.cond == nil {
		return nil, faultAt(0, "no condition")
	}
	return r, nil
}

// splitParts cuts src at the semicolons outside quotes.
func splitParts(src string) ([]part, *fault) {
	var parts []part
	from := 0
	for i := 0; i <= len(src); i++ {
		switch {
		case i == len(src) || src[i] == ';':
			if p, ok := newPart(src, from, i); ok {
				parts = append(parts, p)
			}
			from = i + 1
		case src[i] == '\'':
			end := closingQuote(src, i)
			if end < 0 {
				return nil, faultAt(i, "this quote is not closed")
			}
			i = end
		}
	}
	return parts, nil
}

// newPart reads the name before a part's colon; ok is false for an empty part.
func newPart(src string, from, to int) (part, bool) {
	trimmed := strings.TrimLeft(src[from:to], " \t\r\n")
	at := to - len(trimmed)
	if trimmed == "" {
		return part{}, false
	}
	n := strings.IndexFunc(trimmed, func(r rune) bool {
		return r != '@' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	after := ""
	if n >= 0 {
		after = strings.TrimLeft(trimmed[n:], " \t\r\n")
	}
	if !strings.HasPrefix(after, ":") {
		return part{at: at, from: at, to: to}, true
	}
	return part{name: trimmed[:n], at: at, from: to - len(after) + 1, to: to}, true
}

// closingQuote finds the end of the text that begins at i; -1: there is none.
func closingQuote(src string, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '\'':
			return i
		}
	}
	return -1
}
