package jsmodule

import (
	"fmt"
	"strings"
)

// Kind says what went wrong in a module.
type Kind string

// The kinds of Error.
const (
	// KindSyntax is text that does not compile or link.
	KindSyntax Kind = "syntax"
	// KindException is an exception that the module did not catch.
	KindException Kind = "exception"
	// KindBudget is JavaScript that ran longer than its CPU budget.
	KindBudget Kind = "budget"
	// KindMemory is JavaScript that was stopped because the heap was full.
	KindMemory Kind = "memory"
	// KindStack is recursion without end.
	KindStack Kind = "stack"
	// KindDeadline is waiting past the deadline.
	KindDeadline Kind = "deadline"
	// KindCanceled is an exchange whose context ended.
	KindCanceled Kind = "canceled"
	// KindRefused is a request that could not be bound when a module asked for
	// ctx.rpc.request; Unwrap gives the error of Binding.Bind.
	KindRefused Kind = "refused"
	// KindNeverSettles is a promise that nothing is left to settle.
	KindNeverSettles Kind = "never_settles"
	// KindPanic is a defect of the host.
	KindPanic Kind = "panic"
	// KindBusy is a chain all of whose runtimes were in use.
	KindBusy Kind = "busy"
)

// Error is a failure of a module. Positions are those of the source file, also
// for TypeScript. It is for operators: a client never sees its text.
type Error struct {
	Module string
	// Hook is the export that failed, empty while building and loading.
	Hook string
	Kind Kind
	// Name is the class of the exception: "TypeError", "RangeError" …
	Name    string
	Message string
	// File, Line and Column, counted from 1, say where; Line is 0 when that
	// is not known.
	File   string
	Line   int
	Column int
	// Stack has one "function file:line:column" per line, innermost first.
	Stack string
	// Text is the source line at Line, when building.
	Text string

	frames []frame
	cause  error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	b.WriteString("module " + e.Module)
	if e.Hook != "" {
		b.WriteString(" " + e.Hook)
	}
	b.WriteString(": ")
	if e.Name != "" {
		b.WriteString(e.Name + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap gives the Go error behind the failure, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Errors is everything that kept a module from being built, at least one.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each of them.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}
