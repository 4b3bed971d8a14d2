package snapshot

import (
	"errors"
	"slices"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
)

// modules are the programs of a namespace: resources, and files in the default one.
type modules struct {
	files *jsmodule.Set
	own   map[string]*module
}

// module is a module resource, compiled.
type module struct {
	object  *store.Object
	program *jsmodule.Program // nil when it does not compile
	// imports are the resources that were linked in, missing those that are not there.
	imports  []*store.Object
	missing  []store.Key
	required bool // routes do not serve without it
	problems []Problem
}

// named finds a program: a resource wins over a file.
func (m *modules) named(name string) *jsmodule.Program {
	if m == nil {
		return nil
	}
	if own := m.own[name]; own != nil {
		return own.program
	}
	return m.files.Named(name)
}

// lacks gives an error when a route requires a module that does not work: one
// of the names, or a file that names the route.
func (m *modules) lacks(k jsmodule.RouteKey, names ...string) error {
	if m == nil {
		return nil
	}
	for _, name := range names {
		if own := m.own[name]; own != nil && own.program == nil && own.required {
			return &jsmodule.MissingError{Module: name, Why: errors.New(own.problems[0].Message)}
		}
	}
	return m.files.Lacks(k, names...)
}

// loadModules compiles the module resources that have changed or import one that has.
func (c *compiler) loadModules() {
	c.ns.modules = &modules{own: map[string]*module{}}
	if c.ns.Name == DefaultNamespace {
		c.ns.modules.files = c.in.Modules
	}
	for o := range c.all(api.KindModule) {
		var m *module
		if c.prev.modules != nil {
			m = c.prev.modules.own[o.Name]
		}
		if m == nil || m.object != o || c.importsMoved(m) {
			m = c.compileModule(o)
		}
		c.ns.modules.own[o.Name] = m
		c.ns.problems = append(c.ns.problems, m.problems...)
	}
}

// importsMoved tells whether what a module imports has changed, gone or come.
func (c *compiler) importsMoved(m *module) bool {
	return slices.ContainsFunc(m.imports, func(i *store.Object) bool { return c.in.State.Get(i.Key) != i }) ||
		slices.ContainsFunc(m.missing, func(k store.Key) bool { return c.in.State.Get(k) != nil })
}

// compileModule compiles a module. An import of "./name" that is not there yet is
// a warning: modules that import each other are created one by one. No route can
// use the module before.
func (c *compiler) compileModule(o *store.Object) *module {
	m := &module{object: o}
	src, err := moduleSource(o)
	if err != nil {
		m.problems = append(m.problems, problemf(o, "/payload", api.CodeInvalid, "%v", err))
		return m
	}
	m.required = jsmodule.DirectivesOf(src.Text).Required
	resolve := func(name string) (jsmodule.Source, bool) {
		k := store.Key{Namespace: c.ns.Name, Kind: string(api.KindModule), Name: name}
		i := c.in.State.Get(k)
		if i == nil {
			m.missing = append(m.missing, k)
			return jsmodule.Source{}, false
		}
		src, err := moduleSource(i)
		m.imports = append(m.imports, i)
		return src, err == nil
	}
	m.program, err = jsmodule.Build(src, resolve)
	var several jsmodule.Errors
	switch {
	case errors.As(err, &several):
		for _, e := range several {
			p := problemf(o, "/payload", api.CodeInvalid, "%v", e)
			if slices.ContainsFunc(m.missing, func(k store.Key) bool { return strings.Contains(e.Message, `there is no module "./`+k.Name) }) {
				p = p.warning()
			}
			m.problems = append(m.problems, p)
		}
	case err != nil:
		m.problems = append(m.problems, problemf(o, "/payload", api.CodeInvalid, "%v", err))
	}
	return m
}

func moduleSource(o *store.Object) (jsmodule.Source, error) {
	r := o.Decoded.(*api.Module)
	text, err := r.Text()
	ending := ".ts"
	if r.ModuleType == api.ModuleJavaScript {
		ending = ".js"
	}
	return jsmodule.Source{Name: o.Name, File: o.Name + ending, Text: text, Permissions: r.Permissions}, err
}
