package jsmodule

import (
	"fmt"
	"slices"
	"strings"
)

// Directives are what the comments at the very top of a module say.
type Directives struct {
	// Routes are patterns, see ParsePattern.
	Routes []string
	// Permissions are nil when nothing is said, and empty for none at all.
	Permissions []string
	Isolation   Isolation
	// Required says that a route of the module must not serve without it.
	Required bool
}

// Isolation says what a module shares with other requests.
type Isolation string

// The isolations. IsolationProcess is reserved for worker processes.
const (
	// IsolationNone, the default, keeps runtimes for the requests to come:
	// variables of the top level stay.
	IsolationNone Isolation = ""
	// IsolationRequest gives every request a fresh runtime.
	IsolationRequest Isolation = "request"
	IsolationProcess Isolation = "process"
)

func (i Isolation) check() error {
	switch i {
	case IsolationNone, IsolationRequest:
		return nil
	case IsolationProcess:
		return fmt.Errorf("isolation %q is not available yet, %q is", i, IsolationRequest)
	}
	return fmt.Errorf("there is no isolation %q, %q is all there is", i, IsolationRequest)
}

// DirectivesOf reads the comments at the top of a module's text.
func DirectivesOf(text string) Directives {
	var d Directives
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if !ok {
			break
		}
		word, list, _ := strings.Cut(strings.TrimSpace(comment), " ")
		switch word {
		case "@routes":
			d.Routes = append(d.Routes, strings.Split(list, ",")...)
		case "@permissions":
			if d.Permissions == nil {
				d.Permissions = []string{} // the bare word: none at all
			}
			for grant := range strings.SplitSeq(list, ",") {
				if grant = strings.TrimSpace(grant); grant != "" {
					d.Permissions = append(d.Permissions, grant)
				}
			}
		case "@isolation":
			d.Isolation = Isolation(strings.TrimSpace(list))
		case "@required":
			d.Required = true
		}
	}
	return d
}

// Missing is a module that routes require and that does not work.
type Missing struct {
	Name   string
	Routes []Pattern
	// Err says what is wrong with it.
	Err error
}

// MissingError is a route that does not serve without such a module.
type MissingError struct {
	Module string
	Why    error
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the route requires the module %s, which does not work: %v", e.Module, e.Why)
}

// Unwrap gives what is wrong with the module.
func (e *MissingError) Unwrap() error { return e.Why }

// Lacks gives a *MissingError when a required module is missing on a route, or
// is called by one of the names; nil otherwise, and when there is no set.
func (s *Set) Lacks(k RouteKey, names ...string) error {
	if s == nil {
		return nil
	}
	for _, m := range s.Missing {
		if slices.Contains(names, m.Name) || slices.ContainsFunc(m.Routes, func(p Pattern) bool { return p.Match(k) }) {
			return &MissingError{m.Name, m.Err}
		}
	}
	return nil
}
