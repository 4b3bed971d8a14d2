package jsmodule

import (
	"net"
	"net/http"
	"strings"

	"github.com/dop251/goja"
)

// requestObject is the ctx.request of the exchange being served.
type requestObject struct {
	rt    *vmRuntime
	proto *goja.Object
	obj   *goja.Object

	body    body
	headers *goja.Object
	query   *goja.Object
	// frozen is set when the request has been bound: too late for edits.
	frozen bool
}

func (r *requestObject) value() goja.Value {
	if r.obj == nil {
		if r.proto == nil {
			r.install()
		}
		r.obj = r.rt.member(r.proto, "request")
		r.attach()
	}
	return r.obj
}

// attach binds the body to the message of the call.
func (r *requestObject) attach() {
	if r.body.msg == nil {
		r.body = body{rt: r.rt, msg: r.rt.session.call.Request, of: r}
	}
}

// forget drops what hooks read and have not yet written.
func (r *requestObject) forget() {
	r.body.leaveDocument()
	r.body = body{rt: r.rt, msg: r.body.msg, of: r}
}

// freeze ends edits of the request and of the document over its body.
func (r *requestObject) freeze() {
	r.frozen = true
	if r.body.doc != nil {
		r.body.doc.frozen = boundMessage
	}
}

// edit throws when it is too late for edits. What belongs to no request, a nil
// r, can always be edited.
func (r *requestObject) edit() {
	if r != nil && r.frozen {
		r.rt.throwType(boundMessage)
	}
}

func (r *requestObject) on(f func(Request, goja.FunctionCall) goja.Value) nativeFunc {
	return func(call goja.FunctionCall) goja.Value {
		if o, ok := call.This.(*goja.Object); !ok || o != r.obj {
			r.rt.throwType("not the request of this ctx: " + endedMessage)
		}
		return f(r.rt.session.call.Request, call)
	}
}

func (r *requestObject) queryValue() goja.Value {
	if r.query == nil {
		r.query = r.rt.newQuery(&queryObject{
			rt: r.rt, verbatim: true, pairs: parseQuery(string(r.rt.session.call.Request.RawQuery())),
			epoch: r.rt.epoch, bound: true, of: r,
			changed: func(q *queryObject) { r.setQuery(q.encode()) },
		})
	}
	return r.query
}

func (r *requestObject) queryObject() *queryObject {
	q, _ := dynamic[*queryObject](r.queryValue().(*goja.Object))
	return q
}

func (r *requestObject) setQuery(raw string) {
	if err := r.rt.session.call.Request.SetRawQuery(raw); err != nil {
		r.rt.throwType("query: %v", err)
	}
}

