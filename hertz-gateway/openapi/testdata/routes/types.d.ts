// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  export interface Req {
    id?: string;
    note?: string;
  }

  export interface FileReq {
    path?: string;
  }

  export interface ReqInput {
    note?: string;
  }

  export interface RouteSvcClient {
    one(args?: Req, options?: CallOptions): Promise<string>;
    other(args?: Req, options?: CallOptions): Promise<string>;
    any(args?: Req, options?: CallOptions): Promise<string>;
    file(args?: FileReq, options?: CallOptions): Promise<string>;
    shadowed(args?: FileReq, options?: CallOptions): Promise<string>;
    mixed(args?: Req, options?: CallOptions): Promise<string>;
    star(args?: {}, options?: CallOptions): Promise<string>;
    bad(args?: {}, options?: CallOptions): Promise<string>;
    wrong(args?: {}, options?: CallOptions): Promise<string>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    RouteSvc: RouteSvcClient;
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
    Req,
    FileReq,
    ReqInput,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    "GET /a/{id}": {
      request: {
        path: {
          id: string;
        };
        query?: {
          note?: string;
        };
      };
      response: string;
    };
    "GET /b/{id}": {
      request: {
        path: {
          id: string;
        };
        query?: {
          note?: string;
        };
      };
      response: string;
    };
    "POST /a/{id}": {
      request: {
        path: {
          id: string;
        };
        body?: ReqInput;
      };
      response: string;
    };
    "PUT /a/{other}": {
      request: {
        path: {
          other: string;
        };
        body?: ReqInput;
      };
      response: string;
    };
    "ANY /a/{id}": {
      request: {
        path: {
          id: string;
        };
        body?: ReqInput;
      };
      response: string;
    };
    "GET /files/{path}": {
      request: {
        path: {
          path: string;
        };
      };
      response: string;
    };
    "GET /a/{path}": {
      request: {
        path: {
          path: string;
        };
      };
      response: string;
    };
    "GET /m/{id}.{ext}": {
      request: {
        path: {
          id: string;
          ext: string;
        };
        query?: {
          note?: string;
        };
      };
      response: string;
    };
    "GET /all/{rest}": {
      request: {
        path: {
          rest: string;
        };
      };
      response: string;
    };
    "GET /bad": {
      request: {
      };
      response: string;
    };
    "GET /wrong": {
      request: {
      };
      response: string;
    };
  }

  export type Route = keyof paths;
  /** What a call needs: parameters by their places, and a body as JSON or as a form. */
  export type RouteRequest<R extends Route> = paths[R]["request"];
  export type RouteResponse<R extends Route> = paths[R]["response"];
  /** A function that makes the request with fetch, and gives its answer. */
  export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;
}
