package jsmodule

import (
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// goja's built-in functions do not look at Interrupt while they loop, so none
// may loop or allocate beyond these bounds.
const (
	// maxArray bounds the length of what array functions walk: a sparse array
	// of four thousand million holes is one assignment away.
	maxArray = 1 << 20
	// maxString bounds strings that built-ins make, in UTF-16 units.
	maxString = 32 << 20
	// maxBuffer bounds ArrayBuffers and typed arrays, in bytes.
	maxBuffer = 16 << 20
	// maxArguments bounds the arguments that apply passes on.
	maxArguments = 1 << 16
	// maxPattern bounds the text of regular expressions made at run time.
	maxPattern = 32 << 10
	// maxBigIntDigits bounds BigInts read from text, maxBigIntBits those that
	// are shown, maxShift and maxExponent the operands of their operators.
	maxBigIntDigits = 4096
	maxBigIntBits   = 1 << 16
	maxShift        = 1 << 20
	maxExponent     = 1024
	// maxJoinDepth bounds arrays in arrays while they become text.
	maxJoinDepth = 100
)

// checkTime throws out of the script when its time is up. Host functions that
// loop call it now and then.
func (rt *vmRuntime) checkTime() {
	if rt.watch.fired() {
		panic(new(goja.InterruptedError))
	}
}

// lengthOf is the length of something that array functions would walk.
func (rt *vmRuntime) lengthOf(v goja.Value) int64 {
	o, ok := v.(*goja.Object)
	if !ok {
		return 0
	}
	length := o.Get("length")
	if length == nil {
		return 0
	}
	n := integer(length, 0, 1<<53)
	if n > maxArray {
		rt.throwRange("an array of %d elements is too long, %d is the most", n, maxArray)
	}
	return n
}

// list reads an array.
func (rt *vmRuntime) list(o *goja.Object) []goja.Value {
	values := make([]goja.Value, rt.lengthOf(o))
	for i := range values {
		if i&0xff == 0 {
			rt.checkTime()
		}
		if values[i] = o.Get(strconv.Itoa(i)); values[i] == nil {
			values[i] = goja.Undefined()
		}
	}
	return values
}

func (rt *vmRuntime) isArray(o *goja.Object) bool { return o.ClassName() == "Array" }

// builtin gives a built-in object by its path: "Array", "Array.prototype". It is
// taken before programs can replace it, and kept.
func (rt *vmRuntime) builtin(path string) *goja.Object {
	o, ok := rt.lookUp(path)
	if !ok {
		panic("jsmodule: built-in " + path + " is missing")
	}
	return o
}

// standard is a built-in object by its path.
type standard struct {
	path string
	o    *goja.Object
}

// lookUp is builtin for what may be gone.
func (rt *vmRuntime) lookUp(path string) (o *goja.Object, ok bool) {
	for _, b := range rt.global.builtins {
		if b.path == path {
			return b.o, true
		}
	}
	class, isProto := strings.CutSuffix(path, ".prototype")
	switch path {
	// These are there before their classes.
	case "Array.prototype":
		o = rt.vm.NewArray().Prototype()
	case "Object.prototype":
		o = rt.vm.NewObject().Prototype()
	case "String.prototype":
		o = rt.newString("").ToObject(rt.vm).Prototype()
	default:
		if !isProto {
			o, _ = rt.vm.GlobalObject().Get(class).(*goja.Object)
		} else if of, ok := rt.lookUp(class); ok {
			o, _ = of.Get("prototype").(*goja.Object)
		}
	}
	if o != nil {
		rt.global.builtins = append(rt.global.builtins, standard{path, o})
	}
	return o, o != nil
}

// guardFunc stands in for a built-in function.
type guardFunc func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value

// wrap replaces a built-in function by one that checks before it calls it.
func (p *platform) wrap(on, name string, f guardFunc) {
	p.before(func(rt *vmRuntime) {
		if o, ok := rt.lookUp(on); ok {
			rt.wrap(o, name, f)
		}
	}, name)
}

func (rt *vmRuntime) wrap(on *goja.Object, name string, f guardFunc) {
	// A program may have put something else there already.
	builtin, ok := on.Get(name).(*goja.Object)
	if !ok {
		return
	}
	original, ok := builtin.Export().(nativeFunc)
	if !ok {
		return
	}
	rt.method(on, name, int(builtin.Get("length").ToInteger()), func(call goja.FunctionCall) goja.Value {
		rt.checkTime() // another built-in may call it in a loop
		return f(rt, original, call)
	})
}

// wrapClass replaces a constructor by one that checks its arguments and may
// replace them. It has the same prototype and the same static functions.
func (p *platform) wrapClass(name string, check func(rt *vmRuntime, args []goja.Value) []goja.Value) {
	p.before(func(rt *vmRuntime) {
		original, ok := rt.lookUp(name)
		if !ok {
			return
		}
		construct, ok := goja.AssertConstructor(original)
		if !ok {
			return
		}
		rt.substitute(name, original, rt.constructor(name, func(call goja.ConstructorCall) *goja.Object {
			return must1(construct(call.NewTarget, check(rt, call.Arguments)...))
		}))
	}, name, "constructor")
}

// substitute puts a function in the place of a built-in one, of which nothing
// may be left to find: it is not the prototype of the other either.
func (rt *vmRuntime) substitute(name string, original, guarded *goja.Object) {
	must(guarded.SetPrototype(original.Prototype()))
	for _, static := range original.GetOwnPropertyNames() {
		if static != "length" && static != "name" && static != "prototype" {
			must(guarded.DefineDataProperty(static, original.Get(static), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
	if proto, ok := original.Get("prototype").(*goja.Object); ok {
		must(guarded.DefineDataProperty("prototype", proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
		must(proto.DefineDataProperty("constructor", guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	must(rt.vm.GlobalObject().DefineDataProperty(name, guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	for i, b := range rt.global.builtins {
		if b.path == name {
			rt.global.builtins[i].o = guarded
		}
	}
}

// classes are those whose functions are guarded. Programs that name one get at
// its functions, so it is taken first.
var guardedClasses = []string{"Array", "ArrayBuffer", "BigInt", "Object", "Promise", "Proxy", "Reflect", "RegExp", "String"}

// guardBuiltins puts guards around the built-ins that could loop or allocate
// without end.
func (p *platform) guardBuiltins() {
	for _, name := range guardedClasses {
		p.before(func(rt *vmRuntime) { rt.lookUp(name) }, name)
	}
	p.guardArrays()
	p.guardStrings()
	p.guardBuffers()
	p.guardBigInt()
	p.guardWalks()

	short := func(i int) guardFunc {
		return func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			if rt.lengthOf(call.Argument(i)) > maxArguments {
				rt.throwRange("more than %d arguments", maxArguments)
			}
			return original(call)
		}
	}
	p.before(func(rt *vmRuntime) { rt.wrap(rt.functionPrototype(), "apply", short(1)) }, "apply")
	p.wrap("Reflect", "apply", short(2))
	p.wrap("Reflect", "construct", short(1))

	p.wrapClass("RegExp", func(rt *vmRuntime, args []goja.Value) []goja.Value {
		if s, ok := argument(args, 0).(goja.String); ok && s.Length() > maxPattern {
			rt.throwRange("a regular expression of %d characters is too long", s.Length())
		}
		return args
	})
	// Every property read through a tower of proxies costs Go stack, which
	// cannot be caught when it overflows.
	noTower := func(rt *vmRuntime, args []goja.Value) []goja.Value {
		for _, v := range args {
			if o, ok := v.(*goja.Object); ok {
				if _, isProxy := dynamic[goja.Proxy](o); isProxy {
					rt.throwType("a Proxy of a Proxy is not supported")
				}
			}
		}
		return args
	}
	p.guardPrototypes()
	// goja's own fails on values without a toString.
	p.wrap("Object.prototype", "toLocaleString", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if o, ok := call.This.(*goja.Object); isNil(call.This) || ok && !isFunction(o.Get("toString")) {
			rt.throwType("toLocaleString needs a value with a toString")
		}
		return original(call)
	})
	p.wrap("Proxy", "revocable", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		noTower(rt, call.Arguments)
		return original(call)
	})
	p.wrapClass("Proxy", noTower)

	p.before(func(rt *vmRuntime) {
		json := rt.builtin("JSON")
		rt.method(json, "parse", 2, rt.parse)
		rt.method(json, "stringify", 3, rt.stringify)
	}, "JSON")
	p.before((*vmRuntime).removeEval, "eval", "Function", "constructor")
	p.guardReflection()
}

// guardReflection sees to what takes properties by a name that is a value.
func (p *platform) guardReflection() {
	byKey := func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if len(call.Arguments) > 1 {
			call.Arguments[1] = rt.guardKey(goja.FunctionCall{Arguments: call.Arguments[1:]})
		}
		return original(call)
	}
	p.wrap("Object", "getOwnPropertyDescriptor", byKey)
	p.wrap("Object", "getOwnPropertyDescriptors", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		rt.defendAll(call.Argument(0))
		return original(call)
	})
	p.before(func(rt *vmRuntime) {
		if reflect, ok := rt.lookUp("Reflect"); ok {
			for _, name := range []string{"get", "set", "defineProperty", "getOwnPropertyDescriptor"} {
				rt.wrap(reflect, name, byKey)
			}
		}
	}, "Reflect")
}

// functionPrototype is what functions have in common.
func (rt *vmRuntime) functionPrototype() *goja.Object {
	return rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return nil }).(*goja.Object).Prototype()
}

// guardPrototypes keeps the prototypes of the host's objects: goja does not see
// when one of them becomes its own ancestor, and would look along it for ever.
func (p *platform) guardPrototypes() {
	check := func(rt *vmRuntime, v goja.Value) {
		if o, ok := v.(*goja.Object); ok {
			if p, ok := dynamic[goja.Proxy](o); ok && p.Target() != nil {
				o = p.Target()
			}
			if t := o.ExportType(); t != nil && (t.Implements(dynamicObjectType) || t.Implements(dynamicArrayType)) {
				rt.throwType("the prototype of an object of the host cannot be changed")
			}
		}
	}
	set := func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		check(rt, call.Argument(0))
		return original(call)
	}
	p.wrap("Object", "setPrototypeOf", set)
	p.wrap("Reflect", "setPrototypeOf", set)
	p.before(func(rt *vmRuntime) {
		accessors := must1(rt.vm.RunProgram(protoAccessors)).(*goja.Object)
		setProto, ok := goja.AssertFunction(accessors.Get("1"))
		if !ok {
			return // a program has taken it away
		}
		guarded := rt.fn("set __proto__", 1, func(call goja.FunctionCall) goja.Value {
			check(rt, call.This)
			return must1(setProto(call.This, call.Arguments...))
		})
		must(rt.builtin("Object.prototype").DefineAccessorProperty("__proto__", accessors.Get("0"), guarded, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}, "__proto__", "__lookupSetter__")
}

var (
	protoAccessors = goja.MustCompile(preludeName, "['get', 'set'].map((k) => Object.getOwnPropertyDescriptor(Object.prototype, '__proto__')?.[k])", true)
	functionKinds  = goja.MustCompile(preludeName, "[function () {}, function* () {}, async function () {}].map(Object.getPrototypeOf)", true)
)

var (
	dynamicObjectType = reflect.TypeFor[goja.DynamicObject]()
	dynamicArrayType  = reflect.TypeFor[goja.DynamicArray]()
)

// removeEval takes away every way to compile text at run time.
func (rt *vmRuntime) removeEval() {
	refuse := rt.fn("Function", 1, func(goja.FunctionCall) goja.Value {
		rt.throwType("code cannot be made from text")
		return nil
	})
	kinds := must1(rt.vm.RunProgram(functionKinds)).(*goja.Object)
	for _, p := range rt.list(kinds) {
		must(p.(*goja.Object).DefineDataProperty("constructor", refuse, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	global := rt.vm.GlobalObject()
	must(global.Delete("eval"))
	must(global.Delete("Function"))
}

func (p *platform) guardArrays() {
	const proto = "Array.prototype"
	for _, name := range strings.Fields(`copyWithin fill includes indexOf keys lastIndexOf reverse shift slice splice
		unshift entries toReversed toSpliced with toLocaleString`) {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.lengthOf(call.This)
			return original(call)
		})
	}
	for _, name := range strings.Fields("every filter find findIndex findLast findLastIndex forEach map reduce reduceRight some") {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.lengthOf(call.This)
			rt.timedArgument(call, 0)
			return original(call)
		})
	}
	p.wrap(proto, "concat", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		total := rt.lengthOf(call.This)
		for _, v := range call.Arguments {
			if total += rt.lengthOf(v); total > maxArray {
				rt.throwRange("an array of %d elements is too long, %d is the most", total, maxArray)
			}
		}
		return original(call)
	})
	for _, name := range []string{"sort", "toSorted"} {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.lengthOf(call.This)
			if goja.IsUndefined(call.Argument(0)) {
				call.Arguments = []goja.Value{rt.fn("", 2, rt.compareText)}
			}
			rt.timedArgument(call, 0)
			return original(call)
		})
	}
	p.wrap("Array", "from", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		rt.lengthOf(call.Argument(0))
		rt.timedArgument(call, 1)
		return original(call)
	})
	for _, name := range []string{"Map", "Set"} {
		p.before(func(rt *vmRuntime) {
			proto, ok := rt.lookUp(name + ".prototype")
			if !ok {
				return // a program has taken it away
			}
			rt.wrap(proto, "forEach", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
				rt.timedArgument(call, 0)
				return original(call)
			})
		}, name)
	}
	for _, name := range []string{"flat", "flatMap"} {
		p.before(func(rt *vmRuntime) {
			rt.method(rt.builtin(proto), name, 0, func(call goja.FunctionCall) goja.Value {
				return must1(callable(rt.prelude(name))(call.This, call.Arguments...))
			})
		}, name)
	}
	p.guardImplicit()
}

