package servicemapping

import (
	"fmt"
	"slices"

	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/transcode"
)

// Rules of the diagnostics that compiling a plan reports.
const (
	ruleBodyWithoutBody = "body-without-body"   // api.body or api.raw_body on GET, HEAD or OPTIONS
	ruleFormWithoutBody = "form-without-body"   // api.form there: read from the query
	rulePathUnread      = "path-parameter"      // a path parameter that no field reads
	rulePathUnknown     = "path-unknown"        // api.path of a name that the path does not have
	ruleNoPlace         = "no-place"            // a required field that nothing can fill
	ruleMemberTwice     = "member-twice"        // two fields of one JSON name
	ruleRawType         = "raw-type"            // api.raw_body or api.raw_uri on something that is no string
	ruleFramingHeader   = "framing-header"      // api.header of a header that frames the message
	ruleAnswerPlace     = "response-annotation" // api.http_code on something that is no number
)

// newPlan compiles a plan. A binding that cannot serve at all is an error.
func newPlan(in planInput) (*Plan, error) {
	verb := ""
	if in.binding != nil {
		verb = in.binding.Verb
	}
	p, err := newVerbPlan(in, verb)
	if err != nil || verb != "ANY" {
		return p, err
	}
	in.report = nil
	bodyless, err := newVerbPlan(in, "GET")
	if err != nil {
		return nil, err
	}
	remove, err := newVerbPlan(in, "DELETE")
	if err != nil {
		return nil, err
	}
	p.verbs = map[string]*Plan{"GET": bodyless, "HEAD": bodyless, "OPTIONS": bodyless, "DELETE": remove}
	return p, nil
}

func newVerbPlan(in planInput, verb string) (*Plan, error) {
	p := &Plan{method: in.method, in: in, byField: map[*transcode.Field]int{}, shapes: map[shapeKey]*shape{}}
	c := &planCompiler{Plan: p, generic: in.binding == nil, copies: map[*transcode.Type]*transcode.Type{}}
	switch verb {
	case "GET", "HEAD", "OPTIONS":
		c.bodyless = true
	case "DELETE":
		c.queryFirst = true
	}
	if err := c.compileRequest(); err != nil {
		return nil, fmt.Errorf("%s.%s: %w", in.method.Service.Name, in.method.Name, err)
	}
	if err := c.compileResponse(); err != nil {
		return nil, fmt.Errorf("%s.%s: %w", in.method.Service.Name, in.method.Name, err)
	}
	return p, nil
}

// planCompiler is what lives only while a plan is compiled.
type planCompiler struct {
	*Plan
	generic    bool
	bodyless   bool // GET, HEAD, OPTIONS: no body is read
	queryFirst bool // DELETE: query by default, then the body
	copies     map[*transcode.Type]*transcode.Type
}

func (c *planCompiler) report(r *fieldRules, rule, format string, args ...any) {
	if c.in.report != nil {
		c.in.report(r, rule, fmt.Sprintf(format, args...))
	}
}

func (c *planCompiler) compileRequest() error {
	args := c.method.Args
	root := args
	if len(args.Fields) == 1 && isStruct(args.Fields[0].Type) && !args.Fields[0].Hidden {
		r := c.in.rules[args.Fields[0]]
		if c.generic || r == nil || len(r.places) == 0 {
			c.direct = true
			root = args.Fields[0].Type
		}
	}
	options := c.in.settings.options()
	c.root = root
	if !c.generic {
		if !c.bodyless {
			c.root = c.renamed(root, requestMember)
		}
		c.addSlots()
		options.Place = c.place
		c.checkPath()
	} else {
		c.body, c.names = true, true
		for _, f := range root.Fields {
			c.ownsEnvelope = c.ownsEnvelope || f.JSON == envelopeMember && !f.Hidden
		}
	}
	var err error
	c.request, err = transcode.Compile(c.root, options)
	return err
}

// place is transcode.Options.Place of the request.
func (c *planCompiler) place(f *transcode.Field) (transcode.Place, int) {
	i, ok := c.byField[f]
	switch {
	case !ok:
		return transcode.InBody, 0
	case c.bodyless || c.slots[i].body == len(c.slots[i].places):
		return transcode.Outside, i
	}
	return transcode.Either, i
}

// addSlots gives a slot to every field of the root and to those fields of
// structs in it that have places of their own.
func (c *planCompiler) addSlots() {
	for _, f := range c.root.Fields {
		if f.Hidden {
			continue
		}
		places := c.topPlaces(f)
		if name := c.pathParameter(f); name != "" {
			places = []place{{inPath, name}} // who wrote the route said where it stands
		}
		s := c.slot(f, places)
		c.addSlot(s)
		if !c.bodyless && s.body < len(s.places) && isStruct(f.Type) {
			c.addNested(f.Type, []*transcode.Type{c.root})
		}
	}
}

