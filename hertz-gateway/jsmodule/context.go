package jsmodule

import (
	"errors"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// contextObject is the ctx of the exchange being served.
type contextObject struct {
	shape
	// asMethods are the members that programs only call. They are methods then,
	// and what they return need not be a function.
	asMethods []string
	contextState
}

// contextState is what ctx has made for the exchange being served.
type contextState struct {
	params, locals           *goja.Object
	route, service, namespce goja.Value
	values                   map[string]goja.Value
}

// end takes the runtime away from its session: the objects of the session
// throw from then on.
func (rt *vmRuntime) end() {
	rt.session = nil
	rt.epoch++
	rt.rejected = nil
	rt.bound = nil
	for i, doc := range rt.docs {
		doc.detach()
		rt.docs[i] = nil
	}
	rt.docs = rt.docs[:0]
	// Only what was touched: this runs after every call.
	rt.context.shapeState = shapeState{}
	if rt.context.contextState.touched() {
		rt.context.contextState = contextState{}
	}
	if r := &rt.request; r.obj != nil || r.query != nil || r.frozen {
		r.shapeState, r.requestState = shapeState{}, requestState{}
	}
	if r := &rt.response; r.obj != nil || r.body.msg != nil || r.upstream || r.headers.obj != nil {
		r.shapeState, r.responseState = shapeState{}, responseState{}
	}
}

func (c *contextState) touched() bool {
	return c.params != nil || c.locals != nil || c.route != nil || c.service != nil || c.namespce != nil || c.values != nil
}

// live is the session, for functions that work in a call only.
func (rt *vmRuntime) live() *Session {
	if rt.session == nil {
		rt.throwType("this works only while a request is being served, not while the module loads")
	}
	return rt.session
}

const endedMessage = "this object belongs to a request that has ended"

// checkEpoch throws when the call that made an object is over.
func (rt *vmRuntime) checkEpoch(epoch uint64) {
	if epoch != rt.epoch {
		rt.throwType(endedMessage)
	}
}

// last is the last module that exports the hook.
func (rt *vmRuntime) last(h Hook) *moduleInstance {
	for i := len(rt.modules) - 1; i > 0; i-- {
		if rt.modules[i].hooks[h].call != nil {
			return rt.modules[i]
		}
	}
	return rt.modules[0]
}

func (c *contextObject) install() {
	c.what, c.members, c.get, c.table = "the ctx of this request", contextMembers, c.member, c.rt.plan.context
	c.shape.install()
	for _, name := range callables {
		if c.rt.onlyCalls(name) {
			c.asMethods = append(c.asMethods, name)
			c.method(name, 0, func(goja.FunctionCall) goja.Value { return c.member(name) })
		}
	}
	if c.asMethods != nil {
		c.get = func(key string) goja.Value {
			if slices.Contains(c.asMethods, key) {
				return nil
			}
			return c.member(key)
		}
	}
}

// contextMethods are the functions of ctx.
func contextMethods() map[string]offer {
	methods := map[string]offer{}
	method := func(name string, n int, f func(*contextObject, *Session, goja.FunctionCall) goja.Value) {
		methods[name] = offer{n, func(rt *vmRuntime, call goja.FunctionCall) goja.Value {
			return f(&rt.context, rt.session, call)
		}}
	}

	method("pathParams", 0, func(c *contextObject, s *Session, _ goja.FunctionCall) goja.Value { return c.pathParams(s) })
	method("pathParam", 1, func(c *contextObject, s *Session, call goja.FunctionCall) goja.Value {
		if v, ok := s.call.Request.PathParam(call.Argument(0).String()); ok {
			return c.rt.newString(strings.Clone(v))
		}
		return goja.Null()
	})
	method("query", 0, func(c *contextObject, _ *Session, _ goja.FunctionCall) goja.Value { return c.rt.request.queryValue() })
	method("queryParam", 1, func(c *contextObject, _ *Session, call goja.FunctionCall) goja.Value {
		if v, ok := c.rt.request.queryObject().get(call.Argument(0).String()); ok {
			return c.rt.newString(v)
		}
		return goja.Null()
	})
	method("set", 2, func(c *contextObject, _ *Session, call goja.FunctionCall) goja.Value {
		if c.values == nil {
			c.values = map[string]goja.Value{}
		}
		c.values[call.Argument(0).String()] = call.Argument(1)
		return goja.Undefined()
	})
	method("get", 1, func(c *contextObject, _ *Session, call goja.FunctionCall) goja.Value {
		if v, ok := c.values[call.Argument(0).String()]; ok {
			return v
		}
		return goja.Undefined()
	})
	method("waitUntil", 1, func(c *contextObject, s *Session, call goja.FunctionCall) goja.Value {
		if p, err := c.rt.promiseOf(call.Argument(0)); err != nil {
			panic(err)
		} else if p != nil && p.State() == goja.PromiseStatePending {
			s.waits = append(s.waits, p)
		}
		return goja.Undefined()
	})

	// The shorthands are the functions of ctx.response, returning ctx.
	for _, name := range []string{"status", "setStatus", "json", "text", "write", "send", "end", "setHeader"} {
		method(name, 1, func(c *contextObject, _ *Session, call goja.FunctionCall) goja.Value {
			c.rt.response.do(name, call.Arguments)
			return c.obj
		})
	}
	method("redirect", 2, func(c *contextObject, _ *Session, call goja.FunctionCall) goja.Value {
		status := 302
		if len(call.Arguments) > 1 {
			status = int(integer(call.Argument(1), 0, 999))
		}
		c.rt.response.redirect(call.Argument(0), status)
		return c.obj
	})
	method("toJSON", 0, func(c *contextObject, s *Session, _ goja.FunctionCall) goja.Value {
		rt := c.rt
		o := rt.vm.NewObject()
		own(o, "id", rt.newString(s.call.ID))
		own(o, "namespace", c.namespace())
		own(o, "route", c.routeOf(s))
		own(o, "service", c.serviceOf(s))
		own(o, "params", c.pathParams(s))
		return o
	})
	return methods
}

// contextMembers are the names that member knows.
var contextMembers = []string{
	"id", "deadline", "namespace", "route", "service", "params", "locals", "request", "rpc", "response", "upstream",
}

func (c *contextObject) member(key string) goja.Value {
	rt, s := c.rt, c.rt.session
	switch key {
	case "request":
		return rt.request.value()
	case "response":
		return rt.response.value()
	case "upstream":
		if !rt.response.upstream {
			return goja.Null()
		}
		return rt.response.value()
	case "rpc":
		return rt.boundCall()
	case "locals":
		if c.locals == nil {
			c.locals = rt.vm.NewObject()
		}
		return c.locals
	case "params":
		return c.pathParams(s)
	case "id":
		return rt.newString(s.call.ID)
	case "deadline":
		return rt.vm.ToValue(s.deadline.UnixMilli())
	case "namespace":
		return c.namespace()
	case "route":
		return c.routeOf(s)
	case "service":
		return c.serviceOf(s)
	}
	return nil
}

func (c *contextObject) namespace() goja.Value {
	if c.namespce == nil {
		name := c.rt.namespace
		c.namespce = c.rt.named("namespace", name, func(o *goja.Object) { own(o, "name", c.rt.newString(name)) })
	}
	return c.namespce
}

func (c *contextObject) routeOf(s *Session) goja.Value {
	if c.route == nil {
		rt, r := c.rt, s.call.Route
		c.route = rt.named("route", r.Name, func(o *goja.Object) {
			own(o, "name", rt.newString(r.Name))
			own(o, "methods", rt.strings(r.Methods))
			own(o, "paths", rt.strings(r.Paths))
		})
	}
	return c.route
}

func (c *contextObject) serviceOf(s *Session) goja.Value {
	if s.call.Service == "" {
		return goja.Undefined()
	}
	if c.service == nil {
		rt := c.rt
		c.service = rt.named("service", s.call.Service, func(o *goja.Object) {
			own(o, "name", rt.newString(s.call.Service))
			own(o, "method", rt.newString(s.call.Method))
			if b := s.call.Binding; b != nil {
				// A getter: nobody pays for the list who does not ask.
				rt.accessor(o, "urls", func(goja.FunctionCall) goja.Value { return rt.strings(b.Instances()) }, nil)
			}
		})
	}
	return c.service
}

func (c *contextObject) pathParams(s *Session) goja.Value {
	if c.params == nil {
		c.params = c.rt.vm.NewObject()
		s.call.Request.PathParams(func(name, value string) bool {
			own(c.params, name, c.rt.newString(strings.Clone(value)))
			return true
		})
	}
	return c.params
}

// named makes the value of a member of ctx that is an object, a function that
// returns it, and text.
func (rt *vmRuntime) named(member, name string, fill func(*goja.Object)) goja.Value {
	if rt.classes.named == nil {
		rt.classes.named = rt.installNamed()
	}
	o := rt.member(rt.classes.named, member)
	must(o.DefineDataProperty("name", rt.vm.ToValue(name), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	fill(o)
	return o
}

// installNamed makes the prototype of what named returns.
func (rt *vmRuntime) installNamed() *goja.Object {
	proto := rt.vm.NewObject()
	rt.method(proto, "toString", 0, func(c goja.FunctionCall) goja.Value {
		if o, ok := c.This.(*goja.Object); ok {
			return o.Get("name")
		}
		return goja.Undefined()
	})
	rt.method(proto, "toJSON", 0, func(c goja.FunctionCall) goja.Value {
		plain := rt.vm.NewObject()
		if o, ok := c.This.(*goja.Object); ok {
			for _, key := range o.Keys() {
				own(plain, key, o.Get(key))
			}
		}
		return plain
	})
	return proto
}

// member makes the value of a member of ctx, which can go by several names: an
// object with proto behind it and, where a program may call it, a function that
// returns itself, so that it works as `x.y` and as `x().y`.
func (rt *vmRuntime) member(proto *goja.Object, names ...string) *goja.Object {
	if !slices.ContainsFunc(names, rt.callsValue) {
		return rt.vm.CreateObject(proto)
	}
	return rt.callable(proto)
}

// callable makes a function that returns itself.
func (rt *vmRuntime) callable(proto *goja.Object) *goja.Object {
	var self *goja.Object
	self = rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return self }).(*goja.Object)
	must(self.SetPrototype(proto))
	return self
}

func (rt *vmRuntime) strings(list []string) goja.Value {
	values := make([]goja.Value, len(list))
	for i, s := range list {
		values[i] = rt.newString(s)
	}
	return rt.array(values)
}

// failure is the err of errorHandler.
func (rt *vmRuntime) failure(f Failure) goja.Value {
	o, err := rt.vm.New(rt.errorClass("Error"), rt.vm.ToValue(f.Message))
	if err != nil {
		o = rt.vm.NewObject()
	}
	for _, p := range []struct {
		name  string
		value any
	}{
		{"name", f.Name},
		{"message", f.Message},
		{"code", f.Code},
		{"status", f.Status},
		{"service", f.Service},
		{"method", f.Method},
	} {
		own(o, p.name, rt.vm.ToValue(p.value))
	}
	return o
}

// target reads what fetchUpstream returned.
func (rt *vmRuntime) target(v goja.Value) (Target, bool, error) {
	if isNil(v) {
		return Target{}, false, nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		if _, isString := v.(goja.String); !isString {
			return Target{}, false, errTarget
		}
		return Target{Address: v.String()}, v.String() != "", nil
	}
	if u, ok := o.Export().(*urlObject); ok {
		return Target{Address: u.href()}, true, nil
	}
	t := Target{Address: str(o.Get("address")), Tag: str(o.Get("tag")), HashKey: str(o.Get("hashKey"))}
	if t == (Target{}) {
		return Target{}, false, errTarget
	}
	return t, true, nil
}

var errTarget = errors.New("fetchUpstream must return an address, {tag}, {hashKey} or nothing")

// takeAnswer handles what a modifier returned: a Response is the answer, all
// else is nothing.
func (rt *vmRuntime) takeAnswer(v goja.Value) error {
	if o, ok := v.(*goja.Object); ok {
		if r, ok := rt.isResponse(o); ok {
			rt.response.replace(r)
		}
	}
	return nil
}

// takeHandled handles what a handler returned: also text and objects are
// answers.
func (rt *vmRuntime) takeHandled(v goja.Value) error {
	o, isObject := v.(*goja.Object)
	switch {
	case isNil(v):
	case !isObject:
		rt.response.do("text", []goja.Value{v})
	case o == rt.context.obj || o == rt.response.obj || o == rt.request.obj:
	default:
		if r, ok := rt.isResponse(o); ok {
			rt.response.replace(r)
		} else {
			rt.response.do("json", []goja.Value{v})
		}
	}
	return nil
}

// flush applies edits that wait for the end of a hook.
func (rt *vmRuntime) flush() error {
	if err := rt.request.body.flush(); err != nil {
		return err
	}
	if err := rt.response.body.flush(); err != nil {
		return err
	}
	return rt.bound.flush()
}
