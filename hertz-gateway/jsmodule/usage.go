package jsmodule

import (
	"regexp"
	"slices"
	"strings"
)

// rpcUse is what a module's text tells of the methods that it calls.
type rpcUse struct {
	// calls are a service and a method that stand together.
	calls map[[2]string]bool
	// values are services that are handed on, so that any method may be called.
	values map[string]bool
	// mentioned are all services that may be meant.
	mentioned map[string]bool
}

var (
	rpcImport  = regexp.MustCompile(`require\("dgate/rpc"\)`)
	rpcByName  = regexp.MustCompile(`\bcall\)?\(\s*["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `]\s*,\s*(?:["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `])?`)
	quotedName = regexp.MustCompile(`\s*(?:\?\.)?\[\s*["']([A-Za-z_$][\w$]*)["']\s*\]`)
	nameChain  = regexp.MustCompile(`[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*)+`)
	nameInIt   = regexp.MustCompile(`[\w$]+`)
)

// rpcUseOf reads the JavaScript that a module was translated to: comments and
// types are gone, imported modules are in it. Nil: the module makes no calls.
func rpcUseOf(code string) *rpcUse {
	if i := strings.LastIndex(code, "//# sourceMappingURL="); i >= 0 {
		code = code[:i]
	}
	if !rpcImport.MatchString(code) {
		return nil
	}
	u := &rpcUse{calls: map[[2]string]bool{}, values: map[string]bool{}, mentioned: map[string]bool{}}
	for _, m := range rpcByName.FindAllStringSubmatch(code, -1) {
		u.mentioned[m[1]] = true
		if m[2] == "" {
			u.values[m[1]] = true
		} else {
			u.calls[[2]string{m[1], m[2]}] = true
		}
	}
	for _, chain := range nameChain.FindAllString(quotedName.ReplaceAllString(code, ".$1"), -1) {
		names := nameInIt.FindAllString(chain, -1)
		for i, name := range names {
			u.mentioned[name] = true
			if i > 0 {
				u.calls[[2]string{names[i-1], name}] = true
			}
		}
		u.values[names[len(names)-1]] = true
	}
	return u
}

// Calls tells whether the module seems to call a method of a service through
// dgate/rpc. Text that names the service alone, or no service at all beside a
// permission for it, counts as a call of any of its methods.
func (p *Program) Calls(service, method string) bool {
	switch u := p.rpc; {
	case u == nil:
		return false
	case u.calls[[2]string{service, method}], u.values[service]:
		return true
	default:
		return !u.mentioned[service] && slices.Contains(p.permissions, "rpc:"+service)
	}
}

// Callers names the modules that seem to call a method; none when there is no set.
func (s *Set) Callers(service, method string) []string {
	if s == nil {
		return nil
	}
	var names []string
	for _, m := range s.Modules {
		if m.Program.Calls(service, method) {
			names = append(names, m.Program.Name())
		}
	}
	return names
}

// Attached names the modules that run on a route, in order; none when there is no set.
func (s *Set) Attached(k RouteKey) []string {
	var names []string
	for _, p := range s.For(k) {
		names = append(names, p.Name())
	}
	return names
}
