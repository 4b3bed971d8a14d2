package jsmodule

import (
	"math"
	"net/http"
	"time"

	"github.com/dop251/goja"
)

// responseObject is the ctx.response of the exchange being served, and in
// responseModifier its ctx.upstream.
type responseObject struct {
	shape
	responseState
}

// responseState is what ctx.response has of the exchange being served.
type responseState struct {
	body    body
	headers boundHeaders
	// answered is set when a hook wrote a whole answer; upstream when the
	// response came from there.
	answered, upstream bool
}

func (r *responseObject) value() goja.Value {
	if r.methods == nil {
		r.install()
	}
	return r.shape.value()
}

// arrived notes that the message now holds the answer of the upstream; what
// was read of it before is forgotten.
func (r *responseObject) arrived() {
	r.upstream = true
	r.forget()
}

// forget drops what hooks read and have not yet written.
func (r *responseObject) forget() {
	r.answered = false
	r.body.leaveDocument()
	r.body = body{}
}

// msg is the message of the call; the body is bound to it on the way.
func (r *responseObject) msg() Response {
	m := r.rt.live().call.Response
	if r.body.msg == nil {
		r.body = body{rt: r.rt, msg: m}
	}
	return m
}

func (r *responseObject) setStatus(v goja.Value) {
	code := v.ToFloat()
	if code != math.Trunc(code) || code < 200 || code > 599 {
		r.rt.throwRange("%s is not a status: 200 to 599", v)
	}
	r.msg().SetStatus(int(code))
}

func (r *responseObject) setHeader(name string, v goja.Value) {
	h := r.headers.in(r.rt, responseHeaders).side
	h.set(h.name(name), v)
}

// do is a writing function by its name; ctx has them too.
func (r *responseObject) do(name string, args []goja.Value) {
	arg := func(i int) goja.Value {
		if i < len(args) {
			return args[i]
		}
		return goja.Undefined()
	}
	r.msg()
	switch name {
	case "status", "setStatus":
		r.setStatus(arg(0))
		return
	case "setHeader":
		r.setHeader(arg(0).String(), arg(1))
		return
	case "json":
		r.body.putJSON(arg(0))
	case "text":
		r.body.set(mimeText, []byte(str(arg(0))))
	case "write":
		data, contentType := r.rt.encodeBody(arg(0))
		if contentType != "" && r.body.contentType == "" && !hasHeader(r.body.msg, "Content-Type") {
			r.body.contentType = contentType
		}
		if !r.answered && !r.upstream {
			r.body.set("", data)
		} else {
			r.body.add(data)
		}
	case "send", "end":
		if len(args) > 0 && !goja.IsUndefined(args[0]) {
			r.body.put(args[0])
		}
	}
	r.answered = true
}

func (r *responseObject) redirect(location goja.Value, status int) {
	if status < 300 || status > 399 {
		r.rt.throwRange("%d is not a redirect: 300 to 399", status)
	}
	r.msg().SetStatus(status)
	r.setHeader("Location", location)
	r.body.set("", nil)
	r.answered = true
}

// replace makes a returned Response the answer.
func (r *responseObject) replace(from *webMessage) {
	if from.status == 0 {
		r.rt.throwType("Response.error() cannot be the answer")
	}
	m := r.msg()
	m.SetStatus(from.status)
	if r.upstream {
		var names []string
		m.EachHeader(func(name, _ []byte) bool {
			names = append(names, string(name))
			return true
		})
		for _, name := range names {
			m.DelHeader(name)
		}
	}
	seen := map[string]bool{}
	for _, l := range from.headers().sorted() {
		set := m.AddHeader
		if !seen[l.name] {
			set = m.SetHeader
		}
		seen[l.name] = true
		if err := set(l.name, l.value); err != nil {
			r.rt.throwType("header %s: %v", l.name, err)
		}
	}
	contentType := from.contentType
	if seen["content-type"] {
		contentType = ""
	}
	r.body.set(contentType, from.data)
	r.answered = true
}

// responseMembers are the names that member knows.
var responseMembers = []string{"statusCode", "statusText", "ok", "headers", "body"}

func (r *responseObject) member(key string) goja.Value {
	switch key {
	case "headers":
		return r.headers.in(r.rt, responseHeaders).obj
	case "statusCode":
		return r.rt.vm.ToValue(r.msg().Status())
	case "statusText":
		return r.rt.newString(http.StatusText(r.msg().Status()))
	case "ok":
		status := r.msg().Status()
		return r.rt.vm.ToValue(status >= 200 && status < 300)
	case "body":
		r.msg()
		return r.body.value()
	}
	return nil
}

// assign writes a member; it is false for those that cannot be written.
func (r *responseObject) assign(key string, v goja.Value) bool {
	switch key {
	case "statusCode":
		r.setStatus(v)
	case "body":
		r.msg()
		r.body.put(v)
	default:
		return false
	}
	return true
}

