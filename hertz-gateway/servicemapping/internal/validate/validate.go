package validate

import (
	"sync"

	"dgate/hertz-gateway/transcode"
)

// Annotation is one annotation as written in the IDL, escapes of the IDL's
// quotes undone and no others. Keys are compared in lower case; those that are
// no rules are ignored.
type Annotation struct{ Key, Value string }

// Problem is one thing wrong with a rule. The rule is left out of the Program,
// unless the problem is Harmless; all others are in it.
type Problem struct {
	Field   *transcode.Field // the annotated field; nil for a struct's own annotation
	Type    *transcode.Type  // the struct the annotation stands in
	Key     string           // "api.vd", "vt.elem.lt"
	Message string           // one sentence that names the place in the value and what was expected
	Offset  int              // where in the annotation's value, in bytes
	// Harmless is a rule that means something, though hardly what its author
	// had in mind.
	Harmless bool
}

// Codes of violations that are not "vd" (an api.vd expression) or the name of a
// rule ("vt.lt", also for vt.elem.lt).
const (
	// CodeUnreadable is Thrift binary that is not a value of its type.
	CodeUnreadable = "unreadable"
	// CodeTooComplex is a message whose check costs more than in proportion to
	// its size: expressions may hold loops in loops.
	CodeTooComplex = "too_complex"
)

// MaxViolations is how many violations Check reports; it stops there.
const MaxViolations = 100

// baseSteps is what the expressions of any check may cost, in bytes read, beyond
// what the size of the message grants: a few milliseconds.
const baseSteps = 1 << 18

// Program checks values of one type. Immutable and safe for concurrent use.
type Program struct {
	root *walk
	// scans counts the nodes which read more than a fixed number of bytes; the
	// budget of a check grows with it.
	scans    int
	machines sync.Pool
}

// Compile compiles the rules of t and of everything it contains. rules and
// structRules give the annotations of a field and of a struct-like type; they
// are asked while compiling only. The Program is nil when there is nothing to
// check.
func Compile(t *transcode.Type, rules func(*transcode.Field) []Annotation, structRules func(*transcode.Type) []Annotation) (*Program, []Problem) {
	c := &compiler{
		rules:       rules,
		structRules: structRules,
		structs:     map[structKey]*structProg{},
		keys:        map[*transcode.Type]*transcode.Codec{},
		seen:        map[Problem]bool{},
	}
	root := c.walkOf(t, 0)
	c.finish()
	root = prune(root)
	if root == nil {
		return nil, c.problems
	}
	return &Program{root: root, scans: c.scans}, c.problems
}

// Check reads one complete value in Thrift binary and returns everything that
// breaks a rule, in the order of the IDL, at most MaxViolations; nil when all
// is well. Pointers start at the value's root and use JSON names. Bytes which
// are not a value of the type are one violation, CodeUnreadable.
func (p *Program) Check(args []byte) []transcode.Violation {
	m, _ := p.machines.Get().(*machine)
	if m == nil {
		m = &machine{}
	}
	out := p.check(m, args)
	p.machines.Put(m)
	return out
}

// check is Check on a machine that is new or reset, and resets it.
func (p *Program) check(m *machine, args []byte) []transcode.Violation {
	m.steps = baseSteps + len(args)*(16+2*p.scans)
	n := m.descend(p.root, args, 0)
	out := m.result(n == len(args))
	m.reset()
	return out
}
