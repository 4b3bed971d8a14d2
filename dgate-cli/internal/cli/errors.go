package cli

import (
	"errors"
	"fmt"

	"dgate/hertz-gateway/api"
)

// The exit codes of the program.
const (
	ExitOK       = 0
	ExitFailed   = 1
	ExitUsage    = 2
	ExitFindings = 100
)

// UsageError is a command that was called in a wrong way.
type UsageError struct {
	Err error
	// Hint is what to type instead; it may be empty.
	Hint string
}

// Usagef makes a UsageError.
func Usagef(hint, format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...), Hint: hint}
}

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// FindingsError is a check that worked and found something. What it found is
// printed already; the text is the summary.
type FindingsError struct{ Summary string }

func (e *FindingsError) Error() string { return e.Summary }

// HintError is a failure with the next thing to try.
type HintError struct {
	Err  error
	Hint string
}

func (e *HintError) Error() string { return e.Err.Error() }

func (e *HintError) Unwrap() error { return e.Err }

// ExitCode is the one place where an error becomes an exit code.
func ExitCode(err error) int {
	var usage *UsageError
	var findings *FindingsError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &findings):
		return ExitFindings
	default:
		return ExitFailed
	}
}

// Hint is the next thing to try after err; empty when there is nothing to say.
func Hint(err error) string {
	var usage *UsageError
	var hinted *HintError
	var answer *api.Error
	switch {
	case errors.As(err, &usage):
		return usage.Hint
	case errors.As(err, &hinted):
		return hinted.Hint
	case errors.As(err, &answer):
		return answer.Hint
	default:
		return ""
	}
}
