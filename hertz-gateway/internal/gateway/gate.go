package gateway

import (
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/servicemapping/breaking"
)

// GateMode says what becomes of a breaking change in the IDL directory.
type GateMode string

// The modes. Warn serves it and says so, Refuse goes on serving what was there.
const (
	GateOff    GateMode = "off"
	GateWarn   GateMode = "warn"
	GateRefuse GateMode = "refuse"
)

// idlGate checks what is read from the IDL directory against what is served.
// It belongs to the reconciler; found may be read by anyone.
type idlGate struct {
	mode GateMode
	log  *slog.Logger
	// found are the breaking changes of the last change of the IDLs: those that
	// are refused, or those that were served.
	found atomic.Pointer[[]breaking.Finding]
}

// loader reads the IDL directory with texts in the place of some files.
type loader func(keep map[string]string) (*servicemapping.Mapping, error)

// pass gives the mapping that is to serve after old: what load reads, but in
// the mode Refuse without what breaks.
func (g *idlGate) pass(old *servicemapping.Mapping, users func() breaking.Usage, load loader) (*servicemapping.Mapping, error) {
	next, err := load(nil)
	if err != nil || old == nil || g.mode == GateOff {
		return next, err
	}
	if next.Digest == old.Digest {
		if g.mode == GateRefuse {
			g.found.Store(nil) // what was refused has been taken back
		}
		return next, nil
	}
	use := users()
	all := breaking.Compare(old, next, use)
	broken := breaking.AtLeast(breaking.Breaking, all)
	if g.mode == GateRefuse && len(broken) > 0 {
		if next, err = g.hold(old, broken, use, load); err != nil {
			return nil, err
		}
	}
	g.tell(all, broken)
	g.found.Store(&broken)
	return next, nil
}

// hold reads the directory with the files of broken services as they were. If
// that is not enough, because other files take away what they have, everything
// stays as it was.
func (g *idlGate) hold(old *servicemapping.Mapping, broken []breaking.Finding, use breaking.Usage, load loader) (*servicemapping.Mapping, error) {
	kept := map[string]string{}
	for _, f := range broken {
		for _, method := range f.Methods {
			service, _, _ := strings.Cut(method, ".")
			for _, s := range old.Find(service) {
				for path, text := range s.Sources.Files {
					kept[path] = text
				}
			}
		}
	}
	next, err := load(kept)
	if err != nil {
		return nil, err
	}
	if breaking.Worst(breaking.Compare(old, next, use)) == breaking.Breaking {
		return old, nil
	}
	return next, nil
}

// tell logs what is new among the findings.
func (g *idlGate) tell(all, broken []breaking.Finding) {
	known := map[string]bool{}
	if last := g.found.Load(); last != nil && g.mode == GateRefuse {
		for _, f := range *last {
			known[f.String()] = true
		}
	}
	outcome := "a change of the IDLs is breaking, and served"
	if g.mode == GateRefuse {
		outcome = "a breaking change of the IDLs is refused: the last version keeps serving"
	}
	for _, f := range broken {
		if !known[f.String()] {
			g.log.Warn(outcome, "at", place(f), "rule", f.Rule, "change", f.Message,
				"methods", f.Methods, "routes", f.Routes, "modules", f.Modules)
		}
	}
	if g.mode == GateRefuse && len(broken) > 0 {
		return // what else has changed may be held back with it
	}
	for _, f := range all {
		if f.Severity == breaking.Risky {
			g.log.Info("a change of the IDLs is risky", "at", place(f), "rule", f.Rule, "change", f.Message,
				"routes", f.Routes, "modules", f.Modules)
		}
	}
}

func place(f breaking.Finding) string {
	at, _, _ := strings.Cut(f.String(), ": ")
	return at
}

// diagnostics are the findings for the status.
func (g *idlGate) diagnostics() []api.Diagnostic {
	found := g.found.Load()
	if found == nil {
		return nil
	}
	severity, outcome := api.SeverityWarning, " (served all the same)"
	if g.mode == GateRefuse {
		severity, outcome = api.SeverityError, " (refused: the last version keeps serving)"
	}
	var out []api.Diagnostic
	for _, f := range *found {
		message := f.Message
		if len(f.Modules) > 0 {
			message += ", which modules " + strings.Join(f.Modules, ", ") + " rely on"
		}
		costs := f.Routes
		if len(costs) == 0 {
			costs = f.Methods
		}
		out = append(out, api.Diagnostic{
			File: f.File, Line: f.Line, Severity: severity, Rule: f.ID(),
			Message: message + outcome, Routes: slices.Clone(costs),
		})
	}
	return out
}

// usage is what is known of those who use the IDL directory.
func (r *reconciler) usage() breaking.Usage {
	if s := r.g.current.Load(); s != nil {
		return s.Default().Usage()
	}
	return breaking.Usage{}
}
