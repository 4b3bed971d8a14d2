// Generated from Thrift IDLs by `dgate-cli idl types`: do not edit.

declare module "dgate/rpc" {
  export interface GetReq {
    id: number | string;
    /** Which parts to give. */
    parts?: string[];
    state?: State | StateName;
    lang?: string;
    token?: string;
    sid?: string;
  }

  /** How far an order is. */
  export type State = 1 | 2 | 5; // OPEN = 1, PAID = 2, SETTLED = 2, SHIPPED = 5
  export type StateName = "OPEN" | "PAID" | "SETTLED" | "SHIPPED";

  export interface Order {
    id: number;
    big: string;
    state: State;
    items: Item[];
    marks?: Record<string, number>;
    byNumber: Record<string, Item>;
    seen: State[];
    signature?: string;
    ref?: string;
    /** @default 0.5 */
    discount: number;
  }

  /**
   * One line of an order.
   *
   * Prices are those of the day.
   */
  export interface Item {
    sku: string;
    /**
     * at most 100
     * @default 1
     */
    count: number;
    price: Money | null;
    notes?: string[];
  }

  export interface Money {
    currency: string;
    cents: number;
  }

  export interface PutReq {
    id?: number | string;
    order: OrderInput;
    dry?: boolean;
  }

  export interface OrderInput {
    id?: number | string;
    big?: string;
    state?: State | StateName;
    items?: ItemInput[];
    marks?: Record<string, number | string>;
    byNumber?: Record<string, ItemInput>;
    seen?: Array<State | StateName>;
    signature?: string;
    ref?: string;
    /** @default 0.5 */
    discount?: number;
  }

  /**
   * One line of an order.
   *
   * Prices are those of the day.
   */
  export interface ItemInput {
    sku: string;
    /**
     * at most 100
     * @default 1
     */
    count?: number;
    price?: MoneyInput;
    notes?: string[];
  }

  export interface MoneyInput {
    currency: string;
    cents: number | string;
  }

  export interface ShopSvc_note_args {
    text?: string;
  }

  export interface ShopSvc_internalOnly_args {
    id?: number | string;
    order?: OrderInput;
  }

  export interface Missing {
    what: string;
  }

  export interface Refused {
    reason: string;
  }

  export interface PutReqInput {
    order: OrderInput;
  }

  export interface Odd {
    why: string;
  }

  /** Orders and what belongs to them. */
  export interface ShopSvcClient {
    /**
     * Reads one order.
     *
     * The order may be of any state.
     */
    getOrder(args: GetReq, options?: CallOptions): Promise<Order>;
    putOrder(args: PutReq, options?: CallOptions): Promise<Order>;
    /** No answer. */
    touch(args: GetReq, options?: CallOptions): Promise<null>;
    note(args?: ShopSvc_note_args, options?: CallOptions): Promise<null>;
    count(args?: {}, options?: CallOptions): Promise<number>;
    internalOnly(args?: ShopSvc_internalOnly_args, options?: CallOptions): Promise<Order>;
  }

  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  /** The services by their names. */
  export interface RpcClients {
    ShopSvc: ShopSvcClient;
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
    GetReq,
    State,
    StateName,
    Order,
    Item,
    Money,
    PutReq,
    OrderInput,
    ItemInput,
    MoneyInput,
    ShopSvc_note_args,
    ShopSvc_internalOnly_args,
    Missing,
    Refused,
    PutReqInput,
    Odd,
  } from "dgate/rpc";

  /** The routes by verb and path, with the names of path parameters in braces. */
  export interface paths {
    /**
     * Reads one order.
     *
     * The order may be of any state.
     */
    "GET /orders/{id}": {
      request: {
        path: {
          id: number | string;
        };
        query?: {
          /** Which parts to give. */
          part?: string[];
          state?: State | StateName;
        };
        header?: {
          "Accept-Language"?: string;
          Authorization?: string;
        };
        cookie?: {
          sid?: string;
        };
      };
      response: Order;
    };
    "PUT /orders/{id}": {
      request: {
        path: {
          id: number | string;
        };
        query?: {
          dry?: boolean;
        };
        body: PutReqInput;
      };
      response: Order;
    };
    /** No answer. */
    "POST /orders/{id}/touch": {
      request: {
        path: {
          id: number | string;
        };
        query?: {
          /** Which parts to give. */
          part?: string[];
          state?: State | StateName;
        };
        header?: {
          "Accept-Language"?: string;
          Authorization?: string;
        };
        cookie?: {
          sid?: string;
        };
      };
      response: undefined;
    };
    "POST /notes": {
      request: {
        body?: ShopSvc_note_args;
      };
      response: undefined;
    };
    "GET /orders": {
      request: {
      };
      response: number;
    };
  }

  export type Route = keyof paths;
  /** What a call needs: parameters by their places, and a body as JSON or as a form. */
  export type RouteRequest<R extends Route> = paths[R]["request"];
  export type RouteResponse<R extends Route> = paths[R]["response"];
  /** A function that makes the request with fetch, and gives its answer. */
  export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;
}
