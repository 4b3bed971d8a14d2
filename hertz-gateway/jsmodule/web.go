package jsmodule

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// webMessage is the Go side of the Fetch Standard's Response and Request: a
// message of a module's own making, or a fetched one, with its body in memory.
type webMessage struct {
	rt      *vmRuntime
	class   string
	data    []byte
	hasBody bool
	used    bool // the body has been read
	// contentType goes with data unless the headers name one.
	contentType string
	hdr         *goja.Object

	status     int
	statusText string
	method     string
	url        string
	signal     *goja.Object // of a Request, nil until it is needed
	redirected bool
	// options of a Request by name, where they are not the default.
	options map[string]string
	// plain is set in messages whose readers give the values themselves,
	// again and again, as those of ctx do.
	plain bool
}

// nullBody are the statuses of answers that have no body.
func nullBody(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// mimeWebText is the type of text that a module makes a message of.
const mimeWebText = "text/plain;charset=UTF-8"

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
		m.statusText = m.reason(options.Get("statusText"))
	}
	if !isNil(body) {
		if m.class == "Response" && nullBody(m.status) {
			m.rt.throwType("a Response with status %d has no body", m.status)
		}
		m.data, m.contentType = m.rt.encodeBody(body)
		if m.contentType == mimeText {
			m.contentType = mimeWebText
		}
		m.hasBody = true
	}
	if m.hdr != nil && m.contentType != "" && !hasHeader(m.headers().lines, "Content-Type") {
		must(m.headers().lines.SetHeader("Content-Type", m.contentType))
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

// reason checks a statusText.
func (m *webMessage) reason(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) {
		return ""
	}
	text := v.String()
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r > 0xff }) {
		m.rt.throwType("statusText holds a line break or another control character")
	}
	return text
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
		return vm.ToValue(m.used)
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
		case "keepalive":
			return vm.ToValue(false)
		}
		if v, ok := m.option(key); ok {
			return m.rt.newString(v)
		}
		return nil
	}
	switch key {
	case "redirected":
		return vm.ToValue(m.redirected)
	case "type":
		return m.rt.newString(m.responseType())
	case "status":
		return vm.ToValue(m.status)
	case "statusText":
		return m.rt.newString(m.statusText)
	case "ok":
		return vm.ToValue(m.status >= 200 && m.status < 300)
	}
	return nil
}

func (m *webMessage) responseType() string {
	switch {
	case m.status == 0:
		return "error"
	case m.url != "":
		return "basic"
	}
	return "default"
}

// option is an attribute of a Request that has few values.
func (m *webMessage) option(name string) (string, bool) {
	if v, ok := m.options[name]; ok {
		return v, true
	}
	values, ok := requestOptions[name]
	if !ok {
		return "", false
	}
	return values[0], true
}

