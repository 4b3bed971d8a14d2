package jsmodule

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// declared gives the text of a block that begins with a line.
func declared(t *testing.T, line string) string {
	t.Helper()
	_, rest, ok := strings.Cut("\n"+Declarations(), "\n"+line)
	if !ok {
		t.Errorf("nothing begins with %q", line)
		return ""
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	block, _, _ := strings.Cut(rest, "\n"+indent+"}")
	return block
}

func has(block, name string) bool {
	return regexp.MustCompile(`(^|[\s{])`+regexp.QuoteMeta(name)+`[?(:<]`).MatchString(block) ||
		regexp.MustCompile(`export (const|function|\{ [a-z]+ as) `+regexp.QuoteMeta(name)+`\b`).MatchString(block)
}

// TestDeclarationsAreComplete holds dgate.d.ts against what a runtime has.
func TestDeclarationsAreComplete(t *testing.T) {
	p, err := Build(Source{Name: "m", File: "m.js", Text: "export function requestHandler() { return globalThis }"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewHost(Config{Simulated: true})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	rt, failed := newRuntime(h, "default", planOf([]*Program{p}))
	if failed != nil {
		t.Fatal(failed)
	}
	defer rt.discard()
	members := func(v goja.Value) (names []string) {
		o, ok := v.(*goja.Object)
		if !ok {
			return nil
		}
		for _, name := range o.GetOwnPropertyNames() {
			if !slices.Contains([]string{"length", "name", "prototype", "constructor", "toString", "toLocaleString", "valueOf"}, name) {
				names = append(names, name)
			}
		}
		return names
	}
	check := func(what, block string, names []string) {
		t.Helper()
		if len(names) == 0 {
			t.Errorf("%s has no members", what)
		}
		for _, name := range names {
			if !has(block, name) {
				t.Errorf("dgate.d.ts does not declare %s.%s", what, name)
			}
		}
	}

	standard := regexp.MustCompile(`^(JSON|Object|Function|Array|String|Number|Boolean|Symbol|BigInt|Promise|RegExp|Date|Map|Set|WeakMap|WeakSet|WeakRef|Math|Reflect|Proxy|.*Error|.*Array|ArrayBuffer|DataView|parse.*|encodeURI.*|decodeURI.*|globalThis|escape|unescape|is.*|NaN|Infinity|undefined)$`)
	for _, name := range slices.Sorted(maps.Keys(rt.shelf.makers)) {
		if standard.MatchString(name) {
			continue
		}
		if !regexp.MustCompile(`(?m)^declare (const|class|function) ` + name + `\b`).MatchString(Declarations()) {
			t.Errorf("dgate.d.ts does not declare the global %s", name)
			continue
		}
		v := rt.vm.GlobalObject().Get(name)
		if name == "fetch" {
			continue // a function
		}
		o, ok := v.(*goja.Object)
		switch {
		case !ok:
		case strings.Contains(Declarations(), "declare const "+name+":"):
			if static := members(o); len(static) > 0 {
				check(name, declared(t, "declare const "+name+": {"), static)
			}
			if proto := members(o.Get("prototype")); strings.Contains(Declarations(), "\ninterface "+name+" ") && name != "Buffer" {
				check(name, declared(t, "interface "+name+" ")+declared(t, "interface MessageBody "), proto)
			}
		case strings.Contains(Declarations(), "declare class "+name):
			block := declared(t, "declare class "+name+" ")
			if proto := members(o.Get("prototype")); len(proto) > 0 {
				check(name, block, proto)
			}
			if static := members(o); len(static) > 0 {
				check(name, block, static)
			}
		}
	}

	m := rt.modules[0]
	for _, b := range builtins() {
		if b.name == "dgate/rpc" {
			continue // declared by `idl types`
		}
		err := rt.guarded(func() error {
			check(b.name, declared(t, `declare module "`+b.name+`" {`), members(b.make(m)))
			return nil
		})
		if err != nil {
			t.Fatal(b.name, err)
		}
	}
	if strings.Contains(Declarations(), `declare module "dgate/rpc"`) {
		t.Error(`"dgate/rpc" is declared twice: here and by "idl types"`)
	}

	rt.request.install()
	rt.response.install()
	inDGate := declared(t, `declare module "dgate" {`)
	for _, view := range []struct {
		name string
		of   *shape
	}{{"Context", &rt.context.shape}, {"RequestView", &rt.request.shape}, {"ResponseView", &rt.response.shape}} {
		block := declared(t, "  export interface "+view.name+" ") + declared(t, "  interface Body {")
		if !strings.Contains(inDGate, "export interface "+view.name) {
			t.Errorf("%s is not in dgate", view.name)
		}
		methods := append(slices.Sorted(maps.Keys(view.of.offers)), slices.Sorted(maps.Keys(view.of.methods))...)
		check(view.name, block, slices.Concat(methods, slices.Sorted(maps.Keys(view.of.table)), view.of.members))
	}
}
