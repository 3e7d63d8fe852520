import type { AbortSource } from "../../base/async/abort-source.ts";
import type { Connection, Reply, RequestOptions } from "../../jsonrpc/connection.ts";
import { callerMeta } from "../eras/caller-meta.ts";
import { type EraCodec, joinMembers, type RequestParts } from "../eras/era-codec.ts";
import { DeclaredFeatures } from "../protocol/declared-features.ts";
import type { McpInfo } from "../protocol/mcp-info.ts";
import { refuseLargeParams } from "../protocol/params-limit.ts";
import { rpcFailure } from "../protocol/rpc-failure.ts";
import type { TraceContext } from "../protocol/trace-context.ts";

/** The wait of one caller. Its reason must be a ManagerError. */
export interface SignalOption {
  readonly signal?: AbortSource | undefined;
}

/** The wait of one caller, and the trace that its request is a part of. */
export interface TracedOptions extends SignalOption {
  readonly trace?: TraceContext | undefined;
}

/** What a request says, and by field what of it the caller gave. */
export interface CallerParts extends RequestParts {
  readonly texts?: Readonly<Record<string, string>>;
}

/** Requests of one conversation, in the way of its era; the server is told of those that are given up. */
export class Requests {
  readonly codec: EraCodec;
  readonly #connection: Connection;
  readonly #declared: DeclaredFeatures;

  constructor(
    connection: Connection,
    { codec, info }: { readonly codec: EraCodec; readonly info: McpInfo | undefined },
  ) {
    this.#connection = connection;
    this.codec = codec;
    this.#declared = new DeclaredFeatures(info);
  }

  /**
   * The server's reply, whatever it says. `params` is JSON text, or made of the request's id. Throws what
   * `Connection.request` throws, and `unsupported` for a method of a feature that the server does not declare.
   */
  reply(method: string, params: string | ((id: number) => string), options: SignalOption): Promise<Reply> {
    const refusal = this.#declared.refusal(method);
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#connection.request(method, params, cancelling(this.#connection, options));
  }

  /**
   * The result as the server wrote it. Throws what `reply` throws, what the server refused the request with, and what
   * `refuseLargeParams` throws.
   */
  async result(method: string, parts: CallerParts, { trace, ...options }: TracedOptions): Promise<string> {
    const params = this.codec.params({ ...parts, meta: joinMembers(parts.meta, callerMeta({ trace })) });
    refuseLargeParams(params, parts.texts ?? {});
    const reply = await this.reply(method, params, options);
    if ("error" in reply) throw rpcFailure(reply.error, method);
    return reply.result;
  }
}

/** Options of a request that the server is told of when it is given up. */
export function cancelling(connection: Connection, { signal }: SignalOption): RequestOptions {
  return {
    signal,
    onAbandoned: (id, { kind }) => void cancelRequest(connection, { id, reason: kind }),
  };
}

/** Tells the server that nobody waits for the reply to a request. False: it can't be told. */
export function cancelRequest(connection: Connection, { id, reason }: { id: number; reason: string }): boolean {
  return connection.notify("notifications/cancelled", JSON.stringify({ requestId: id, reason }));
}
