package store

import (
	"errors"
	"fmt"
)

// Errors of Commit and of the other operations; they come wrapped.
var (
	// ErrGuardMoved: something changed in a namespace since the state that the
	// batch was checked on. Nothing was written. Current has the change by now:
	// check on it and commit again.
	ErrGuardMoved = errors.New("the namespace has changed since")
	// ErrUnavailable: etcd doesn't answer. Nothing was written.
	ErrUnavailable = errors.New("etcd is away")
	// ErrUnknown: etcd went away in the middle. Whether the change was written
	// can't be told now; the history will show it.
	ErrUnknown = errors.New("etcd went away before it answered; the history shows whether the change was made")
	// ErrReadOnly: this gateway is watch-only.
	ErrReadOnly = errors.New("this gateway is watch-only")
	// ErrHeld: etcd has lost the state, and what serves is the last good one.
	// Restore or Accept first.
	ErrHeld = errors.New("etcd holds nothing of ours any more; the last good state goes on serving until `dgate-cli store restore` writes it back or `dgate-cli store accept` accepts the loss")
	// ErrNothingLost: there is nothing to Restore or Accept.
	ErrNothingLost = errors.New("etcd has lost nothing")
	// ErrClosed: the store is closed.
	ErrClosed = errors.New("the store is closed")
)

// ConditionError says which condition of a batch or a document's write
// doesn't hold. Nothing was written.
type ConditionError struct {
	Key Key
	// Document is the id, where it is about a document of collection Key.
	Document string
	// Want and Have are revisions; 0: not there.
	Want, Have int64
}

func (e *ConditionError) Error() string {
	name := e.Key.String()
	if e.Document != "" {
		name += "/" + e.Document
	}
	switch {
	case e.Want == 0:
		return fmt.Sprintf("%s exists already, at revision %d", name, e.Have)
	case e.Have == 0:
		return fmt.Sprintf("%s does not exist; revision %d was asked for", name, e.Want)
	default:
		return fmt.Sprintf("%s is at revision %d; revision %d was asked for", name, e.Have, e.Want)
	}
}

// TooLargeError says what exceeds a bound.
type TooLargeError struct {
	What        string
	Size, Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: %d; at most %d", e.What, e.Size, e.Limit)
}
