package jsmodule

import (
	"math"
	"time"

	"github.com/dop251/goja"
)

// maxCacheKey bounds the key of a cached value, in bytes.
const maxCacheKey = 1024

// makeStorage makes `import { getCache, setCache } from "dgate/storage"`.
func (m *moduleInstance) makeStorage() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	rt.method(o, "getCache", 1, func(c goja.FunctionCall) goja.Value {
		e := rt.cache().get(rt.cacheKey(c.Argument(0)), rt.host.now())
		switch {
		case e == nil:
			return goja.Null()
		case e.binary:
			return rt.newBytes(append([]byte(nil), e.data...))
		}
		return must1(rt.answer(e.data))
	})
	rt.method(o, "setCache", 3, func(c goja.FunctionCall) goja.Value {
		rt.setCache(rt.cacheKey(c.Argument(0)), c.Argument(1), c.Argument(2))
		return goja.Undefined()
	})
	return o
}

// cache is that of the namespace.
func (rt *vmRuntime) cache() *cache {
	rt.live()
	return rt.host.caches.of(rt.namespace, &rt.host.limits)
}

func (rt *vmRuntime) cacheKey(v goja.Value) string {
	key := str(v)
	if key == "" || len(key) > maxCacheKey {
		rt.throwRange("the key of a cached value has 1 to %d bytes", maxCacheKey)
	}
	return key
}

// setCache keeps a value; undefined removes what there is.
func (rt *vmRuntime) setCache(key string, v, options goja.Value) {
	cache := rt.cache()
	if v == nil || goja.IsUndefined(v) {
		cache.delete(key)
		return
	}
	e := &cacheEntry{key: key}
	if o, ok := options.(*goja.Object); ok {
		if ttl := o.Get("ttl"); !isNil(ttl) {
			e.until = rt.host.now().Add(rt.ttl(ttl))
		}
	}
	if o, ok := v.(*goja.Object); ok {
		e.data, e.binary = rt.rawBytes(o)
	}
	if !e.binary {
		e.data = rt.marshal(v)
	}
	if !cache.set(e) {
		rt.throwRange("a cached value has at most %d bytes", cache.maxBytes/4)
	}
}

// ttl reads seconds, or text such as "150ms".
func (rt *vmRuntime) ttl(v goja.Value) time.Duration {
	var d time.Duration
	if s, ok := v.(goja.String); ok {
		var err error
		if d, err = time.ParseDuration(s.String()); err != nil {
			rt.throwType("ttl: %q is not a duration such as \"150ms\" or \"2h\"", s)
		}
	} else if seconds := v.ToFloat(); seconds > 0 {
		d = time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
	}
	if d <= 0 {
		rt.throwRange("ttl is %s, must be positive", v)
	}
	return d
}
