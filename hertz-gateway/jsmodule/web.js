// Parts of the web platform that are mostly about calling JavaScript back:
// DOM Standard sections 2 and 3, Web IDL DOMException, HTML structuredClone.
(function (host) {
  'use strict';
  const { isArray } = Array;
  const { keys, defineProperty } = Object;
  const maxDepth = 150;

  const codes = {
    NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
    InvalidCharacterError: 5, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22,
    TimeoutError: 23, DataCloneError: 25,
  };

  function tag(constructor) {
    defineProperty(constructor.prototype, Symbol.toStringTag, { value: constructor.name, configurable: true });
  }

  class DOMException extends Error {
    #name;
    constructor(message = '', name = 'Error') {
      super(message);
      this.#name = String(name);
    }
    get name() {
      return this.#name;
    }
    get code() {
      return codes[this.#name] ?? 0;
    }
  }
  tag(DOMException);

  // What only the host may do with the objects of these classes.
  let setTarget, setCurrent, stopped, abort, follow;

  class Event {
    #type;
    #cancelable;
    #target = null;
    #current = null;
    #canceled = false;
    #stopped = false;
    #time = host.now();
    constructor(type, options) {
      if (arguments.length === 0) throw new TypeError('Event needs a type');
      this.#type = String(type);
      this.#cancelable = Boolean(options?.cancelable);
    }
    get type() {
      return this.#type;
    }
    get target() {
      return this.#target;
    }
    get currentTarget() {
      return this.#current;
    }
    get cancelable() {
      return this.#cancelable;
    }
    get defaultPrevented() {
      return this.#canceled;
    }
    get bubbles() {
      return false;
    }
    get timeStamp() {
      return this.#time;
    }
    preventDefault() {
      if (this.#cancelable) this.#canceled = true;
    }
    stopPropagation() {}
    stopImmediatePropagation() {
      this.#stopped = true;
    }
    static {
      setTarget = (e, target) => (e.#target = target);
      setCurrent = (e, target) => (e.#current = target);
      stopped = (e) => e.#stopped;
    }
  }
  tag(Event);

  class EventTarget {
    #listeners = [];
    addEventListener(type, callback, options) {
      if (callback === null || callback === undefined) return;
      if (typeof callback !== 'function' && typeof callback !== 'object') throw new TypeError('a listener must be a function or an object');
      const { once, signal, capture } = typeof options === 'object' && options !== null ? options : { capture: options };
      if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal');
      if (signal?.aborted) return;
      const listener = { type: String(type), callback, once: Boolean(once), capture: Boolean(capture), removed: false };
      if (this.#find(listener) >= 0) return;
      if (this.#listeners.length >= host.maxListeners) host.rangeError('more than ' + host.maxListeners + ' listeners');
      this.#listeners.push(listener);
      signal?.addEventListener('abort', () => this.#remove(listener), { once: true });
    }
    removeEventListener(type, callback, options) {
      const capture = Boolean(typeof options === 'object' && options !== null ? options.capture : options);
      this.#remove({ type: String(type), callback, capture });
    }
    dispatchEvent(event) {
      if (!(event instanceof Event)) throw new TypeError('dispatchEvent needs an Event');
      if (event.currentTarget) throw new DOMException('the event is being dispatched', 'InvalidStateError');
      setTarget(event, this);
      setCurrent(event, this);
      for (const listener of [...this.#listeners]) {
        if (listener.type !== event.type || listener.removed) continue;
        if (listener.once) this.#remove(listener);
        try {
          if (typeof listener.callback === 'function') listener.callback.call(this, event);
          else listener.callback.handleEvent(event);
        } catch (e) {
          host.report(e);
        }
        if (stopped(event)) break;
      }
      setCurrent(event, null);
      return !event.defaultPrevented;
    }
    #find({ type, callback, capture }) {
      return this.#listeners.findIndex((l) => l.type === type && l.callback === callback && l.capture === capture);
    }
    #remove(listener) {
      const i = this.#find(listener);
      if (i >= 0) this.#listeners.splice(i, 1)[0].removed = true;
    }
  }
  tag(EventTarget);

  const internal = Symbol('internal');

  class AbortSignal extends EventTarget {
    #aborted = false;
    #reason;
    #handler = null;
    // Signals made by any(). They belong to one request, unlike the signal that
    // they depend on, which can be one of the module.
    #dependents = [];
    #epoch;
    #sources = [];
    constructor(key) {
      super();
      if (key !== internal) throw new TypeError('an AbortSignal is made by an AbortController');
    }
    static abort(reason) {
      const signal = new AbortSignal(internal);
      abort(signal, reason);
      return signal;
    }
    static timeout(ms) {
      if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) throw new TypeError('timeout needs milliseconds');
      const signal = new AbortSignal(internal);
      host.setTimeout(() => abort(signal, new DOMException('the time is up', 'TimeoutError')), ms);
      return signal;
    }
    static any(signals) {
      const signal = new AbortSignal(internal);
      const all = [...signals];
      for (const s of all) if (!(s instanceof AbortSignal)) throw new TypeError('any needs AbortSignals');
      const aborted = all.find((s) => s.#aborted);
      if (aborted) abort(signal, aborted.#reason);
      else for (const s of all) follow(signal, s);
      return signal;
    }
    get aborted() {
      return this.#aborted;
    }
    get reason() {
      return this.#reason;
    }
    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }
    get onabort() {
      return this.#handler;
    }
    set onabort(f) {
      const before = this.#handler;
      this.#handler = typeof f === 'function' ? f : null;
      if (!before && this.#handler) this.addEventListener('abort', this.#call);
      else if (before && !this.#handler) this.removeEventListener('abort', this.#call);
    }
    #call = (event) => this.#handler.call(this, event);
    static {
      // abort marks the signal and all that follow it, then tells them.
      abort = (signal, reason = new DOMException('the operation was aborted', 'AbortError')) => {
        if (signal.#aborted) return;
        const all = [signal, ...signal.#dependents.filter((s) => !s.#aborted)];
        for (const s of all) {
          s.#aborted = true;
          s.#reason = reason;
          s.#dependents = [];
          s.#sources = [];
        }
        for (const s of all) s.dispatchEvent(new Event('abort'));
      };
      // A signal follows the sources of a source instead of that one, so that
      // there is only one level.
      follow = (signal, source) => {
        if (source.#sources.length > 0) {
          for (const s of source.#sources) follow(signal, s);
          return;
        }
        if (signal.#sources.includes(source)) return;
        if (source.#epoch !== host.epoch()) source.#dependents = [];
        source.#epoch = host.epoch();
        if (source.#dependents.length >= host.maxListeners) host.rangeError('more than ' + host.maxListeners + ' signals follow one');
        source.#dependents.push(signal);
        signal.#sources.push(source);
      };
    }
  }
  tag(AbortSignal);

  class AbortController {
    #signal = new AbortSignal(internal);
    get signal() {
      return this.#signal;
    }
    abort(reason) {
      abort(this.#signal, reason);
    }
  }
  tag(AbortController);

  const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

  function refuse(what) {
    throw new DOMException(what + ' cannot be cloned', 'DataCloneError');
  }

  function copy(value, seen, depth) {
    if (typeof value === 'symbol') refuse('a symbol');
    if (typeof value === 'function') refuse('a function');
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    if (depth > maxDepth) host.rangeError('structuredClone: nested too deeply');
    const deeper = (v) => copy(v, seen, depth + 1);
    const keep = (clone) => (seen.set(value, clone), clone);
    if (isArray(value)) {
      if (value.length > host.maxArray) host.rangeError('structuredClone: the array is too long');
      const { length } = value;
      const clone = keep(new Array(length));
      for (let i = 0; i < length; i++) if (i in value) clone[i] = deeper(value[i]);
      return clone;
    }
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = deeper(value.buffer);
      if (value instanceof DataView) return keep(new DataView(buffer, value.byteOffset, value.byteLength));
      // The class of the web, not one that a module or Node derived from it.
      const constructor = globalThis[value[Symbol.toStringTag]];
      return keep(new constructor(buffer, value.byteOffset, value.length));
    }
    if (value instanceof Map) {
      const clone = keep(new Map());
      for (const [k, v] of [...value]) clone.set(deeper(k), deeper(v));
      return clone;
    }
    if (value instanceof Set) {
      const clone = keep(new Set());
      for (const v of [...value]) clone.add(deeper(v));
      return clone;
    }
    if (value instanceof DOMException) return keep(new DOMException(value.message, value.name));
    if (value instanceof Error) {
      const clone = keep(new (errors[value.name] ?? Error)(value.message));
      if ('cause' in value) defineProperty(clone, 'cause', { value: deeper(value.cause), writable: true, configurable: true });
      return clone;
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt) {
      return keep(Object(value.valueOf()));
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) refuse('an object of class ' + value[Symbol.toStringTag]);
    const clone = keep({});
    for (const key of keys(value)) {
      defineProperty(clone, key, { value: deeper(value[key]), writable: true, enumerable: true, configurable: true });
    }
    return clone;
  }

  return {
    DOMException, Event, EventTarget, AbortSignal, AbortController,
    structuredClone(value, options) {
      if (arguments.length === 0) throw new TypeError('structuredClone needs a value');
      const transfer = [...(options?.transfer ?? [])];
      for (const buffer of transfer) {
        if (!(buffer instanceof ArrayBuffer)) refuse('what is no ArrayBuffer');
      }
      const clone = copy(value, new Map(), 0);
      for (const buffer of transfer) host.detach(buffer);
      return clone;
    },
    newSignal: () => new AbortSignal(internal),
    follow(signal, source) {
      if (source.aborted) abort(signal, source.reason);
      else follow(signal, source);
    },
    isSignal: (value) => value instanceof AbortSignal,
  };
});
