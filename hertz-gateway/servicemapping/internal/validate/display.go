package validate

import (
	"fmt"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// display writes a value for people, in the way of Go's %v: [a b], map[k:v],
// {x y}; nil is null. Long containers are cut.
func display(v value) string {
	switch v.kind {
	case isNil:
		return "null"
	case isBool:
		return strconv.FormatBool(v.n != 0)
	case isInt:
		return strconv.FormatInt(v.n, 10)
	case isFloat:
		return fmt.Sprint(v.float())
	case isText:
		return string(v.b)
	default:
		var b strings.Builder
		displayRef(&b, v, 0)
		return b.String()
	}
}

// displayRef writes a container or struct. It stops past maxDetail bytes and
// maxDepth levels, and at bytes it cannot read.
func displayRef(b *strings.Builder, v value, depth int) {
	if depth > maxDepth || b.Len() > maxDetail {
		return
	}
	if isStruct(v.t) {
		displayStruct(b, v, depth)
		return
	}
	opening := "["
	if v.t.Kind == transcode.Map {
		opening = "map["
	}
	b.WriteString(opening)
	first := true
	each(v, func(key, elem value) bool {
		if !first {
			b.WriteByte(' ')
		}
		first = false
		if v.t.Kind == transcode.Map {
			displayInto(b, key, depth)
			b.WriteByte(':')
		}
		displayInto(b, elem, depth)
		return b.Len() <= maxDetail
	})
	b.WriteByte(']')
}

func displayStruct(b *strings.Builder, v value, depth int) {
	b.WriteByte('{')
	first := true
	for _, f := range v.t.Fields {
		raw, _, ok := findField(v.b, f)
		if !ok || b.Len() > maxDetail {
			break
		}
		field, ok := fieldValue(f, isOptional(v.t, f), raw)
		if !ok {
			break
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		displayInto(b, field, depth)
	}
	b.WriteByte('}')
}

func displayInto(b *strings.Builder, v value, depth int) {
	if v.kind == isRef {
		displayRef(b, v, depth+1)
		return
	}
	b.WriteString(display(v))
}

// isOptional reports whether an unset field is nil to a rule. A union's
// members are, whatever the IDL says of them.
func isOptional(owner *transcode.Type, f *transcode.Field) bool {
	return f.Requiredness == transcode.Optional || owner.Kind == transcode.Union
}