// walkers are what walks whatever iterable it is given in one go, besides syntax
// such as [...x]; "Symbol" leads to iterators too.
var walkers = append(slices.Collect(maps.Keys(typedArrays)),
	"Symbol", "values", "from", "fromEntries", "groupBy", "Map", "Set", "WeakMap", "WeakSet", "AggregateError",
	"all", "allSettled", "any", "race", "constructor")

// guardImplicit guards what the language calls by itself, when it walks an
// array or makes text of one.
func (p *platform) guardImplicit() {
	const proto = "Array.prototype"
	p.before(func(rt *vmRuntime) {
		array := rt.builtin(proto)
		rt.wrap(array, "values", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.lengthOf(call.This)
			return original(call)
		})
		must(array.DefineDataPropertySymbol(goja.SymIterator, array.Get("values"), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		rt.wrapSymbol(rt.builtin("String.prototype"), goja.SymIterator, "[Symbol.iterator]", walk)
	}, append(walkers, iteration)...)
	p.wrap(proto, "join", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		separator := ","
		if v := call.Argument(0); !goja.IsUndefined(v) {
			separator = v.String()
		}
		return rt.join(original, call.This, separator)
	})
	p.before(func(rt *vmRuntime) {
		rt.wrap(rt.builtin(proto), "toString", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.defend("join")
			if o, ok := call.This.(*goja.Object); ok {
				if join, ok := goja.AssertFunction(o.Get("join")); ok {
					return must1(join(o))
				}
			}
			return original(call)
		})
	}, always)
}

