// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  export interface FindReq {
    word?: string;
    ids?: number[];
    tags?: string[];
    weights?: Record<string, number>;
    page?: Page;
    pages?: Page[];
    header?: Array<number | string>;
    names?: string[];
    split?: string[];
    cookie?: Page;
    flags?: boolean[];
    never?: string;
    two: string;
    kind?: string;
    since?: number | string;
    mail?: string;
    /** @default 7 */
    default_?: number;
    lax?: number;
  }

  export interface Page {
    size?: number;
    after?: string;
    trace?: string;
  }

  export interface Made {
    code: number;
    /** where it is */
    location: string;
    id: string;
  }

  export interface UploadReq {
    title?: string;
    file: string;
    thumb?: string;
    more?: string[];
    labels?: Record<string, string>;
    album: string;
  }

  export interface FilesReq {
    files: string[];
  }

  export interface RawReq {
    text: string;
    uri?: string;
    type?: string;
  }

  export interface Download {
    bytes: string;
    type: string;
    code: number;
    parts: number[];
    meta: Record<string, string>;
    sid: string;
    seen: string;
  }

  export interface ThriftReq {
    a?: string;
  }

  export interface PlacesSvc_args_args {
    id: string;
    n?: number;
    rest?: string;
  }

  export interface PageInput {
    size?: number;
    after?: string;
  }

  export interface MadeAnswer {
    id: string;
  }

  export interface FindReqInput {
    never?: string;
  }

  export interface UploadReqInput {
    title?: string;
    thumb?: string;
    more?: string[];
    labels?: Record<string, string>;
    album?: string;
  }

  export interface PlacesSvc_args_argsInput {
    rest?: string;
  }

  export interface PlacesSvcClient {
    find(args: FindReq, options?: CallOptions): Promise<Made>;
    remove(args: FindReq, options?: CallOptions): Promise<Made>;
    upload(args: UploadReq, options?: CallOptions): Promise<Made>;
    files(args: FilesReq, options?: CallOptions): Promise<Made>;
    raw(args: RawReq, options?: CallOptions): Promise<Download>;
    encoded(args?: ThriftReq, options?: CallOptions): Promise<Made>;
    formed(args?: ThriftReq, options?: CallOptions): Promise<Made>;
    args(args: PlacesSvc_args_args, options?: CallOptions): Promise<string>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    PlacesSvc: PlacesSvcClient;
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
    FindReq,
    Page,
    Made,
    UploadReq,
    FilesReq,
    RawReq,
    Download,
    ThriftReq,
    PlacesSvc_args_args,
    PageInput,
    MadeAnswer,
    FindReqInput,
    UploadReqInput,
    PlacesSvc_args_argsInput,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    "GET /find": {
      request: {
        query?: {
          q?: string;
          ids?: number[];
          tags?: string[];
          weights?: Record<string, number>;
          page?: PageInput;
          pages?: Page[];
          two?: string;
          kind?: string;
          since?: number | string;
          mail?: string;
          /** @default 7 */
          default?: number;
          lax?: number;
        };
        header?: {
          "X-Trace"?: string;
          "X-Ids"?: Array<number | string>;
          "X-Names"?: string[];
          "X-Split"?: string[];
          "X-Two"?: string;
        };
        cookie?: {
          page?: PageInput;
          flags?: boolean[];
        };
      };
      response: MadeAnswer;
    };
    "DELETE /find": {
      request: {
        query?: {
          q?: string;
          ids?: number[];
          tags?: string[];
          weights?: Record<string, number>;
          page?: PageInput;
          pages?: Page[];
          two?: string;
          kind?: string;
          since?: number | string;
          mail?: string;
          /** @default 7 */
          default?: number;
          lax?: number;
        };
        header?: {
          "X-Trace"?: string;
          "X-Ids"?: Array<number | string>;
          "X-Names"?: string[];
          "X-Split"?: string[];
          "X-Two"?: string;
        };
        cookie?: {
          page?: PageInput;
          flags?: boolean[];
        };
        body?: FindReqInput;
      };
      response: MadeAnswer;
    };
    "POST /upload": {
      request: {
        query?: {
          album?: string;
        };
        body?: UploadReqInput;
        form?: {
          title?: string;
          labels?: Record<string, string>;
          album?: string;
          file: unknown;
          thumb?: unknown;
          more?: unknown[];
        };
      };
      response: MadeAnswer;
    };
    "POST /files": {
      request: {
        form: {
          files: unknown[];
        };
      };
      response: MadeAnswer;
    };
    "POST /raw": {
      request: {
        header?: {
          "Content-Type"?: string;
        };
        raw: string | Uint8Array;
      };
      response: Uint8Array;
    };
    "POST /thrift": {
      request: {
        body?: ThriftReq;
      };
      response: MadeAnswer;
    };
    "POST /form": {
      request: {
        body?: ThriftReq;
        form?: {
          a?: string;
        };
      };
      response: MadeAnswer;
    };
    "POST /args/{id}": {
      request: {
        path: {
          id: string;
        };
        query?: {
          n?: number;
        };
        body?: PlacesSvc_args_argsInput;
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
