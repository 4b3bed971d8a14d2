package openapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// object is a JSON object whose members keep their order. Values are string,
// bool, int, json.RawMessage, []any and *object.
type object struct {
	members []objectMember
}

type objectMember struct {
	name  string
	value any
}

// obj makes an object of names and values in turn.
func obj(pairs ...any) *object {
	o := &object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// set replaces a member or adds it at the end.
func (o *object) set(name string, value any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, objectMember{name, value})
}

// setText sets a member unless its text is empty.
func (o *object) setText(name, text string) {
	if text != "" {
		o.set(name, text)
	}
}

// get gives the value of a member; nil: there is none.
func (o *object) get(name string) any {
	for _, m := range o.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// object gives the member of that name, which it adds if there is none.
func (o *object) object(name string) *object {
	if inner, ok := o.get(name).(*object); ok {
		return inner
	}
	inner := &object{}
	o.set(name, inner)
	return inner
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) { return appendValue(nil, o), nil }

// encode is the text of a value, indented.
func encode(v any) []byte {
	var b bytes.Buffer
	if err := json.Indent(&b, appendValue(nil, v), "", "  "); err != nil {
		panic("openapi: appendValue wrote what is no JSON: " + err.Error()) // raw messages are checked where they come from
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case *object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.name), ':')
			dst = appendValue(dst, m.value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, e)
		}
		return append(dst, ']')
	case string:
		return appendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case json.RawMessage:
		return append(dst, v...)
	default:
		return append(dst, "null"...)
	}
}

// appendString leaves "<" and "&" as they are.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(dst, `""`...) // a string can always be encoded
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// texts is a list of strings as a value.
func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
