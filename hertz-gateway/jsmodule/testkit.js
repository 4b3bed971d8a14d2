// What `import … from "dgate/test"` gives, but for what only the host can do.
(function (host) {
  'use strict';
  const { isArray } = Array;
  const { keys, is } = Object;

  // --- Tests -----------------------------------------------------------------

  const root = { name: '', parent: null, mode: '', before: [], after: [] };
  const tests = [];
  let group = root;
  let started = false;
  let pending = []; // assertions about promises that nobody may have awaited

  function declare(what, name, body) {
    if (started) throw new Error(what + ': tests are declared while the file loads, not while one runs');
    if (typeof body !== 'function') throw new TypeError(what + ' needs a name and a function');
    return String(name);
  }

  function describeIn(mode) {
    return (name, body) => {
      const outer = group;
      group = { name: declare('describe', name, body), parent: outer, mode, before: [], after: [] };
      try {
        body();
      } finally {
        group = outer;
      }
    };
  }

  function itIn(mode) {
    return (name, body) => {
      tests.push({ name: declare('it', name, body), group, mode, body });
    };
  }

  const describe = Object.assign(describeIn(''), { skip: describeIn('skip'), only: describeIn('only') });
  const it = Object.assign(itIn(''), { skip: itIn('skip'), only: itIn('only') });

  const beforeEach = (f) => void (declare('beforeEach', '', f), group.before.push(f));
  const afterEach = (f) => void (declare('afterEach', '', f), group.after.push(f));

  function groupsOf(test) {
    const groups = [];
    for (let g = test.group; g; g = g.parent) groups.unshift(g);
    return groups;
  }

  // list names the tests in the order of the file. An "only" anywhere skips
  // all others.
  function list() {
    const modes = tests.map((t) => [t.mode, ...groupsOf(t).map((g) => g.mode)]);
    const some = modes.some((m) => m.includes('only'));
    return tests.map((t, i) => ({
      name: [...groupsOf(t).slice(1).map((g) => g.name), t.name].join(' > '),
      skip: modes[i].includes('skip') || (some && !modes[i].includes('only')),
    }));
  }

  async function run(index) {
    started = true;
    const test = tests[index];
    const groups = groupsOf(test);
    const failures = [];
    const attempt = async (f) => {
      try {
        await f();
        const waiting = pending;
        pending = [];
        await Promise.all(waiting);
      } catch (e) {
        pending = [];
        failures.push(e);
      }
    };
    for (const f of groups.flatMap((g) => g.before)) {
      if (failures.length === 0) await attempt(f);
    }
    if (failures.length === 0) await attempt(test.body);
    for (const g of groups.reverse()) {
      for (const f of g.after) await attempt(f);
    }
    if (failures.length > 0) throw failures[0];
  }

  // --- Values in words -------------------------------------------------------

  function show(value, depth = 0) {
    switch (typeof value) {
      case 'string': return JSON.stringify(value.length > 2000 ? value.slice(0, 2000) + '…' : value);
      case 'bigint': return value + 'n';
      case 'function':
        if (keys(value).length === 0 || value.mock) return '[Function ' + (value.name || 'anonymous') + ']';
        break;
      case 'object':
        if (value === null) return 'null';
        break;
      default: return is(value, -0) ? '-0' : String(value);
    }
    if (value instanceof Matcher) return value.text;
    if (value instanceof Error) return '[' + value.name + ': ' + value.message + ']';
    if (value instanceof RegExp) return String(value);
    if (value instanceof Date) return isNaN(value) ? 'Invalid Date' : value.toISOString();
    if (depth > 5) return '…';
    if (value instanceof ArrayBuffer) return 'ArrayBuffer' + show(new Uint8Array(value), depth);
    const some = (list, f) => {
      const shown = list.slice(0, 50).map(f);
      if (list.length > 50) shown.push('… ' + (list.length - 50) + ' more');
      return shown.join(', ');
    };
    if (isArray(value) || ArrayBuffer.isView(value)) {
      return '[' + some(Array.from(value), (v) => show(v, depth + 1)) + ']';
    }
    if (value instanceof Map) {
      return 'Map{' + some([...value], ([k, v]) => show(k, depth + 1) + ' => ' + show(v, depth + 1)) + '}';
    }
    if (value instanceof Set) return 'Set{' + some([...value], (v) => show(v, depth + 1)) + '}';
    const names = keys(value);
    if (names.length === 0) return '{}';
    const name = (k) => (/^[A-Za-z_$][\w$]*$/.test(k) ? k : JSON.stringify(k));
    return '{ ' + some(names, (k) => name(k) + ': ' + show(value[k], depth + 1)) + ' }';
  }

  // --- Equality --------------------------------------------------------------

  // A Matcher stands for many values in toEqual and its like.
  class Matcher {
    constructor(text, matches) {
      this.text = text;
      this.matches = matches;
    }
  }

  const isObject = (v) => (typeof v === 'object' && v !== null) || typeof v === 'function';

  // equal compares by content. Strict takes undefined members and classes into
  // account; subset lets the first have more members than the second.
  function equal(a, b, how = {}, seen = new Map()) {
    if (b instanceof Matcher) return b.matches(a);
    if (is(a, b)) return true;
    if (!isObject(a) || !isObject(b) || typeof a === 'function' || typeof b === 'function') return false;
    if (seen.get(a) === b) return true;
    seen.set(a, b);
    if (isArray(a) !== isArray(b)) return false;
    if (how.strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (isArray(a)) {
      return a.length === b.length && a.every((v, i) => equal(v, b[i], how, seen));
    }
    if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && is(+a, +b);
    if (a instanceof RegExp || b instanceof RegExp) return a instanceof RegExp && b instanceof RegExp && String(a) === String(b);
    if (b instanceof Error || (a instanceof Error && !how.subset)) {
      return a instanceof Error && b instanceof Error && a.name === b.name && a.message === b.message;
    }
    if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b)) {
      return ArrayBuffer.isView(a) && ArrayBuffer.isView(b) && equal(Array.from(a), Array.from(b));
    }
    if (a instanceof ArrayBuffer || b instanceof ArrayBuffer) {
      return a instanceof ArrayBuffer && b instanceof ArrayBuffer && equal(new Uint8Array(a), new Uint8Array(b));
    }
    if (a instanceof Map || b instanceof Map) {
      return a instanceof Map && b instanceof Map && a.size === b.size &&
        [...a].every(([k, v]) => b.has(k) && equal(v, b.get(k), how, seen));
    }
    if (a instanceof Set || b instanceof Set) {
      return a instanceof Set && b instanceof Set && a.size === b.size &&
        [...a].every((v) => b.has(v) || [...b].some((w) => equal(v, w, how, seen)));
    }
    const given = (o) => (k) => how.strict || o[k] !== undefined;
    const wanted = keys(b).filter(given(b));
    if (!how.subset && keys(a).filter(given(a)).length !== wanted.length) return false;
    return wanted.every((k) => k in a && equal(a[k], b[k], how, seen));
  }

  // --- expect ----------------------------------------------------------------

  class AssertionError extends Error {
    constructor(message) {
      super(message);
      this.name = 'AssertionError';
    }
  }

  function thrownBy(received) {
    if (typeof received !== 'function') throw new TypeError('expect(…).toThrow needs a function');
    try {
      received();
    } catch (error) {
      return { error };
    }
    return undefined;
  }

  function throwsLike({ error }, wanted) {
    if (wanted === undefined) return true;
    const message = String(isObject(error) && 'message' in error ? error.message : error);
    if (typeof wanted === 'string') return message.includes(wanted);
    if (wanted instanceof RegExp) return wanted.test(message);
    if (wanted instanceof Matcher) return wanted.matches(error);
    if (typeof wanted === 'function') return error instanceof wanted;
    return message === String(wanted.message);
  }

  function callsOf(mock) {
    if (typeof mock !== 'function' || !mock.mock) throw new TypeError('this matcher needs a mock function: mock.fn()');
    return mock.mock.calls;
  }

  function property(value, path) {
    for (const name of isArray(path) ? path : String(path).split('.')) {
      if (value === null || value === undefined || !(name in Object(value))) return undefined;
      value = value[name];
    }
    return { value };
  }

  function contains(received, item, same) {
    if (typeof received === 'string') return received.includes(item);
    return Array.from(received).some((v) => same(v, item));
  }

  // Each gives whether it holds; its arguments are what stands in the message.
  const matchers = {
    toBe: (a, b) => is(a, b),
    toEqual: (a, b) => equal(a, b),
    toStrictEqual: (a, b) => equal(a, b, { strict: true }),
    toMatchObject: (a, b) => isObject(a) && equal(a, b, { subset: true }),
    toBeUndefined: (a) => a === undefined,
    toBeDefined: (a) => a !== undefined,
    toBeNull: (a) => a === null,
    toBeNaN: (a) => is(a, NaN),
    toBeTruthy: (a) => Boolean(a),
    toBeFalsy: (a) => !a,
    toBeGreaterThan: (a, b) => a > b,
    toBeGreaterThanOrEqual: (a, b) => a >= b,
    toBeLessThan: (a, b) => a < b,
    toBeLessThanOrEqual: (a, b) => a <= b,
    toBeCloseTo: (a, b, digits = 2) => Math.abs(a - b) < 10 ** -digits / 2,
    toBeInstanceOf: (a, b) => a instanceof b,
    toContain: (a, b) => contains(a, b, is),
    toContainEqual: (a, b) => contains(a, b, (v, w) => equal(v, w)),
    toHaveLength: (a, n) => a !== null && a !== undefined && a.length === n,
    toHaveProperty: (a, path, ...value) => {
      const found = property(a, path);
      return found !== undefined && (value.length === 0 || equal(found.value, value[0]));
    },
    toMatch: (a, b) => typeof a === 'string' && (b instanceof RegExp ? b.test(a) : a.includes(b)),
    toHaveBeenCalled: (f) => callsOf(f).length > 0,
    toHaveBeenCalledTimes: (f, n) => callsOf(f).length === n,
    toHaveBeenCalledWith: (f, ...args) => callsOf(f).some((c) => equal(c, args)),
    toHaveBeenLastCalledWith: (f, ...args) => callsOf(f).length > 0 && equal(callsOf(f).at(-1), args),
    toHaveBeenNthCalledWith: (f, n, ...args) => callsOf(f).length >= n && equal(callsOf(f)[n - 1], args),
  };

  function check(name, received, args, negated, thrown) {
    let holds;
    let shown = show(received);
    if (name === 'toThrow') {
      const caught = thrown ?? thrownBy(received);
      holds = caught !== undefined && throwsLike(caught, args[0]);
      shown = caught === undefined ? 'a function that throws nothing' : show(caught.error);
    } else {
      holds = matchers[name](received, ...args);
      if (typeof received === 'function' && received.mock) {
        shown = 'a mock called with [' + received.mock.calls.map((c) => show(c)).join(', ') + ']';
      }
    }
    if (holds === negated) {
      throw new AssertionError(
        'expected ' + shown + (negated ? ' not ' : ' ') + name + '(' + args.map((a) => show(a)).join(', ') + ')');
    }
  }

  const matcherNames = [...keys(matchers), 'toThrow'];

  function assertion(received, negated) {
    const a = {};
    for (const name of matcherNames) a[name] = (...args) => check(name, received, args, negated);
    return a;
  }

  // later makes the matchers of resolves and rejects. Their errors have the
  // position at which the assertion stands.
  function later(received, wanted, negated, place) {
    const outcome = async () => {
      const promise = typeof received === 'function' ? received() : received;
      let value;
      try {
        value = await promise;
      } catch (error) {
        if (wanted === 'rejects') return error;
        throw new AssertionError('expected a promise that resolves, it was rejected with ' + show(error));
      }
      if (wanted === 'resolves') return value;
      throw new AssertionError('expected a promise that is rejected, it resolved to ' + show(value));
    };
    const a = {};
    for (const name of matcherNames) {
      a[name] = (...args) => {
        const result = outcome().then((v) => check(name, v, args, negated, wanted === 'rejects' ? { error: v } : undefined))
          .catch((e) => {
            if (e instanceof AssertionError) Object.defineProperty(e, 'stack', { value: place.stack, configurable: true });
            throw e;
          });
        pending.push(result);
        return result;
      };
    }
    return a;
  }

  function expect(received) {
    const place = new AssertionError('');
    const all = (negated) => Object.assign(assertion(received, negated), {
      resolves: later(received, 'resolves', negated, place),
      rejects: later(received, 'rejects', negated, place),
    });
    const a = all(false);
    a.not = all(true);
    a.resolves.not = a.not.resolves;
    a.rejects.not = a.not.rejects;
    return a;
  }

  const primitives = { String: 'string', Number: 'number', Boolean: 'boolean', BigInt: 'bigint', Symbol: 'symbol', Function: 'function' };

  Object.assign(expect, {
    anything: () => new Matcher('anything', (v) => v !== undefined && v !== null),
    any: (c) => new Matcher('any ' + c.name, (v) =>
      typeof v === primitives[c.name] || v instanceof c || (c === Object && isObject(v)) || (c === Array && isArray(v))),
    objectContaining: (o) => new Matcher('an object with ' + show(o), (v) => isObject(v) && equal(v, o, { subset: true })),
    arrayContaining: (list) => new Matcher('an array with ' + show(list), (v) =>
      isArray(v) && list.every((want) => v.some((got) => equal(got, want)))),
    stringContaining: (s) => new Matcher('a string with ' + show(s), (v) => typeof v === 'string' && v.includes(s)),
    stringMatching: (r) => new Matcher('a string like ' + r, (v) => typeof v === 'string' && new RegExp(r).test(v)),
  });

  // --- Mocks -----------------------------------------------------------------

  function fn(implementation) {
    const calls = [];
    const results = [];
    const once = [];
    const mocked = function (...args) {
      calls.push(args);
      const f = once.length > 0 ? once.shift() : implementation;
      try {
        const value = f === undefined ? undefined : f.apply(this, args);
        results.push({ type: 'return', value });
        return value;
      } catch (value) {
        results.push({ type: 'throw', value });
        throw value;
      }
    };
    const set = (f) => ((implementation = f), mocked);
    const next = (f) => (once.push(f), mocked);
    const rejected = (e) => () => Promise.reject(e);
    return Object.assign(mocked, {
      mock: { calls, results },
      mockImplementation: set,
      mockImplementationOnce: next,
      mockReturnValue: (v) => set(() => v),
      mockReturnValueOnce: (v) => next(() => v),
      mockResolvedValue: (v) => set(() => Promise.resolve(v)),
      mockResolvedValueOnce: (v) => next(() => Promise.resolve(v)),
      mockRejectedValue: (e) => set(rejected(e)),
      mockRejectedValueOnce: (e) => next(rejected(e)),
      mockClear: () => ((calls.length = results.length = 0), mocked),
      mockReset: () => ((calls.length = results.length = once.length = 0), set(undefined)),
    });
  }

  // answering makes a mock function of what a test gives as an answer.
  function answering(answer) {
    if (typeof answer === 'function') return answer.mock ? answer : fn(answer);
    return fn(() => answer);
  }

  const rpcs = new Map();
  const fetches = [];

  function matchesURL(pattern, request) {
    if (typeof pattern === 'function') return pattern(request);
    if (pattern instanceof RegExp) return pattern.test(request.url);
    const [, method, url] = /^(?:([A-Z]+) )?(.*)$/.exec(pattern);
    if (method !== undefined && method !== request.method) return false;
    return url.endsWith('*') ? request.url.startsWith(url.slice(0, -1)) : request.url === url;
  }

  const mock = {
    fn,
    rpc(name, answer) {
      if (!/^[^.]+\..+$/.test(String(name))) throw new TypeError('mock.rpc needs "Service.method" or "Service.*"');
      const mocked = answering(answer);
      rpcs.set(name, mocked);
      return mocked;
    },
    fetch(pattern, answer) {
      const mocked = answering(answer);
      fetches.unshift({ pattern, mocked });
      return mocked;
    },
    secret(name, value) {
      host.setSecret(String(name), String(value));
    },
  };

  // rpcError is what a mocked call throws for a failure as services report it.
  function rpcError(code, { status = 502, message = String(code), ...rest } = {}) {
    return Object.assign(new Error(message), { name: 'RpcError', code, status }, rest);
  }

  const answers = {
    rpc(service, method, args, options) {
      const mocked = rpcs.get(service + '.' + method) ?? rpcs.get(service + '.*');
      if (mocked === undefined) {
        const name = service + '.' + method;
        throw rpcError('not_mocked', { message: 'no mock for ' + name + ': add mock.rpc("' + name + '", …)' });
      }
      return mocked(args, { service, method, ...options });
    },
    async fetch(request) {
      const found = fetches.find((f) => matchesURL(f.pattern, request));
      if (found === undefined) {
        throw rpcError('not_mocked', { message: 'no mock for ' + request.method + ' ' + request.url + ': add mock.fetch("' + request.url + '", …)' });
      }
      const answer = await found.mocked(request);
      if (answer instanceof Response) return answer;
      return isObject(answer) ? Response.json(answer) : new Response(answer);
    },
  };

  const clock = {
    now: () => Date.now(),
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError('clock.advance needs milliseconds');
      host.setTime(Date.now() + ms);
    },
    set(time) {
      const ms = +new Date(time);
      if (isNaN(ms)) throw new RangeError('clock.set needs a Date, milliseconds or a text such as "2026-01-31T12:00:00Z"');
      host.setTime(ms);
    },
  };

  return {
    list,
    run,
    answer: async (kind, ...args) => answers[kind](...args),
    exports: { describe, it, test: it, beforeEach, afterEach, expect, mock, rpcError, clock },
  };
});
