// What a module of DGate finds: the globals and the imports "dgate…". Written
// by `dgate-cli module init`, which writes it again: do not edit. The types of
// "dgate/rpc" stand in services.d.ts.

// --- Globals ------------------------------------------------------------------

type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | object | null;
type HeadersInit = Headers | [string, string][] | Record<string, string | string[] | number | undefined | null>;

/** One structured log line for each call, with module, route and request id. */
declare const console: {
  debug(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  assert(condition?: unknown, ...values: unknown[]): void;
};

/** The web's Headers; it can also be indexed: headers["x-a"] = "b". */
declare class Headers implements Iterable<[string, string]> {
  constructor(init?: HeadersInit);
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string | number | string[]): void;
  append(name: string, value: string | number): void;
  add(name: string, value: string | number): void;
  delete(name: string): void;
  getSetCookie(): string[];
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  forEach(f: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void;
  toJSON(): Record<string, string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  [name: string]: any;
}

/** The web's URLSearchParams; it can also be indexed: query.num = 7. */
declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(init?: string | URLSearchParams | [string, string][] | Record<string, string | number>);
  readonly size: number;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string | number): void;
  append(name: string, value: string | number): void;
  add(name: string, value: string | number): void;
  delete(name: string, value?: string): void;
  del(name: string): void;
  sort(): void;
  encode(): string;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  forEach(f: (value: string, name: string, query: URLSearchParams) => void, thisArg?: unknown): void;
  toString(): string;
  toJSON(): Record<string, string | string[]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  [name: string]: any;
}

declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string, base?: string): boolean;
  static parse(url: string, base?: string): URL | null;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toString(): string;
  toJSON(): string;
}

/** How a message of the web gives its body: once, by a promise. */
interface MessageBody {
  readonly headers: Headers;
  readonly body: any;
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  json(): Promise<any>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

interface Response extends MessageBody {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: string;
  clone(): Response;
}

declare const Response: {
  new (body?: BodyInit, init?: ResponseInit): Response;
  json(value: unknown, init?: ResponseInit): Response;
  redirect(url: string | URL, status?: number): Response;
  error(): Response;
  readonly prototype: Response;
};

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit;
  signal?: AbortSignal | null;
  redirect?: "follow" | "manual" | "error";
  [option: string]: any;
}

interface Request extends MessageBody {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly redirect: string;
  clone(): Request;
}

declare const Request: {
  new (input: string | URL | Request, init?: RequestInit): Request;
  readonly prototype: Request;
};

interface FetchInit extends RequestInit {
  /** In milliseconds; never longer than the request has left. */
  timeout?: number;
}

/** Hosts need a permission: http:HOST. */
declare function fetch(input: string | URL | Request, init?: FetchInit): Promise<Response>;

declare class DOMException extends Error {
  constructor(message?: string, name?: string);
  readonly name: string;
  readonly code: number;
}

declare class Event {
  constructor(type: string, init?: { cancelable?: boolean });
  readonly type: string;
  readonly target: EventTarget | null;
  readonly currentTarget: EventTarget | null;
  readonly cancelable: boolean;
  readonly defaultPrevented: boolean;
  readonly bubbles: boolean;
  readonly timeStamp: number;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}

type EventListener = ((event: Event) => void) | { handleEvent(event: Event): void } | null;

declare class EventTarget {
  addEventListener(type: string, listener: EventListener, options?: boolean | { once?: boolean; capture?: boolean; signal?: AbortSignal }): void;
  removeEventListener(type: string, listener: EventListener, options?: boolean | { capture?: boolean }): void;
  dispatchEvent(event: Event): boolean;
}

