package jsmodule

import (
	"slices"
	"sync"

	"github.com/dop251/goja"
)

// A defence is what has to be done in a runtime before its programs may use
// some name: a guard around a built-in function, or a class that the host takes
// for itself before a program can replace it. All of them would take longer
// than most hooks run, so a runtime starts with those for the names that stand
// in its code. The others follow when code makes up a name: see guardKey.
type defence func(*vmRuntime)

// platform is what all runtimes have in common. It does not change.
type platform struct {
	defences []defence
	// byName has the places in defences, in order.
	byName map[string][]int
	// globals are those of the host, made when they are first used.
	globals map[string]func(*vmRuntime) goja.Value
	// context are the functions of ctx.
	context map[string]offer
}

// Names that no code can spell.
const (
	// always is what every runtime starts with.
	always = "(always)"
	// iteration is for code that walks what it is given in one go.
	iteration = "(iteration)"
	// rest is for code that has patterns with a rest: { a, ...rest }.
	rest = "(rest)"
)

// thePlatform is made once.
var thePlatform = sync.OnceValue(func() *platform {
	p := &platform{byName: map[string][]int{}, globals: hostGlobals(), context: contextMethods()}
	p.takeBuiltins()
	p.guardBuiltins()
	p.sealBuiltins()
	return p
})

// before says that d comes before any of the names is used.
func (p *platform) before(d defence, names ...string) {
	for _, name := range names {
		p.byName[name] = append(p.byName[name], len(p.defences))
	}
	p.defences = append(p.defences, d)
}

// plan is what the runtimes of a chain are made by.
type plan struct {
	*platform
	*reach   // of all programs together
	programs []*Program
	// start are the defences that a runtime starts with, in order, and as a
	// set of bits.
	start []int
	bits  []uint64
}

func planOf(programs []*Program) *plan {
	p := &plan{platform: thePlatform(), reach: unite(programs), programs: programs}
	p.bits = make([]uint64, len(p.defences)/64+1)
	p.add(always)
	if p.iterates {
		p.add(iteration)
	}
	for name := range p.names {
		p.add(name)
	}
	slices.Sort(p.start)
	return p
}

func (p *plan) add(name string) {
	for _, i := range p.byName[name] {
		if word, bit := &p.bits[i>>6], uint64(1)<<(i&63); *word&bit == 0 {
			*word |= bit
			p.start = append(p.start, i)
		}
	}
}

// defend puts up what a name needs, unless that stands already.
func (rt *vmRuntime) defend(name string) {
	for _, i := range rt.plan.byName[name] {
		if rt.defended == nil {
			rt.defended = slices.Clone(rt.plan.bits)
		}
		if word, bit := &rt.defended[i>>6], uint64(1)<<(i&63); *word&bit == 0 {
			*word |= bit
			rt.plan.defences[i](rt)
		}
	}
}

// defendAll is defend for every name that an object has.
func (rt *vmRuntime) defendAll(v goja.Value) {
	if o, ok := v.(*goja.Object); ok {
		for _, name := range o.GetOwnPropertyNames() {
			rt.defend(name)
		}
	}
}

// defendFrozen is defendAll for built-ins that are about to be frozen: nothing
// can be put up there later.
func (rt *vmRuntime) defendFrozen(v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		return
	}
	if slices.ContainsFunc(rt.global.builtins, func(s standard) bool { return s.o == o }) || slices.Contains(o.GetOwnPropertyNames(), "constructor") {
		rt.defendAll(o)
	}
}

// guardKey looks at what stands in the brackets of x[key]; the compiler puts it
// there. Text cannot become code at run time, so the names in the code and the
// keys that pass here are all that a program can ask for.
func (rt *vmRuntime) guardKey(call goja.FunctionCall) goja.Value {
	key := call.Argument(0)
	switch k := key.(type) {
	case goja.String:
		if rt.keys++; rt.keys == manyKeys {
			rt.freeKeys()
		}
		rt.defend(k.String())
	case *goja.Object:
		// Its text is made once and for all: it could be another one later.
		text := k.ToString()
		rt.defend(text.String())
		return text
	}
	return key
}

// manyKeys is how many keys are looked at, one at a time, before all defences go
// up, which takes about as long.
const manyKeys = 5000

// takeKeys takes a function after which the code of a program does not ask for
// guardKey any longer.
func (rt *vmRuntime) takeKeys(call goja.FunctionCall) goja.Value {
	end := callable(call.Argument(0))
	if rt.endKeys = append(rt.endKeys, end); rt.keys >= manyKeys {
		must1(end(goja.Undefined()))
	}
	return goja.Undefined()
}

// freeKeys puts up all defences, so that keys need not be looked at.
func (rt *vmRuntime) freeKeys() {
	for name := range rt.plan.byName {
		rt.defend(name)
	}
	for _, end := range rt.endKeys {
		must1(end(goja.Undefined()))
	}
}
