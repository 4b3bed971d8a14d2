package jsmodule

import (
	"errors"
	"strings"

	"github.com/dop251/goja"
	"github.com/nlnwa/whatwg-url/url"
)

// Bounds of the text of a URL, and of its part before the host: the parser takes
// quadratic time on some.
const (
	maxURL         = 16 << 10
	maxUserinfo    = 1 << 10
	maxUserinfoAts = 16
)

var errURLTooLong = errors.New("the URL is too long")

// tooLong says whether parsing a text could take long.
func tooLong(text string) bool {
	if len(text) > maxURL {
		return true
	}
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i]
	}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '\\' }) {
		if ats := strings.Count(part, "@"); ats > 0 && (ats > maxUserinfoAts || len(part) > maxUserinfo) {
			return true
		}
	}
	return false
}

// urlObject is the Go side of URL, of the URL Standard.
type urlObject struct {
	rt    *vmRuntime
	u     *url.Url
	query *goja.Object
}

// tryURL parses a URL; an empty base is none.
func (rt *vmRuntime) tryURL(text, base string) (*urlObject, error) {
	if tooLong(text) || tooLong(base) {
		return nil, errURLTooLong
	}
	var u *url.Url
	var err error
	if base == "" {
		u, err = url.Parse(text)
	} else {
		u, err = url.ParseRef(base, text)
	}
	if err != nil {
		return nil, err
	}
	return &urlObject{rt: rt, u: u}, nil
}

func (rt *vmRuntime) parseURL(text, base string) *urlObject {
	u, err := rt.tryURL(text, base)
	if errors.Is(err, errURLTooLong) {
		rt.throwType("%v", err)
	}
	if err != nil {
		rt.throwType("%q is not a URL", text)
	}
	return u
}

func (o *urlObject) href() string { return o.u.Href(false) }

// origin is scheme, host and port, "null" for schemes that have none.
func (o *urlObject) origin() string {
	switch o.u.Scheme() {
	case "http", "https", "ws", "wss", "ftp":
		return o.u.Protocol() + "//" + o.u.Host()
	case "blob":
		if inner, err := o.rt.tryURL(o.u.Pathname(), ""); err == nil && (inner.u.Scheme() == "http" || inner.u.Scheme() == "https") {
			return inner.origin()
		}
	}
	return "null"
}

// Get implements goja.DynamicObject.
func (o *urlObject) Get(key string) goja.Value {
	s := ""
	switch key {
	case "searchParams":
		return o.searchParams()
	case "href":
		s = o.href()
	case "origin":
		s = o.origin()
	case "protocol":
		s = o.u.Protocol()
	case "username":
		s = o.u.Username()
	case "password":
		s = o.u.Password()
	case "host":
		s = o.u.Host()
	case "hostname":
		s = o.u.Hostname()
	case "port":
		s = o.u.Port()
	case "pathname":
		s = o.u.Pathname()
	case "search":
		s = o.u.Search()
	case "hash":
		s = o.u.Hash()
	default:
		return nil
	}
	return o.rt.newString(s)
}

// Set implements goja.DynamicObject. But for href, what does not fit changes
// nothing, as the standard says.
func (o *urlObject) Set(key string, v goja.Value) bool {
	if v == nil { // Object.defineProperty without a value
		return false
	}
	s := v.String()
	if tooLong(s) || len(o.href())+len(s) > 2*maxURL {
		o.rt.throwType("%v", errURLTooLong)
	}
	switch key {
	case "href":
		o.u = o.rt.parseURL(s, "").u
	case "protocol":
		o.u.SetProtocol(s)
	case "username":
		o.u.SetUsername(s)
	case "password":
		o.u.SetPassword(s)
	case "host":
		o.u.SetHost(s)
	case "hostname":
		o.u.SetHostname(s)
	case "port":
		o.u.SetPort(s)
	case "pathname":
		o.u.SetPathname(s)
	case "search":
		o.u.SetSearch(s)
	case "hash":
		o.u.SetHash(s)
	default:
		return false
	}
	if o.query != nil && (key == "href" || key == "search") {
		if q, ok := dynamic[*queryObject](o.query); ok {
			q.pairs = parseQuery(o.u.Query())
		}
	}
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
			rt: o.rt, pairs: parseQuery(o.u.Query()),
			changed: func(q *queryObject) {
				search := q.encode()
				if len(search) > maxURL {
					o.rt.throwType("%v", errURLTooLong)
				}
				o.u.SetSearch(search)
			},
		})
	}
	return o.query
}

func (rt *vmRuntime) makeURL() *class {
	parse := func(args []goja.Value) (*urlObject, error) {
		base := ""
		if v := argument(args, 1); !goja.IsUndefined(v) {
			if base = v.String(); base == "" {
				return nil, errors.New("an empty base is not a URL")
			}
		}
		return rt.tryURL(argument(args, 0).String(), base)
	}
	c := rt.newClass("URL", func(args []goja.Value) goja.DynamicObject {
		u, err := parse(args)
		if errors.Is(err, errURLTooLong) {
			rt.throwType("%v", err)
		}
		if err != nil {
			rt.throwType("%q is not a URL", argument(args, 0))
		}
		return u
	})
	for _, name := range []string{"toString", "toJSON"} {
		rt.method(c.proto, name, 0, func(call goja.FunctionCall) goja.Value {
			return rt.newString(receiver[*urlObject](rt, call, "URL").href())
		})
	}
	rt.method(c.ctor, "canParse", 1, func(call goja.FunctionCall) goja.Value {
		_, err := parse(call.Arguments)
		return rt.vm.ToValue(err == nil)
	})
	rt.method(c.ctor, "parse", 1, func(call goja.FunctionCall) goja.Value {
		u, err := parse(call.Arguments)
		if err != nil {
			return goja.Null()
		}
		return c.instance(rt, u)
	})
	return c
}

// defaultPorts are the ports that URLs leave out.
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
