// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  /** Recursive types, unions, renamed members, types of both directions. */
  export interface NodeInput {
    name: string;
    next?: NodeInput;
    children?: NodeInput[];
    named?: Record<string, NodeInput>;
    choice?: ChoiceInput;
  }

  /** One of them. */
  export type ChoiceInput = { text: string; number?: undefined; node?: undefined } | { text?: undefined; number: number | string; node?: undefined } | { text?: undefined; number?: undefined; node: NodeInput };

  /** Recursive types, unions, renamed members, types of both directions. */
  export interface Node {
    name: string;
    next?: Node;
    children?: Node[];
    named?: Record<string, Node>;
    choice?: Choice;
  }

  /** One of them. */
  export type Choice = { text: string; number?: undefined; node?: undefined } | { text?: undefined; number: number; node?: undefined } | { text?: undefined; number?: undefined; node: Node };

  export interface ScalarsInput {
    bool_?: boolean;
    i8_?: number;
    i16_?: number;
    i32_?: number;
    i64_?: number | string;
    double_?: number;
    string_?: string;
    binary_?: string;
    uuid_?: string;
    void_?: Void | VoidName;
    byBool?: Record<string, string>;
    byUUID?: Record<string, number[][]>;
    nothings?: Array<Record<string, Nothing>>;
    empty?: Empty;
    text?: string;
    texts?: Record<string, string>;
    other?: string;
    "with space"?: string;
    /** @default [1,2] */
    numbers?: Array<number | string>;
    /** @default "say \"hi\"" */
    word?: string;
    both?: BothInput;
    byBoth?: Record<string, Record<string, string>>;
  }

  export type Void = never;
  export type VoidName = never;

  export type Nothing = never;

  export interface Empty {
  }

  export interface BothInput {
    n?: number;
    query?: string;
    inner?: InnerInput;
  }

  export interface InnerInput {
    a?: string;
    header?: string;
  }

  export interface Scalars {
    bool_: boolean;
    i8_: number;
    i16_: number;
    i32_: number;
    i64_: number;
    double_: number;
    string_: string;
    binary_: string;
    uuid_: string;
    void_: Void;
    byBool: Record<string, string>;
    byUUID: Record<string, number[][]>;
    nothings: Array<Record<string, Nothing>>;
    empty: Empty | null;
    text: string;
    texts: Record<string, string>;
    other: string;
    "with space": string;
    /** @default [1,2] */
    numbers: number[];
    /** @default "say \"hi\"" */
    word: string;
    both?: Both;
    byBoth?: Record<string, Record<string, string>>;
  }

  export interface Both {
    n: number;
    query: string;
    inner: Inner | null;
  }

  export interface Inner {
    a: string;
    header: string;
  }

  export interface OpenReq {
    both: BothInput;
    list?: BothInput[];
    only?: OnlyPlaces;
  }

  export interface OnlyPlaces {
    h?: string;
  }

  export interface ShapesSvc_choices_args {
    choices?: ChoiceInput[];
    empty?: Empty;
  }

  export interface ScalarsInput2 {
    bool_?: boolean;
    i8_?: number;
    i16_?: number;
    i32_?: number;
    i64_?: number | string;
    double_?: number;
    string_?: string;
    binary_?: string;
    uuid_?: string;
    void_?: Void | VoidName;
    byBool?: Record<string, string>;
    byUUID?: Record<string, number[][]>;
    nothings?: Array<Record<string, Nothing>>;
    empty?: Empty;
    text?: string;
    texts?: Record<string, string>;
    member?: string;
    "with space"?: string;
    /** @default [1,2] */
    numbers?: Array<number | string>;
    /** @default "say \"hi\"" */
    word?: string;
    both?: BothInput2;
    byBoth?: Record<string, Record<string, string>>;
  }

  export interface BothInput2 {
    n?: number;
    inner?: InnerInput2;
  }

  export interface InnerInput2 {
    a?: string;
  }

  export interface ScalarsAnswer {
    bool_: boolean;
    i8_: number;
    i16_: number;
    i32_: number;
    i64_: number;
    double_: number;
    string_: string;
    binary_: string;
    uuid_: string;
    void_: Void;
    byBool: Record<string, string>;
    byUUID: Record<string, number[][]>;
    nothings: Array<Record<string, Nothing>>;
    empty: Empty | null;
    text: string;
    texts: Record<string, string>;
    member: string;
    "with space": string;
    /** @default [1,2] */
    numbers: number[];
    /** @default "say \"hi\"" */
    word: string;
    both?: BothAnswer;
    byBoth?: Record<string, Record<string, string>>;
  }

  export interface BothAnswer {
    n: number;
    query: string;
    inner: InnerAnswer | null;
  }

  export interface InnerAnswer {
    a: string;
  }

  export interface OpenReqInput {
    both: BothInput2;
    list?: BothInput[];
  }

  export interface ShapesSvcClient {
    walk(args: NodeInput, options?: CallOptions): Promise<Node>;
    scalars(args?: ScalarsInput, options?: CallOptions): Promise<Scalars>;
    open(args: OpenReq, options?: CallOptions): Promise<Both>;
    choices(args?: ShapesSvc_choices_args, options?: CallOptions): Promise<Choice[]>;
    none(args?: {}, options?: CallOptions): Promise<Empty>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    ShapesSvc: ShapesSvcClient;
  }

  export function call<S extends keyof RpcClients, M extends keyof RpcClients[S]>(
    service: S, method: M,
    args?: RpcClients[S][M] extends (args: infer A, options?: CallOptions) => unknown ? A : never, options?: CallOptions,
  ): RpcClients[S][M] extends (...args: never[]) => infer R ? R : never;
  export function call(service: string, method: string, args?: unknown, options?: CallOptions): Promise<unknown>;

  const rpc: Omit<RpcClients, "call"> & { call: typeof call };
  export default rpc;
}

declare module "dgate/paths" {
  import type {
    NodeInput,
    ChoiceInput,
    Node,
    Choice,
    ScalarsInput,
    Void,
    VoidName,
    Nothing,
    Empty,
    BothInput,
    InnerInput,
    Scalars,
    Both,
    Inner,
    OpenReq,
    OnlyPlaces,
    ShapesSvc_choices_args,
    ScalarsInput2,
    BothInput2,
    InnerInput2,
    ScalarsAnswer,
    BothAnswer,
    InnerAnswer,
    OpenReqInput,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    "POST /walk": {
      request: {
        body: NodeInput;
      };
      response: Node;
    };
    "POST /scalars": {
      request: {
        query?: {
          q?: string;
        };
        header?: {
          "X-Inner"?: string;
        };
        body?: ScalarsInput2;
      };
      response: ScalarsAnswer;
    };
    "POST /open": {
      request: {
        query?: {
          q?: string;
        };
        header?: {
          "X-Inner"?: string;
          "X-Only"?: string;
        };
        body: OpenReqInput;
      };
      response: BothAnswer;
    };
    "POST /choices": {
      request: {
        body?: ShapesSvc_choices_args;
      };
      response: Choice[];
    };
    "POST /none": {
      request: {
      };
      response: Empty;
    };
  }

  export type Route = keyof paths;
  /** What a call needs: parameters by their places, and a body as JSON or as a form. */
  export type RouteRequest<R extends Route> = paths[R]["request"];
  export type RouteResponse<R extends Route> = paths[R]["response"];
  /** A function that makes the request with fetch, and gives its answer. */
  export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;
}
