package jsmodule

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// Fetcher makes the HTTP requests of modules: `fetch`, also from "dgate/http".
// Many goroutines use it at once, and it returns when ctx ends.
type Fetcher interface {
	// Fetch sends f and reads the whole answer. It keeps to f.Grants, at every
	// redirect, and never reaches a private network but for a host that a
	// grant names. An error that wraps *CallError shows its fields to the
	// module; of any other error the module sees the text.
	Fetch(ctx context.Context, f Fetch) (Fetched, error)
}

// Fetch is one HTTP request of a module.
type Fetch struct {
	Namespace string
	Module    string
	RequestID string

	Method string
	// URL is absolute, without credentials and fragment.
	URL     string
	Headers [][2]string
	Body    []byte
	// Redirect is "follow", "manual" (the redirect is the answer) or "error".
	Redirect string
	// Grants are the hosts that the module may reach, for HTTPGranted.
	Grants []string
	// MaxBody bounds the answer's body, in bytes.
	MaxBody int64
}

// Fetched is the answer to a Fetch.
type Fetched struct {
	Status  int
	Headers [][2]string
	// Body has its content coding undone, unless the module asked for it.
	Body []byte
	// URL is the last one after redirects.
	URL        string
	Redirected bool
}

// makeHTTP makes `import { fetch } from "dgate/http"`.
func (m *moduleInstance) makeHTTP() goja.Value {
	o := m.rt.vm.NewObject()
	must(o.DefineDataProperty("fetch", m.fetchFunction(), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return o
}

// fetchFunction is fetch with the permissions of the module.
func (m *moduleInstance) fetchFunction() *goja.Object {
	return m.rt.fn("fetch", 2, func(c goja.FunctionCall) goja.Value { return m.fetch(c.Argument(0), c.Argument(1)) })
}

// unsent are headers that belong to the connection, or that the gateway sets.
var unsent = []string{
	"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}

// fetch begins a request. Whatever is wrong rejects the promise, as on the web.
func (m *moduleInstance) fetch(input, init goja.Value) (promise goja.Value) {
	rt := m.rt
	s := rt.live()
	var (
		f       Fetch
		options fetchOptions
	)
	if e := rt.vm.Try(func() { f, options = m.readFetch(input, init) }); e != nil {
		return rt.failed(e.Value())
	}
	if options.aborted() {
		return rt.failed(options.signal.Get("reason"))
	}
	if err := m.mayFetch(s, &f); err != nil {
		return rt.failed(rt.fetchError(err))
	}
	deadline := s.deadline
	if options.timeout > 0 {
		if d := rt.host.now().Add(options.timeout); d.Before(deadline) {
			deadline = d
		}
	}
	aborted, abort := context.WithCancel(context.Background())
	options.onAbort(rt, abort)
	shown := func(err error) goja.Value {
		if options.aborted() {
			return options.signal.Get("reason")
		}
		return rt.fetchError(err)
	}
	work := func(ctx context.Context) (Fetched, error) {
		defer abort()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(aborted, cancel)()
		return rt.host.cfg.Fetcher.Fetch(ctx, f)
	}
	return later(rt, deadline, shown, work, func(answer Fetched) (goja.Value, error) {
		if options.aborted() {
			return nil, context.Canceled // the answer came too late
		}
		return rt.fetched(answer), nil
	})
}

// fetchOptions are what a Fetch has no place for.
type fetchOptions struct {
	signal  *goja.Object
	timeout time.Duration
}

func (o *fetchOptions) aborted() bool {
	return o.signal != nil && o.signal.Get("aborted").ToBoolean()
}

// onAbort calls f when the signal is aborted during this request.
func (o *fetchOptions) onAbort(rt *vmRuntime, f func()) {
	if o.signal == nil {
		return
	}
	own := must1(callable(rt.web("newSignal"))(goja.Undefined())).(*goja.Object)
	must1(callable(rt.web("follow"))(goja.Undefined(), own, o.signal))
	must1(callable(own.Get("addEventListener"))(own, rt.newString("abort"), rt.fn("", 0, func(goja.FunctionCall) goja.Value {
		f()
		return goja.Undefined()
	})))
}

// readFetch reads the arguments of fetch and throws what is wrong with them.
func (m *moduleInstance) readFetch(input, init goja.Value) (f Fetch, options fetchOptions) {
	rt := m.rt
	request := rt.newRequestMessage([]goja.Value{input, init})
	u := rt.parseURL(request.url, "").u
	if u.Scheme() != "http" && u.Scheme() != "https" {
		rt.throwType("fetch: %s: is neither http nor https", u.Scheme())
	}
	redirect, _ := request.option("redirect")
	f = Fetch{
		Namespace: rt.namespace, RequestID: rt.session.call.ID, Module: m.program.name,
		Method: request.method, URL: u.Href(true), Body: request.data, Redirect: redirect,
		Grants: slices.Collect(m.grants("http")), MaxBody: rt.host.limits.FetchBody,
	}
	request.headers().lines.EachHeader(func(name, value []byte) bool {
		if !slices.Contains(unsent, strings.ToLower(string(name))) {
			f.Headers = append(f.Headers, [2]string{string(name), string(value)})
		}
		return true
	})
	options.signal = request.signal
	o, ok := init.(*goja.Object)
	if !ok {
		return f, options
	}
	if v := o.Get("redirects"); !isNil(v) { // as DGate says
		if f.Redirect = v.String(); !slices.Contains(requestOptions["redirect"], f.Redirect) {
			rt.throwType("fetch: redirects is %q, which is none of follow, error, manual", f.Redirect)
		}
	}
	if v := o.Get("timeout"); !isNil(v) {
		options.timeout = time.Duration(max(1, min(v.ToFloat(), maxSleep.Seconds()*1000)) * float64(time.Millisecond))
	}
	return f, options
}

// mayFetch checks the permission, and that this exchange has not made too many
// requests.
func (m *moduleInstance) mayFetch(s *Session, f *Fetch) error {
	u, err := url.Parse(f.URL)
	if err != nil {
		return invalid("fetch: not a URL")
	}
	if ok, _ := HTTPGranted(f.Grants, u); !ok {
		return m.denied("http:"+u.Host, "fetch from "+u.Host)
	}
	if m.rt.host.cfg.Fetcher == nil {
		return &CallError{Code: CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "this gateway makes no HTTP requests for modules"}
	}
	if s.fetches++; s.fetches > m.rt.host.limits.Fetches {
		return &CallError{Code: "too_many_calls", Status: http.StatusServiceUnavailable, Message: fmt.Sprintf("more than %d fetches in one request", m.rt.host.limits.Fetches)}
	}
	return nil
}

// fetchError is a TypeError, as on the web, with a code.
func (rt *vmRuntime) fetchError(err error) goja.Value {
	e := callError(err)
	o := rt.newJSError(rt.errorClass("TypeError"), e.Message)
	own(o, "code", rt.newString(e.Code))
	own(o, "status", rt.vm.ToValue(e.Status))
	return o
}

// fetched makes the Response of an answer.
func (rt *vmRuntime) fetched(a Fetched) goja.Value {
	lines := &headerList{}
	for _, h := range a.Headers {
		must(lines.AddHeader(h[0], h[1]))
	}
	m := &webMessage{
		rt: rt, class: "Response", status: a.Status, statusText: http.StatusText(a.Status), url: a.URL, redirected: a.Redirected,
		data: a.Body, hasBody: a.Status != http.StatusNoContent && a.Status != http.StatusNotModified,
	}
	m.hdr = rt.newHeaders(&headersObject{rt: rt, lines: lines})
	return rt.classes.responseClass().instance(rt, m)
}
