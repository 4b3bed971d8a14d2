package validate

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every row of the example tables of the document is executed.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/validation.md")
	if err != nil {
		t.Fatal(err)
	}
	const (
		examples = "| fields | rule | passes | fails | detail |"
		problems = "| fields | rule | problem |"
	)
	kind, ran := "", map[string]int{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == examples || line == problems:
			kind = line
		case !strings.HasPrefix(line, "|"):
			kind = ""
		case kind != "" && !strings.HasPrefix(line, "|---"):
			ran[kind]++
			t.Run(line, func(t *testing.T) {
				cells := tableCells(line)
				i := newIDL(cells[0])
				i.annotate(i.t.Fields[0].Name, documentRules(cells[1])...)
				if kind == examples {
					checkExample(t, i, cells)
					return
				}
				_, found := i.compile()
				if len(found) != 1 || found[0].Message != cells[2] {
					t.Errorf("got %+v, want %s", found, cells[2])
				}
			})
		}
	}
	if ran[examples] < 30 || ran[problems] < 5 {
		t.Errorf("the tables were not found: %v", ran)
	}
}

func checkExample(t *testing.T, i *idl, cells []string) {
	if got := i.check(t, documentMessage(i, cells[2])); got != "ok" {
		t.Errorf("%s fails: %s", cells[2], got)
	}
	if got := i.check(t, documentMessage(i, cells[3])); got != cells[4] {
		t.Errorf("%s gives %q, not %q", cells[3], got, cells[4])
	}
}

// documentMessage is the message of an example: a value of the first field, or
// all fields where a row has several.
func documentMessage(i *idl, cell string) string {
	switch {
	case cell == "absent":
		return "{}"
	case len(i.t.Fields) > 1:
		return cell
	default:
		return `{"` + i.t.Fields[0].Name + `":` + cell + `}`
	}
}

var vtAnnotation = regexp.MustCompile(`(vt\.[a-z_.]+)="([^"]*)"`)

// documentRules reads `vt.in="1", vt.in="2"`, or one expression.
func documentRules(cell string) []string {
	if !strings.HasPrefix(cell, "vt.") {
		return []string{cell}
	}
	var rules []string
	for _, m := range vtAnnotation.FindAllStringSubmatch(cell, -1) {
		rules = append(rules, m[1]+"="+m[2])
	}
	return rules
}

// tableCells splits a row of a Markdown table.
func tableCells(line string) []string {
	line = strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "\x00")
	cells := strings.Split(line, "|")
	for i, c := range cells {
		c = strings.TrimSpace(strings.ReplaceAll(c, "\x00", "|"))
		if inner := strings.Trim(c, "`"); c == "`"+inner+"`" {
			c = inner
		}
		cells[i] = c
	}
	return cells
}