// addNested gives slots to the annotated fields of a struct in a JSON body.
func (c *planCompiler) addNested(t *transcode.Type, path []*transcode.Type) {
	for _, on := range path {
		if on == t {
			return
		}
	}
	path = append(path, t)
	for _, f := range t.Fields {
		if f.Hidden {
			continue
		}
		if _, ok := c.byField[f]; ok {
			continue
		}
		if r := c.rulesOf(f); r != nil && (len(r.places) > 0 || r.noBodyStruct) {
			c.addSlot(c.slot(f, c.explicit(f, r)))
		}
		if isStruct(f.Type) {
			c.addNested(f.Type, path)
		}
	}
}

func (c *planCompiler) addSlot(s slot) {
	c.byField[s.field] = len(c.slots)
	c.slots = append(c.slots, s)
	for _, pl := range s.places {
		switch pl.kind {
		case inForm, inBody, inFile:
			c.body, c.names = true, true
			if c.in.settings.RejectUnknown {
				if c.formNames == nil {
					c.formNames = map[string]bool{}
				}
				c.formNames[pl.name] = true
			}
		case inRawBody:
			c.body, c.raw = true, true
		}
	}
}

func (c *planCompiler) slot(f *transcode.Field, places []place) slot {
	s := slot{field: f, places: places, body: len(places), shape: c.shapeOf(f.Type, f.Stringly, false)}
	if r := c.rulesOf(f); r != nil {
		s.split = r.split
	}
	if s.field.Requiredness == transcode.Required && len(places) == 0 {
		c.report(c.rulesOf(f), ruleNoPlace, "no part of the request can fill the required field %s", f.Name)
	}
	for i, pl := range places {
		if pl.kind == inBody || pl.kind == inForm {
			s.body = i
			break
		}
	}
	return s
}

// topPlaces are the places of a field of the root.
func (c *planCompiler) topPlaces(f *transcode.Field) []place {
	r := c.rulesOf(f)
	body, query := place{inBody, f.JSON}, place{inQuery, f.JSON}
	switch {
	case r != nil && (len(explicitRequest(r)) > 0 || r.noBodyStruct):
		return c.explicit(f, r)
	case c.bodyless:
		return []place{query}
	case c.queryFirst:
		return []place{query, body}
	}
	return []place{body, query}
}

// pathParameter is the path parameter that fills f on a route that is not the
// IDL's: the one called like its JSON member, or like a place that annotations
// give it; empty: none.
func (c *planCompiler) pathParameter(f *transcode.Field) string {
	if !c.in.pathByName || c.in.binding == nil {
		return ""
	}
	parameters := pathNames(c.in.binding.Path)
	if slices.Contains(parameters, f.JSON) {
		return f.JSON
	}
	if r := c.rulesOf(f); r != nil {
		for _, pl := range explicitRequest(r) {
			if slices.Contains(parameters, pl.name) {
				return pl.name
			}
		}
	}
	return ""
}

// explicit are the places that annotations give a field.
func (c *planCompiler) explicit(f *transcode.Field, r *fieldRules) []place {
	var out []place
	for _, pl := range c.named(f, r) {
		if part := rawPart[pl.kind]; part != "" && !isText(f.Type) {
			c.report(r, ruleRawType, "%s is neither a string nor binary and cannot hold %s", f.Name, part)
			continue
		}
		switch pl.kind {
		case inBody, inForm, inRawBody, inFile:
			if r.noBodyStruct {
				continue
			}
			if !c.bodyless {
				break
			}
			if pl.kind != inForm {
				c.report(r, ruleBodyWithoutBody, "%s cannot come from the body: %s requests have none", f.Name, c.verb())
				continue
			}
			c.report(r, ruleFormWithoutBody, "%s comes from the query: %s requests have no form", f.Name, c.verb())
			pl.kind = inQuery
		case inPath:
			c.checkPathName(f, r, pl.name)
		}
		out = append(out, pl)
	}
	if len(out) == 0 && r.noBodyStruct {
		out = append(out, place{inQuery, f.JSON})
	}
	return out
}

// rawPart names what a place takes as it is.
var rawPart = map[placeKind]string{inRawBody: "the whole body", inRawURI: "the request URI"}

// explicitRequest are the places of r that a request has.
func explicitRequest(r *fieldRules) []place {
	for i, pl := range r.places {
		if pl.kind == inHTTPCode {
			out := append([]place(nil), r.places[:i]...)
			for _, pl := range r.places[i+1:] {
				if pl.kind != inHTTPCode {
					out = append(out, pl)
				}
			}
			return out
		}
	}
	return r.places
}

