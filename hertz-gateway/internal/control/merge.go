package control

import (
	"bytes"
	"encoding/json"
	"fmt"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// Merge applies a JSON merge patch (RFC 7396) to an object. An error is an
// *api.InvalidError.
func Merge(object, patch []byte) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(patch, &members); err != nil || members == nil {
		return nil, &api.InvalidError{Errors: []api.FieldError{{Code: api.CodeSyntax, Detail: "the patch is not a JSON object"}}}
	}
	return merge(object, patch, 0)
}

// maxDepth bounds the levels of a patch: each is read anew.
const maxDepth = 20

func merge(target, patch json.RawMessage, depth int) (json.RawMessage, error) {
	var change map[string]json.RawMessage
	if json.Unmarshal(patch, &change) != nil || change == nil {
		return patch, nil
	}
	if depth == maxDepth {
		return nil, &api.InvalidError{Errors: []api.FieldError{{Code: api.CodeSyntax, Detail: fmt.Sprintf("the patch is nested deeper than %d", maxDepth)}}}
	}
	var into map[string]json.RawMessage
	if json.Unmarshal(target, &into) != nil || into == nil {
		into = map[string]json.RawMessage{}
	}
	for name, value := range change {
		if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
			delete(into, name)
			continue
		}
		merged, err := merge(into[name], value, depth+1)
		if err != nil {
			return nil, err
		}
		into[name] = merged
	}
	return json.Marshal(into)
}

// Back is the change that leads from the state of now to that of then.
func Back(now, then *store.State) (ch Change) {
	for _, k := range then.Diff(now) {
		if o := then.Get(k); o != nil {
			ch.Puts = append(ch.Puts, Put{Resource: o.Decoded.(api.Resource), At: "/" + k.Kind + "/" + k.Name})
		} else {
			ch.Deletes = append(ch.Deletes, k)
		}
	}
	return ch
}
