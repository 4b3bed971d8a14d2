package jsmodule

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dop251/goja"
)

// guarded runs f, which runs JavaScript, while the watch is armed. Whatever f
// panics with becomes an error: a defect in the host or in goja ends a request,
// never the process. A thrown value is put into words here, because that can
// run JavaScript too.
func (rt *vmRuntime) guarded(f func() error) error {
	err := protect(f)
	if err == nil {
		return nil
	}
	var (
		exception *goja.Exception
		rejected  *rejectedError
		thrown    *thrownError
	)
	switch {
	case errors.As(err, &thrown):
		return err
	case errors.As(err, &exception):
		thrown = &thrownError{value: exception.Value(), frames: framesOf(exception.Stack())}
	case errors.As(err, &rejected):
		thrown = &thrownError{value: rejected.value}
	default:
		return err
	}
	if e := protect(thrown.describe); e != nil && unfit(e) {
		return e
	}
	thrown.message = rt.secrets.clean(thrown.message)
	return thrown
}

func protect(f func() error) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicError(x)
		}
	}()
	return f()
}

// panicError turns a recovered value into an error. Interrupts and exceptions
// of goja come this way too.
func panicError(x any) error {
	switch x := x.(type) {
	case *goja.Exception:
		return x
	case *goja.InterruptedError:
		return x
	case *goja.StackOverflowError:
		return x
	case goja.Value:
		return &rejectedError{value: x}
	}
	return &Error{Kind: KindPanic, Message: fmt.Sprintf("panic in the host: %v", x), Stack: string(debug.Stack())}
}

// rejectedError is a value that a promise was rejected with.
type rejectedError struct{ value goja.Value }

func (e *rejectedError) Error() string { return "rejected" }

// thrownError is an exception in words.
type thrownError struct {
	value         goja.Value
	name, message string
	frames        []frame
}

func (e *thrownError) Error() string { return e.name + ": " + e.message }

// describe finds class, message and, for errors that were not thrown under our
// eyes, the stack. It can run JavaScript.
func (e *thrownError) describe() error {
	o, ok := e.value.(*goja.Object)
	if !ok {
		e.message = "undefined"
		if e.value != nil {
			e.message = e.value.String()
		}
		return nil
	}
	text := func(key string) string { return str(o.Get(key)) }
	e.name, e.message = text("name"), text("message")
	if e.name == "" && e.message == "" {
		e.message = "an object of class " + o.ClassName() + " was thrown"
	}
	if e.frames == nil {
		e.frames = parseStack(text("stack"))
	}
	return nil
}

// newError describes what went wrong in m. fired is what the watch said.
func newError(m *moduleInstance, hook Hook, err error, fired int64) *Error {
	e := &Error{Kind: KindException}
	if m != nil {
		e.Module, e.File = m.program.name, m.program.file
	}
	if hook < hookCount {
		e.Hook = hook.String()
	}
	var (
		thrown    *thrownError
		interrupt *goja.InterruptedError
		overflow  *goja.StackOverflowError
		known     *Error
		frames    []frame
	)
	switch {
	case errors.As(err, &known):
		if known.Hook != "" {
			e.Hook, e.File, e.Line, e.Column = known.Hook, known.File, known.Line, known.Column
			e.Name, e.frames = known.Name, known.frames
		}
		e.Kind, e.Message, e.Stack, e.cause = known.Kind, known.Message, known.Stack, known.cause
		return e
	case fired != disarmed || errors.As(err, &interrupt):
		e.Kind = kindOf(fired)
		e.Message = "interrupted: out of its CPU budget"
		if e.Kind == KindMemory {
			e.Message = "interrupted: the process is out of memory"
		}
		if interrupt != nil || errors.As(err, &interrupt) {
			frames = framesOf(interrupt.Stack())
		}
	case errors.As(err, &overflow):
		e.Kind, e.Message = KindStack, "the call stack is too deep"
		frames = framesOf(overflow.Stack())
	case errors.As(err, &thrown):
		e.Name, e.Message, frames = thrown.name, thrown.message, thrown.frames
	default:
		e.Message, e.cause = err.Error(), err
	}
	if len(frames) > 0 {
		e.File, e.Line, e.Column = frames[0].file, frames[0].line, frames[0].column
		e.Stack, e.frames = showFrames(frames), frames
	}
	return e
}

// abort ends the script with an error that it cannot catch.
func (rt *vmRuntime) abort(err error) {
	rt.live().aborted = err
	panic(new(goja.InterruptedError))
}
