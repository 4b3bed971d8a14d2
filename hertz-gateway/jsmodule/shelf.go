package jsmodule

import "github.com/dop251/goja"

// shelf holds the globals that are made when they are first used: making all
// of them would cost most of what a runtime costs. It stands behind the global
// object, as its prototype.
type shelf struct {
	rt     *vmRuntime
	makers map[string]func(*vmRuntime) goja.Value
	made   map[string]goja.Value
	// preventExtensions seals what is taken off the shelf, once it is set.
	preventExtensions goja.Callable
}

// installShelf puts the shelf behind the global object.
func (rt *vmRuntime) installShelf() {
	rt.shelf.rt, rt.shelf.makers = rt, rt.plan.globals
	must(rt.vm.GlobalObject().SetPrototype(rt.vm.NewDynamicObject(&rt.shelf)))
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
	v := create(s.rt)
	must(s.seal(v))
	if s.made == nil {
		s.made = map[string]goja.Value{}
	}
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
