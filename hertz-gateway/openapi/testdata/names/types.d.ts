// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  export interface things_ThingInput {
    a?: string;
  }

  export interface things_Thing {
    a: string;
  }

  export interface Problem {
    p?: string;
  }

  export type Kind = 1; // A = 1
  export type Kind_Name = "A";

  export interface things_ThingInput2 {
    b?: number;
  }

  export interface things_ThingAnswer {
    b: number;
  }

  export interface other_ThingInput {
    c?: boolean;
  }

  export interface other_Thing {
    c: boolean;
  }

  export interface KindName {
    k: string;
  }

  export interface ThingSvcClient {
    get(args?: things_ThingInput, options?: CallOptions): Promise<things_Thing>;
    kind(args?: Problem, options?: CallOptions): Promise<Kind>;
  }

  export interface things_bClient {
    get(args?: things_ThingInput2, options?: CallOptions): Promise<things_ThingAnswer>;
  }

  export interface OtherSvcClient {
    get(args?: other_ThingInput, options?: CallOptions): Promise<other_Thing>;
    k(args?: {}, options?: CallOptions): Promise<KindName>;
  }

  export interface callClient {
    rpc(args?: {}, options?: CallOptions): Promise<null>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    "things-a": ThingSvcClient;
    "things-b": things_bClient;
    OtherSvc: OtherSvcClient;
    call: callClient;
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
    things_ThingInput,
    things_Thing,
    Problem,
    Kind,
    Kind_Name,
    things_ThingInput2,
    things_ThingAnswer,
    other_ThingInput,
    other_Thing,
    KindName,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    "POST /a/things": {
      request: {
        body?: things_ThingInput;
      };
      response: things_Thing;
    };
    "GET /a/kind": {
      request: {
        query?: {
          p?: string;
        };
      };
      response: Kind;
    };
    "POST /b/things": {
      request: {
        body?: things_ThingInput2;
      };
      response: things_ThingAnswer;
    };
    "POST /other/things": {
      request: {
        body?: other_ThingInput;
      };
      response: other_Thing;
    };
    "GET /k": {
      request: {
      };
      response: KindName;
    };
  }

  export type Route = keyof paths;
  /** What a call needs: parameters by their places, and a body as JSON or as a form. */
  export type RouteRequest<R extends Route> = paths[R]["request"];
  export type RouteResponse<R extends Route> = paths[R]["response"];
  /** A function that makes the request with fetch, and gives its answer. */
  export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;
}