func (c *planCompiler) verb() string {
	if c.in.binding == nil {
		return "generic"
	}
	return c.in.binding.Verb
}

// requestMember is the JSON member that annotations name for a request:
// api.body's, else api.form's.
func requestMember(r *fieldRules) string {
	for _, kind := range [...]placeKind{inBody, inForm} {
		for _, pl := range r.places {
			if pl.kind == kind && pl.name != "" {
				return pl.name
			}
		}
	}
	return ""
}

// responseMember is the JSON member that annotations name for a response.
func responseMember(r *fieldRules) string {
	for _, pl := range r.places {
		if pl.kind == inBody && pl.name != "" {
			return pl.name
		}
	}
	return ""
}

// renamed copies the types that reach a field whose annotation gives its JSON
// member another name; others stay shared.
func (c *planCompiler) renamed(t *transcode.Type, member func(*fieldRules) string) *transcode.Type {
	if !c.renames(t, member, map[*transcode.Type]bool{}) {
		return t
	}
	return c.copyType(t, member)
}

func (c *planCompiler) renames(t *transcode.Type, member func(*fieldRules) string, seen map[*transcode.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	seen[t] = true
	for _, f := range t.Fields {
		if r := c.rulesOf(f); r != nil {
			if m := member(r); m != "" && m != f.JSON {
				return true
			}
		}
		if c.renames(f.Type, member, seen) {
			return true
		}
	}
	return c.renames(t.Key, member, seen) || c.renames(t.Elem, member, seen)
}

func (c *planCompiler) copyType(t *transcode.Type, member func(*fieldRules) string) *transcode.Type {
	if t == nil || !isContainer(t) {
		return t
	}
	if done := c.copies[t]; done != nil {
		return done
	}
	out := *t
	c.copies[t] = &out
	out.Key = c.copyType(t.Key, member)
	out.Elem = c.copyType(t.Elem, member)
	if !isStruct(t) {
		return &out
	}
	taken := make(map[string]bool, len(t.Fields))
	out.Fields = make([]*transcode.Field, len(t.Fields))
	for i, f := range t.Fields {
		g := *f
		r := c.rulesOf(f)
		if r != nil {
			if m := member(r); m != "" {
				g.JSON = m
			}
			if c.copied == nil {
				c.copied = ruleSet{}
			}
			c.copied[&g] = r
		}
		if taken[g.JSON] && g.JSON != f.JSON {
			c.report(r, ruleMemberTwice, "%s has two fields for the JSON member %q", t.Name, g.JSON)
			g.JSON = f.JSON
		}
		taken[g.JSON] = true
		g.Type = c.copyType(f.Type, member)
		out.Fields[i] = &g
	}
	return &out
}

// checkPath reports path parameters that no field reads.
func (c *planCompiler) checkPath() {
	if c.in.binding == nil {
		return
	}
	read := map[string]bool{}
	var collect func(t *transcode.Type, seen map[*transcode.Type]bool)
	collect = func(t *transcode.Type, seen map[*transcode.Type]bool) {
		if !isStruct(t) || seen[t] {
			return
		}
		seen[t] = true
		for _, f := range t.Fields {
			if r := c.rulesOf(f); r != nil {
				for _, pl := range r.places {
					if pl.kind == inPath && pl.name != "" {
						read[pl.name] = true
					} else if pl.kind == inPath {
						read[f.JSON] = true
					}
				}
			}
			if t == c.root {
				read[c.pathParameter(f)] = true
			}
			collect(f.Type, seen)
		}
	}
	collect(c.root, map[*transcode.Type]bool{})
	for _, name := range pathNames(c.in.binding.Path) {
		if !read[name] {
			c.report(nil, rulePathUnread, "no field reads the path parameter %q of %s", name, c.in.binding.Path)
		}
	}
}

// checkPathName reports a field that is only found in a path parameter which
// this path does not have.
func (c *planCompiler) checkPathName(f *transcode.Field, r *fieldRules, name string) {
	if c.in.binding == nil || len(r.places) > 1 || f.Requiredness != transcode.Required {
		return
	}
	for _, n := range pathNames(c.in.binding.Path) {
		if n == name {
			return
		}
	}
	c.report(r, rulePathUnknown, "the path %s has no parameter %q for the required field %s", c.in.binding.Path, name, f.Name)
}

// pathNames are the parameters of a path template that have a name.
func pathNames(path string) []string {
	t, err := router.Parse(path)
	if err != nil {
		return nil // which is told where the path is written
	}
	return slices.DeleteFunc(t.Params(), func(name string) bool { return name == "*" })
}
