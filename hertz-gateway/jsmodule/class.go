package jsmodule

import (
	"reflect"

	"github.com/dop251/goja"
)

// class is a constructor of the host with its prototype. Instances are dynamic
// objects, whose Go side is found without a table.
type class struct {
	ctor  *goja.Object
	proto *goja.Object
}

// classes are made when they are first used.
type classes struct {
	rt *vmRuntime

	headers, query, url, response, request, encoder, decoder *class

	// Prototypes of objects that have no constructor.
	named, doc, docArray *goja.Object
}

// newClass makes a constructor that JavaScript can call with new, and extend.
func (rt *vmRuntime) newClass(name string, construct func(args []goja.Value) goja.DynamicObject) *class {
	c := &class{}
	c.ctor = rt.constructor(name, func(call goja.ConstructorCall) *goja.Object {
		o := c.instance(rt, construct(call.Arguments))
		if call.NewTarget != nil {
			if proto, ok := call.NewTarget.Get("prototype").(*goja.Object); ok {
				must(o.SetPrototype(proto))
			}
		}
		return o
	})
	c.proto = c.ctor.Get("prototype").(*goja.Object)
	must(c.proto.DefineDataPropertySymbol(goja.SymToStringTag, rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return c
}

// constructor makes a function for new. Called without new it does the same:
// goja does not tell the two apart.
func (rt *vmRuntime) constructor(name string, f func(goja.ConstructorCall) *goja.Object) *goja.Object {
	o := rt.vm.ToValue(f).(*goja.Object)
	must(o.DefineDataProperty("name", rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return o
}

// instance makes an object of a class without its constructor.
func (c *class) instance(rt *vmRuntime, d goja.DynamicObject) *goja.Object {
	o := rt.vm.NewDynamicObject(d)
	must(o.SetPrototype(c.proto))
	return o
}

// dynamic gives the Go side of one of the host's objects.
func dynamic[T any](o *goja.Object) (side T, ok bool) {
	if o.ExportType() != reflect.TypeFor[T]() {
		return side, false
	}
	side, ok = o.Export().(T)
	return side, ok
}

// receiver is the Go side of `this`.
func receiver[T any](rt *vmRuntime, call goja.FunctionCall, name string) T {
	if o, ok := call.This.(*goja.Object); ok {
		if side, ok := dynamic[T](o); ok {
			return side
		}
	}
	rt.throwType("a function of %s was called on something else", name)
	panic("unreachable")
}

func (c *classes) lazy(slot **class, create func() *class) *class {
	if *slot == nil {
		*slot = create()
	}
	return *slot
}

func (c *classes) headersClass() *class  { return c.lazy(&c.headers, c.rt.makeHeaders) }
func (c *classes) queryClass() *class    { return c.lazy(&c.query, c.rt.makeQuery) }
func (c *classes) urlClass() *class      { return c.lazy(&c.url, c.rt.makeURL) }
func (c *classes) responseClass() *class { return c.lazy(&c.response, c.rt.makeResponse) }
func (c *classes) requestClass() *class  { return c.lazy(&c.request, c.rt.makeRequest) }
func (c *classes) encoderClass() *class  { return c.lazy(&c.encoder, c.rt.makeEncoder) }
func (c *classes) decoderClass() *class  { return c.lazy(&c.decoder, c.rt.makeDecoder) }

// fixed is a dynamic object whose properties are read through a function and
// cannot be written.
type fixed struct {
	keys []string
	get  func(key string) goja.Value
}

// Get implements goja.DynamicObject.
func (f *fixed) Get(key string) goja.Value { return f.get(key) }

// Set implements goja.DynamicObject.
func (f *fixed) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (f *fixed) Has(key string) bool { return f.get(key) != nil }

// Delete implements goja.DynamicObject.
func (f *fixed) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (f *fixed) Keys() []string { return f.keys }

// opaque is a dynamic object without properties: all it has stands on its
// prototype and on its Go side.
type opaque struct{}

// Get implements goja.DynamicObject.
func (opaque) Get(string) goja.Value { return nil }

// Set implements goja.DynamicObject.
func (opaque) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (opaque) Has(string) bool { return false }

// Delete implements goja.DynamicObject.
func (opaque) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (opaque) Keys() []string { return nil }
