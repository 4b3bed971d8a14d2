package jsmodule

// Hook is one of the functions that a module can export.
type Hook uint8

// The hooks, in the order in which an exchange runs them.
const (
	// FetchUpstream chooses where the request goes.
	FetchUpstream Hook = iota
	// RequestModifier edits the request, or answers it.
	RequestModifier
	// RequestHandler answers on a route without service.
	RequestHandler
	// ResponseModifier edits the answer.
	ResponseModifier
	// ErrorHandler answers when something failed.
	ErrorHandler
	hookCount
)

// hookNames are the names under which a module exports its hooks; the first is
// the one that is shown.
var hookNames = [hookCount][]string{
	FetchUpstream:    {"fetchUpstream", "fetchUpstreamUrl"},
	RequestModifier:  {"requestModifier"},
	RequestHandler:   {"requestHandler"},
	ResponseModifier: {"responseModifier"},
	ErrorHandler:     {"errorHandler"},
}

// hookExports are the hooks by all of their names, in the order in which a
// module hands them over.
var hookExports = func() (exports []hookExport) {
	for h, names := range hookNames {
		for _, name := range names {
			exports = append(exports, hookExport{Hook(h), name})
		}
	}
	return exports
}()

type hookExport struct {
	hook Hook
	name string
}

// String is the name of the export.
func (h Hook) String() string {
	if h >= hookCount {
		return "module"
	}
	return hookNames[h][0]
}
