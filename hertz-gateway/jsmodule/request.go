package jsmodule

import (
	"net"
	"net/http"
	"strings"

	"github.com/dop251/goja"
)

// requestObject is the ctx.request of the exchange being served.
type requestObject struct {
	shape
	requestState
}

// requestState is what ctx.request has of the exchange being served.
type requestState struct {
	body    body
	headers boundHeaders
	query   *goja.Object
	// frozen is set when the request has been bound: too late for edits.
	frozen bool
}

func (r *requestObject) value() goja.Value {
	if r.obj == nil {
		if r.methods == nil {
			r.install()
		}
		r.attach()
	}
	return r.shape.value()
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
	r.what, r.members, r.get, r.set = "the request of this ctx", requestMembers, r.member, r.assign
	r.shape.install("request")
	rt.bodyReaders(&r.body, r.method)
	r.method("toJSON", 0, func(goja.FunctionCall) goja.Value {
		q := rt.session.call.Request
		o := rt.vm.NewObject()
		own(o, "method", rt.newString(text(q.Method())))
		own(o, "url", rt.newString(requestURL(q)))
		own(o, "path", rt.newString(text(q.Path())))
		own(o, "host", rt.newString(text(q.Host())))
		own(o, "query", r.queryValue())
		own(o, "headers", r.headers.in(rt, requestHeaders).obj)
		own(o, "body", rt.newString(text(r.body.bytes())))
		return o
	})
}

// requestMembers are the names that member knows.
var requestMembers = []string{
	"method", "path", "url", "host", "proto", "ip", "remoteAddress", "headers", "query", "cookies", "body",
}

func (r *requestObject) member(key string) goja.Value {
	rt, q := r.rt, r.rt.session.call.Request
	switch key {
	case "headers":
		return r.headers.in(rt, requestHeaders).obj
	case "method":
		return rt.newString(text(q.Method()))
	case "path":
		return rt.newString(text(q.Path()))
	case "url":
		return rt.newString(requestURL(q))
	case "host":
		return rt.newString(text(q.Host()))
	case "proto":
		return rt.newString(q.Proto())
	case "ip":
		return rt.newString(q.ClientIP())
	case "remoteAddress":
		host, _, err := net.SplitHostPort(q.RemoteAddr())
		if err != nil {
			host = q.RemoteAddr()
		}
		return rt.newString(host)
	case "query":
		return r.queryValue()
	case "cookies":
		return rt.cookies(q)
	case "body":
		return r.body.value()
	}
	return nil
}

// assign writes a member; it is false for those that cannot be written.
func (r *requestObject) assign(key string, v goja.Value) bool {
	rt, q := r.rt, r.rt.session.call.Request
	switch key {
	case "method", "path", "query", "body":
		r.edit()
	default:
		return false
	}
	var err error
	switch key {
	case "method":
		method := v.String()
		if !isToken(method) {
			rt.throwType("%q is not an HTTP method", method)
		}
		err = q.SetMethod(method)
	case "path":
		path := v.String()
		if !strings.HasPrefix(path, "/") || strings.ContainsFunc(path, notInTarget) || strings.ContainsAny(path, "?#") {
			rt.throwType("%q is not a path: it starts with / and is percent-encoded", path)
		}
		err = q.SetPath(path)
	case "query":
		o := &queryObject{rt: rt, verbatim: true}
		o.fill(v)
		raw := o.encode()
		if strings.ContainsFunc(raw, notInTarget) || strings.Contains(raw, "#") {
			rt.throwType("%q is not a query: it is percent-encoded", raw)
		}
		r.setQuery(raw)
		r.query = nil
	case "body":
		r.body.put(v)
	}
	if err != nil {
		rt.throwType("%s: %v", key, err)
	}
	return true
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