declare class AbortSignal extends EventTarget {
  private constructor();
  static abort(reason?: unknown): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  static any(signals: AbortSignal[]): AbortSignal;
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => void) | null;
  throwIfAborted(): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(data?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

/** Node's Buffer, as far as its text codings, comparisons and numbers go. */
interface Buffer extends Uint8Array {
  slice(start?: number, end?: number): any;
  toString(encoding?: string, start?: number, end?: number): string;
  toJSON(): { type: "Buffer"; data: number[] };
  equals(other: Uint8Array): boolean;
  compare(other: Uint8Array, targetStart?: number, targetEnd?: number, start?: number, end?: number): number;
  write(text: string, offset?: number, length?: number, encoding?: string): number;
  copy(target: Uint8Array, targetStart?: number, start?: number, end?: number): number;
  [name: string]: any;
}

declare const Buffer: {
  from(value: string, encoding?: string): Buffer;
  from(value: ArrayBuffer | ArrayBufferView | ArrayLike<number>, offset?: number, length?: number): Buffer;
  of(...bytes: number[]): Buffer;
  alloc(size: number, fill?: number | string, encoding?: string): Buffer;
  allocUnsafe(size: number): Buffer;
  allocUnsafeSlow(size: number): Buffer;
  isBuffer(value: unknown): value is Buffer;
  isEncoding(name: string): boolean;
  byteLength(value: string | ArrayBuffer | ArrayBufferView, encoding?: string): number;
  concat(list: Uint8Array[], total?: number): Buffer;
  compare(a: Uint8Array, b: Uint8Array): number;
};

declare function atob(base64: string): string;
declare function btoa(text: string): string;
declare function structuredClone<T>(value: T): T;
declare function queueMicrotask(f: () => void): void;
declare function setTimeout(f: (...args: any[]) => void, milliseconds?: number, ...args: any[]): number;
declare function clearTimeout(id: number | undefined): void;

declare const performance: {
  now(): number;
  readonly timeOrigin: number;
};

interface CryptoKey {
  readonly type: "secret" | "private" | "public";
  readonly extractable: boolean;
  readonly algorithm: any;
  readonly usages: string[];
}

declare const crypto: {
  randomUUID(): string;
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  readonly subtle: {
    digest(algorithm: string | { name: string }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    importKey(format: string, key: any, algorithm: any, extractable: boolean, usages: string[]): Promise<CryptoKey>;
    sign(algorithm: any, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    verify(algorithm: any, key: CryptoKey, signature: ArrayBuffer | ArrayBufferView, data: ArrayBuffer | ArrayBufferView): Promise<boolean>;
  };
};

// --- dgate --------------------------------------------------------------------

declare module "dgate" {
  /** Seconds, or text such as "150ms". */
  export type Duration = number | string;

  /** Waits, and nothing else of this request goes on meanwhile. */
  export function sleep(duration: Duration): void;
  export function asyncSleep(duration: Duration): Promise<void>;
  /** Calls f(0), f(1) … until it returns something true, at most so often. */
  export function retry<T>(times: number, f: (attempt: number) => T): T;
  /** Throws an Error. */
  export function fail(message: string): never;
  export const version: string;

  export const crypto: typeof import("dgate/crypto");
  export const http: typeof import("dgate/http");
  export const jwt: typeof import("dgate/jwt");
  export const metrics: typeof import("dgate/metrics");
  export const secrets: typeof import("dgate/secrets");
  export const state: typeof import("dgate/state");
  export const storage: typeof import("dgate/storage");

  interface Named {
    readonly name: string;
    toString(): string;
  }

  interface Body {
    /** JSON as a live value, other text as a string. Assigning replaces it. */
    body: any;
    /** The body as text. */
    text(): string;
    /** The body as a value whose edits change the body. */
    json(options?: { bigint?: boolean }): any;
    readJson(options?: { bigint?: boolean }): any;
    bytes(): Uint8Array;
    arrayBuffer(): ArrayBuffer;
    readBody(): ArrayBuffer;
    setBody(body: BodyInit): this;
    writeBody(body: BodyInit): this;
    writeJson(value: unknown): this;
    toJSON(): any;
  }

  export interface RequestView extends Body {
    method: string;
    path: string;
    readonly url: string;
    readonly host: string;
    readonly proto: string;
    /** The client's address, behind trusted proxies too. */
    readonly ip: string;
    readonly remoteAddress: string;
    readonly headers: Headers;
    get query(): URLSearchParams;
    set query(query: URLSearchParams | string | Record<string, string | number>);
    readonly cookies: Record<string, string>;
  }

  export interface CookieOptions {
    domain?: string;
    path?: string;
    expires?: Date | string | number;
    maxAge?: number;
    httpOnly?: boolean;
    secure?: boolean;
    sameSite?: "Strict" | "Lax" | "None" | "strict" | "lax" | "none" | boolean;
  }

  export interface ResponseView extends Omit<Body, "json" | "text"> {
    statusCode: number;
    readonly statusText: string;
    readonly ok: boolean;
    readonly headers: Headers;
    status(code: number): this;
    /** Without a value it reads the body, with one it answers. */
    json(): any;
    json(options: { bigint: boolean }): any;
    json(value: unknown): this;
    text(): string;
    text(text: string): this;
    write(body: BodyInit): this;
    send(body?: BodyInit): this;
    end(body?: BodyInit): this;
    setHeader(name: string, value: string | number | string[]): this;
    redirect(url: string, status?: number): this;
    redirectPermanent(url: string): this;
    location(url: string): this;
    cookie(name: string, value: string, options?: CookieOptions): this;
    getCookie(name: string): any;
    getCookies(): any[];
  }

  export interface Context {
    /** The request id. */
    readonly id: string;
    /** In milliseconds since 1970. */
    readonly deadline: number;
    readonly namespace: Named & (() => Named);
    readonly route: RouteView & (() => RouteView);
    readonly service: (ServiceView & (() => ServiceView)) | undefined;
    readonly params: Record<string, string>;
    /** Lives as long as the request. */
    readonly locals: Record<string, any>;
    readonly request: RequestView & (() => RequestView);
    readonly response: ResponseView & (() => ResponseView);
    /** The answer of the service, in responseModifier. */
    readonly upstream: (ResponseView & (() => ResponseView)) | null;
    /** The call behind the route; null on a route without a service. */
    readonly rpc: RpcView | null;
    pathParam(name: string): string | null;
    pathParams(): Record<string, string>;
    query(): URLSearchParams;
    queryParam(name: string): string | null;
    get(key: string): any;
    set(key: string, value: unknown): void;
    /** Lets work go on after the answer. */
    waitUntil(promise: Promise<unknown>): void;
    status(code: number): this;
    setStatus(code: number): this;
    json(value: unknown): this;
    text(text: string): this;
    write(body: BodyInit): this;
    send(body?: BodyInit): this;
    end(body?: BodyInit): this;
    setHeader(name: string, value: string | number | string[]): this;
    redirect(url: string, status?: number): this;
  }

  export interface RouteView extends Named {
    readonly methods: string[];
    readonly paths: string[];
  }

  export interface ServiceView extends Named {
    readonly method: string;
  }

  export interface RpcView {
    readonly service: string;
    readonly method: string;
    /** The arguments; reading them binds the request. */
    request: any;
  }

  /** What errorHandler gets, and what failed calls throw. */
  export interface CallFailure extends Error {
    code: string;
    status: number;
    service: string;
    method: string;
  }

  export type Answer = Response | object | string | void;
  export type Target = string | URL | { tag?: string; hashKey?: string; address?: string } | void;

  export type FetchUpstream = (ctx: Context) => Target | Promise<Target>;
  export type RequestModifier = (ctx: Context) => Response | void | Promise<Response | void>;
  export type RequestHandler = (ctx: Context) => Answer | Promise<Answer>;
  export type ResponseModifier = (ctx: Context, res: ResponseView) => Response | void | Promise<Response | void>;
  export type ErrorHandler = (ctx: Context, err: CallFailure) => Answer | Promise<Answer>;
}

// --- dgate/state --------------------------------------------------------------

declare module "dgate/state" {
  export interface Document<T = any> {
    id: string;
    collection: string;
    namespace: string;
    data: T;
    revision: number;
    createdAt: string;
    updatedAt: string;
  }

  export interface Collection {
    name: string;
    namespace: string;
    schema?: object;
    visibility: "private" | "public";
    type: string;
    tags?: string[];
    revision: number;
    createdAt: string;
    updatedAt: string;
  }

  /** The document, or null. */
  export function getDocument<T = any>(id: string, collection: string): Promise<Document<T> | null>;
  export function getDocument<T = any>(which: { id: string; collection: string }): Promise<Document<T> | null>;
  /** In the order of the ids, 100 unless limit says otherwise. */
  export function getDocuments<T = any>(which: { collection: string; limit?: number; offset?: number }): Promise<Document<T>[]>;
  /** With revision 0 there must be none, with that of a document it must not have changed. */
  export function addDocument<T = any>(document: { id: string; collection: string; data: T; revision?: number }): Promise<Document<T>>;
  export function deleteDocument(id: string, collection: string): Promise<null>;
  export function deleteDocument(which: { id: string; collection: string }): Promise<null>;
  export function getCollection(name: string): Promise<Collection | null>;
  export function addCollection(collection: { name: string; schema?: object; visibility?: "private" | "public"; tags?: string[] }): Promise<Collection>;
  export function deleteCollection(name: string): Promise<null>;
}

// --- dgate/storage ------------------------------------------------------------

declare module "dgate/storage" {
  /** A value that setCache kept, in this gateway; null when there is none. */
  export function getCache<T = any>(key: string): T | null;
  /** Keeps JSON or bytes, at most for ttl: seconds, or text such as "2h". undefined removes. */
  export function setCache(key: string, value: unknown, options?: { ttl?: number | string }): void;
}

// --- dgate/metrics ------------------------------------------------------------

declare module "dgate/metrics" {
  export interface MetricOptions {
    help?: string;
    labels?: string[];
  }
  export type Labels = Record<string, string | number | boolean>;
  export interface Counter {
    inc(value?: number, labels?: Labels): void;
    inc(labels: Labels, value?: number): void;
  }
  export interface Histogram {
    observe(value: number, labels?: Labels): void;
    observe(labels: Labels, value: number): void;
  }
  /** To be called while the module loads. */
  export function counter(name: string, options?: MetricOptions): Counter;
  export function histogram(name: string, options?: MetricOptions & { buckets?: number[] }): Histogram;
}

// --- dgate/http ---------------------------------------------------------------

declare module "dgate/http" {
  const f: typeof fetch;
  export { f as fetch };
}

// --- dgate/secrets ------------------------------------------------------------

declare module "dgate/secrets" {
  /** The value of a secret, while a request is served. */
  export function get(name: string): string;
}

// --- dgate/crypto -------------------------------------------------------------

declare module "dgate/crypto" {
  export type Data = string | ArrayBuffer | ArrayBufferView;
  export type Encoding = "hex" | "base64" | "base64raw" | "base64url" | "base64rawurl" | "arraybuffer" | "binary";
  /** Text or bytes, or a secret by its name. */
  export type HmacKey = Data | { secret: string };
  /** PEM, a JWK or a shared secret as text, bytes or object, or a secret by its name. */
  export type Key = Data | { secret: string } | { kty: string; [member: string]: any };
  export interface KeyOptions {
    key: Key;
    padding?: number;
    saltLength?: number;
    dsaEncoding?: "der" | "ieee-p1363";
  }

  export interface Hasher {
    update(data: Data, encoding?: string): this;
    digest(): ArrayBuffer;
    digest(encoding: Encoding): string;
  }
  export interface Signer {
    update(data: Data, encoding?: string): this;
    sign(key: Key | KeyOptions): ArrayBuffer;
    sign(key: Key | KeyOptions, encoding: Encoding): string;
  }
  export interface Verifier {
    update(data: Data, encoding?: string): this;
    verify(key: Key | KeyOptions, signature: Data, encoding?: Encoding): boolean;
  }

  export function createHash(algorithm: string): Hasher;
  export function createHmac(algorithm: string, key: HmacKey): Hasher;
  export function hmac(algorithm: string, key: HmacKey, data: Data, encoding?: Encoding): any;
  export function md5(data: Data, encoding?: Encoding): any;
  export function sha1(data: Data, encoding?: Encoding): any;
  export function sha256(data: Data, encoding?: Encoding): any;
  export function sha384(data: Data, encoding?: Encoding): any;
  export function sha512(data: Data, encoding?: Encoding): any;
  export function sha512_224(data: Data, encoding?: Encoding): any;
  export function sha512_256(data: Data, encoding?: Encoding): any;
  export function getHashes(): string[];
  export function hexEncode(data: Data): string;
  export function timingSafeEqual(a: Data, b: Data): boolean;
  export function randomBytes(size: number): ArrayBuffer;
  /** From low, which is 0 unless given, to below high. */
  export function randomInt(high: number): number;
  export function randomInt(low: number, high: number): number;
  export function randomUUID(): string;
  export function createSign(algorithm: string): Signer;
  export function createVerify(algorithm: string): Verifier;
  export const constants: { RSA_PKCS1_PADDING: number; RSA_PKCS1_PSS_PADDING: number };
}

// --- dgate/jwt ----------------------------------------------------------------

declare module "dgate/jwt" {
  import type { Key } from "dgate/crypto";

  /** Seconds, or text such as "15m" or "7d". */
  export type Span = number | string;

  export interface SignOptions {
    algorithm?: string;
    expiresIn?: Span;
    notBefore?: Span;
    audience?: string | string[];
    issuer?: string;
    subject?: string;
    jwtid?: string;
    keyid?: string;
    noTimestamp?: boolean;
    header?: Record<string, unknown>;
  }

  export interface VerifyOptions {
    algorithms?: string | string[];
    audience?: string | string[];
    issuer?: string | string[];
    subject?: string;
    requiredClaims?: string | string[];
    maxAge?: Span;
    clockTolerance?: Span;
    clockTimestamp?: number;
    complete?: boolean;
  }

  export function sign(payload: object, key: Key, options?: SignOptions): string;
  /** The claims. What is wrong with a token is thrown, with code, status and claim. */
  export function verify(token: string, key: Key | { keys: object[] }, options?: VerifyOptions): any;
}

// --- dgate/test ---------------------------------------------------------------

declare module "dgate/test" {
  type Body = () => void | Promise<void>;
  interface Declare {
    (name: string, body: Body): void;
    skip(name: string, body: Body): void;
    only(name: string, body: Body): void;
  }

  export const describe: {
    (name: string, body: () => void): void;
    skip(name: string, body: () => void): void;
    only(name: string, body: () => void): void;
  };
  /** Each test has a runtime of its own: modules are loaded afresh. */
  export const it: Declare;
  export const test: Declare;
  export function beforeEach(body: Body): void;
  export function afterEach(body: Body): void;

  export interface Matchers<R = void> {
    toBe(value: unknown): R;
    toEqual(value: unknown): R;
    toStrictEqual(value: unknown): R;
    toMatchObject(value: object): R;
    toBeUndefined(): R;
    toBeDefined(): R;
    toBeNull(): R;
    toBeNaN(): R;
    toBeTruthy(): R;
    toBeFalsy(): R;
    toBeGreaterThan(value: number | bigint): R;
    toBeGreaterThanOrEqual(value: number | bigint): R;
    toBeLessThan(value: number | bigint): R;
    toBeLessThanOrEqual(value: number | bigint): R;
    toBeCloseTo(value: number, digits?: number): R;
    toBeInstanceOf(constructor: Function): R;
    toContain(item: unknown): R;
    toContainEqual(item: unknown): R;
    toHaveLength(length: number): R;
    toHaveProperty(path: string | string[], value?: unknown): R;
    toMatch(pattern: RegExp | string): R;
    toThrow(error?: string | RegExp | Error | Function | object): R;
    toHaveBeenCalled(): R;
    toHaveBeenCalledTimes(times: number): R;
    toHaveBeenCalledWith(...args: unknown[]): R;
    toHaveBeenLastCalledWith(...args: unknown[]): R;
    toHaveBeenNthCalledWith(n: number, ...args: unknown[]): R;
  }

  export const expect: {
    (value: unknown): Matchers & {
      not: Matchers;
      resolves: Matchers<Promise<void>> & { not: Matchers<Promise<void>> };
      rejects: Matchers<Promise<void>> & { not: Matchers<Promise<void>> };
    };
    anything(): any;
    any(constructor: Function): any;
    objectContaining(value: object): any;
    arrayContaining(value: unknown[]): any;
    stringContaining(text: string): any;
    stringMatching(pattern: RegExp | string): any;
  };

  export interface MockFunction<A extends any[] = any[], R = any> {
    (...args: A): R;
    mock: { calls: A[]; results: { type: "return" | "throw"; value: any }[] };
    mockImplementation(f: (...args: A) => R): this;
    mockImplementationOnce(f: (...args: A) => R): this;
    mockReturnValue(value: R): this;
    mockReturnValueOnce(value: R): this;
    mockResolvedValue(value: any): this;
    mockResolvedValueOnce(value: any): this;
    mockRejectedValue(error: unknown): this;
    mockRejectedValueOnce(error: unknown): this;
    mockClear(): this;
    mockReset(): this;
  }

  /** What answers for the world outside. An answer is a value, or a function that gives it. */
  export const mock: {
    fn<A extends any[] = any[], R = any>(implementation?: (...args: A) => R): MockFunction<A, R>;
    /** For "Service.method" or "Service.*". */
    rpc(name: string, answer?: unknown): MockFunction;
    /** For "https://host/path", "POST https://…", either with * at its end, a RegExp or a function. */
    fetch(pattern: string | RegExp | ((request: Read<Request>) => boolean), answer?: unknown): MockFunction;
    secret(name: string, value: string): void;
  };

  /** An error as a failed call throws it. */
  export function rpcError(code: string, options?: { status?: number; message?: string; [member: string]: any }): Error;

  /** Time stands still, but for what is waited for. */
  export const clock: {
    now(): number;
    advance(milliseconds: number): void;
    set(time: Date | number | string): void;
  };

  export interface CallInit {
    /** "GET" unless given. */
    method?: string;
    /** Absolute, or a path with a query. */
    url?: string;
    headers?: HeadersInit;
    body?: BodyInit;
    /** Parameters of the route's path. */
    params?: Record<string, string | number>;
    ip?: string;
  }

  export interface CallOptions {
    /** One hook alone; otherwise all, as in a gateway. */
    hook?: "fetchUpstream" | "requestModifier" | "requestHandler" | "responseModifier" | "errorHandler";
    /** "Service.method" of the route. */
    service?: string;
    /** What the request binds to: ctx.rpc.request. */
    args?: object;
    route?: string;
    /** What the service answers. */
    response?: { status?: number; headers?: HeadersInit; body?: BodyInit };
    /** How the service fails. */
    error?: { name?: string; code?: string; status?: number; message?: string };
  }

  /** A message whose body can be read at once, and again. */
  export type Read<M> = Omit<M, "text" | "json" | "bytes" | "arrayBuffer"> & {
    text(): string;
    json(): any;
    bytes(): Uint8Array;
    arrayBuffer(): ArrayBuffer;
  };

  export interface CallResult {
    /** As the hooks left it. */
    request: Read<Request>;
    response: Read<Response>;
    logs: { level: "debug" | "info" | "warn" | "error"; message: string }[];
    /** Whether a hook answered before the service. */
    answered: boolean;
    /** The arguments of the call, on a route with a service. */
    args?: any;
    /** What fetchUpstream chose. */
    target?: { address?: string; tag?: string; hashKey?: string };
  }

  /** Plays a request through the hooks of a module: import * as mod from "./mod". */
  export function callModule(exports: object, init?: CallInit, options?: CallOptions): Promise<CallResult>;
}
