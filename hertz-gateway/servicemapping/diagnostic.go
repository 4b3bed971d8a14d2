package servicemapping

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Rules of the loader's diagnostics. They are part of what users see and may
// allow by name, so they never change their meaning.
const (
	ruleSyntax              = "syntax"            // the file does not parse
	ruleUnreadable          = "unreadable"        // a file or folder cannot be read, or is too large
	ruleEmptyFile           = "empty-file"        // nothing in the file: perhaps it is being written
	ruleNotUTF8             = "not-utf8"          // bytes that are not UTF-8
	ruleTooManyProblems     = "too-many-problems" // more than can be listed for one file
	ruleIncludeNotFound     = "include-not-found"
	ruleIncludeCycle        = "include-cycle"
	ruleTooManyIncludes     = "too-many-includes"
	ruleDuplicateDefinition = "duplicate-definition" // two definitions of one name in a file
	ruleAmbiguousName       = "ambiguous-name"       // a name that two includes of one base name have
	ruleUnknownType         = "unknown-type"
	ruleTypedefCycle        = "typedef-cycle"
	ruleBadContainer        = "bad-container" // list, set or map with a wrong number of types
	ruleTooDeep             = "too-deep"      // containers in containers beyond the limit
	ruleTooComplex          = "too-complex"   // a method whose types have too many fields
	ruleEnumRange           = "enum-range"    // an enum's number beyond 32 bits
	ruleDuplicateEnumName   = "duplicate-enum-name"
	ruleFieldID             = "field-id" // a field id that cannot be
	ruleDuplicateFieldID    = "duplicate-field-id"
	ruleDuplicateFieldName  = "duplicate-field-name"
	ruleDuplicateJSONName   = "duplicate-json-name" // two fields of a struct with one name in JSON
	ruleBadConstant         = "bad-constant"        // a constant or default that is no value of its type
	ruleConstantTooLarge    = "constant-too-large"
	ruleUnknownAnnotation   = "unknown-annotation"   // api.*, agw.* or dgate.* that does not exist
	ruleMisplacedAnnotation = "misplaced-annotation" // an annotation that means nothing where it stands
	ruleUnknownPlace        = "unknown-place"        // agw.source or agw.target of an unknown place
	ruleBadValue            = "bad-value"            // an annotation's value that is none of those it knows
	ruleBadDuration         = "bad-duration"
	ruleBadStatus           = "bad-status"
	ruleBadValidation       = "bad-validation"   // api.vd or vt.* that does not compile
	ruleBadPath             = "bad-path"         // a path template that does not parse
	ruleDuplicateRoute      = "duplicate-route"  // one verb and path claimed twice
	ruleStreaming           = "streaming"        // a streaming method
	ruleDuplicateMethod     = "duplicate-method" // two methods of one name in a service block
	ruleRedefinedMethod     = "redefined-method" // a method that hides an inherited one
	ruleOnewayResult        = "oneway-result"
	ruleNotAnException      = "not-an-exception" // throws of another type
	ruleUnknownService      = "unknown-service"  // extends of a service that is not there
	ruleExtendsCycle        = "extends-cycle"
	ruleAmbiguousRegistry   = "ambiguous-registry" // several files of one base name without dgate.service
	ruleBadBinding          = "bad-binding"        // a route that cannot be bound
	ruleBadMethod           = "bad-method"         // a method that cannot be called
	ruleInternal            = "internal"           // compiling panicked: a defect of the gateway
)

// problem is a diagnostic before it is known what it costs. It is comparable:
// one problem met on several ways, or in two loads, is one diagnostic.
type problem struct {
	file         string
	line, column int
	severity     Severity
	rule         string
	message      string
}

// finding is a problem with what it costs.
type finding struct {
	problem
	routes []string
}

// String gives "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// String gives the diagnostic on one line, "file:line:col: severity rule:
// message", without the routes.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(d.Line))
		if d.Column > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(d.Column))
		}
	}
	b.WriteString(": " + d.Severity.String() + " " + d.Rule + ": " + d.Message)
	return b.String()
}

// merge makes diagnostics of findings: each problem once, with all routes that
// it costs, in the order (file, line, column).
func merge(findings []finding) []Diagnostic {
	index := make(map[problem]int, len(findings))
	var ds []Diagnostic
	for _, f := range findings {
		i, ok := index[f.problem]
		if !ok {
			i = len(ds)
			index[f.problem] = i
			ds = append(ds, Diagnostic{
				File: f.file, Line: f.line, Column: f.column,
				Severity: f.severity, Rule: f.rule, Message: f.message,
			})
		}
		ds[i].Routes = append(ds[i].Routes, f.routes...)
	}
	for i := range ds {
		slices.Sort(ds[i].Routes)
		ds[i].Routes = slices.Compact(ds[i].Routes)
	}
	slices.SortFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return ds
}

// nearest finds the word most like name, for "did you mean": at most a third
// of it differs. Empty when there is none.
func nearest(name string, words func(yield func(string) bool)) string {
	const longest = 64 // beyond it, comparing costs more than the hint is worth
	if len(name) > longest {
		return ""
	}
	lower := strings.ToLower(name)
	best, least := "", len(name)/3+1
	for w := range words {
		if d := len(w) - len(name); d >= least || -d >= least || len(w) > longest {
			continue
		}
		d := distance(lower, strings.ToLower(w), least+1)
		if d < least || d == least && best != "" && w < best {
			best, least = w, d
		}
	}
	return best
}

// distance is the edit distance of a and b with swaps of neighbours, or limit
// when it is no less.
func distance(a, b string, limit int) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= limit {
			return limit
		}
		rows[0], rows[1], rows[2] = last, row, before
	}
	return min(rows[1][len(b)], limit)
}

// hint is the end of a message that proposes the nearest word.
func hint(name string, words func(yield func(string) bool)) string {
	if w := nearest(name, words); w != "" {
		return "; did you mean " + strconv.Quote(w) + "?"
	}
	return ""
}
