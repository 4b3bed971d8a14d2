package jsmodule

import (
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/dop251/goja"
)

// maxCallDepth bounds recursion. Unwinding is quadratic in the depth.
const maxCallDepth = 400

// vmRuntime is one goja VM with the modules of a chain loaded. It belongs to
// one goroutine at a time.
type vmRuntime struct {
	host      *Host
	namespace string
	vm        *goja.Runtime
	watch     watch
	plan      *plan
	modules   []*moduleInstance
	// current is the module that runs, or ran last.
	current *moduleInstance

	global globals
	shelf  shelf
	// defended are the defences that stand, nil while those are the plan's.
	defended []uint64
	// keys are how many of them guardKey has seen, endKeys are functions after
	// which it sees no more.
	keys    int
	endKeys []goja.Callable
	// sealLater is what seal is going to seal.
	sealLater []func() goja.Value
	classes   classes

	// session is the exchange being served, nil between exchanges and while
	// loading. Objects of a session carry its epoch, and throw in another.
	session  *Session
	epoch    uint64
	context  contextObject
	request  requestObject
	response responseObject
	bound    *boundCall
	handles  slab[handle]
	headers  slab[headersObject]
	reading  headerReading
	texts    texts
	// docs are the JSON documents of the session.
	docs []*document
	// spareMembers is room for the members of the next one.
	spareMembers []docMember
	// served counts the sessions.
	served int

	// rejected are promises that were rejected with nobody listening.
	rejected []*goja.Promise
	// secrets are the values that modules have read.
	secrets redactor
	// kit is "dgate/test", in tests.
	kit *testKit
	// joining are the arrays whose join is under way.
	joining []*goja.Object

	caller
	// advance is Session.advance of the session.
	advance func() error
}

// moduleInstance is a module inside one runtime.
type moduleInstance struct {
	program *Program
	rt      *vmRuntime
	logger  *slog.Logger // see log
	hooks   [hookCount]hookFunc
	// builtins are the parts of "dgate" it has imported.
	builtins map[string]goja.Value
}

// log is the logger of the module, made when it is first used.
func (m *moduleInstance) log() *slog.Logger {
	if m.logger == nil {
		m.logger = m.rt.host.cfg.Logger.With("module", m.program.name)
	}
	return m.logger
}

// hookFunc is a hook bound to the object that exports it.
type hookFunc struct {
	call nativeFunc
	this goja.Value
	// name is that of the function; plain ones are not exported.
	name  string
	plain bool
}

// loadCheck runs p in a throw-away runtime and notes its hooks.
func loadCheck(p *Program) *Error {
	h := &Host{cfg: Config{Logger: slog.New(slog.DiscardHandler)}, limits: Limits{}.withDefaults()}
	rt, err := newRuntime(h, "", planOf([]*Program{p}))
	if err != nil {
		return err
	}
	for h, hook := range rt.modules[0].hooks {
		p.hooks[h] = hook.call != nil
		if hook.call != nil && hook.plain {
			p.plain = append(p.plain, hook.name)
		}
	}
	return nil
}

// newRuntime makes a runtime and loads the programs of the plan into it, under
// the load budget.
func newRuntime(h *Host, namespace string, p *plan) (*vmRuntime, *Error) {
	rt := &vmRuntime{host: h, namespace: namespace, vm: goja.New(), plan: p}
	rt.advance = func() error { return rt.session.advance() }
	rt.watch.vm = rt.vm
	rt.watch.matches = rt.usesRegexps()
	rt.vm.SetMaxCallStackSize(maxCallDepth)
	rt.vm.SetPromiseRejectionTracker(rt.trackRejection)
	if h.sim != nil {
		h.sim.install(rt)
	}

	rt.prepareCalls()
	rt.limitLoad()
	err := rt.guarded(func() error {
		rt.install()
		for _, p := range p.programs {
			m := &moduleInstance{program: p, rt: rt}
			rt.current = m
			if err := m.load(); err != nil {
				return err
			}
			rt.modules = append(rt.modules, m)
		}
		return rt.seal()
	})
	if fired := rt.watch.disarm(); err != nil || fired != disarmed {
		rt.discard()
		return nil, newError(rt.current, hookCount, err, fired)
	}
	return rt, nil
}

// limitLoad starts the clock of loading. Only builds have no watchdog.
func (rt *vmRuntime) limitLoad() {
	started, limit := now(), rt.host.limits.Load
	if dog := rt.host.dog; dog != nil {
		dog.add(&rt.watch)
		rt.watch.grace.Store(grace)
		dog.arm(&rt.watch, started, started+int64(limit))
		return
	}
	rt.watch.arm(started, math.MaxInt64)
	time.AfterFunc(limit, func() { rt.watch.fire(math.MaxInt64, firedBudget) })
}

// discard takes the runtime out of the watchdog's sight. It is not used again.
func (rt *vmRuntime) discard() {
	if dog := rt.host.dog; dog != nil {
		dog.remove(&rt.watch)
	}
}

