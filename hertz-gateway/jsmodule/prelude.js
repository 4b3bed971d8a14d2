// What the host does in JavaScript, because loops here can be interrupted.
(function (host) {
  'use strict';
  const { isArray } = Array;
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