func (r *requestObject) install() {
	rt := r.rt
	r.proto = rt.vm.NewObject()
	get := func(name string, f func(Request) goja.Value, set func(Request, goja.Value)) {
		if !rt.reaches(name) {
			return
		}
		var setter nativeFunc
		if set != nil {
			setter = r.on(func(q Request, call goja.FunctionCall) goja.Value {
				r.edit()
				set(q, call.Argument(0))
				return goja.Undefined()
			})
		}
		rt.accessor(r.proto, name, r.on(func(q Request, _ goja.FunctionCall) goja.Value { return f(q) }), setter)
	}
	method := func(name string, n int, f func(Request, goja.FunctionCall) goja.Value) {
		if name == "toJSON" || rt.reaches(name) {
			rt.method(r.proto, name, n, r.on(f))
		}
	}
	check := func(what string, err error) {
		if err != nil {
			rt.throwType("%s: %v", what, err)
		}
	}

	get("method", func(q Request) goja.Value { return rt.newString(text(q.Method())) },
		func(q Request, v goja.Value) {
			method := v.String()
			if !isToken(method) {
				rt.throwType("%q is not an HTTP method", method)
			}
			check("method", q.SetMethod(method))
		})
	get("path", func(q Request) goja.Value { return rt.newString(text(q.Path())) },
		func(q Request, v goja.Value) {
			path := v.String()
			if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, notInTarget) || strings.ContainsAny(path, "?#") {
				rt.throwType("%q is not a path: it starts with / and is percent-encoded", path)
			}
			check("path", q.SetPath(path))
		})
	get("url", func(q Request) goja.Value { return rt.newString(requestURL(q)) }, nil)
	get("host", func(q Request) goja.Value { return rt.newString(text(q.Host())) }, nil)
	get("proto", func(q Request) goja.Value { return rt.newString(q.Proto()) }, nil)
	get("ip", func(q Request) goja.Value { return rt.newString(q.ClientIP()) }, nil)
	get("remoteAddress", func(q Request) goja.Value {
		host, _, err := net.SplitHostPort(q.RemoteAddr())
		if err != nil {
			host = q.RemoteAddr()
		}
		return rt.newString(host)
	}, nil)
	get("headers", func(q Request) goja.Value {
		if r.headers == nil {
			r.headers = rt.newHeaders(&headersObject{rt: rt, lines: q, epoch: rt.epoch, bound: true, of: r})
		}
		return r.headers
	}, nil)
	get("query", func(Request) goja.Value { return r.queryValue() }, func(_ Request, v goja.Value) {
		q := &queryObject{rt: rt, verbatim: true}
		q.fill(v)
		raw := q.encode()
		if strings.ContainsFunc(raw, notInTarget) || strings.Contains(raw, "#") {
			rt.throwType("%q is not a query: it is percent-encoded", raw)
		}
		r.setQuery(raw)
		r.query = nil
	})
	get("cookies", func(q Request) goja.Value { return rt.cookies(q) }, nil)
	get("body", func(Request) goja.Value { return r.body.value() }, func(_ Request, v goja.Value) { r.body.put(v) })

	rt.bodyReaders(&r.body, func(name string, n int, f nativeFunc) {
		method(name, n, func(_ Request, call goja.FunctionCall) goja.Value { return f(call) })
	})
	method("toJSON", 0, func(q Request, _ goja.FunctionCall) goja.Value {
		o := rt.vm.NewObject()
		own(o, "method", rt.newString(text(q.Method())))
		own(o, "url", rt.newString(requestURL(q)))
		own(o, "path", rt.newString(text(q.Path())))
		own(o, "host", rt.newString(text(q.Host())))
		own(o, "query", r.queryValue())
		own(o, "headers", rt.headersOf(q))
		own(o, "body", rt.newString(text(r.body.bytes())))
		return o
	})
}

// notInTarget says whether a request target cannot hold a rune.
func notInTarget(c rune) bool { return c <= ' ' || c >= 0x7f }

func requestURL(q Request) string {
	u := q.Scheme() + "://" + text(q.Host()) + text(q.Path())
	if raw := q.RawQuery(); len(raw) > 0 {
		u += "?" + text(raw)
	}
	return u
}

// bodyReaders defines what requests and responses have to read and write
// their bodies.
func (rt *vmRuntime) bodyReaders(b *body, method func(name string, n int, f nativeFunc)) {
	readText := func(goja.FunctionCall) goja.Value { return rt.newString(string(b.bytes())) }
	readJSON := func(call goja.FunctionCall) goja.Value {
		bigints := false
		if o, ok := call.Argument(0).(*goja.Object); ok {
			v := o.Get("bigint")
			bigints = v != nil && v.ToBoolean()
		}
		return b.json(bigints)
	}
	buffer := func(goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(rt.vm.NewArrayBuffer(append([]byte(nil), b.bytes()...)))
	}
	put := func(call goja.FunctionCall) goja.Value {
		b.put(call.Argument(0))
		return call.This
	}
	method("text", 0, readText)
	method("json", 0, readJSON)
	method("readJson", 0, readJSON)
	method("bytes", 0, func(goja.FunctionCall) goja.Value { return rt.newBytes(append([]byte(nil), b.bytes()...)) })
	method("arrayBuffer", 0, buffer)
	method("readBody", 0, buffer)
	method("setBody", 1, put)
	method("writeBody", 1, put)
	method("writeJson", 1, func(call goja.FunctionCall) goja.Value {
		b.putJSON(call.Argument(0))
		return call.This
	})
}

// cookies gives the cookies of a request as an object; of two with one name
// the first counts.
func (rt *vmRuntime) cookies(q Request) *goja.Object {
	o := rt.vm.NewObject()
	seen := map[string]bool{}
	eachCookie(q, func(name, value string) bool {
		if !seen[name] {
			own(o, name, rt.newString(value))
		}
		seen[name] = true
		return true
	})
	return o
}

func eachCookie(q Request, yield func(name, value string) bool) {
	header := http.Header{}
	q.Header("Cookie", func(v []byte) bool {
		header.Add("Cookie", text(v))
		return true
	})
	for _, c := range (&http.Request{Header: header}).Cookies() {
		if !yield(c.Name, c.Value) {
			return
		}
	}
}
