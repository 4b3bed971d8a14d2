package openapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// Types writes TypeScript declarations of a mapping, as a text for a file
// *.d.ts without imports:
//
//   - module "dgate/rpc": a client for each service, as modules call it, and an
//     interface for each struct;
//   - module "dgate/paths": for each route the types of its parameters, body
//     and answer, for clients that use fetch.
//
// The same mapping gives the same text.
func Types(m *servicemapping.Mapping) ([]byte, []Warning) {
	notes := m.Notes()
	g := &generator{
		mapping: m, notes: notes, model: newModel(m, notes),
		paths: map[string]*pathItem{}, ids: allocator{},
	}
	g.model.sidedEnums = true
	t := &declarations{generator: g}
	t.collectClients()
	t.collectRoutes()
	g.model.classify()
	taken := allocator{}
	for _, name := range ownNames {
		taken[name] = true
	}
	g.model.nameClasses(taken)
	t.nameEnums(taken)
	for _, c := range t.clients {
		c.name = taken.take(identifier(c.service.Name)+"Client", identifier(c.key)+"Client")
	}
	t.write()
	return []byte(t.out.String()), g.warnings
}

// ownNames are declared in every text, or mean something in TypeScript.
var ownNames = []string{
	"CallOptions", "RpcClients", "call", "rpc",
	"any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol", "undefined", "unknown", "void",
	"Array", "Omit", "Record", "Partial", "Promise", "Uint8Array",
}

// declarations writes one text.
type declarations struct {
	*generator
	clients   []*client
	routes    []*operation
	enumNames map[*class]string // the type of an enum's names
	out       strings.Builder
	indent    int
}

// client is a service that modules can call.
type client struct {
	service *servicemapping.Service
	key     string // what modules call it
	name    string // of its interface
	methods []clientMethod
}

type clientMethod struct {
	method  *servicemapping.Method
	args    *value // nil: none
	success *value // nil: none
}

// collectClients registers what modules can call: by the Thrift name, or by
// that of the registry where another service has the same one.
func (t *declarations) collectClients() {
	for _, s := range t.mapping.Services {
		key := ""
		for _, name := range []string{s.Name, s.Registry} {
			if found := t.mapping.Find(name); name != "" && len(found) == 1 && found[0] == s {
				key = name
				break
			}
		}
		if key == "" {
			t.warn(s.File, s.Line, "%s is left out of the clients: no name tells it from other services", s.Name)
			continue
		}
		c := &client{service: s, key: key}
		for _, m := range s.Methods {
			way := m.Generic.Describe("")
			cm := clientMethod{method: m}
			if way.Body != nil {
				cm.args = t.model.valueOf(way.Body.Declared, way.Body.Type, false, request, nil)
			}
			if way.Success != nil {
				cm.success = t.model.valueOf(way.Success.Declared, way.Success.Type, false, answer, nil)
			}
			c.methods = append(c.methods, cm)
		}
		t.clients = append(t.clients, c)
	}
}

// collectRoutes registers the routes; ANY stands for its POST.
func (t *declarations) collectRoutes() {
	for b := range t.mapping.Bindings() {
		template, err := newPathTemplate(b.Path)
		if err != nil {
			continue // the mapping has only paths that can be read
		}
		verb := b.Verb
		if !slices.Contains(verbs, verb) {
			verb = "POST"
		}
		t.routes = append(t.routes, t.newOperation(b, verb, template))
	}
}

// nameEnums names the types of the names of enums.
func (t *declarations) nameEnums(taken allocator) {
	t.enumNames = map[*class]string{}
	for _, c := range t.model.classes {
		if c.first.typ.Kind == transcode.Enum {
			t.enumNames[c] = taken.take(c.name+"Name", c.name+"_Name")
		}
	}
}

