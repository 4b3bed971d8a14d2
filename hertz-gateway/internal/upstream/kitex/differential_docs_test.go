package kitex

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/transcode"
)

const kitexJSONDoc = "../../../../docs/kitex-json.md"

// TestDifferentialForms sends each form alone. Every known difference shows,
// and the tables of docs/kitex-json.md are what comes of it (-update).
func TestDifferentialForms(t *testing.T) {
	rec := newRecorder(t)
	register(t, name(t), rec.addr, 10)
	g := fixedIDL()
	r := newRig(t, rec, name(t), g.files)
	seen := map[string]bool{}
	requests := &table{head: "| | type | JSON | dgate | Kitex | dynamicgo | `codec: kitex-json` |\n|---|---|---|---|---|---|---|\n"}
	for _, s := range fixedSamples(g.root) {
		for _, k := range r.compareRequest(t, g, s.sample) {
			seen[k] = true
		}
		if t.Failed() {
			t.Fatalf("the request:\n%s\nof the IDL:\n%s", s.json, g.files[mainIDL])
		}
		requests.add(s.title(), s.idl, s.text, r.requestCells(t, s.sample))
	}
	answers := &table{head: "| | type | dgate | Kitex | dynamicgo | `codec: kitex-json` |\n|---|---|---|---|---|---|\n"}
	for _, a := range fixedAnswers(g.root) {
		for _, k := range r.compareAnswer(t, "{}", a.madeAnswer) {
			seen[k] = true
		}
		if t.Failed() {
			t.Fatalf("the answer %x\nof the IDL:\n%s", a.wire, g.files[mainIDL])
		}
		answers.add(a.notes[len(a.notes)-1].form, a.idl, "", r.answerCells(a.madeAnswer))
	}
	for key, f := range knownDifferences {
		if !seen[key] && !f.rare {
			t.Errorf("no longer seen: %s", key)
		}
	}
	compareDoc(t, map[string]string{"requests": requests.String(), "answers": answers.String()})
}

// title is the form, or the one of the text as a whole.
func (s fixedSample) title() string {
	if s.whole != "" {
		return s.whole
	}
	return s.notes[0].form
}

// table is one of the document; rows in which all agree are left out, and
// those that tell nothing new of a form.
type table struct {
	head string
	rows []string
	seen map[string]bool
}

// cells are what comes on the ways, and in short: values themselves set no rows apart.
type cells struct {
	text []string
	kind []string
}

func (tb *table) add(title, idl, text string, c cells) {
	key := title + strings.Join(c.kind, "|")
	if tb.seen[key] || strings.Join(c.kind[1:], "") == "" {
		return
	}
	if tb.seen == nil {
		tb.seen = map[string]bool{}
	}
	tb.seen[key] = true
	row := []string{title, code(idl)}
	if text != "" {
		row = append(row, code(text))
	}
	tb.rows = append(tb.rows, "| "+strings.Join(append(row, c.text...), " | ")+" |\n")
}

func (tb *table) String() string { return tb.head + strings.Join(tb.rows, "") }

// code is text between backticks, on one line of a table.
func code(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		c, n := utf8.DecodeRuneInString(text)
		switch {
		case c == utf8.RuneError && n == 1:
			b.WriteString("‹byte ff›")
		case c == '\n':
			b.WriteString("↵")
		case c < ' ':
			b.WriteString("‹byte 0" + string("0123456789abcdef"[c&15]) + "›")
		case c == '\ufeff':
			b.WriteString("‹BOM›")
		case c == '|':
			b.WriteString("\\|")
		default:
			b.WriteRune(c)
		}
		text = text[n:]
	}
	out := []rune(b.String())
	if len(out) > 60 {
		out = append(out[:57], []rune("…")...)
	}
	return "`" + string(out) + "`"
}

// cell tells what one way made, given its differences from what is due.
func cell(ds []difference) (text, kind string) {
	if len(ds) == 0 {
		return "the same", ""
	}
	d := ds[0]
	switch d.outcome {
	case "zero", "a value", "another value":
		return code(show(d.got)), d.outcome
	}
	return d.outcome, d.outcome
}

func (r *rig) requestCells(t *testing.T, s *sample) cells {
	t.Helper()
	var c cells
	refused := len(s.refused) > 0
	for _, w := range r.ways {
		got, _, err := r.request(t, w, s.json)
		var text, kind string
		var invalid *transcode.InvalidError
		switch {
		case errors.As(err, &invalid):
			text = "400 `" + invalid.Violations[0].Code + "`"
		case w.name == wayDGate:
			text = code(show(onlyField(got)))
		case err != nil && refused && !errors.Is(err, errCorrupt):
			text = "refused"
		default:
			text, kind = cell(s.compare(refused, got, err))
		}
		c.text, c.kind = append(c.text, text), append(c.kind, kind)
	}
	return c
}

// onlyField is the one field that a fixed sample has.
func onlyField(v any) any {
	if s, ok := v.(*structValue); ok && len(s.fields) == 1 {
		for _, f := range s.fields {
			return f
		}
	}
	return v
}

func (r *rig) answerCells(a *madeAnswer) cells {
	var c cells
	for _, w := range r.ways {
		r.prepare(a.wire)
		answer, err := w.call("{}")
		var text, kind string
		switch {
		case w.name == wayDGate && a.bad:
			text = "502"
		case w.name == wayDGate:
			text = code(answer)
		case err != nil && a.bad:
			text = "refused"
		default:
			text, kind = cell(a.compare(answer, err))
		}
		c.text, c.kind = append(c.text, text), append(c.kind, kind)
	}
	return c
}

// compareDoc compares the parts of the document between <!-- name --> and
// <!-- end --> with what they should be, or writes them.
func compareDoc(t *testing.T, parts map[string]string) {
	t.Helper()
	b, err := os.ReadFile(kitexJSONDoc)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for part, want := range parts {
		before, rest, ok := strings.Cut(doc, "<!-- "+part+" -->\n")
		got, after, ended := strings.Cut(rest, "<!-- end -->")
		if !ok || !ended {
			t.Fatalf("%s has no part %s", kitexJSONDoc, part)
		}
		if *updateFlag {
			doc = before + "<!-- " + part + " -->\n" + want + "<!-- end -->" + after
		} else if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
			t.Errorf("docs/kitex-json.md, %s (-want +got; -update rewrites it):\n%s", part, diff)
		}
	}
	if *updateFlag {
		if err := os.WriteFile(kitexJSONDoc, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(text string) []string { return slices.Collect(strings.Lines(text)) }
