package jsmodule

import (
	"slices"

	"github.com/dop251/goja"
)

// shape is what one of the objects is like through which hooks see their
// exchange: ctx, its request, its response. JavaScript gets an object made for
// that exchange alone. It is a dynamic one, whose members a Go switch gives:
// that takes a fraction of what accessors on a prototype take.
type shape struct {
	rt *vmRuntime
	// what says what the object is, in messages.
	what string
	// members are the names that get knows. set may be nil; it is false for
	// members that cannot be written.
	members []string
	get     func(key string) goja.Value
	set     func(key string, v goja.Value) bool
	// offers are the functions it can have, table those that are the same in all
	// runtimes; methods are those that have been made.
	offers  map[string]offer
	table   map[string]offer
	methods map[string]goja.Value
	// proto has all of it for an object that can be called, which cannot be a
	// dynamic one; else it is nil.
	proto *goja.Object

	shapeState
}

// shapeState is what a shape has of the exchange being served.
type shapeState struct {
	obj *goja.Object
	// own are the properties that a module has added.
	own *goja.Object
}

// offer is a function that is made when it is first asked for.
type offer struct {
	length int
	call   func(*vmRuntime, goja.FunctionCall) goja.Value
}

// handle is the Go side of an object with a shape.
type handle struct {
	of    *shape
	epoch uint64
}

// install prepares the shape. Its objects are functions if a program may call
// the value of a member of ctx that goes by one of the names.
func (h *shape) install(names ...string) {
	h.methods = map[string]goja.Value{}
	if !slices.ContainsFunc(names, h.rt.callsValue) {
		return
	}
	h.proto = h.rt.vm.NewObject()
	for _, name := range h.members {
		if !h.rt.reaches(name) {
			continue
		}
		get := h.on(func(goja.FunctionCall) goja.Value { return h.get(name) })
		var set nativeFunc
		if h.set != nil {
			set = h.on(func(call goja.FunctionCall) goja.Value {
				if !h.set(name, call.Argument(0)) {
					h.readOnly(name)
				}
				return goja.Undefined()
			})
		}
		h.rt.accessor(h.proto, name, get, set)
	}
}

// on wraps a function of the object: it works on that of the current call only.
func (h *shape) on(f nativeFunc) nativeFunc {
	return func(call goja.FunctionCall) goja.Value {
		if o, ok := call.This.(*goja.Object); !ok || o != h.obj {
			h.rt.throwType("not %s: "+endedMessage, h.what)
		}
		return f(call)
	}
}

// method adds a function, if a program can reach it.
func (h *shape) method(name string, length int, f nativeFunc) {
	h.offer(name, offer{length, func(_ *vmRuntime, call goja.FunctionCall) goja.Value { return f(call) }})
}

func (h *shape) offer(name string, o offer) {
	if name != "toJSON" && !h.rt.reaches(name) {
		return
	}
	if h.proto != nil {
		h.methods[name] = h.rt.method(h.proto, name, o.length, h.callOf(o))
		return
	}
	if h.offers == nil {
		h.offers = map[string]offer{}
	}
	h.offers[name] = o
	delete(h.methods, name)
}

func (h *shape) callOf(o offer) nativeFunc {
	return h.on(func(call goja.FunctionCall) goja.Value { return o.call(h.rt, call) })
}

// methodOf gives a function by its name, nil if there is none.
func (h *shape) methodOf(name string) goja.Value {
	if f := h.methods[name]; f != nil || h.proto != nil {
		return f
	}
	o, ok := h.offers[name]
	if !ok {
		if o, ok = h.table[name]; !ok {
			return nil
		}
	}
	f := h.rt.fn(name, o.length, h.callOf(o))
	h.methods[name] = f
	return f
}

// value gives the object of the current exchange.
func (h *shape) value() *goja.Object {
	if h.obj == nil {
		h.obj = h.make()
	}
	return h.obj
}

func (h *shape) make() *goja.Object {
	rt := h.rt
	if h.proto != nil {
		return rt.callable(h.proto)
	}
	handle := rt.handles.next()
	*handle = handleOf(h)
	return rt.vm.NewDynamicObject(handle)
}

func handleOf(h *shape) handle { return handle{of: h, epoch: h.rt.epoch} }

func (h *shape) readOnly(key string) { h.rt.throwType("Cannot assign to read only property '%s'", key) }

// Get implements goja.DynamicObject.
func (h *handle) Get(key string) goja.Value {
	of := h.of
	if h.epoch != of.rt.epoch {
		if slices.Contains(of.members, key) {
			of.rt.throwType(endedMessage)
		}
		return of.methodOf(key) // which throws
	}
	if v := of.get(key); v != nil {
		return v
	}
	if of.own != nil {
		if v := of.own.Get(key); v != nil {
			return v
		}
	}
	return of.methodOf(key)
}

// Set implements goja.DynamicObject.
func (h *handle) Set(key string, v goja.Value) bool {
	of := h.of
	of.rt.checkEpoch(h.epoch)
	switch {
	case v == nil: // Object.defineProperty without a value
		return false
	case slices.Contains(of.members, key):
		if of.set == nil || !of.set(key, v) {
			of.readOnly(key)
		}
		return true
	case of.own == nil:
		of.own = of.rt.vm.CreateObject(nil)
	}
	own(of.own, key, v)
	return true
}

// Has implements goja.DynamicObject.
func (h *handle) Has(key string) bool {
	of := h.of
	return of.methodOf(key) != nil || slices.Contains(of.members, key) ||
		h.epoch == of.rt.epoch && of.own != nil && of.own.Get(key) != nil
}

// Delete implements goja.DynamicObject: what the host has given stays.
func (h *handle) Delete(key string) bool {
	if of := h.of; h.epoch == of.rt.epoch && of.own != nil {
		must(of.own.Delete(key))
	}
	return true
}

// Keys implements goja.DynamicObject: what a module has added.
func (h *handle) Keys() []string {
	if of := h.of; h.epoch == of.rt.epoch && of.own != nil {
		return of.own.Keys()
	}
	return nil
}