// compareText is how sort compares without a function, made interruptible.
func (rt *vmRuntime) compareText(call goja.FunctionCall) goja.Value {
	rt.checkTime()
	return rt.vm.ToValue(rt.toString(call.Argument(0)).CompareTo(rt.toString(call.Argument(1))))
}

// join turns the elements to text here, where their sizes and their nesting
// can be seen, and leaves the rest to the original.
func (rt *vmRuntime) join(original nativeFunc, this goja.Value, separator string) goja.Value {
	o, ok := this.(*goja.Object)
	if !ok {
		if text, ok := this.(goja.String); ok && int64(text.Length())*int64(1+len(separator)) > maxString {
			rt.throwRange("join: the text is too long")
		}
		return original(goja.FunctionCall{This: this, Arguments: []goja.Value{rt.newString(separator)}})
	}
	for _, under := range rt.joining {
		if under == o {
			return rt.newString("")
		}
	}
	if len(rt.joining) >= maxJoinDepth {
		rt.throwRange("join: nested too deeply")
	}
	rt.joining = append(rt.joining, o)
	defer func() { rt.joining = rt.joining[:len(rt.joining)-1] }()

	values := rt.list(o)
	total := len(separator) * len(values)
	for i, v := range values {
		if i&0xff == 0 {
			rt.checkTime()
		}
		if isNil(v) {
			values[i] = rt.newString("")
			continue
		}
		s := rt.toString(v)
		values[i] = s
		if total += s.Length(); total > maxString {
			rt.throwRange("join: the text is too long")
		}
	}
	return original(goja.FunctionCall{This: rt.array(values), Arguments: []goja.Value{rt.newString(separator)}})
}