// load runs the module's top level and finds its hooks.
func (m *moduleInstance) load() error {
	vm := m.rt.vm
	wrapper, err := vm.RunProgram(m.program.code)
	if err != nil {
		return err
	}
	call, ok := goja.AssertFunction(wrapper)
	if !ok {
		return errors.New("the compiled module is not a function")
	}
	exports, module := goja.Undefined(), goja.Undefined()
	if names := m.rt.plan.names; names["exports"] || names["module"] {
		o := vm.NewObject()
		exports, module = vm.NewObject(), o
		own(o, "exports", exports)
	}
	// Both the exports and the functions of the top level come here, the
	// exports with the default export in front.
	var exported, top []goja.Value
	take := m.rt.fn(exportsName, 1, func(c goja.FunctionCall) goja.Value {
		if len(c.Arguments) > len(hookExports) {
			exported = slices.Clone(c.Arguments)
		} else {
			top = slices.Clone(c.Arguments)
		}
		return goja.Undefined()
	})
	fetch := goja.Undefined()
	if m.rt.plan.names[fetchName] {
		fetch = m.fetchFunction()
	}
	_, err = call(goja.Undefined(), exports, m.own("require", m.require), module,
		take, m.own(shiftName, m.rt.guardShift), m.own(exponentName, m.rt.guardExponent), m.own(spreadName, m.rt.guardSpread),
		m.own(keyName, m.rt.guardKey), m.own(keysName, m.rt.takeKeys), take, fetch, m.own(importName, m.importBuiltin))
	if err != nil {
		return err
	}
	if o, ok := module.(*goja.Object); ok && exported == nil {
		exported = exportedBy(o.Get("exports"))
	}
	m.findHooks(exported, top)
	return nil
}

// exportedBy lists what an object of exports has, as findHooks takes it. Without
// a default export it stands for one.
func exportedBy(exports goja.Value) []goja.Value {
	o, ok := exports.(*goja.Object)
	if !ok {
		return nil
	}
	exported := []goja.Value{o}
	if byDefault, ok := o.Get("default").(*goja.Object); ok {
		exported[0] = byDefault
	}
	for _, e := range hookExports {
		exported = append(exported, o.Get(e.name))
	}
	return exported
}

// own makes a function that each module has for itself, if its code names it.
func (m *moduleInstance) own(name string, f nativeFunc) goja.Value {
	if !m.rt.plan.names[name] {
		return goja.Undefined()
	}
	return m.rt.fn(name, 1, f)
}

// findHooks looks for each hook at the exports, then at the default export,
// then at the functions of the top level. The default export is the this of its
// functions, as in CommonJS, where it is all that is exported.
func (m *moduleInstance) findHooks(exported, top []goja.Value) {
	var byDefault *goja.Object
	if len(exported) > 0 {
		byDefault, _ = exported[0].(*goja.Object)
		exported = exported[1:]
	}
	for i, e := range hookExports {
		hook := &m.hooks[e.hook]
		if hook.call != nil {
			continue // under its other name
		}
		if v := at(exported, i); m.take(hook, v, e.name) {
			if byDefault != nil && v.SameAs(byDefault.Get(e.name)) {
				hook.this = byDefault
			}
		}
	}
	for _, e := range hookExports {
		if hook := &m.hooks[e.hook]; hook.call == nil && byDefault != nil && m.take(hook, byDefault.Get(e.name), e.name) {
			hook.this = byDefault
		}
	}
	for i, e := range hookExports {
		if hook := &m.hooks[e.hook]; hook.call == nil && m.take(hook, at(top, i), e.name) {
			hook.plain = true
		}
	}
}

func at(values []goja.Value, i int) goja.Value {
	if i < len(values) {
		return values[i]
	}
	return nil
}

// take makes v the hook, if it is a function.
func (m *moduleInstance) take(hook *hookFunc, v goja.Value, name string) bool {
	call, ok := direct(v)
	if ok {
		*hook = hookFunc{call: call, this: goja.Undefined(), name: name}
	}
	return ok
}

// require gives a module the built-in modules; esbuild has linked all others.
func (m *moduleInstance) require(c goja.FunctionCall) goja.Value {
	name := c.Argument(0).String()
	if v, ok := m.builtins[name]; ok {
		return v
	}
	if m.builtins == nil {
		m.builtins = map[string]goja.Value{}
	}
	for _, b := range builtins() {
		if b.name == name {
			v := b.make(m)
			m.builtins[name] = v
			return v
		}
	}
	panic(m.rt.vm.NewTypeError("there is no module %q", name))
}

// trackRejection notes promises that were rejected without a handler, and
// forgets those that got one later.
func (rt *vmRuntime) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		if len(rt.rejected) < 16 {
			rt.rejected = append(rt.rejected, p)
		}
		return
	}
	for i, q := range rt.rejected {
		if q == p {
			rt.rejected = append(rt.rejected[:i], rt.rejected[i+1:]...)
			return
		}
	}
}

// forget takes p off the rejected promises: the session looks at it.
func (rt *vmRuntime) forget(p *goja.Promise) { rt.trackRejection(p, goja.PromiseRejectionHandle) }
