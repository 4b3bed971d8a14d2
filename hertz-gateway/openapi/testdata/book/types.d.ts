// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  export interface QueryBookReq {
    Num?: number;
  }

  export interface QueryBookResp {
    ID: string;
    Title: string;
    Author: string;
    Content: string;
  }

  export interface InsertBookReq {
    ID?: string;
    Title?: string;
    Author?: string;
  }

  export interface InsertBookResp {
    Ok: boolean;
    Msg: string;
  }

  export interface InsertBookReqInput {
    id?: string;
    title?: string;
    author?: string;
  }

  export interface BookSvcClient {
    queryBook(args?: QueryBookReq, options?: CallOptions): Promise<QueryBookResp>;
    insertBook(args?: InsertBookReq, options?: CallOptions): Promise<InsertBookResp>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    BookSvc: BookSvcClient;
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
    QueryBookReq,
    QueryBookResp,
    InsertBookReq,
    InsertBookResp,
    InsertBookReqInput,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    "GET /book/query": {
      request: {
        query?: {
          num?: number;
        };
      };
      response: QueryBookResp;
    };
    "POST /book/insert": {
      request: {
        body?: InsertBookReqInput;
        form?: {
          id?: string;
          title?: string;
          author?: string;
        };
      };
      response: InsertBookResp;
    };
  }

  export type Route = keyof paths;
  /** What a call needs: parameters by their places, and a body as JSON or as a form. */
  export type RouteRequest<R extends Route> = paths[R]["request"];
  export type RouteResponse<R extends Route> = paths[R]["response"];
  /** A function that makes the request with fetch, and gives its answer. */
  export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;
}
