package jsmodule

import (
	"context"
	"time"

	"github.com/dop251/goja"
)

// later runs work on another goroutine, until the deadline, and returns the
// promise of what value makes of its result on this one. What fails is shown to
// the module by wrap.
func later[T any](
	rt *vmRuntime, deadline time.Time, wrap func(error) goja.Value,
	work func(context.Context) (T, error), value func(T) (goja.Value, error),
) goja.Value {
	p, resolve, reject := rt.vm.NewPromise()
	place := rt.here()
	fail := func(err error) error {
		reason := wrap(err)
		if o, ok := reason.(*goja.Object); ok {
			rt.setStack(o, framesOf(place)) // where the work was begun
		}
		return reject(reason)
	}
	started := rt.live().begin(func(ctx context.Context) func() error {
		ctx, cancel := rt.host.until(ctx, deadline)
		defer cancel()
		result, err := work(ctx)
		return func() error {
			if err != nil {
				return fail(err)
			}
			v, err := value(result)
			if err != nil {
				return fail(err)
			}
			return resolve(v)
		}
	})
	if !started {
		must(fail(errTooMuch))
	}
	return rt.vm.ToValue(p)
}

var errTooMuch = &CallError{Code: "too_many_calls", Status: 503, Message: "too many timers and calls are under way"}

// failed is a promise that has failed already.
func (rt *vmRuntime) failed(reason goja.Value) goja.Value {
	p, _, reject := rt.vm.NewPromise()
	must(reject(reason))
	return rt.vm.ToValue(p)
}

// promised is the promise of what f returns or throws.
func (rt *vmRuntime) promised(f func() goja.Value) goja.Value {
	p, resolve, reject := rt.vm.NewPromise()
	var v goja.Value
	if e := rt.vm.Try(func() { v = f() }); e != nil {
		must(reject(e.Value()))
	} else {
		must(resolve(v))
	}
	return rt.vm.ToValue(p)
}
