package breaking

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Severity of a finding.
type Severity string

// The severities. Breaking: callers or running instances that were right are
// wrong now. Risky: it depends on what they send or expect. Safe: nobody notices
// who doesn't look.
const (
	Breaking Severity = "breaking"
	Risky    Severity = "risky"
	Safe     Severity = "safe"
)

func (s Severity) rank() int {
	switch s {
	case Breaking:
		return 2
	case Risky:
		return 1
	default:
		return 0
	}
}

// Surface is the side on which a change is met.
type Surface string

// The surfaces: Thrift between gateway and instances, and what callers see.
const (
	Wire Surface = "wire"
	HTTP Surface = "http"
)

// Finding is one change and what it costs.
type Finding struct {
	// File and Line are a place in the new IDLs: what has changed, or what is
	// around it if it is gone. With Gone it is a place in the old ones.
	File string `json:"file"`
	Line int    `json:"line"`
	Gone bool   `json:"gone,omitempty"`
	// Rule is a stable id: one of Rules.
	Rule     string    `json:"rule"`
	Severity Severity  `json:"severity"`
	Breaks   []Surface `json:"breaks"`
	Message  string    `json:"message"`
	// Allowed: dgate.breaking allows it, which has made it safe.
	Allowed bool `json:"allowed,omitempty"`
	// Methods, "BookSvc.queryBook", and routes, "GET /book/query", of the old
	// IDLs that it touches, and the modules that run on those routes or call
	// those methods.
	Methods []string `json:"methods"`
	Routes  []string `json:"routes"`
	Modules []string `json:"modules"`
}

// ID is the rule as diagnostics and field errors have it: "breaking/name-changed".
func (f Finding) ID() string { return "breaking/" + f.Rule }

// String gives the finding on one line: "file:line: severity rule: message",
// with the routes and modules that it touches.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		b.WriteString(":" + strconv.Itoa(f.Line))
	}
	b.WriteString(": " + string(f.Severity) + " " + f.Rule + ": " + f.Message)
	if f.Allowed {
		b.WriteString(", which is allowed")
	}
	if touched := f.Touches(); touched != "" {
		b.WriteString(" (" + touched + ")")
	}
	return b.String()
}

// Touches names the routes, or else the methods, and the modules of a finding.
func (f Finding) Touches() string {
	var parts []string
	if len(f.Routes) > 0 {
		parts = append(parts, some(f.Routes))
	} else if len(f.Methods) > 0 {
		parts = append(parts, some(f.Methods))
	}
	if len(f.Modules) == 1 {
		parts = append(parts, "module "+f.Modules[0])
	} else if len(f.Modules) > 0 {
		parts = append(parts, "modules "+some(f.Modules))
	}
	return strings.Join(parts, "; ")
}

// some lists the first few of many names.
func some(names []string) string {
	const enough = 5
	if len(names) > enough {
		return strings.Join(names[:enough], ", ") + " and " + strconv.Itoa(len(names)-enough) + " more"
	}
	return strings.Join(names, ", ")
}

// Worst is the highest severity among findings; Safe when there are none.
func Worst(findings []Finding) Severity {
	worst := Safe
	for _, f := range findings {
		if f.Severity.rank() > worst.rank() {
			worst = f.Severity
		}
	}
	return worst
}

// AtLeast are the findings of a severity or a higher one.
func AtLeast(least Severity, findings []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Severity.rank() < least.rank() })
}

// order sorts by severity, the worst first, then by place.
func order(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity.rank(), a.Severity.rank()),
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
	)
}
