package jsmodule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dop251/goja"
)

// makeRPC makes `import rpc from "dgate/rpc"`: call(service, method, args,
// options), and every service as a property whose methods are functions. The
// services stand on the prototype, so that namespace imports find them too.
func (m *moduleInstance) makeRPC() goja.Value {
	rt := m.rt
	services := map[string]goja.Value{}
	proto := rt.vm.NewDynamicObject(&fixed{get: func(service string) goja.Value {
		if !isServiceName(service) {
			return nil
		}
		if services[service] == nil {
			services[service] = m.serviceObject(service)
		}
		return services[service]
	}})
	o := rt.vm.CreateObject(proto)
	rt.method(o, "call", 4, func(c goja.FunctionCall) goja.Value {
		return m.call(c.Argument(0).String(), c.Argument(1).String(), c.Argument(2), c.Argument(3))
	})
	return o
}

func (m *moduleInstance) serviceObject(service string) goja.Value {
	methods := map[string]goja.Value{}
	return m.rt.vm.NewDynamicObject(&fixed{get: func(method string) goja.Value {
		if !isServiceName(method) {
			return nil
		}
		if methods[method] == nil {
			methods[method] = m.rt.fn(service+"."+method, 1, func(c goja.FunctionCall) goja.Value {
				return m.call(service, method, c.Argument(0), c.Argument(1))
			})
		}
		return methods[method]
	}})
}

// notServices are names that JavaScript itself asks objects for.
var notServices = []string{
	"then", "default", "__esModule", "toJSON", "toString", "valueOf", "constructor", "prototype", "__proto__",
	"hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
}

func isServiceName(name string) bool {
	return name != "" && !slices.Contains(notServices, name)
}

// call starts one RPC and returns its promise. The result is a document: what
// a module only passes on keeps every digit.
func (m *moduleInstance) call(service, method string, args, options goja.Value) goja.Value {
	rt := m.rt
	s := rt.live()
	shown := func(err error) goja.Value { return rt.rpcError(callError(err), service, method) }
	if err := m.permit("rpc", service, "call"); err != nil {
		return rt.failed(shown(err))
	}
	caller := rt.host.cfg.Caller
	if caller == nil {
		return rt.failed(shown(&CallError{Code: "unavailable", Status: 503, Message: "this gateway makes no calls for modules"}))
	}
	call := RPC{
		Namespace: rt.namespace, RequestID: s.call.ID, Module: m.program.name,
		Service: service, Method: method,
	}
	if isNil(args) {
		call.Args = []byte("{}")
	} else {
		call.Args = rt.marshal(args)
	}
	if o, ok := options.(*goja.Object); ok {
		if v := o.Get("timeout"); !isNil(v) {
			call.Timeout = time.Duration(max(0, min(v.ToFloat(), maxSleep.Seconds()*1000)) * float64(time.Millisecond))
		}
		call.Tag = str(o.Get("tag"))
	}
	deadline := s.deadline
	if call.Timeout > 0 {
		if d := rt.host.now().Add(call.Timeout); d.Before(deadline) {
			deadline = d
		}
	}
	work := func(ctx context.Context) ([]byte, error) { return caller.Call(ctx, call) }
	return later(rt, deadline, shown, work, func(answer []byte) (goja.Value, error) {
		v, err := rt.answer(answer)
		if err != nil {
			return nil, &CallError{Code: "bad_answer", Status: 502, Message: err.Error()}
		}
		return v, nil
	})
}

// answer reads the JSON of a result; empty is undefined.
func (rt *vmRuntime) answer(data []byte) (v goja.Value, err error) {
	p := jsonParser{rt: rt, src: data}
	start := p.space(0)
	if start == len(data) {
		return goja.Undefined(), nil
	}
	if c := data[start]; c == '{' || c == '[' {
		doc, err := newDocument(rt, data, start, false)
		if err != nil {
			return nil, err
		}
		return doc.root.value(), nil
	}
	if e := catchJSON(func() {
		v, _ = p.value(start, 0)
	}); e != nil {
		return nil, e
	}
	return v, nil
}

func callError(err error) *CallError {
	var known *CallError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded):
		return &CallError{Code: "timeout", Status: 504, Message: "the call timed out"}
	}
	return &CallError{Code: "call_failed", Status: 502, Message: err.Error()}
}

func (rt *vmRuntime) rpcError(e *CallError, service, method string) goja.Value {
	return rt.failure(Failure{
		Name: "RpcError", Message: e.Message, Code: e.Code, Status: e.Status, Service: service, Method: method,
	})
}
