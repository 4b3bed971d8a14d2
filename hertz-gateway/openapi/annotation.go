package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseOperation reads the value of openapi.operation: a JSON object, or the
// looser form that generators of documents take:
//
//	summary: "Find books"; tags: ["books"], deprecated: true
//
// Names need no quotes, members are separated by commas, semicolons or
// nothing, and the braces around the whole may be left out.
func parseOperation(text string) (*object, error) {
	p := &looseParser{text: strings.ToValidUTF8(text, "\uFFFD")}
	p.space()
	o, err := p.members(!p.accept('{'), 0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.expected("the end")
	}
	return o, nil
}

const maxNesting = 32

type looseParser struct {
	text string
	at   int
}

func (p *looseParser) space() {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " \t\r\n"))
}

// separators skips spaces, commas and semicolons.
func (p *looseParser) separators() {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " \t\r\n,;"))
}

func (p *looseParser) accept(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *looseParser) expected(what string) error {
	found := "the end"
	if p.at < len(p.text) {
		found = fmt.Sprintf("%q", clip(p.text[p.at:]))
	}
	return fmt.Errorf("at %d: expected %s, found %s", p.at+1, what, found)
}

func clip(s string) string {
	const most = 20
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// members reads an object from behind its brace; bare: to the end of the text.
func (p *looseParser) members(bare bool, depth int) (*object, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested more than %d deep", maxNesting)
	}
	o := &object{}
	for {
		p.separators()
		switch {
		case bare && p.at == len(p.text), !bare && p.accept('}'):
			return o, nil
		case p.at == len(p.text):
			return nil, p.expected(`"}"`)
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.accept(':') && !strings.HasPrefix(p.text[p.at:], "{") {
			return nil, p.expected(`":"`)
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		if o.get(name) != nil {
			return nil, fmt.Errorf("%q stands there twice", name)
		}
		o.set(name, v)
	}
}

func (p *looseParser) name() (string, error) {
	if p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		return p.quoted()
	}
	w := p.word()
	if w == "" {
		return "", p.expected("a name")
	}
	return w, nil
}

// word is a run of characters that mean nothing by themselves.
func (p *looseParser) word() string {
	rest := p.text[p.at:]
	n := strings.IndexAny(rest, " \t\r\n,;:{}[]\"'")
	if n < 0 {
		n = len(rest)
	}
	p.at += n
	return rest[:n]
}

func (p *looseParser) value(depth int) (any, error) {
	p.space()
	if p.at == len(p.text) {
		return nil, p.expected("a value")
	}
	switch p.text[p.at] {
	case '{':
		p.at++
		return p.members(false, depth+1)
	case '[':
		p.at++
		return p.list(depth + 1)
	case '"', '\'':
		return p.quoted()
	}
	w := p.word()
	switch {
	case w == "":
		return nil, p.expected("a value")
	case w == "true", w == "false":
		return w == "true", nil
	case json.Valid([]byte(w)):
		return json.RawMessage(w), nil // a number, or null
	}
	return w, nil
}

func (p *looseParser) list(depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested more than %d deep", maxNesting)
	}
	list := []any{}
	for {
		p.separators()
		switch {
		case p.accept(']'):
			return list, nil
		case p.at == len(p.text):
			return nil, p.expected(`"]"`)
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// quoted reads a string in quotes of either kind, with the escapes of JSON.
func (p *looseParser) quoted() (string, error) {
	quote := p.text[p.at]
	var b strings.Builder
	b.WriteByte('"')
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			p.at = i + 1
			b.WriteByte('"')
			var s string
			if err := json.Unmarshal([]byte(b.String()), &s); err != nil {
				return "", fmt.Errorf("at %d: a string with an escape that JSON does not have", p.at)
			}
			return s, nil
		case c == '\\' && i+1 < len(p.text):
			i++
			if p.text[i] != '\'' {
				b.WriteByte('\\')
			}
			b.WriteByte(p.text[i])
		case c == '"':
			b.WriteString(`\"`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ':
			return "", fmt.Errorf("at %d: a control character in a string", i+1)
		default:
			b.WriteByte(c)
		}
	}
	return "", p.expected("a string that ends")
}

// operationMembers are the members of an Operation Object that can be said
// beside what the IDL gives, with an example of their kind. Generators of Go
// code spell some names with underscores.
var operationMembers = map[string]any{
	"tags":         []any(nil),
	"summary":      "",
	"description":  "",
	"externalDocs": (*object)(nil),
	"operationId":  "",
	"parameters":   []any(nil),
	"requestBody":  (*object)(nil),
	"responses":    (*object)(nil),
	"deprecated":   false,
	"security":     []any(nil),
	"servers":      []any(nil),
}

var otherSpellings = map[string]string{
	"operation_id": "operationId", "external_docs": "externalDocs", "request_body": "requestBody",
}

// mergeOperation puts what an annotation says over what is there. What has no
// place in an operation is left out, and told.
func mergeOperation(into, from *object) error {
	var problems []error
	for _, m := range from.members {
		name := m.name
		if other := otherSpellings[name]; other != "" {
			name = other
		}
		example, known := operationMembers[name]
		switch {
		case strings.HasPrefix(name, "x-"):
		case !known:
			problems = append(problems, fmt.Errorf("an operation has no member %q", m.name))
			continue
		case fmt.Sprintf("%T", example) != fmt.Sprintf("%T", m.value):
			problems = append(problems, fmt.Errorf("%s is %s", m.name, kindNames[fmt.Sprintf("%T", example)]))
			continue
		}
		if name == "parameters" {
			problems = append(problems, mergeParameters(into, m.value.([]any)))
			continue
		}
		into.set(name, merged(into.get(name), m.value))
	}
	return errors.Join(problems...)
}

var kindNames = map[string]string{
	"[]interface {}": "a list", "string": "a string", "bool": "true or false", "*openapi.object": "an object",
}

// merged is what is there with from over it; objects are merged member by member.
func merged(there, from any) any {
	into, isObject := there.(*object)
	over, alsoObject := from.(*object)
	if !isObject || !alsoObject {
		return from
	}
	for _, m := range over.members {
		into.set(m.name, merged(into.get(m.name), m.value))
	}
	return into
}

// mergeParameters merges parameters of the same place and name. Others are no
// parameters of the route, and nothing reads them.
func mergeParameters(into *object, from []any) error {
	there, _ := into.get("parameters").([]any)
	var problems []error
	for _, f := range from {
		o, ok := f.(*object)
		if !ok {
			problems = append(problems, errors.New("a parameter is an object"))
			continue
		}
		found := false
		for _, t := range there {
			if t := t.(*object); t.get("in") == o.get("in") && t.get("name") == o.get("name") {
				merged(t, o)
				found = true
			}
		}
		if !found {
			problems = append(problems, fmt.Errorf("the route has no parameter %v in %v", o.get("name"), o.get("in")))
		}
	}
	return errors.Join(problems...)
}
