package jsmodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// TestDefences puts all of them up: every function that they are for is there,
// and is another one afterwards.
func TestDefences(t *testing.T) {
	own := func(rt *vmRuntime, class string) map[string]goja.Value {
		functions := map[string]goja.Value{}
		o := rt.builtin(class)
		for _, name := range o.GetOwnPropertyNames() {
			if _, guarded := rt.plan.byName[name]; guarded {
				functions[name] = o.Get(name)
			}
		}
		return functions
	}
	for _, test := range []struct{ class, guarded string }{
		{"Array.prototype", "concat copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf join keys lastIndexOf map reduce reduceRight reverse shift slice some sort splice toLocaleString toReversed toSorted toSpliced toString unshift values with"},
		{"String.prototype", "concat match matchAll normalize padEnd padStart repeat replace replaceAll search split"},
		{"Object", "assign entries freeze getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames keys seal setPrototypeOf values"},
		{"Reflect", "apply construct defineProperty get getOwnPropertyDescriptor ownKeys set setPrototypeOf"},
		{"Promise", "all allSettled any race"},
		{"JSON", "parse stringify"},
		{"Proxy", "revocable"},
		{"BigInt", "asIntN asUintN"},
		{"BigInt.prototype", "toString"},
		{"Object.prototype", "toLocaleString"},
	} {
		rt := bareRuntime(t)
		before := own(rt, test.class)
		for _, name := range strings.Fields(test.guarded) {
			before[name] = rt.builtin(test.class).Get(name)
		}
		rt.freeKeys()
		for _, name := range strings.Fields(test.guarded) {
			after := rt.builtin(test.class).Get(name)
			// Of Array.prototype, toString is guarded from the start.
			if before[name] == nil || after == nil || before[name] == after && name != "toString" {
				t.Errorf("%s.%s has no guard", test.class, name)
			}
		}
	}
}

// TestEveryDefenceWorks puts each up alone, in a runtime of its own.
func TestEveryDefenceWorks(t *testing.T) {
	for name := range thePlatform().byName {
		rt := bareRuntime(t)
		if err := protect(func() error { rt.defend(name); return nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNumbers looks at which variables are taken to be numbers: one too many
// would leave a name unseen.
func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		text string
		want string // the names, sorted
	}{
		{`let i = 0`, "i"},
		{`for (let i = 0, n = a.length - 1; i < n; i++);`, "i n"},
		{`let i; i = 1; i += 2; i *= x`, "i"},
		{`let i = 0, j = i, k = j + 1, l = k > 1 ? k : -j`, "i j k l"},
		{`let i = 0, j = i; i = x`, ""},
		{`let i = 0; i += "a"`, ""},
		{`let i = 0; i ??= x`, ""},
		{`let n = a.length`, ""},
		{`let i = x + 1`, ""},
		{`let i = 0; [i] = x`, ""},
		{`let i = 0; [i = 1] = x`, ""},
		{`let i = 0; ({ i } = x)`, ""},
		{`let i = 0; ({ a: i } = x)`, ""},
		{`let i = 0; ({ ...i } = x)`, ""},
		{`let i = 0; [...i] = x`, ""},
		{`let [i] = x; { let i = 0 }`, ""},
		{`let i = 0; for (i of x);`, ""},
		{`let i = 0; for (let i of x);`, ""},
		{`let i = 0; for (var i in x);`, ""},
		{`let i = 0; function f(i) {}`, ""},
		{`let i = 0; function f(...i) {}`, ""},
		{`let i = 0; const f = (i = 1) => i`, ""},
		{`let i = 0; try {} catch (i) {}`, ""},
		{`let i = 0; { function i() {} }`, ""},
		{`let i = 0; { class i {} }`, ""},
		{`let i = 0; (function i() {})`, ""},
		{`let i = 0; with (x) { a[i] }`, ""},
		{`i++`, ""},
		{`i = 1`, ""},
	} {
		tree, err := goja.Parse("", test.text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name, is := range numbersIn(tree.Body) {
			if is {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}
