// What the host does in JavaScript, because loops here can be interrupted.
(function (host) {
  'use strict';
  const { isArray } = Array;
  const { keys } = Object;
  const maxDepth = 200;

  function flatten(source, depth, target, level) {
    if (level > maxDepth) host.rangeError('flat: nested too deeply');
    const length = source.length;
    if (length > host.maxArray) host.rangeError('flat: the array is too long');
    for (let i = 0; i < length; i++) {
      if (!(i in source)) continue;
      const item = source[i];
      if (depth >= 1 && isArray(item)) flatten(item, depth - 1, target, level + 1);
      else target.push(item);
    }
    return target;
  }

  function copy(value, seen, depth) {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new TypeError('structuredClone: a ' + typeof value + ' cannot be cloned');
    }
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    if (depth > maxDepth) host.rangeError('structuredClone: nested too deeply');
    let clone;
    if (isArray(value)) {
      seen.set(value, (clone = []));
      const length = value.length;
      if (length > host.maxArray) host.rangeError('structuredClone: the array is too long');
      for (let i = 0; i < length; i++) clone[i] = copy(value[i], seen, depth + 1);
      return clone;
    }
    if (value instanceof Date) clone = new Date(value.getTime());
    else if (value instanceof RegExp) clone = new RegExp(value.source, value.flags);
    else if (value instanceof ArrayBuffer) clone = value.slice(0);
    else if (ArrayBuffer.isView(value)) {
      const buffer = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
      clone = new value.constructor(buffer);
    } else if (value instanceof Map) {
      seen.set(value, (clone = new Map()));
      value.forEach((v, k) => clone.set(copy(k, seen, depth + 1), copy(v, seen, depth + 1)));
      return clone;
    } else if (value instanceof Set) {
      seen.set(value, (clone = new Set()));
      value.forEach((v) => clone.add(copy(v, seen, depth + 1)));
      return clone;
    } else if (value instanceof Error) {
      clone = new Error(value.message);
      clone.name = value.name;
    } else if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      clone = Object(value.valueOf());
    }
    if (clone !== undefined) {
      seen.set(value, clone);
      return clone;
    }
    seen.set(value, (clone = {}));
    for (const key of keys(value)) {
      Object.defineProperty(clone, key, {
        value: copy(value[key], seen, depth + 1),
        writable: true, enumerable: true, configurable: true,
      });
    }
    return clone;
  }

  function isThenable(attempt) {
    return typeof attempt === 'object' && attempt !== null && typeof attempt.then === 'function';
  }

  return {
    flat(depth = 1) {
      return flatten(Object(this), Number(depth), [], 0);
    },
    flatMap(callback, thisArg) {
      const source = Object(this);
      const length = source.length;
      if (length > host.maxArray) host.rangeError('flatMap: the array is too long');
      const target = [];
      for (let i = 0; i < length; i++) {
        if (!(i in source)) continue;
        const item = callback.call(thisArg, source[i], i, source);
        if (isArray(item)) flatten(item, 0, target, 0);
        else target.push(item);
      }
      return target;
    },
    structuredClone(value) {
      return copy(value, new Map(), 0);
    },
    // retry calls f with 0, 1, … until it returns something true, at most
    // times times; an exception counts as a failure. The last result, or the
    // last exception, is the outcome. f may be async.
    retry(times, f) {
      if (!(times > 0)) throw new RangeError('retry: the number of attempts must be greater than 0');
      if (typeof f !== 'function') throw new TypeError('retry needs a function as its second argument');
      let result;
      for (let i = 0; i < times; i++) {
        try {
          result = f(i);
        } catch (e) {
          if (i + 1 >= times) throw e;
          continue;
        }
        if (isThenable(result)) return later(i, result);
        if (result) return result;
      }
      return result;

      async function later(i, pending) {
        for (;;) {
          try {
            const value = await pending;
            if (value || i + 1 >= times) return value;
          } catch (e) {
            if (i + 1 >= times) throw e;
          }
          i++;
          pending = (async () => f(i))();
        }
      }
    },
  };
});