func (p *platform) guardStrings() {
	const proto = "String.prototype"
	size := func(rt *vmRuntime, units int64) {
		if units > maxString {
			rt.throwRange("a string of %d characters is too long", units)
		}
	}
	length := func(v goja.Value) int64 {
		if s, ok := v.(goja.String); ok {
			return int64(s.Length())
		}
		return int64(len(v.String()))
	}
	p.wrap(proto, "repeat", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if n := integer(call.Argument(0), 0, 1<<31); n > 0 && !isNil(call.This) {
			size(rt, length(call.This)*n)
		}
		return original(call)
	})
	for _, name := range []string{"padStart", "padEnd"} {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			size(rt, integer(call.Argument(0), 0, 1<<53))
			return original(call)
		})
	}
	p.wrap(proto, "concat", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		total := int64(0)
		for _, v := range call.Arguments {
			if s, ok := v.(goja.String); ok {
				total += int64(s.Length())
			}
		}
		size(rt, total)
		return original(call)
	})
	for _, name := range []string{"replace", "replaceAll"} {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.timedArgument(call, 1)
			with, ok := call.Argument(1).(goja.String)
			if ok && !isNil(call.This) {
				text, replacement := length(call.This), with.String()
				each := int64(len(replacement)) + int64(strings.Count(replacement, "$"))*text
				most := replaced(rt.toString(call.This), replacement)
				if pattern, isText := call.Argument(0).(goja.String); isText {
					places := int64(1)
					if name == "replaceAll" && most > maxString {
						places = int64(strings.Count(call.This.String(), pattern.String()))
					}
					size(rt, text+places*each)
				} else if most > maxString {
					return rt.replaceCounted(original, call, replacement, func(units int64) { size(rt, units) })
				}
			}
			return original(call)
		})
	}
	for _, name := range []string{"match", "matchAll", "search"} {
		p.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			if s, ok := call.Argument(0).(goja.String); ok && s.Length() > maxPattern {
				rt.throwRange("a regular expression of %d characters is too long", s.Length())
			}
			return original(call)
		})
	}
	p.wrap("String", "raw", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if o, ok := call.Argument(0).(*goja.Object); ok {
			rt.lengthOf(o.Get("raw"))
		}
		return original(call)
	})
}

