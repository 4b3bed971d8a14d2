package servicemapping

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// Options of Load.
type Options struct {
	// Previous is the mapping being replaced: services whose files and
	// includes have not changed are taken from it as they are, and a file that
	// no longer parses keeps its last good version serving (with a diagnostic).
	Previous *Mapping
	// Settings apply to every plan.
	Settings Settings
	// Keep holds texts by path that stand for what the directory has there, or
	// no longer has.
	Keep map[string]string
}

// Load reads every *.thrift file below the root of dir. It never fails as a
// whole for what a file says: problems are in Mapping.Diagnostics. The error
// is for a directory that cannot be read.
//
// A syntax error costs its file and the uses of its symbols; any other mistake
// costs the methods that use what is wrong. Files and folders whose names
// start with a dot are passed over.
func Load(dir fs.FS, o Options) (*Mapping, error) {
	files, err := scan(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the IDL directory: %w", err)
	}
	files = keep(files, o.Keep)
	l := &loader{
		settings:  o.Settings,
		documents: make(map[string]*document, len(files)),
		rules:     ruleSet{},
		broken:    map[*transcode.Type][]problem{},
		checks:    map[*transcode.Field][]check{},
		asserts:   map[*transcode.Type][]check{},
		statuses:  map[*transcode.Type]int{},
		defaults:  map[*transcode.Field]*pendingDefault{},

		active:     map[*constDef]bool{},
		constBytes: map[*unit]int{},
	}
	if o.Previous != nil {
		l.previous = o.Previous
	} else {
		l.previous = &Mapping{}
	}
	l.parse(files)
	l.link()
	l.compile()
	return l.mapping(), nil
}

// loader is one run of Load. Its maps gather what the units say of types and
// fields, those taken from the previous mapping included.
type loader struct {
	settings  Settings
	previous  *Mapping
	documents map[string]*document
	order     []*document // by path
	findings  []finding

	rules    ruleSet
	broken   map[*transcode.Type][]problem
	checks   map[*transcode.Field][]check
	asserts  map[*transcode.Type][]check
	statuses map[*transcode.Type]int
	defaults map[*transcode.Field]*pendingDefault

	active     map[*constDef]bool // constants being encoded
	constBytes map[*unit]int      // spent on defaults and constants
}

// document is one file of the directory in the version that serves: the text
// that is there now, or else the last good one.
type document struct {
	path string
	text string
	hash [sha256.Size]byte
	tree *syntax.File // nil: it fails and there is no earlier version
	// failure is what is wrong with the text that is there now.
	failure  *problem
	includes []*include
	// digest covers the document and all that it includes.
	digest [sha256.Size]byte
	unit   *unit
	// Of Tarjan's search for cycles.
	index, low, component int
}

func (d *document) at(pos syntax.Pos, severity Severity, rule, format string, args ...any) problem {
	line, column := d.tree.Position(pos)
	return problem{
		file: d.path, line: line, column: column,
		severity: severity, rule: rule, message: fmt.Sprintf(format, args...),
	}
}

// parse makes a document of every file.
func (l *loader) parse(files []found) {
	for _, f := range files {
		if f.folder {
			l.keepBelow(f)
			continue
		}
		l.add(l.document(f))
	}
}

func (l *loader) add(d *document) {
	if _, twice := l.documents[d.path]; twice {
		return
	}
	l.documents[d.path] = d
	l.order = append(l.order, d)
}

// keepBelow keeps the last good versions of the files in a folder that cannot
// be read.
func (l *loader) keepBelow(f found) {
	p := problem{file: printable(f.path), rule: ruleUnreadable, message: f.failure}
	l.findings = append(l.findings, finding{problem: p})
	for _, u := range l.previous.order {
		if strings.HasPrefix(u.path, f.path+"/") {
			l.add(&document{path: u.path, text: u.text, hash: u.hash, tree: u.tree, failure: &p})
		}
	}
}

func (l *loader) document(f found) *document {
	d := &document{path: f.path}
	last := l.previous.units[f.path]
	if f.failure != "" {
		d.failure = &problem{file: printable(f.path), rule: ruleUnreadable, message: f.failure}
		l.fallBack(d, last)
		return d
	}
	d.text = strings.TrimPrefix(f.text, "\uFEFF")
	d.hash = sha256.Sum256([]byte(d.text))
	if last != nil && last.hash == d.hash {
		d.tree = last.tree
	} else {
		d.tree, d.failure = parseText(d.path, d.text)
	}
	if d.failure == nil && strings.TrimSpace(d.text) == "" {
		d.failure = &problem{file: d.path, severity: Warning, rule: ruleEmptyFile, message: "this file is empty"}
		if last != nil {
			d.failure.severity = Error
		}
	}
	if d.failure != nil {
		l.fallBack(d, last)
		return d
	}
	if !utf8.ValidString(d.text) {
		l.findings = append(l.findings, finding{problem: notUTF8(d)})
	}
	return d
}

// fallBack takes the last good version of a file that fails.
func (l *loader) fallBack(d *document, last *unit) {
	if last != nil {
		d.text, d.hash, d.tree = last.text, last.hash, last.tree
		d.failure.message += "; the last good version of this file keeps serving"
	}
	l.findings = append(l.findings, finding{problem: *d.failure})
}

func parseText(path, text string) (*syntax.File, *problem) {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return nil, &problem{file: path, line: 1, column: 1, rule: ruleSyntax, message: "this file is in UTF-16: save it as UTF-8"}
	}
	tree, err := syntax.Parse(text)
	if err == nil {
		return tree, nil
	}
	p := &problem{file: path, rule: ruleSyntax, message: err.Error()}
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		p.line, p.column, p.message = e.Line, e.Column, e.Message
	}
	return nil, p
}

// notUTF8 points at the first byte that is no UTF-8. The text is used as it
// is, such bytes in strings replaced: mostly they stand in comments.
func notUTF8(d *document) problem {
	i := 0
	for i < len(d.text) {
		r, n := utf8.DecodeRuneInString(d.text[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return d.at(syntax.Pos(i), Warning, ruleNotUTF8, "this file is not in UTF-8 from here on; such bytes in strings are replaced")
}

// printable is a path as a diagnostic can show it.
func printable(path string) string { return strings.ToValidUTF8(path, "\uFFFD") }
