package moduletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
)

// differ compares two JSON texts and names each place, as a JSON pointer after
// at, where got is not what is wanted.
func differ(at string, got, want []byte) []string {
	w, err := decode(want)
	if err != nil {
		return []string{fmt.Sprintf("%s: what is wanted is not JSON: %v", at, err)}
	}
	g, err := decode(got)
	if err != nil {
		return []string{fmt.Sprintf("%s: got %s, want %s", at, short(got), short(want))}
	}
	return differValue(at, g, w)
}

func decode(data []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // every digit counts
	return v, d.Decode(&v)
}

func differValue(at string, got, want any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(w)) {
			if v, ok := g[name]; !ok {
				all = append(all, fmt.Sprintf("%s/%s: missing, want %s", at, name, show(w[name])))
			} else {
				all = append(all, differValue(at+"/"+name, v, w[name])...)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(g)) {
			if _, ok := w[name]; !ok {
				all = append(all, fmt.Sprintf("%s/%s: got %s, want nothing", at, name, show(g[name])))
			}
		}
		return all
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		var all []string
		for i := range min(len(g), len(w)) {
			all = append(all, differValue(fmt.Sprintf("%s/%d", at, i), g[i], w[i])...)
		}
		if len(g) != len(w) {
			all = append(all, fmt.Sprintf("%s: got %d elements, want %d", at, len(g), len(w)))
		}
		return all
	case json.Number:
		if g, ok := got.(json.Number); ok && sameNumber(g, w) {
			return nil
		}
	default:
		if got == want {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: got %s, want %s", at, show(got), show(want))}
}

// sameNumber compares values, where their texts are short enough for that.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	const most = 64
	if len(a) > most || len(b) > most || bytes.ContainsAny([]byte(a+b), "eE") {
		return false
	}
	x, ok1 := new(big.Rat).SetString(string(a))
	y, ok2 := new(big.Rat).SetString(string(b))
	return ok1 && ok2 && x.Cmp(y) == 0
}

func show(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return short(bytes.TrimSpace(b.Bytes()))
}

// short cuts what is too long to be read in a line.
func short(text []byte) string {
	const most = 300
	if len(text) == 0 {
		return "nothing"
	}
	if len(text) > most {
		return string(bytes.ToValidUTF8(text[:most], nil)) + "…"
	}
	return string(text)
}