// replaceCounted replaces through a function that counts what comes out. It
// serves the calls whose result could be too long.
func (rt *vmRuntime) replaceCounted(original nativeFunc, call goja.FunctionCall, replacement string, size func(int64)) goja.Value {
	if strings.Contains(replacement, "$") {
		rt.throwRange("the text is too long to replace in with a pattern of $")
	}
	with, total := rt.newString(replacement), int64(0)
	count := rt.fn("", 0, func(goja.FunctionCall) goja.Value {
		total += int64(len(replacement))
		size(total)
		rt.checkTime()
		return with
	})
	return original(goja.FunctionCall{This: call.This, Arguments: []goja.Value{call.Argument(0), count}})
}

// typedArrays are ArrayBuffer and its views, with the size of an element.
var typedArrays = map[string]int64{
	"ArrayBuffer": 1, "Int8Array": 1, "Uint8Array": 1, "Uint8ClampedArray": 1, "Int16Array": 2, "Uint16Array": 2,
	"Int32Array": 4, "Uint32Array": 4, "Float32Array": 4, "Float64Array": 8, "BigInt64Array": 8, "BigUint64Array": 8,
}

func (p *platform) guardBuffers() {
	for name, width := range typedArrays {
		p.wrapClass(name, func(rt *vmRuntime, args []goja.Value) []goja.Value {
			if len(args) == 0 {
				return args
			}
			n := int64(0)
			o, isObject := args[0].(*goja.Object)
			if name == "ArrayBuffer" || !isObject {
				n = integer(args[0], -1, 1<<53)
				// What was checked counts: an object could say something else
				// when it is asked again.
				args = append([]goja.Value{rt.vm.ToValue(n)}, args[1:]...)
			} else if _, isMemory := rt.viewed(o); !isMemory && !rt.isArray(o) {
				args = append([]goja.Value{rt.elements(o)}, args[1:]...)
			} else {
				n = rt.lengthOfBuffer(o)
			}
			if n > maxBuffer/width {
				rt.throwRange("%s: %d elements are too many", name, n)
			}
			return args
		})
		if name != "ArrayBuffer" {
			p.before(func(rt *vmRuntime) { rt.guardTypedArrays(rt.builtin(name)) }, name, "constructor")
		}
	}
}

