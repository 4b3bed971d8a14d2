package jsmodule

import (
	"net/http"

	"github.com/dop251/goja"
)

// webMessage is the Go side of the web's Response and Request: a message of a
// module's own making, with its body in memory.
type webMessage struct {
	rt      *vmRuntime
	class   string
	data    []byte
	hasBody bool
	// contentType goes with data unless the headers name one.
	contentType string
	hdr         *goja.Object

	status     int
	statusText string
	method     string
	url        string
	signal     *goja.Object // of a Request, nil until it is needed
	redirected bool
	// fetched is set in what fetch gives: its readers return promises.
	fetched bool
}

func (m *webMessage) headersValue() *goja.Object {
	if m.hdr == nil {
		h := &headersObject{rt: m.rt, lines: &headerList{}}
		if m.contentType != "" {
			must(h.lines.SetHeader("Content-Type", m.contentType))
		}
		m.hdr = m.rt.newHeaders(h)
	}
	return m.hdr
}

func (m *webMessage) headers() *headersObject {
	h, _ := dynamic[*headersObject](m.headersValue())
	return h
}

// init takes the second argument of both constructors.
func (m *webMessage) init(body, init goja.Value) {
	options, _ := init.(*goja.Object)
	if options != nil {
		m.status = m.statusOf(options.Get("status"), m.status)
		m.statusText = str(options.Get("statusText"))
	}
	if !isNil(body) {
		m.data, m.contentType = m.rt.encodeBody(body)
		m.hasBody = true
	}
	if options == nil {
		return
	}
	if given := options.Get("headers"); !isNil(given) {
		h := &headersObject{rt: m.rt, lines: &headerList{}}
		m.rt.fillHeaders(h, given)
		if m.contentType != "" && !hasHeader(h.lines, "Content-Type") {
			must(h.lines.SetHeader("Content-Type", m.contentType))
		}
		m.hdr = m.rt.newHeaders(h)
	}
}

func (m *webMessage) statusOf(v goja.Value, otherwise int) int {
	if isNil(v) {
		return otherwise
	}
	code := v.ToFloat()
	if code < 200 || code > 599 || code != float64(int(code)) {
		m.rt.throwRange("%s is not a status: 200 to 599", v)
	}
	return int(code)
}

// Get implements goja.DynamicObject.
func (m *webMessage) Get(key string) goja.Value {
	vm := m.rt.vm
	switch key {
	case "headers":
		return m.headersValue()
	case "body":
		if !m.hasBody {
			return goja.Null()
		}
		return m.rt.newString(string(m.data))
	case "bodyUsed":
		return vm.ToValue(false)
	case "url":
		return m.rt.newString(m.url)
	}
	if m.class == "Request" {
		switch key {
		case "method":
			return m.rt.newString(m.method)
		case "signal":
			if m.signal == nil {
				m.signal = must1(callable(m.rt.web("newSignal"))(goja.Undefined())).(*goja.Object)
			}
			return m.signal
		}
		return nil
	}
	switch key {
	case "redirected":
		return vm.ToValue(m.redirected)
	case "type":
		return m.rt.newString("basic")
	case "status":
		return vm.ToValue(m.status)
	case "statusText":
		return m.rt.newString(m.statusText)
	case "ok":
		return vm.ToValue(m.status >= 200 && m.status < 300)
	}
	return nil
}

// Set implements goja.DynamicObject: as on the web, nothing can be set.
func (m *webMessage) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (m *webMessage) Has(key string) bool { return m.Get(key) != nil }

// Delete implements goja.DynamicObject.
func (m *webMessage) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (m *webMessage) Keys() []string {
	if m.class == "Request" {
		return []string{"method", "url", "headers", "body"}
	}
	return []string{"status", "statusText", "ok", "url", "headers", "body"}
}

// isResponse gives the Go side of a Response.
func (rt *vmRuntime) isResponse(o *goja.Object) (*webMessage, bool) {
	m, ok := dynamic[*webMessage](o)
	return m, ok && m.class == "Response"
}

