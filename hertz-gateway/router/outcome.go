package router

// Kind says how a match ended.
type Kind uint8

const (
	// NotFound says that no template fits the path, nor its other trailing-slash form (404).
	NotFound Kind = iota
	// Found says that the returned value is the route's.
	Found
	// MethodNotAllowed says that templates fit, but none for the verb; see Allow (405).
	MethodNotAllowed
	// Options is OPTIONS on a path that has routes, none of them for OPTIONS; see Allow (204).
	Options
	// Redirect says that only the other trailing-slash form of the path has a route for
	// the verb; see Location (308).
	Redirect
	// BadPath says that no such path is served, whatever the routes; see Reason (400).
	BadPath
)

var kindNames = [...]string{"not found", "found", "method not allowed", "options", "redirect", "bad path"}

// String returns the kind in words.
func (k Kind) String() string { return kindNames[k] }

// Outcome is how a match ended, and what is needed to answer.
type Outcome struct {
	Kind Kind
	// EncodedSlash is set when a "%2F" stands in the path: a parameter may hold a
	// slash that separates nothing.
	EncodedSlash bool
	// Allow lists the verbs of all templates that fit, sorted, with HEAD wherever
	// GET is and OPTIONS always. It is for MethodNotAllowed and Options only.
	Allow []string
	// Location is the path to redirect to, encoded as the client had it and
	// without the query, which the caller has to append. For Redirect only.
	Location string
	// Reason says in a few words what is wrong with the path. For BadPath only.
	Reason string
}