// lengthOfBuffer is lengthOf for what typed arrays copy.
func (rt *vmRuntime) lengthOfBuffer(o *goja.Object) int64 {
	length := o.Get("length")
	if length == nil {
		return 0
	}
	return integer(length, 0, 1<<53)
}

// elements copies what is iterable, or like an array, to an array.
func (rt *vmRuntime) elements(o *goja.Object) *goja.Object {
	if isNil(o.GetSymbol(goja.SymIterator)) {
		return rt.array(rt.list(o))
	}
	var values []goja.Value
	rt.each(o, func(v goja.Value) {
		if values = append(values, v); len(values) > maxArray {
			rt.throwRange("an array of more than %d elements is too long", maxArray)
		}
	})
	return rt.array(values)
}

func (p *platform) guardBigInt() {
	bits := func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if integer(call.Argument(0), 0, 1<<53) > maxShift {
			rt.throwRange("a BigInt of more than %d bits", maxShift)
		}
		return original(call)
	}
	p.wrap("BigInt", "asIntN", bits)
	p.wrap("BigInt", "asUintN", bits)
	p.wrap("BigInt.prototype", "toString", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if n, ok := bigOf(call.This); ok && n.BitLen() > maxBigIntBits {
			rt.throwRange("a BigInt of %d bits is too large to show", n.BitLen())
		}
		return original(call)
	})
	p.before(func(rt *vmRuntime) {
		class, ok := rt.lookUp("BigInt")
		if !ok {
			return
		}
		original, ok := class.Export().(nativeFunc)
		if !ok {
			return
		}
		rt.substitute("BigInt", class, rt.fn("BigInt", 1, func(call goja.FunctionCall) goja.Value {
			if s, ok := call.Argument(0).(goja.String); ok && s.Length() > maxBigIntDigits {
				rt.throwRange("a BigInt of %d digits is too large", s.Length())
			}
			return original(call)
		}))
	}, "BigInt", "constructor")
}

func bigOf(v goja.Value) (*big.Int, bool) {
	if _, isObject := v.(*goja.Object); isObject || v == nil {
		return nil, false
	}
	n, ok := v.Export().(*big.Int)
	return n, ok
}

// guardShift and guardExponent check the right operands of `<<`, `>>` and `**`,
// around which the compiler puts them.
func (rt *vmRuntime) guardShift(call goja.FunctionCall) goja.Value {
	v := call.Argument(0)
	if n, ok := bigOf(v); ok && (!n.IsInt64() || n.Int64() > maxShift || n.Int64() < -maxShift) {
		rt.throwRange("a BigInt is too large for this operator")
	}
	return v
}

func (rt *vmRuntime) guardExponent(call goja.FunctionCall) goja.Value {
	v := call.Argument(0)
	if n, ok := bigOf(v); ok && (!n.IsInt64() || n.Int64() > maxExponent) {
		rt.throwRange("a BigInt is too large for an exponent")
	}
	return v
}