// readers defines how both classes give their body. The values are plain, unless
// the message was fetched; awaiting them works.
func (rt *vmRuntime) readers(c *class, name string) {
	read := func(method string, f func(*webMessage) goja.Value) {
		rt.method(c.proto, method, 0, func(call goja.FunctionCall) goja.Value {
			m := receiver[*webMessage](rt, call, name)
			if m.fetched && method != "clone" {
				return rt.promised(func() goja.Value { return f(m) })
			}
			return f(m)
		})
	}
	read("text", func(m *webMessage) goja.Value { return rt.newString(string(m.data)) })
	read("json", func(m *webMessage) goja.Value {
		if m.fetched {
			return m.jsonOfFetched()
		}
		p := jsonParser{rt: rt, src: m.data}
		return p.whole()
	})
	read("bytes", func(m *webMessage) goja.Value { return rt.newBytes(append([]byte(nil), m.data...)) })
	read("arrayBuffer", func(m *webMessage) goja.Value {
		return rt.vm.ToValue(rt.vm.NewArrayBuffer(append([]byte(nil), m.data...)))
	})
	read("clone", func(m *webMessage) goja.Value {
		copied := *m
		h := &headersObject{rt: rt, lines: &headerList{}}
		rt.fillHeaders(h, m.headersValue())
		copied.hdr = rt.newHeaders(h)
		return c.instance(rt, &copied)
	})
}

func (rt *vmRuntime) makeResponse() *class {
	c := rt.newClass("Response", func(args []goja.Value) goja.DynamicObject {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusOK}
		m.init(argument(args, 0), argument(args, 1))
		return m
	})
	rt.readers(c, "Response")
	rt.method(c.ctor, "json", 2, func(call goja.FunctionCall) goja.Value {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusOK}
		m.init(nil, call.Argument(1))
		m.data, m.hasBody = rt.marshal(call.Argument(0)), true
		if h := m.headers(); !hasHeader(h.lines, "Content-Type") {
			must(h.lines.SetHeader("Content-Type", mimeJSON))
		}
		return c.instance(rt, m)
	})
	rt.method(c.ctor, "redirect", 2, func(call goja.FunctionCall) goja.Value {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusFound}
		m.status = m.statusOf(call.Argument(1), m.status)
		if m.status < 300 || m.status > 399 {
			rt.throwRange("%d is not a redirect: 300 to 399", m.status)
		}
		m.headers().set("Location", call.Argument(0))
		return c.instance(rt, m)
	})
	return c
}

func (rt *vmRuntime) makeRequest() *class {
	c := rt.newClass("Request", func(args []goja.Value) goja.DynamicObject { return rt.newRequestMessage(args) })
	rt.readers(c, "Request")
	return c
}

// newRequestMessage takes the arguments of new Request, which are those of fetch.
func (rt *vmRuntime) newRequestMessage(args []goja.Value) *webMessage {
	m := &webMessage{rt: rt, class: "Request", method: http.MethodGet}
	input := argument(args, 0)
	if o, ok := input.(*goja.Object); ok {
		if from, ok := dynamic[*webMessage](o); ok && from.class == "Request" {
			*m = *from
			h := &headersObject{rt: rt, lines: &headerList{}}
			rt.fillHeaders(h, from.headersValue())
			m.hdr = rt.newHeaders(h)
			input = rt.newString(m.url)
		}
	}
	m.url = rt.parseURL(input.String(), "").href()
	if options, ok := argument(args, 1).(*goja.Object); ok {
		if v := options.Get("method"); !isNil(v) {
			if m.method = v.String(); !isToken(m.method) {
				rt.throwType("%q is not an HTTP method", m.method)
			}
		}
		m.init(options.Get("body"), options)
		if signal, ok := options.Get("signal").(*goja.Object); ok {
			if !must1(callable(rt.web("isSignal"))(goja.Undefined(), signal)).ToBoolean() {
				rt.throwType("signal must be an AbortSignal")
			}
			m.signal = signal
		}
	}
	return m
}

func argument(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}
