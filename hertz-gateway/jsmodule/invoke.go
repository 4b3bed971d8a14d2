package jsmodule

import "github.com/dop251/goja"

// caller calls the hooks of a runtime. goja.Callable, the way in from outside,
// takes three times as long: it drops the stack after each call and makes a
// new one for the next.
type caller struct {
	callee  *hookFunc
	args    []goja.Value // what the callee is called with; goja copies them
	result  goja.Value
	try     func()
	nothing goja.Callable // see drain
	calls   int
	// jobs is set when calls may leave jobs behind: reactions of promises, and
	// what asks a thenable. Once set it stays.
	jobs bool
	// bulky is set when a call has taken much from the host, which the stack
	// is not to keep alive.
	bulky bool
}

// drainEvery is after how many calls the stack is dropped in any case.
const drainEvery = 64

// bulk is the size of texts that count as bulky, in bytes.
const bulk = 4 << 10

func (rt *vmRuntime) prepareCalls() {
	c := &rt.caller
	c.args = make([]goja.Value, 0, 2)
	c.try = func() { c.result = c.callee.call(goja.FunctionCall{This: c.callee.this, Arguments: c.args}) }
	if c.jobs = rt.makesPromises(); !c.jobs {
		rt.vm.SetAsyncContextTracker((*jobTracker)(c))
	}
}

// makesPromises says whether a program can make a promise or wait for one, as
// far as its text tells. What the host's promises leave it learns by jobTracker;
// only a promise class can leave other jobs.
func (rt *vmRuntime) makesPromises() bool {
	return rt.plan.async || rt.reaches("Promise", "constructor", "require", importName, "then", "catch", "finally", "queueMicrotask")
}

// jobTracker hears of every reaction that is added to a promise.
type jobTracker caller

// Grab implements goja.AsyncContextTracker.
func (t *jobTracker) Grab() any {
	t.jobs = true
	return nil
}

// Resumed implements goja.AsyncContextTracker.
func (*jobTracker) Resumed(any) {}

// Exited implements goja.AsyncContextTracker.
func (*jobTracker) Exited() {}

// direct is a function as goja's own code calls it. Exceptions are panics, and
// the queue of jobs is left alone.
func direct(v goja.Value) (nativeFunc, bool) {
	call, ok := goja.AssertFunction(v)
	if !ok {
		return nil, false
	}
	if f, ok := v.Export().(nativeFunc); ok {
		return f, true
	}
	return func(c goja.FunctionCall) goja.Value { return must1(call(c.This, c.Arguments...)) }, true
}

// call calls a hook and runs the jobs that it leaves.
func (rt *vmRuntime) call(h *hookFunc, args []goja.Value) (goja.Value, error) {
	c := &rt.caller
	c.callee, c.args = h, args
	exception := rt.vm.Try(c.try)
	result := c.result
	c.result = nil
	if c.calls++; c.jobs || c.bulky || c.calls%drainEvery == 0 {
		c.bulky = false
		if err := rt.drain(); err != nil {
			return nil, err
		}
	}
	if exception != nil {
		return nil, exception
	}
	return result, nil
}

// drain runs the jobs that are queued, and drops the stack with what the last
// call has left on it: goja does both at the end of a call from outside.
func (rt *vmRuntime) drain() error {
	c := &rt.caller
	if c.nothing == nil {
		c.nothing, _ = goja.AssertFunction(rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() }))
	}
	_, err := c.nothing(goja.Undefined())
	return err
}
