package jsmodule

import (
	"errors"
	"fmt"
	"net/http"
)

// Upstream is what the service behind a route answers in a Play.
type Upstream struct {
	// Answer writes the response; nil leaves it empty.
	Answer func(Response)
	// Failure, unless nil, is that it failed.
	Failure *Failure
}

// Played is how a Play went, beside what it did to the messages.
type Played struct {
	// Target is what fetchUpstream chose; Chosen says whether it did.
	Target Target
	Chosen bool
	// Answered says that a hook answered before the upstream.
	Answered bool
	// Recovered is the error for which errorHandler wrote the answer.
	Recovered error
}

// Play runs the hooks as a gateway does for one exchange: fetchUpstream,
// requestModifier, then requestHandler on a route without service where a module
// has one, else the upstream, then responseModifier, and errorHandler when
// something failed. It is for tests and tools; proxy does the same with real upstreams.
func (s *Session) Play(up Upstream) (p Played, err error) {
	if err = s.play(&p, up); err == nil {
		return p, nil
	}
	f := Failure{
		Name: "ModuleError", Message: "a module failed", Code: "module_failed", Status: http.StatusInternalServerError,
		Service: s.call.Service, Method: s.call.Method,
	}
	var upstream *Failure
	if errors.As(err, &upstream) {
		f = *upstream
	}
	if r, ok := s.call.Response.(*MemoryResponse); ok {
		r.Clear()
	}
	handled, failed := s.Fail(f)
	if failed != nil {
		return p, failed
	}
	if !handled {
		return p, err
	}
	p.Recovered = err
	return p, nil
}

func (s *Session) play(p *Played, up Upstream) (err error) {
	if p.Target, p.Chosen, err = s.FetchUpstream(); err != nil {
		return err
	}
	if p.Answered, err = s.Request(); err != nil || p.Answered {
		return err
	}
	if s.call.Service == "" && s.chain.Has(RequestHandler) {
		if _, err = s.Handle(); err != nil {
			return err
		}
		return s.Response()
	}
	if up.Failure != nil {
		return up.Failure
	}
	if up.Answer != nil {
		up.Answer(s.call.Response)
	}
	return s.Response()
}

// Error makes a Failure an error.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %s (%s)", f.Name, f.Message, f.Code) }

// PlayHook runs one hook alone. The response counts as the upstream's.
func (s *Session) PlayHook(h Hook, failure Failure) (p Played, err error) {
	switch h {
	case FetchUpstream:
		p.Target, p.Chosen, err = s.FetchUpstream()
	case RequestModifier:
		p.Answered, err = s.Request()
	case RequestHandler:
		p.Answered, err = s.Handle()
	case ResponseModifier:
		err = s.Response()
	case ErrorHandler:
		p.Answered, err = s.Fail(failure)
	case hookCount:
	}
	return p, err
}

// HookNamed finds a hook by the name of its export.
func HookNamed(name string) (Hook, bool) {
	for _, e := range hookExports {
		if e.name == name {
			return e.hook, true
		}
	}
	return hookCount, false
}
