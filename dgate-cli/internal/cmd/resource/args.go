package resource

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

// fields are the JSON fields of a kind, with their Go types.
func fields(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for name, typ := range fields(f.Type) {
				out[name] = typ
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = f.Type
	}
	return out
}

const argsHint = "write key=value, key:=JSON or key@=FILE"

// object makes a JSON object of arguments: key=value as the field's type asks
// (commas make a list), key:=JSON as it stands, key@=FILE the file's bytes in
// base64 for a payload and as text for other fields. A first argument without
// "=" is the name.
func object(kind api.Kind, args []string) (map[string]json.RawMessage, error) {
	known := fields(reflect.TypeOf(kind.New()).Elem())
	out := map[string]json.RawMessage{}
	for i, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok && i == 0 {
			key, value, ok = nameField(kind), arg, true
		}
		if !ok || key == "" {
			return nil, cli.Usagef(argsHint, "%q is no field of a %s", arg, kind)
		}
		form := byte('=')
		if last := key[len(key)-1]; last == ':' || last == '@' {
			form, key = last, key[:len(key)-1]
		}
		typ, ok := known[key]
		if !ok {
			return nil, cli.Usagef("the fields are "+strings.Join(names(known), ", "), "a %s has no field %q%s", kind, key, api.Near(key, names(known)))
		}
		if _, twice := out[key]; twice {
			return nil, cli.Usagef(argsHint, "%s is given twice", key)
		}
		text, err := encode(key, value, form, typ)
		if err != nil {
			return nil, err
		}
		out[key] = text
	}
	return out, nil
}

// nameField is what names a resource of the kind.
func nameField(kind api.Kind) string {
	if kind == api.KindDocument {
		return "id"
	}
	return "name"
}

func names(known map[string]reflect.Type) (out []string) {
	for name := range known {
		if !slices.Contains([]string{"revision", "createdAt", "updatedAt"}, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func encode(key, value string, form byte, typ reflect.Type) (json.RawMessage, error) {
	switch form {
	case ':':
		if !json.Valid([]byte(value)) {
			return nil, cli.Usagef("JSON in a shell stands in single quotes: "+key+":='[\"a\"]'; "+key+"=value takes a text", "%s: %q is not JSON", key, value)
		}
		return json.RawMessage(value), nil
	case '@':
		data, err := os.ReadFile(value)
		if err != nil {
			return nil, err
		}
		if key == "payload" {
			return json.Marshal(base64.StdEncoding.EncodeToString(data))
		}
		value = string(data)
	}
	switch {
	case typ == reflect.TypeFor[json.RawMessage](), typ.Kind() == reflect.Map, typ.Kind() == reflect.Pointer:
		if json.Valid([]byte(value)) {
			return json.RawMessage(value), nil
		}
		if typ != reflect.TypeFor[json.RawMessage]() {
			return nil, cli.Usagef(argsHint, "%s is an object; write %s:='{…}'", key, key)
		}
	case typ.Kind() == reflect.Slice:
		list := []string{}
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return json.Marshal(list)
	case typ.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return nil, cli.Usagef(argsHint, "%s: %q is neither true nor false", key, value)
		}
		return json.Marshal(b)
	case typ == reflect.TypeFor[int]():
		n, err := strconv.Atoi(value)
		if err != nil {
			return nil, cli.Usagef(argsHint, "%s: %q is not a whole number", key, value)
		}
		return json.Marshal(n)
	}
	return json.Marshal(value)
}

// text gives a member that is a text and takes it out of the object.
func text(o map[string]json.RawMessage, key string) string {
	var s string
	if json.Unmarshal(o[key], &s) != nil {
		return ""
	}
	delete(o, key)
	return s
}