func (r *responseObject) install() {
	rt := r.rt
	r.what, r.members, r.get, r.set = "the response of this ctx", responseMembers, r.member, r.assign
	r.shape.install("response", "upstream")
	method := func(name string, n int, f nativeFunc) {
		r.method(name, n, func(call goja.FunctionCall) goja.Value {
			r.msg()
			return f(call)
		})
	}

	rt.bodyReaders(&r.body, method)
	// With an argument text and json write, without they read.
	for _, name := range []string{"text", "json"} {
		read, ok := goja.AssertFunction(r.methodOf(name))
		if !ok {
			continue
		}
		method(name, 1, func(call goja.FunctionCall) goja.Value {
			if len(call.Arguments) == 0 || name == "json" && isReadOption(call.Arguments[0]) {
				return must1(read(call.This, call.Arguments...))
			}
			r.do(name, call.Arguments)
			return call.This
		})
	}
	for _, name := range []string{"status", "setHeader", "write", "send", "end"} {
		method(name, 1, func(call goja.FunctionCall) goja.Value {
			r.do(name, call.Arguments)
			return call.This
		})
	}
	method("redirect", 1, func(call goja.FunctionCall) goja.Value {
		r.redirect(call.Argument(0), http.StatusTemporaryRedirect)
		return call.This
	})
	method("redirectPermanent", 1, func(call goja.FunctionCall) goja.Value {
		r.redirect(call.Argument(0), http.StatusMovedPermanently)
		return call.This
	})
	method("location", 1, func(call goja.FunctionCall) goja.Value {
		r.setHeader("Location", call.Argument(0))
		return call.This
	})
	method("cookie", 3, func(call goja.FunctionCall) goja.Value {
		r.setCookie(call.Argument(0).String(), str(call.Argument(1)), call.Argument(2))
		return call.This
	})
	method("getCookie", 1, func(call goja.FunctionCall) goja.Value {
		found, wanted := goja.Null(), call.Argument(0).String()
		eachCookie(rt.session.call.Request, func(name, value string) bool {
			if name == wanted {
				found = rt.cookie(name, value)
			}
			return name != wanted
		})
		return found
	})
	method("getCookies", 0, func(goja.FunctionCall) goja.Value {
		var list []goja.Value
		eachCookie(rt.session.call.Request, func(name, value string) bool {
			list = append(list, rt.cookie(name, value))
			return true
		})
		return rt.array(list)
	})
	method("toJSON", 0, func(goja.FunctionCall) goja.Value {
		m := r.msg()
		o := rt.vm.NewObject()
		own(o, "statusCode", rt.vm.ToValue(m.Status()))
		own(o, "headers", r.headers.in(rt, responseHeaders).obj)
		own(o, "body", rt.newString(text(r.body.bytes())))
		return o
	})
}

// isReadOption tells json({bigint: true}), which reads, from json(value).
func isReadOption(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok || docOf(o) != nil {
		return false
	}
	keys := o.Keys()
	return len(keys) == 1 && keys[0] == "bigint"
}

func (rt *vmRuntime) cookie(name, value string) goja.Value {
	o := rt.vm.NewObject()
	own(o, "name", rt.newString(name))
	own(o, "value", rt.newString(value))
	return o
}

// setCookie adds a Set-Cookie line.
func (r *responseObject) setCookie(name, value string, opts goja.Value) {
	c := http.Cookie{Name: name, Value: value}
	if o, ok := opts.(*goja.Object); ok {
		c.Domain, c.Path = str(o.Get("domain")), str(o.Get("path"))
		c.Secure, c.HttpOnly = truthy(o.Get("secure")), truthy(o.Get("httpOnly"))
		if v := o.Get("maxAge"); !isNil(v) {
			if c.MaxAge = int(integer(v, math.MinInt32, math.MaxInt32)); c.MaxAge == 0 {
				c.MaxAge = -1
			}
		}
		if v := o.Get("expires"); !isNil(v) {
			c.Expires = r.rt.time(v)
		}
		switch site := str(o.Get("sameSite")); site {
		case "":
		case "lax", "Lax":
			c.SameSite = http.SameSiteLaxMode
		case "strict", "Strict":
			c.SameSite = http.SameSiteStrictMode
		case "none", "None":
			c.SameSite = http.SameSiteNoneMode
		default:
			r.rt.throwType("sameSite %q is not lax, strict or none", site)
		}
	}
	if err := c.Valid(); err != nil {
		r.rt.throwType("cookie %s: %v", name, err)
	}
	if err := r.msg().AddHeader("Set-Cookie", c.String()); err != nil {
		r.rt.throwType("cookie %s: %v", name, err)
	}
}

func truthy(v goja.Value) bool { return v != nil && v.ToBoolean() }

// time reads a Date, or milliseconds.
func (rt *vmRuntime) time(v goja.Value) time.Time {
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "Date" {
		if t, ok := o.Export().(time.Time); ok {
			return t
		}
	}
	ms := v.ToFloat()
	if math.IsNaN(ms) || math.Abs(ms) > 8.64e15 {
		rt.throwRange("%s is not a time", v)
	}
	return time.UnixMilli(int64(ms))
}