// requestOptions are the values of a Request's attributes, the default first.
// Of one with a single value every text is allowed.
var requestOptions = map[string][]string{
	"redirect":       {"follow", "error", "manual"},
	"mode":           {"cors", "no-cors", "same-origin"},
	"credentials":    {"same-origin", "omit", "include"},
	"cache":          {"default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"},
	"integrity":      {""},
	"referrer":       {"about:client"},
	"referrerPolicy": {""},
	"destination":    {""},
	"duplex":         {"half"},
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

// read gives the body, which can be read once.
func (m *webMessage) read() []byte {
	if m.plain {
		return m.data
	}
	if m.used {
		m.rt.throwType("the body has been read already")
	}
	m.used = m.hasBody
	return m.data
}

// readers defines how both classes give their body: by promises.
func (rt *vmRuntime) readers(c *class, name string) {
	method := func(method string, f func(*webMessage) goja.Value) {
		rt.method(c.proto, method, 0, func(call goja.FunctionCall) goja.Value {
			m := receiver[*webMessage](rt, call, name)
			if m.plain {
				return f(m)
			}
			return rt.promised(func() goja.Value { return f(m) })
		})
	}
	method("text", func(m *webMessage) goja.Value {
		return rt.newString(strings.TrimPrefix(decodeUTF8(m.read()), "\ufeff"))
	})
	method("json", func(m *webMessage) goja.Value {
		// A document, so that what a module only passes on keeps every digit.
		data := bytes.TrimPrefix(m.read(), []byte("\ufeff"))
		if m.plain {
			p := jsonParser{rt: rt, src: data} // to be kept beyond a request
			return p.whole()
		}
		v, err := rt.answer(data)
		if err == nil && goja.IsUndefined(v) {
			err = errEmptyJSON
		}
		if err != nil {
			rt.throwSyntax("%v", err)
		}
		return v
	})
	method("bytes", func(m *webMessage) goja.Value { return rt.newBytes(bytes.Clone(m.read())) })
	method("arrayBuffer", func(m *webMessage) goja.Value { return rt.arrayBuffer(bytes.Clone(m.read())) })
	rt.method(c.proto, "clone", 0, func(call goja.FunctionCall) goja.Value {
		m := receiver[*webMessage](rt, call, name)
		if m.used {
			rt.throwType("the body has been read already")
		}
		copied := *m
		copied.hdr = m.copyHeaders()
		return c.instance(rt, &copied)
	})
}

var errEmptyJSON = errors.New("JSON: the body is empty")

func (m *webMessage) copyHeaders() *goja.Object {
	h := &headersObject{rt: m.rt, lines: &headerList{}}
	m.rt.fillHeaders(h, m.headersValue())
	return m.rt.newHeaders(h)
}

func (rt *vmRuntime) makeResponse() *class {
	c := rt.newClass("Response", func(args []goja.Value) goja.DynamicObject {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusOK}
		m.init(argument(args, 0), argument(args, 1))
		return m
	})
	rt.readers(c, "Response")
	rt.method(c.ctor, "json", 1, func(call goja.FunctionCall) goja.Value {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusOK}
		m.init(nil, call.Argument(1))
		if nullBody(m.status) {
			rt.throwType("a Response with status %d has no body", m.status)
		}
		e := jsonEncoder{rt: rt, bigints: true}
		if !e.value(call.Argument(0), "") {
			rt.throwType("Response.json: the value is not JSON")
		}
		m.data, m.hasBody = e.buf, true
		if h := m.headers(); !hasHeader(h.lines, "Content-Type") {
			must(h.lines.SetHeader("Content-Type", mimeJSON))
		}
		return c.instance(rt, m)
	})
	rt.method(c.ctor, "redirect", 1, func(call goja.FunctionCall) goja.Value {
		m := &webMessage{rt: rt, class: "Response", status: http.StatusFound}
		if v := call.Argument(1); !goja.IsUndefined(v) {
			m.status = int(integer(v, 0, 999))
		}
		if !slices.Contains([]int{301, 302, 303, 307, 308}, m.status) {
			rt.throwRange("%d is not a redirect: 301, 302, 303, 307, 308", m.status)
		}
		// There is no page that a relative URL would start from: it goes to
		// the client as it is.
		location := call.Argument(0)
		if u, err := rt.tryURL(location.String(), ""); err == nil {
			location = rt.newString(u.href())
		}
		m.headers().set("Location", location)
		return c.instance(rt, m)
	})
	rt.method(c.ctor, "error", 0, func(goja.FunctionCall) goja.Value {
		return c.instance(rt, &webMessage{rt: rt, class: "Response"})
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
	var from *webMessage
	if o, ok := input.(*goja.Object); ok {
		if from, ok = dynamic[*webMessage](o); ok && from.class == "Request" {
			*m = *from
			m.hdr, m.contentType, m.plain, m.used = from.copyHeaders(), "", false, false
			input = rt.newString(m.url)
		} else {
			from = nil
		}
	}
	u := rt.parseURL(input.String(), "")
	if u.u.Username() != "" || u.u.Password() != "" {
		rt.throwType("a URL with a password is refused; send an Authorization header")
	}
	m.url = u.href()

	init := argument(args, 1)
	options, ok := init.(*goja.Object)
	if !ok && !isNil(init) {
		rt.throwType("the options of a Request must be an object")
	}
	body := goja.Undefined()
	if ok {
		if v := options.Get("method"); !isNil(v) {
			m.method = rt.requestMethod(v.String())
		}
		m.readOptions(options)
		if v := options.Get("body"); v != nil {
			body = v
		}
		m.init(body, options)
		switch signal := options.Get("signal"); {
		case signal == nil || goja.IsUndefined(signal):
		case goja.IsNull(signal):
			m.signal = nil
		case !must1(callable(rt.web("isSignal"))(goja.Undefined(), signal)).ToBoolean():
			rt.throwType("signal must be an AbortSignal")
		default:
			m.signal = signal.(*goja.Object)
		}
	}
	if from != nil && from.hasBody && isNil(body) {
		m.data = from.read()
	}
	if m.hasBody && (m.method == http.MethodGet || m.method == http.MethodHead) {
		rt.throwType("a Request with method %s has no body", m.method)
	}
	return m
}

// requestMethod gives a method its standard spelling.
func (rt *vmRuntime) requestMethod(method string) string {
	if !isToken(method) {
		rt.throwType("%q is not an HTTP method", method)
	}
	switch upper := strings.ToUpper(method); upper {
	case "CONNECT", "TRACE", "TRACK":
		rt.throwType("the method %s is refused", method)
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return upper
	}
	return method
}

// readOptions takes what stands in requestOptions from the options.
func (m *webMessage) readOptions(options *goja.Object) {
	m.options = maps.Clone(m.options)
	for name, values := range requestOptions {
		v := options.Get(name)
		if v == nil || goja.IsUndefined(v) || name == "destination" {
			continue
		}
		if len(values) > 1 && !slices.Contains(values, v.String()) {
			m.rt.throwType("%s is %q, which is none of %s", name, v, strings.Join(values, ", "))
		}
		if m.options == nil {
			m.options = map[string]string{}
		}
		m.options[name] = v.String()
	}
}

func argument(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}