func (t *declarations) line(format string, args ...any) {
	if format != "" {
		t.out.WriteString(strings.Repeat("  ", t.indent))
		fmt.Fprintf(&t.out, format, args...)
	}
	t.out.WriteByte('\n')
}

// open writes a line that ends with a brace; done closes it.
func (t *declarations) open(format string, args ...any) {
	t.line(format+" {", args...)
	t.indent++
}

func (t *declarations) done(end string) {
	t.indent--
	t.line("}%s", end)
}

// comment writes a documentation comment, unless there is nothing to say.
func (t *declarations) comment(doc string) {
	if doc == "" {
		return
	}
	doc = strings.ReplaceAll(doc, "*/", "* /")
	lines := strings.Split(doc, "\n")
	if len(lines) == 1 {
		t.line("/** %s */", doc)
		return
	}
	t.line("/**")
	for _, l := range lines {
		t.line("%s", strings.TrimRight(" * "+l, " "))
	}
	t.line(" */")
}

func (t *declarations) write() {
	t.line("// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.")
	t.line("")
	t.open(`declare module "dgate/rpc"`)
	for _, c := range t.model.classes {
		t.class(c)
	}
	for _, c := range t.clients {
		t.client(c)
	}
	t.callers()
	t.done("")
	t.line("")
	t.open(`declare module "dgate/paths"`)
	t.importTypes()
	t.pathsType()
	t.done("")
}

// class declares a struct, union, exception or enum.
func (t *declarations) class(c *class) {
	sh := c.first
	t.comment(t.notes.Type(sh.typ))
	switch sh.typ.Kind {
	case transcode.Enum:
		numbers, _ := enumValues(sh.typ)
		values := make([]string, len(numbers))
		for i, n := range numbers {
			values[i] = strconv.Itoa(n.(int))
		}
		names := make([]string, len(sh.typ.Values))
		lines := make([]string, len(sh.typ.Values))
		for i, v := range sh.typ.Values {
			names[i] = quote(v.Name)
			lines[i] = fmt.Sprintf("%s = %d", v.Name, v.Number)
		}
		t.line("%s", strings.TrimRight(fmt.Sprintf("export type %s = %s; // %s", c.name, union(values), strings.Join(lines, ", ")), "/ "))
		t.line("export type %s = %s;", t.enumNames[c], union(names))
	case transcode.Union:
		var choices []string
		for _, m := range sh.members {
			choice := []string{}
			for _, other := range sh.members {
				if other == m {
					choice = append(choice, property(m.name)+": "+t.typ(m.value))
				} else {
					choice = append(choice, property(other.name)+"?: undefined")
				}
			}
			choices = append(choices, "{ "+strings.Join(choice, "; ")+" }")
		}
		t.line("export type %s = %s;", c.name, union(choices))
	default:
		t.open("export interface %s", c.name)
		t.members(sh.members)
		t.done("")
	}
	t.line("")
}

func (t *declarations) members(members []*member) {
	for _, m := range members {
		t.comment(t.fieldDoc(m.field))
		mark := "?"
		if m.required {
			mark = ""
		}
		typ := t.typ(m.value)
		if m.null {
			typ += " | null"
		}
		t.line("%s%s: %s;", property(m.name), mark, typ)
	}
}

// fieldDoc is the comment of a field, with its default.
func (t *declarations) fieldDoc(f *transcode.Field) string {
	doc := t.notes.Field(f)
	if def := defaultOf(f); def != nil {
		if doc != "" {
			doc += "\n"
		}
		doc += "@default " + strings.ReplaceAll(string(def), "\n", " ")
	}
	return doc
}

