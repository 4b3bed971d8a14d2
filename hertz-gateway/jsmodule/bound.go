package jsmodule

import (
	"bytes"

	"github.com/dop251/goja"
)

// Binding is the call behind a route of a service, for hooks that look at its
// arguments through ctx.rpc.
type Binding interface {
	// Bind binds the request as it is at the first call, and gives the
	// arguments as a JSON object, those of SetArguments if there were any. It
	// fails when the client sent what cannot be bound; an error that wraps
	// *CallError shows its fields to the module.
	Bind() ([]byte, error)
	// SetArguments validates a JSON object and makes it the arguments.
	SetArguments(json []byte) error
	// Instances are the addresses that the call could go to, in a stable order.
	Instances() []string
}

// boundCall is the ctx.rpc of the exchange being served. Reading its request
// binds the HTTP request, which cannot be edited from then on.
type boundCall struct {
	rt    *vmRuntime
	epoch uint64
	obj   *goja.Object
	// doc is the live document of the arguments, replaced what a hook has
	// assigned in its place, and sent the JSON that Binding has.
	doc      *document
	replaced goja.Value
	sent     []byte
	bound    bool
	// called is set once the service has been called: too late for edits.
	called bool
}

const (
	boundMessage  = "the request has been bound to its method: edit ctx.rpc.request"
	calledMessage = "the service has been called already"
)

// boundCall gives the ctx.rpc of the exchange, which is null on routes without a
// service.
func (rt *vmRuntime) boundCall() goja.Value {
	if rt.live().call.Binding == nil {
		return goja.Null()
	}
	if rt.bound == nil {
		rt.bound = &boundCall{rt: rt, epoch: rt.epoch}
		rt.bound.obj = rt.vm.NewDynamicObject(rt.bound)
	}
	return rt.bound.obj
}

// Get implements goja.DynamicObject.
func (b *boundCall) Get(key string) goja.Value {
	b.rt.checkEpoch(b.epoch)
	switch key {
	case "service":
		return b.rt.newString(b.rt.live().call.Service)
	case "method":
		return b.rt.newString(b.rt.live().call.Method)
	case "request":
		return b.request()
	}
	return nil
}

// Set implements goja.DynamicObject: the request can be replaced.
func (b *boundCall) Set(key string, v goja.Value) bool {
	b.rt.checkEpoch(b.epoch)
	if key != "request" {
		return false
	}
	b.bind()
	if b.called {
		b.rt.throwType(calledMessage)
	}
	if o, ok := v.(*goja.Object); !ok || isFunction(o) {
		b.rt.throwType("ctx.rpc.request must be an object")
	}
	b.replaced = v
	return true
}

// Has implements goja.DynamicObject.
func (*boundCall) Has(key string) bool {
	return key == "service" || key == "method" || key == "request"
}

// Delete implements goja.DynamicObject.
func (*boundCall) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (*boundCall) Keys() []string { return []string{"service", "method", "request"} }

func (b *boundCall) request() goja.Value {
	if b.replaced != nil {
		return b.replaced
	}
	b.bind()
	if b.doc == nil {
		doc, err := newDocument(b.rt, b.sent, 0, false)
		if err != nil {
			b.rt.throwType("ctx.rpc.request: %v", err)
		}
		if b.called {
			doc.frozen = calledMessage
		}
		b.doc = doc
	}
	return b.doc.root.value()
}

// bind binds the request with the edits that hooks have made so far.
func (b *boundCall) bind() {
	if b.bound {
		return
	}
	rt, s := b.rt, b.rt.live()
	must(rt.request.body.flush())
	args, err := s.call.Binding.Bind()
	if err != nil {
		o := rt.failure(boundFailure(err, s.call))
		s.refused, s.refusal = o, err
		panic(o)
	}
	b.sent, b.bound = args, true
	rt.request.freeze()
}

func boundFailure(err error, call *Call) Failure {
	e := callError(err)
	return Failure{
		Name: "RequestError", Message: e.Message, Code: e.Code, Status: e.Status, Service: call.Service, Method: call.Method,
	}
}

// flush hands edited arguments over.
func (b *boundCall) flush() error {
	if b == nil {
		return nil
	}
	var args []byte
	switch {
	case b.called:
		return nil
	case b.replaced != nil:
		args = b.rt.marshal(b.replaced)
	case b.doc != nil && b.doc.edited():
		args = b.doc.encode()
	default:
		return nil
	}
	if bytes.Equal(args, b.sent) {
		return nil
	}
	if err := b.rt.session.call.Binding.SetArguments(args); err != nil {
		return &argumentsError{err}
	}
	b.sent = args
	return nil
}

// forget drops the edits of a hook that failed.
func (b *boundCall) forget() {
	if b != nil {
		b.doc, b.replaced = nil, nil
	}
}

// close ends edits: the service is called.
func (b *boundCall) close() {
	if b == nil {
		return
	}
	b.called = true
	if b.doc != nil {
		b.doc.frozen = calledMessage
	}
}

// argumentsError is a module that has edited ctx.rpc.request into something
// that the method does not take. It hides from errors.As what was wrong, since
// that is the module's mistake and not the client's.
type argumentsError struct{ why error }

func (e *argumentsError) Error() string { return "ctx.rpc.request as it was edited: " + e.why.Error() }
