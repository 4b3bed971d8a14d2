package openapi

import (
	"maps"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// allocator hands out names, each once.
type allocator map[string]bool

// take gives the first of the wishes that is free, else the last one with a number.
func (a allocator) take(wishes ...string) string {
	for _, w := range wishes {
		if !a[w] {
			a[w] = true
			return w
		}
	}
	last := wishes[len(wishes)-1]
	for n := 2; ; n++ {
		if w := last + strconv.Itoa(n); !a[w] {
			a[w] = true
			return w
		}
	}
}

// nameClasses names every class: after its type alone where that is enough,
// with the name of the IDL's file where two files share a name, and with
// "Input" for the form of a request that is not that of an answer ("Answer" for
// a second one of answers). taken are names that something else has.
func (m *model) nameClasses(taken allocator) {
	reserved := maps.Clone(taken)
	owners := map[string]map[string]bool{} // short name → full names
	for _, c := range m.classes {
		short := shortName(c.first.typ)
		if owners[short] == nil {
			owners[short] = map[string]bool{}
		}
		owners[short][c.first.typ.Name] = true
	}
	// The plain name goes to answers, then to whole structs, then to the others.
	for _, pass := range []func(*class) bool{
		func(c *class) bool { return c.answers || c.first.typ.Kind == transcode.Enum },
		func(c *class) bool { return c.first.whole },
		func(*class) bool { return true },
	} {
		for _, c := range m.classes {
			if c.name != "" || !pass(c) {
				continue
			}
			base, full := shortName(c.first.typ), fullName(c.first.typ)
			if reserved[base] || len(owners[base]) > 1 {
				base = full
			}
			wishes := []string{base, base + "Input"}
			if c.answers {
				wishes[1] = base + "Answer"
			}
			c.name = taken.take(wishes...)
		}
	}
}

// shortName is the name of a type without that of its file.
func shortName(t *transcode.Type) string {
	_, name, found := strings.Cut(t.Name, ".")
	if !found {
		name = t.Name
	}
	return strings.ReplaceAll(name, ".", "_")
}

// fullName is the name of a type with that of its file, as an identifier.
func fullName(t *transcode.Type) string { return identifier(t.Name) }

// identifier makes one of any text.
func identifier(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, text)
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		return "_" + text
	}
	return text
}
