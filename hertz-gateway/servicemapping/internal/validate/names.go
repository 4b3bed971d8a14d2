package validate

import (
	"fmt"
	"slices"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// fieldNamed finds a field by its IDL name, or by the name that a generator of
// Go code gives it: case and underscores don't count then ("user_id", "UserID").
func fieldNamed(t *transcode.Type, name string) (*transcode.Field, error) {
	var alike []*transcode.Field
	for _, f := range t.Fields {
		if f.Name == name {
			return f, nil
		}
		if fold(f.Name) == fold(name) {
			alike = append(alike, f)
		}
	}
	switch len(alike) {
	case 1:
		return alike[0], nil
	case 0:
		var names []string
		for _, f := range t.Fields {
			names = append(names, f.Name)
		}
		return nil, fmt.Errorf("%s has no field %q%s", structName(t), name, suggestion(name, names))
	default:
		return nil, fmt.Errorf("%q fits the fields %s and %s of %s", name, alike[0].Name, alike[1].Name, structName(t))
	}
}

func structName(t *transcode.Type) string {
	if t.Name == "" {
		return "the struct"
	}
	return t.Name
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// suggestion is `; did you mean "x"?` for the known name next to a wrong one,
// else the known names, if they are few.
func suggestion(name string, known []string) string {
	best, bestAt := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := distance(fold(name), fold(k)); d < bestAt {
			best, bestAt = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0 || len(known) > 20:
		return ""
	default:
		return "; there are " + strings.Join(known, ", ")
	}
}

// distance is the edit distance of two names; long ones are far apart.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], slices.Min([]int{row[j+1] + 1, row[j] + 1, diagonal + cost})
		}
	}
	return row[len(b)]
}
