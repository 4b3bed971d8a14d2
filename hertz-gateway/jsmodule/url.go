package jsmodule

import (
	"net"
	"net/url"
	"strings"

	"github.com/dop251/goja"
)

// urlObject is the Go side of URL.
type urlObject struct {
	rt    *vmRuntime
	u     *url.URL
	query *goja.Object
}

// defaultPorts are left out of hosts, as the web does.
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

func (rt *vmRuntime) tryURL(text, base string) (*urlObject, error) {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err == nil && base != "" {
		var b *url.URL
		if b, err = url.Parse(strings.TrimSpace(base)); err == nil && !b.IsAbs() {
			err = errNotAbsolute
		}
		if err == nil {
			u = b.ResolveReference(u)
		}
	}
	if err == nil && !u.IsAbs() {
		err = errNotAbsolute
	}
	if err != nil {
		return nil, err
	}
	o := &urlObject{rt: rt, u: u}
	o.tidy()
	return o, nil
}

var errNotAbsolute = &url.Error{Op: "parse", URL: "", Err: url.InvalidHostError("not an absolute URL")}

func (rt *vmRuntime) parseURL(text, base string) *urlObject {
	u, err := rt.tryURL(text, base)
	if err != nil {
		rt.throwType("%q is not a URL", text)
	}
	return u
}

// tidy gives the URL the form in which the web shows it.
func (o *urlObject) tidy() {
	o.u.Scheme, o.u.Host = strings.ToLower(o.u.Scheme), strings.ToLower(o.u.Host)
	if port, ok := defaultPorts[o.u.Scheme]; ok {
		o.u.Host = strings.TrimSuffix(o.u.Host, ":"+port)
		if o.u.Path == "" {
			o.u.Path = "/"
		}
	}
}

func (o *urlObject) href() string { return o.u.String() }

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// Get implements goja.DynamicObject.
func (o *urlObject) Get(key string) goja.Value {
	if key == "searchParams" {
		return o.searchParams()
	}
	s := ""
	switch key {
	case "href":
		s = o.href()
	case "protocol":
		s = o.u.Scheme + ":"
	case "host":
		s = o.u.Host
	case "hostname":
		s = o.u.Hostname()
		if strings.Contains(s, ":") {
			s = "[" + s + "]"
		}
	case "port":
		s = o.u.Port()
	case "pathname":
		s = o.u.EscapedPath()
		if s == "" {
			s = o.u.Opaque
		}
	case "search":
		s = prefixed("?", o.u.RawQuery)
	case "hash":
		s = prefixed("#", o.u.EscapedFragment())
	case "origin":
		s = "null"
		if o.u.Host != "" {
			s = o.u.Scheme + "://" + o.u.Host
		}
	case "username":
		s = o.u.User.Username()
	case "password":
		s, _ = o.u.User.Password()
	default:
		return nil
	}
	return o.rt.newString(s)
}

// Set implements goja.DynamicObject.
func (o *urlObject) Set(key string, v goja.Value) bool {
	s := v.String()
	u := *o.u
	switch key {
	case "href":
		u = *o.rt.parseURL(s, "").u
	case "protocol":
		u.Scheme = strings.TrimSuffix(s, ":")
	case "host":
		u.Host = s
	case "hostname":
		u.Host = s
		if port := o.u.Port(); port != "" {
			u.Host = net.JoinHostPort(strings.Trim(s, "[]"), port)
		}
	case "port":
		u.Host = o.u.Hostname()
		if s != "" {
			u.Host = net.JoinHostPort(u.Host, s)
		}
	case "pathname":
		path, err := url.PathUnescape(s)
		if err != nil {
			return false
		}
		u.Path, u.RawPath = path, s
		if !strings.HasPrefix(path, "/") {
			u.Path, u.RawPath = "/"+path, "/"+s
		}
	case "search":
		u.RawQuery = strings.TrimPrefix(s, "?")
		o.query = nil
	case "hash":
		u.Fragment, u.RawFragment = strings.TrimPrefix(s, "#"), ""
	case "username":
		password, has := o.u.User.Password()
		u.User = url.User(s)
		if has {
			u.User = url.UserPassword(s, password)
		}
	case "password":
		u.User = url.UserPassword(o.u.User.Username(), s)
	default:
		return false
	}
	checked, err := o.rt.tryURL(u.String(), "")
	if err != nil {
		o.rt.throwType("%s %q does not make a URL", key, s)
	}
	if key == "href" {
		o.query = nil
	}
	o.u = checked.u
	return true
}

// Has implements goja.DynamicObject.
func (o *urlObject) Has(key string) bool { return o.Get(key) != nil }

// Delete implements goja.DynamicObject.
func (o *urlObject) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (o *urlObject) Keys() []string {
	return []string{
		"href", "origin", "protocol", "username", "password", "host", "hostname", "port",
		"pathname", "search", "searchParams", "hash",
	}
}

func (o *urlObject) searchParams() *goja.Object {
	if o.query == nil {
		o.query = o.rt.newQuery(&queryObject{
			rt: o.rt, pairs: parseQuery(o.u.RawQuery),
			changed: func(q *queryObject) { o.u.RawQuery = q.encode() },
		})
	}
	return o.query
}

func (rt *vmRuntime) makeURL() *class {
	base := func(v goja.Value) string {
		if isNil(v) {
			return ""
		}
		return v.String()
	}
	c := rt.newClass("URL", func(args []goja.Value) goja.DynamicObject {
		return rt.parseURL(argument(args, 0).String(), base(argument(args, 1)))
	})
	for _, name := range []string{"toString", "toJSON"} {
		rt.method(c.proto, name, 0, func(call goja.FunctionCall) goja.Value {
			return rt.newString(receiver[*urlObject](rt, call, "URL").href())
		})
	}
	rt.method(c.ctor, "canParse", 2, func(call goja.FunctionCall) goja.Value {
		_, err := rt.tryURL(call.Argument(0).String(), base(call.Argument(1)))
		return rt.vm.ToValue(err == nil)
	})
	rt.method(c.ctor, "parse", 2, func(call goja.FunctionCall) goja.Value {
		u, err := rt.tryURL(call.Argument(0).String(), base(call.Argument(1)))
		if err != nil {
			return goja.Null()
		}
		return c.instance(rt, u)
	})
	return c
}
