package jsmodule

import (
	"context"
	_ "embed"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

//go:embed testkit.js
var testKitText string

const testKitName = "dgate:testkit"

var testKitProgram = goja.MustCompile(testKitName, testKitText, true)

// testKit is "dgate/test" in one runtime: the tests that its file declares, and
// the mocks that answer for the world outside.
type testKit struct {
	rt  *vmRuntime
	run goja.Callable
	// list names the tests; answer finds the mock for a question and gives a
	// promise.
	list, answer goja.Callable
	exports      *goja.Object
	secrets      map[string]string
}

// makeTest makes `import … from "dgate/test"`.
func (m *moduleInstance) makeTest() goja.Value {
	rt := m.rt
	if rt.host.sim == nil {
		rt.throwType("dgate/test is for tests: run them with `dgate-cli module test`")
	}
	if rt.kit != nil {
		return rt.kit.exports
	}
	k := &testKit{rt: rt, secrets: map[string]string{}}
	host := rt.vm.NewObject()
	rt.method(host, "setTime", 1, func(c goja.FunctionCall) goja.Value {
		ms := integer(c.Argument(0), 0, math.MaxInt64/int64(time.Millisecond))
		rt.host.sim.time = time.UnixMilli(ms).UTC()
		return goja.Undefined()
	})
	rt.method(host, "setSecret", 2, func(c goja.FunctionCall) goja.Value {
		k.secrets[c.Argument(0).String()] = c.Argument(1).String()
		return goja.Undefined()
	})
	create, _ := goja.AssertFunction(must1(rt.vm.RunProgram(testKitProgram)))
	parts := must1(create(goja.Undefined(), host)).(*goja.Object)
	k.list, _ = goja.AssertFunction(parts.Get("list"))
	k.run, _ = goja.AssertFunction(parts.Get("run"))
	k.answer, _ = goja.AssertFunction(parts.Get("answer"))
	k.exports = parts.Get("exports").(*goja.Object)
	rt.method(k.exports, "callModule", 3, func(c goja.FunctionCall) goja.Value {
		return k.callModule(c.Argument(0), c.Argument(1), c.Argument(2))
	})
	rt.kit = k
	return k.exports
}

// tests asks the kit what its file has declared.
func (k *testKit) tests() ([]Test, error) {
	var tests []Test
	err := k.rt.guarded(func() error {
		v, err := k.list(goja.Undefined())
		if err != nil {
			return err
		}
		for _, v := range k.rt.list(v.(*goja.Object)) {
			o := v.(*goja.Object)
			tests = append(tests, Test{Name: o.Get("name").String(), Skip: o.Get("skip").ToBoolean()})
		}
		return nil
	})
	return tests, err
}

// callModule has the session play an exchange through the hooks of exports, as
// soon as the test waits for it.
func (k *testKit) callModule(exports, init, options goja.Value) goja.Value {
	rt := k.rt
	s := rt.live()
	if s.call.Request != nil {
		rt.throwType("callModule cannot be called by what it calls")
	}
	m := &moduleInstance{program: rt.current.program, rt: rt, logger: rt.host.cfg.Logger, builtins: rt.current.builtins}
	m.findHooks(exportedBy(exports), nil)
	r := &rehearsal{kit: k, module: m, place: framesOf(rt.vm.CaptureCallStack(0, nil))}
	r.read(init, options)
	p, resolve, reject := rt.vm.NewPromise()
	r.resolve, r.reject = resolve, reject
	l := s.events()
	l.pending++
	l.outside = append(l.outside, func() error {
		l.pending--
		return s.rehearse(r)
	})
	return rt.vm.ToValue(p)
}

// rehearsal is one callModule.
type rehearsal struct {
	kit             *testKit
	module          *moduleInstance
	hook            Hook // hookCount: all of them, as a gateway does
	call            Call
	request         *MemoryRequest
	response        *MemoryResponse
	binding         *MemoryBinding // nil without a service
	upstream        Upstream
	resolve, reject func(any) error
	// place is where callModule was called.
	place []frame
}

// read takes the arguments of callModule.
func (r *rehearsal) read(init, options goja.Value) {
	rt := r.kit.rt
	member := func(v goja.Value, key string) goja.Value {
		if o, ok := v.(*goja.Object); ok {
			if v := o.Get(key); v != nil {
				return v
			}
		}
		return goja.Undefined()
	}
	q, err := NewMemoryRequest(str(member(init, "method")), str(member(init, "url")))
	if err != nil {
		rt.throwType("callModule: %v", err)
	}
	r.request, r.response = q, &MemoryResponse{}
	r.fill(&q.MemoryHeaders, member(init, "headers"))
	if body := member(init, "body"); !isNil(body) {
		data, contentType := rt.encodeBody(body)
		if hasHeader(q, "Content-Type") {
			contentType = ""
		}
		q.SetBody(contentType, data)
	}
	if params, ok := member(init, "params").(*goja.Object); ok {
		for _, name := range params.Keys() {
			q.SetParam(name, params.Get(name).String())
		}
	}
	if ip := str(member(init, "ip")); ip != "" {
		q.SetIP(ip)
	}

	r.hook = hookCount
	if name := str(member(options, "hook")); name != "" {
		hook, ok := HookNamed(name)
		if !ok {
			rt.throwType("callModule: there is no hook %q", name)
		}
		if r.module.hooks[hook].call == nil {
			rt.throwType("callModule: the module has no %s", name)
		}
		r.hook = hook
	} else if !slices.ContainsFunc(r.module.hooks[:], func(f hookFunc) bool { return f.call != nil }) {
		rt.throwType("callModule needs the exports of a module: import * as mod from \"./mod\"")
	}
	service, method, _ := strings.Cut(str(member(options, "service")), ".")
	r.call = Call{
		ID: "test", Service: service, Method: method, Request: q, Response: r.response,
		Route: Route{Name: str(member(options, "route")), Methods: []string{string(q.Method())}, Paths: []string{string(q.Path())}},
	}
	if service != "" {
		r.binding = &MemoryBinding{}
		if args := member(options, "args"); !isNil(args) {
			r.binding.Args = rt.marshal(args)
		}
		r.call.Binding = r.binding
	}
	if given, ok := member(options, "response").(*goja.Object); ok {
		r.answerWith(given)
	}
	if given, ok := member(options, "error").(*goja.Object); ok {
		r.upstream.Failure = r.failure(given)
	}
}

func (r *rehearsal) fill(to *MemoryHeaders, from goja.Value) {
	h := &headersObject{rt: r.kit.rt, lines: to}
	r.kit.rt.fillHeaders(h, from)
}

// answerWith notes what the service answers: a Response, or an object of
// status, headers and body.
func (r *rehearsal) answerWith(given *goja.Object) {
	rt := r.kit.rt
	answer := &MemoryResponse{status: int(integer(orUndefined(given.Get("status")), 0, 999))}
	r.fill(&answer.MemoryHeaders, orUndefined(given.Get("headers")))
	if body := given.Get("body"); !isNil(body) {
		data, contentType := rt.encodeBody(body)
		if hasHeader(answer, "Content-Type") {
			contentType = ""
		}
		answer.SetBody(contentType, data)
	}
	r.upstream.Answer = func(to Response) { *to.(*MemoryResponse) = *answer }
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

func (r *rehearsal) failure(given *goja.Object) *Failure {
	f := &Failure{
		Name: str(given.Get("name")), Message: str(given.Get("message")), Code: str(given.Get("code")),
		Status: int(integer(orUndefined(given.Get("status")), 0, 599)), Service: r.call.Service, Method: r.call.Method,
	}
	setDefault(&f.Name, "UpstreamError")
	setDefault(&f.Code, "upstream_failed")
	setDefault(&f.Status, http.StatusBadGateway)
	return f
}

// rehearse plays the exchange in the runtime of the test, whose own session
// waits meanwhile. The hooks have the limits of a gateway.
func (s *Session) rehearse(r *rehearsal) error {
	rt := s.rt
	h := s.chain.host
	inner := &Session{chain: &Chain{host: h, namespace: rt.namespace}, ctx: s.ctx, call: &r.call, rt: rt, borrowed: true}
	for hook, f := range r.module.hooks {
		inner.chain.has[hook] = f.call != nil
	}
	modules, current := rt.modules, rt.current
	rt.end()
	rt.session, rt.modules = inner, []*moduleInstance{r.module}
	logged := len(h.lines.Lines())

	var (
		played Played
		err    error
	)
	if r.hook == hookCount {
		played, err = inner.Play(r.upstream)
	} else {
		if r.upstream.Answer != nil {
			r.upstream.Answer(r.response)
		}
		f := r.failure(rt.vm.NewObject())
		if r.upstream.Failure != nil {
			f = r.upstream.Failure
		}
		played, err = inner.PlayHook(r.hook, *f)
	}
	inner.deadline = h.now().Add(h.limits.Tail)
	for _, p := range inner.waits {
		if failed := inner.settle(p); failed != nil && err == nil {
			err = newError(rt.current, hookCount, failed, inner.fired)
		}
	}
	inner.loop.close()
	rt.end()
	rt.session, rt.modules, rt.current = s, modules, current
	if err != nil && inner.wrecked {
		s.broken = true
		return err
	}
	s.spent = 0 // what the module may take is not the test's
	return s.enter(func() error {
		if err != nil {
			return r.reject(r.exceptionOf(err))
		}
		return r.resolve(r.result(played, h.lines.Lines()[logged:]))
	})
}

// exceptionOf is the failure of a module as the test may catch it.
func (r *rehearsal) exceptionOf(err error) goja.Value {
	rt := r.kit.rt
	var (
		e *Error
		f *Failure
	)
	switch {
	case errors.As(err, &e):
		o := rt.newJSError(rt.errorClass("Error"), e.Message)
		if e.Name != "" {
			own(o, "name", rt.newString(e.Name))
		}
		own(o, "kind", rt.newString(string(e.Kind)))
		own(o, "hook", rt.newString(e.Hook))
		frames := e.frames
		if len(frames) == 0 {
			frames = r.place
		}
		rt.setStack(o, frames)
		return o
	case errors.As(err, &f):
		return rt.failure(*f)
	}
	return rt.newJSError(rt.errorClass("Error"), err.Error())
}

// result is what callModule resolves to.
func (r *rehearsal) result(played Played, logs []LogLine) goja.Value {
	rt := r.kit.rt
	o := rt.vm.NewObject()
	request := &webMessage{rt: rt, class: "Request", method: r.request.method, url: r.request.URL()}
	request.take(&r.request.MemoryHeaders, r.request.body)
	own(o, "request", rt.classes.requestClass().instance(rt, request))
	response := &webMessage{rt: rt, class: "Response", status: r.response.Status()}
	response.statusText = http.StatusText(response.status)
	response.take(&r.response.MemoryHeaders, r.response.body)
	own(o, "response", rt.classes.responseClass().instance(rt, response))

	lines := make([]goja.Value, len(logs))
	for i, l := range logs {
		line := rt.vm.NewObject()
		own(line, "level", rt.newString(l.Level))
		own(line, "message", rt.newString(l.Message))
		lines[i] = line
	}
	own(o, "logs", rt.array(lines))
	if r.binding != nil {
		data, _ := r.binding.Bind() // in memory
		own(o, "args", (&jsonParser{rt: rt, src: data, bigints: true}).whole())
	}
	own(o, "answered", rt.vm.ToValue(played.Answered))
	if played.Chosen {
		target := rt.vm.NewObject()
		for _, p := range [][2]string{
			{"address", played.Target.Address},
			{"tag", played.Target.Tag},
			{"hashKey", played.Target.HashKey},
		} {
			if p[1] != "" {
				own(target, p[0], rt.newString(p[1]))
			}
		}
		own(o, "target", target)
	}
	return o
}

// take makes a web message of one in memory.
func (m *webMessage) take(h *MemoryHeaders, body []byte) {
	m.hdr = m.rt.newHeaders(&headersObject{rt: m.rt, lines: &headerList{h.list}})
	m.data, m.hasBody, m.plain = body, len(body) > 0, true
}

// askMock puts a question to the mocks and waits for the answer.
func askMock[T any](ctx context.Context, k *testKit, kind string, read func(goja.Value) (T, error), args func() []goja.Value) (T, error) {
	rt := k.rt
	return ask(ctx, func(answer func(T, error)) error {
		p, err := k.answer(goja.Undefined(), append([]goja.Value{rt.newString(kind)}, args()...)...)
		if err != nil {
			return err
		}
		_, err = rt.promises().then(p,
			rt.fn("", 1, func(c goja.FunctionCall) goja.Value {
				answer(read(c.Argument(0)))
				return goja.Undefined()
			}),
			rt.fn("", 1, func(c goja.FunctionCall) goja.Value {
				var none T
				answer(none, callErrorOf(c.Argument(0)))
				return goja.Undefined()
			}))
		return err
	})
}

// callErrorOf is what a mock threw, as the host tells modules of failures.
func callErrorOf(v goja.Value) *CallError {
	e := &CallError{Code: "call_failed", Status: http.StatusBadGateway, Message: v.String()}
	if o, ok := v.(*goja.Object); ok {
		if m := o.Get("message"); !isNil(m) {
			e.Message = m.String()
		}
		if c := o.Get("code"); !isNil(c) {
			e.Code = c.String()
		}
		if s := o.Get("status"); !isNil(s) {
			e.Status = int(integer(s, 100, 599))
		}
	}
	return e
}

// Call implements Caller: a mock answers.
func (k *testKit) Call(ctx context.Context, call RPC) ([]byte, error) {
	return askMock(ctx, k, "rpc", func(v goja.Value) ([]byte, error) {
		if isNil(v) {
			return nil, nil
		}
		return k.rt.marshal(v), nil
	}, func() []goja.Value {
		args := (&jsonParser{rt: k.rt, src: call.Args, bigints: true}).whole()
		options := k.rt.vm.NewObject()
		if call.Tag != "" {
			own(options, "tag", k.rt.newString(call.Tag))
		}
		if call.Timeout > 0 {
			own(options, "timeout", k.rt.vm.ToValue(call.Timeout.Milliseconds()))
		}
		return []goja.Value{k.rt.newString(call.Service), k.rt.newString(call.Method), args, options}
	})
}

// Fetch implements Fetcher: a mock answers.
func (k *testKit) Fetch(ctx context.Context, f Fetch) (Fetched, error) {
	rt := k.rt
	return askMock(ctx, k, "fetch", func(v goja.Value) (Fetched, error) {
		answer := Fetched{URL: f.URL}
		o, ok := v.(*goja.Object)
		if !ok {
			return answer, errNoResponse
		}
		m, ok := rt.isResponse(o)
		if !ok {
			return answer, errNoResponse
		}
		answer.Status, answer.Body = m.status, m.data
		m.headers().lines.EachHeader(func(name, value []byte) bool {
			answer.Headers = append(answer.Headers, [2]string{string(name), string(value)})
			return true
		})
		return answer, nil
	}, func() []goja.Value {
		request := &webMessage{rt: rt, class: "Request", method: f.Method, url: f.URL}
		lines := &MemoryHeaders{}
		for _, h := range f.Headers {
			must(lines.AddHeader(h[0], h[1]))
		}
		request.take(lines, f.Body)
		return []goja.Value{rt.classes.requestClass().instance(rt, request)}
	})
}

var errNoResponse = errors.New("the mock gave no Response")

// Secret implements Secrets.
func (k *testKit) Secret(_, name string) (string, error) {
	if v, ok := k.secrets[name]; ok {
		return v, nil
	}
	return "", ErrNoSecret
}
