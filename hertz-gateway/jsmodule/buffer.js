// Node's Buffer, the common part of it. Go turns bytes into text and back, and
// searches; the rest is here.
(function (host) {
  'use strict';
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { slice, subarray } = Uint8Array.prototype;
  const view = (b) => new DataView(b.buffer, b.byteOffset, b.byteLength);

  function check(value, what) {
    if (!(value instanceof Uint8Array)) throw new TypeError(what + ' needs a Buffer or a Uint8Array');
    return value;
  }

  // clamp reads an index as Array.prototype.slice does, without counting from
  // the end.
  function clamp(value, otherwise, most) {
    if (value === undefined) return otherwise;
    value = Math.trunc(Number(value)) || 0;
    return value < 0 ? 0 : value > most ? most : value;
  }

  class Buffer extends Uint8Array {
    static from(value, second, third) {
      if (typeof value === 'string') return over(host.decode(value, second));
      if (typeof value !== 'object' || value === null) {
        throw new TypeError('Buffer.from needs text, an array, an ArrayBuffer or a Buffer');
      }
      if (value instanceof ArrayBuffer) {
        const offset = second === undefined ? 0 : Number(second) || 0;
        if (third === undefined) return new Buffer(value, offset);
        return new Buffer(value, offset, Number(third) || 0);
      }
      if (value instanceof Uint8Array) return over(slice.call(value).buffer);
      if (isView(value) || isArray(value)) return new Buffer(value);
      if (value.type === 'Buffer' && isArray(value.data)) return new Buffer(value.data);
      if (value instanceof String) return over(host.decode(String(value), second));
      if (typeof value.length === 'number') return new Buffer(value);
      const plain = value.valueOf();
      if (plain !== value && plain !== undefined && plain !== null) return Buffer.from(plain, second, third);
      throw new TypeError('Buffer.from needs text, an array, an ArrayBuffer or a Buffer');
    }
    static of(...items) {
      return new Buffer(items);
    }
    static alloc(size, fill, encoding) {
      const b = new Buffer(length(size));
      return fill === undefined || fill === 0 ? b : b.fill(fill, encoding);
    }
    static allocUnsafe(size) {
      return new Buffer(length(size));
    }
    static allocUnsafeSlow(size) {
      return new Buffer(length(size));
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static isEncoding(name) {
      return typeof name === 'string' && host.isEncoding(name);
    }
    static byteLength(value, encoding) {
      if (typeof value === 'string') return host.byteLength(value, encoding);
      if (value instanceof ArrayBuffer || isView(value)) return value.byteLength;
      throw new TypeError('byteLength needs text, an ArrayBuffer or a Buffer');
    }
    static compare(a, b) {
      return host.compare(check(a, 'compare'), check(b, 'compare'));
    }
    static concat(list, total) {
      if (!isArray(list)) throw new TypeError('concat needs an array of Buffers');
      if (total === undefined) {
        total = 0;
        for (const b of list) total += check(b, 'concat').length;
      }
      const result = new Buffer(length(total));
      let at = 0;
      for (const b of list) {
        if (at >= total) break;
        const part = check(b, 'concat').length > total - at ? b.subarray(0, total - at) : b;
        result.set(part, at);
        at += part.length;
      }
      return result;
    }

    get parent() {
      return this.buffer;
    }
    get offset() {
      return this.byteOffset;
    }
    slice(start, end) {
      return this.subarray(start, end);
    }
    toString(encoding, start, end) {
      start = clamp(start, 0, this.length);
      end = clamp(end, this.length, this.length);
      return start >= end ? '' : host.encode(this, encoding, start, end);
    }
    toLocaleString(encoding, start, end) {
      return this.toString(encoding, start, end);
    }
    toJSON() {
      if (this.length > host.maxArray) host.rangeError('a Buffer of ' + this.length + ' bytes is too long for JSON');
      const data = [];
      for (let i = 0; i < this.length; i++) data.push(this[i]);
      return { type: 'Buffer', data };
    }
    equals(other) {
      return this === other || host.compare(this, check(other, 'equals')) === 0;
    }
    compare(target, targetStart, targetEnd, start, end) {
      check(target, 'compare');
      const part = (b, from, to) => b.subarray(clamp(from, 0, b.length), clamp(to, b.length, b.length));
      return host.compare(part(this, start, end), part(target, targetStart, targetEnd));
    }
    indexOf(value, at, encoding) {
      return find(this, value, at, encoding, false);
    }
    lastIndexOf(value, at, encoding) {
      return find(this, value, at, encoding, true);
    }
    includes(value, at, encoding) {
      return this.indexOf(value, at, encoding) !== -1;
    }
    fill(value, start, end, encoding) {
      if (typeof start === 'string') [encoding, start, end] = [start, undefined, undefined];
      else if (typeof end === 'string') [encoding, end] = [end, undefined];
      start = clamp(start, 0, this.length);
      end = clamp(end, this.length, this.length);
      if (typeof value === 'string') value = new Uint8Array(host.decode(value, encoding));
      if (!(value instanceof Uint8Array)) {
        if (start < end) super.fill(Number(value) & 255, start, end);
        return this;
      }
      if (value.length === 0) return this.fill(0, start, end);
      host.fill(this, value, start, end);
      return this;
    }
    write(text, at, size, encoding) {
      if (typeof text !== 'string') throw new TypeError('write needs text');
      if (typeof at === 'string') [encoding, at, size] = [at, undefined, undefined];
      else if (typeof size === 'string') [encoding, size] = [size, undefined];
      at = clamp(at, 0, this.length);
      return host.write(this, text, encoding, at, clamp(size, this.length - at, this.length - at));
    }
    copy(target, targetStart, start, end) {
      check(target, 'copy');
      targetStart = clamp(targetStart, 0, target.length);
      start = clamp(start, 0, this.length);
      end = Math.min(clamp(end, this.length, this.length), start + target.length - targetStart);
      if (end <= start) return 0;
      target.set(subarray.call(this, start, end), targetStart);
      return end - start;
    }
    swap16() {
      return swap(this, 2);
    }
    swap32() {
      return swap(this, 4);
    }
    swap64() {
      return swap(this, 8);
    }
    readUIntBE(at, size) {
      let n = 0;
      for (const b of span(this, at, size)) n = n * 256 + b;
      return n;
    }
    readUIntLE(at, size) {
      let n = 0;
      for (const b of slice.call(span(this, at, size)).reverse()) n = n * 256 + b;
      return n;
    }
    readIntBE(at, size) {
      return signed(this.readUIntBE(at, size), size);
    }
    readIntLE(at, size) {
      return signed(this.readUIntLE(at, size), size);
    }
    writeUIntBE(value, at, size) {
      const bytes = span(this, at, size);
      value = integer(value, 0, 256 ** size - 1);
      for (let i = size - 1; i >= 0; i--, value = Math.floor(value / 256)) bytes[i] = value % 256;
      return at + size;
    }
    writeUIntLE(value, at, size) {
      this.writeUIntBE(value, at, size);
      span(this, at, size).reverse();
      return at + size;
    }
    writeIntBE(value, at, size) {
      span(this, at, size);
      value = integer(value, -(256 ** size) / 2, 256 ** size / 2 - 1);
      return this.writeUIntBE(value < 0 ? value + 256 ** size : value, at, size);
    }
    writeIntLE(value, at, size) {
      this.writeIntBE(value, at, size);
      span(this, at, size).reverse();
      return at + size;
    }
  }

  const over = (buffer) => new Buffer(buffer);

  function length(size) {
    if (typeof size !== 'number' || !(size >= 0)) throw new RangeError('the size of a Buffer must be a number of at least 0');
    return Math.trunc(size);
  }

  function find(buffer, value, at, encoding, last) {
    if (typeof at === 'string') [encoding, at] = [at, undefined];
    if (typeof value === 'number') value = Uint8Array.of(value & 255);
    else if (typeof value === 'string') value = new Uint8Array(host.decode(value, encoding));
    else check(value, 'indexOf');
    at = Math.trunc(Number(at));
    if (at !== at) at = last ? buffer.length : 0;
    if (at < 0) at += buffer.length;
    return host.indexOf(buffer, value, Math.max(-1, Math.min(at, buffer.length)), last);
  }

  function swap(buffer, size) {
    if (buffer.length % size !== 0) throw new RangeError('the length of the Buffer must be a multiple of ' + size);
    for (let i = 0; i < buffer.length; i += size) subarray.call(buffer, i, i + size).reverse();
    return buffer;
  }

  function span(buffer, at, size) {
    if (!(size >= 1 && size <= 6)) throw new RangeError('the number of bytes must be between 1 and 6');
    if (!Number.isInteger(at) || at < 0 || at + size > buffer.length) throw new RangeError('the offset is outside the Buffer');
    return subarray.call(buffer, at, at + size);
  }

  function signed(n, size) {
    return n >= 256 ** size / 2 ? n - 256 ** size : n;
  }

  function integer(value, low, high) {
    value = Number(value);
    if (!(value >= low && value <= high)) throw new RangeError(value + ' is out of range: ' + low + ' to ' + high);
    return Math.trunc(value);
  }

  function define(name, value) {
    Object.defineProperty(Buffer.prototype, name, { value, writable: true, configurable: true });
    // Node spells them both ways.
    if (name.includes('UInt')) define(name.replace('UInt', 'Uint'), value);
  }

  function accessors(name, method, size, low, high) {
    for (const order of size === 1 ? [''] : ['LE', 'BE']) {
      const little = order === 'LE';
      define('read' + name + order, function (at = 0) {
        return view(this)['get' + method](at, little);
      });
      define('write' + name + order, function (value, at = 0) {
        if (typeof low === 'bigint') {
          if (typeof value !== 'bigint') throw new TypeError('the value must be a BigInt');
          if (value < low || value > high) throw new RangeError(value + ' is out of range: ' + low + ' to ' + high);
        } else if (low !== undefined) value = integer(value, low, high);
        view(this)['set' + method](at, value, little);
        return at + size;
      });
    }
  }

  for (const bits of [8, 16, 32]) {
    accessors('UInt' + bits, 'Uint' + bits, bits / 8, 0, 2 ** bits - 1);
    accessors('Int' + bits, 'Int' + bits, bits / 8, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1);
  }
  accessors('BigUInt64', 'BigUint64', 8, 0n, 0xffffffffffffffffn);
  accessors('BigInt64', 'BigInt64', 8, -0x8000000000000000n, 0x7fffffffffffffffn);
  accessors('Float', 'Float32', 4);
  accessors('Double', 'Float64', 8);
  for (const name of ['UIntBE', 'UIntLE']) {
    define('read' + name, Buffer.prototype['read' + name]);
    define('write' + name, Buffer.prototype['write' + name]);
  }
  return Buffer;
});