// typ is the type of a value.
func (t *declarations) typ(v *value) string {
	settings := t.model.settings
	switch v.typ.Kind {
	case transcode.Bool:
		return "boolean"
	case transcode.I8, transcode.I16, transcode.I32:
		return t.integer(v, settings.LaxNumbers, false)
	case transcode.I64:
		return t.integer(v, true, settings.Int64AsString)
	case transcode.Double:
		switch {
		case v.stringly:
			return "string"
		case settings.SpecialFloats && v.side == answer:
			return "number | string"
		}
		return "number"
	case transcode.List, transcode.Set:
		elem := t.typ(v.elem)
		if strings.Contains(elem, " ") {
			return "Array<" + elem + ">"
		}
		return elem + "[]"
	case transcode.Map:
		return "Record<string, " + t.typ(v.elem) + ">"
	case transcode.Enum:
		switch {
		case v.stringly:
			return "string"
		case v.side != answer:
			return v.shape.class.name + " | " + t.enumNames[v.shape.class]
		case settings.EnumNames:
			return t.enumNames[v.shape.class]
		}
		return v.shape.class.name
	case transcode.Struct, transcode.Union, transcode.Exception:
		return v.shape.class.name
	}
	return "string" // string, binary in base64, uuid
}

func (t *declarations) integer(v *value, lax, asString bool) string {
	switch {
	case v.stringly || asString && v.side == answer:
		return "string"
	case lax && v.side != answer:
		return "number | string"
	}
	return "number"
}

// client declares the methods of a service.
func (t *declarations) client(c *client) {
	t.comment(t.notes.Service(c.service))
	t.open("export interface %s", c.name)
	for _, m := range c.methods {
		t.comment(t.notes.Method(m.method).Doc)
		args, success := "args?: {}", "null"
		if m.args != nil {
			args = "args: " + t.typ(m.args)
			if !needed(m.args.shape.members) {
				args = "args?: " + t.typ(m.args)
			}
		}
		if m.success != nil {
			success = t.typ(m.success)
		}
		t.line("%s(%s, options?: CallOptions): Promise<%s>;", property(m.method.Name), args, success)
	}
	t.done("")
	t.line("")
}

func needed(members []*member) bool {
	return slices.ContainsFunc(members, func(m *member) bool { return m.required })
}

// callers declares what the module exports.
func (t *declarations) callers() {
	t.open("export interface CallOptions")
	t.comment("In milliseconds; never longer than the request has left.")
	t.line("timeout?: number;")
	t.comment("Only instances with this tag are called.")
	t.line("tag?: string;")
	t.done("")
	t.line("")
	t.comment("The services by their names.")
	t.open("export interface RpcClients")
	for _, c := range t.clients {
		t.line("%s: %s;", property(c.key), c.name)
	}
	t.done("")
	t.line("")
	t.line("export function call<S extends keyof RpcClients, M extends keyof RpcClients[S]>(")
	t.line("  service: S, method: M,")
	t.line("  args?: RpcClients[S][M] extends (args: infer A, options?: CallOptions) => unknown ? A : never, options?: CallOptions,")
	t.line("): RpcClients[S][M] extends (...args: never[]) => infer R ? R : never;")
	t.line("export function call(service: string, method: string, args?: unknown, options?: CallOptions): Promise<unknown>;")
	t.line("")
	t.line(`const rpc: Omit<RpcClients, "call"> & { call: typeof call };`)
	t.line("export default rpc;")
}

// importTypes makes the names of module "dgate/rpc" known.
func (t *declarations) importTypes() {
	var names []string
	for _, c := range t.model.classes {
		names = append(names, c.name)
		if n := t.enumNames[c]; n != "" {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return
	}
	t.open("import type")
	for _, n := range names {
		t.line("%s,", n)
	}
	t.done(` from "dgate/rpc";`)
	t.line("")
}

// quote is a text as a string of TypeScript, which takes those of JSON.
func quote(s string) string { return string(appendString(nil, s)) }

// property is a name as that of a property.
func property(name string) string {
	if identifier(name) == name {
		return name
	}
	return quote(name)
}

// union is the choice between types; never: there is none.
func union(types []string) string {
	if len(types) == 0 {
		return "never"
	}
	return strings.Join(types, " | ")
}
