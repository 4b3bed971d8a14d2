package jsmodule

import "github.com/dop251/goja"

// shelf holds the globals that are made when they are first used: making all
// of them would cost most of what a runtime costs. It stands behind the global
// object, as its prototype.
type shelf struct {
	vm     *goja.Runtime
	makers map[string]func() goja.Value
	made   map[string]goja.Value
	// preventExtensions seals what is taken off the shelf, once it is set.
	preventExtensions goja.Callable
}

// installShelf puts the shelf behind the global object.
func (rt *vmRuntime) installShelf() {
	rt.shelf = &shelf{vm: rt.vm, makers: map[string]func() goja.Value{}, made: map[string]goja.Value{}}
	must(rt.vm.GlobalObject().SetPrototype(rt.vm.NewDynamicObject(rt.shelf)))
}

// lazyGlobal defines a global that is made when it is first used.
func (rt *vmRuntime) lazyGlobal(name string, create func() goja.Value) {
	rt.shelf.makers[name] = create
}

// lazyFunction is lazyGlobal for a function.
func (rt *vmRuntime) lazyFunction(name string, length int, f nativeFunc) {
	rt.lazyGlobal(name, func() goja.Value { return rt.fn(name, length, f) })
}

// Get implements goja.DynamicObject.
func (s *shelf) Get(key string) goja.Value {
	if v, ok := s.made[key]; ok {
		return v
	}
	create, ok := s.makers[key]
	if !ok {
		return nil
	}
	v := create()
	must(s.seal(v))
	s.made[key] = v
	return v
}

// seal makes an object and the prototype of its instances non-extensible.
func (s *shelf) seal(v goja.Value) error {
	o, ok := v.(*goja.Object)
	if !ok || s.preventExtensions == nil {
		return nil
	}
	if _, err := s.preventExtensions(goja.Undefined(), o); err != nil {
		return err
	}
	if proto, ok := o.Get("prototype").(*goja.Object); ok {
		_, err := s.preventExtensions(goja.Undefined(), proto)
		return err
	}
	return nil
}

// Set implements goja.DynamicObject: nothing is written here. Assigning to
// such a global makes an own property of the global object.
func (s *shelf) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (s *shelf) Has(key string) bool {
	_, ok := s.makers[key]
	return ok
}

// Delete implements goja.DynamicObject.
func (s *shelf) Delete(string) bool { return false }

// Keys implements goja.DynamicObject: built-in globals are not enumerable.
func (s *shelf) Keys() []string { return nil }
