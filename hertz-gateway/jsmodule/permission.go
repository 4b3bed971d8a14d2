package jsmodule

import (
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
)

// permissionKinds are what modules need a grant for.
var permissionKinds = []string{"rpc", "http", "secret", "state"}

// CheckPermission says what is wrong with a grant: "rpc:SERVICE",
// "http:HOST" (see HTTPGranted), "secret:NAME" or "state:COLLECTION", where "*"
// stands for all.
func CheckPermission(grant string) error {
	kind, name, ok := strings.Cut(grant, ":")
	if !ok || !slices.Contains(permissionKinds, kind) {
		return fmt.Errorf("%q is not a permission; write rpc:SERVICE, http:HOST, secret:NAME or state:COLLECTION", grant)
	}
	if name == "" || strings.ContainsAny(name, " \t/") {
		return fmt.Errorf("the permission %q names nothing that a module could use", grant)
	}
	if kind == "http" {
		if _, err := parseHostGrant(name); err != nil {
			return fmt.Errorf("the permission %q: %w", grant, err)
		}
	}
	return nil
}

// grants are the names of a kind that the module may use. Without permissions
// of its own a module may use every collection, since those are its
// namespace's.
func (m *moduleInstance) grants(kind string) iter.Seq[string] {
	return func(yield func(string) bool) {
		list := m.program.permissions
		if list == nil {
			if kind == "state" {
				yield("*")
				return
			}
			list = m.rt.host.cfg.DefaultPermissions
		}
		for _, grant := range list {
			if of, name, _ := strings.Cut(grant, ":"); of == kind && !yield(name) {
				return
			}
		}
	}
}

// permit says whether the module has been granted something like "rpc:X". The
// error, nil when it has, says that the module may not do that: "call" X.
func (m *moduleInstance) permit(kind, name, what string) *CallError {
	for grant := range m.grants(kind) {
		if grant == name || grant == "*" {
			return nil
		}
	}
	return m.denied(kind+":"+name, what+" "+name)
}

// denied is the error for a missing grant: it says where to add it.
func (m *moduleInstance) denied(grant, what string) *CallError {
	return &CallError{Code: "permission_denied", Status: http.StatusForbidden, Message: fmt.Sprintf(
		"module %s may not %s: it needs the permission %s, in its own list (\"// @permissions %s\" at the top of %s) or in modules.defaultPermissions",
		m.program.name, what, grant, grant, m.program.file)}
}
