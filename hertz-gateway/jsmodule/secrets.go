package jsmodule

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// Secrets gives modules secrets by name, for `import { get } from
// "dgate/secrets"`. It answers from memory, and many goroutines use it at once.
type Secrets interface {
	// Secret is the value of a secret of the namespace. An error that wraps
	// *CallError shows its fields to the module; of any other error the
	// module sees nothing. ErrNoSecret is what to return for an unknown name.
	Secret(namespace, name string) (string, error)
}

// ErrNoSecret says that a namespace has no secret of the name.
var ErrNoSecret = &CallError{Code: "not_found", Status: http.StatusNotFound, Message: "there is no such secret"}

// makeSecrets makes `import { get } from "dgate/secrets"`. Nothing lists the
// names.
func (m *moduleInstance) makeSecrets() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	rt.method(o, "get", 1, func(c goja.FunctionCall) goja.Value {
		value, err := m.secret(c.Argument(0).String())
		if err != nil {
			panic(rt.hostError("SecretError", err))
		}
		return rt.newString(value)
	})
	return o
}

// secret reads a secret that the module may see, during a request only: a
// value that is kept from loading on would outlive its rotation. From then on
// the runtime keeps the value out of the log.
func (m *moduleInstance) secret(name string) (string, *CallError) {
	m.rt.live()
	if err := m.permit("secret", name, "read the secret"); err != nil {
		return "", err
	}
	source := m.rt.host.cfg.Secrets
	if source == nil {
		return "", &CallError{Code: "unavailable", Status: http.StatusServiceUnavailable, Message: "this gateway has no secrets for modules"}
	}
	value, err := source.Secret(m.rt.namespace, name)
	if err != nil {
		shown := CallError{Code: "unavailable", Status: http.StatusServiceUnavailable, Message: "cannot be read"}
		var known *CallError
		if errors.As(err, &known) {
			shown = *known
		}
		shown.Message = "secret " + name + ": " + shown.Message
		return "", &shown
	}
	m.rt.secrets.add(value)
	return value, nil
}

// hostError is a failed call to the host as an exception.
func (rt *vmRuntime) hostError(class string, e *CallError) *goja.Object {
	o := rt.newJSError(rt.errorClass("Error"), e.Message)
	own(o, "name", rt.newString(class))
	own(o, "code", rt.newString(e.Code))
	own(o, "status", rt.vm.ToValue(e.Status))
	return o
}

// redactor takes secrets out of texts for the log. Values that a module has
// taken apart or encoded it does not know.
type redactor struct {
	values []string
}

const (
	// shortestSecret is the length from which on a value is looked for: less
	// would cut up harmless text.
	shortestSecret = 4
	// maxSecrets is how many values a runtime remembers, the newest.
	maxSecrets = 64
)

func (r *redactor) add(value string) {
	if len(value) < shortestSecret || slices.Contains(r.values, value) {
		return
	}
	if len(r.values) == maxSecrets {
		r.values = r.values[1:]
	}
	r.values = append(r.values, value)
}

func (r *redactor) clean(text string) string {
	for _, v := range r.values {
		text = strings.ReplaceAll(text, v, "[secret]")
	}
	return text
}
