import { ManagerError } from "../errors.ts";
import { Connection, type RequestOptions } from "../jsonrpc/connection.ts";
import type { ConnectionEnd } from "../jsonrpc/connection-error.ts";
import type { Attachment, AttachmentSink } from "../runtime/runtime.ts";
import { type ClientInfo, initialize } from "./legacy.ts";
import { listTools } from "./list-tools.ts";
import { logMessageOf } from "./log-message.ts";
import type { McpInfo } from "./mcp-info.ts";
import { rpcFailure } from "./rpc-failure.ts";
import type { Tool } from "./tool.ts";
import { type ToolCall, toolCallParams } from "./tool-call.ts";
import { isRefusal, readToolResult, type ToolResult } from "./tool-result.ts";

/** What a session tells its owner besides answers. Buffers are only good until the call returns. */
export interface SessionListener {
  stderr(chunk: Buffer): void;
  /** A line on stdout that is no message. */
  strayLine(line: Buffer, note: { truncated: boolean }): void;
  /** A log notification; `data` is JSON text, or the text itself when it is a string. */
  logMessage(entry: { readonly level: string; readonly text: string }): void;
  /** A reply that nobody waits for, which was dropped. */
  lateReply(): void;
  /** The attachment ended. The owner finds out why and calls `end`. */
  attachmentEnded(error?: Error): void;
}

export interface SessionOptions {
  readonly clientInfo: ClientInfo;
  readonly listener: SessionListener;
  readonly firstId: number;
  readonly maxLineBytes: number;
  readonly maxQueuedChars: number;
}

interface SignalOption {
  readonly signal?: AbortSignal | undefined;
}

/**
 * An MCP conversation over one attachment. Attach its `sink`, `bind` the attachment, then `handshake`; any number of
 * calls may be in flight.
 */
export class Session {
  /** What the attachment feeds. */
  readonly sink: AttachmentSink;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  #attachment: Attachment | undefined;

  constructor(options: SessionOptions) {
    const { listener } = options;
    this.#options = options;
    this.#connection = new Connection({
      write: (chunk) => this.#attachment?.write(chunk) ?? true,
      firstId: options.firstId,
      maxLineBytes: options.maxLineBytes,
      maxQueuedChars: options.maxQueuedChars,
      listener: {
        notification: (method, params) => this.#onNotification(method, params),
        request: ({ id, method }) => this.#onRequest(id, method),
        noise: (line, note) => listener.strayLine(line, note ?? { truncated: false }),
        lateReply: () => listener.lateReply(),
      },
    });
    this.sink = {
      stdout: (chunk) => this.#connection.receive(chunk),
      stderr: (chunk) => listener.stderr(chunk),
      drain: () => this.#connection.drain(),
      end: (error) => {
        this.#connection.endOfInput();
        listener.attachmentEnded(error);
      },
    };
  }

  bind(attachment: Attachment): void {
    this.#attachment = attachment;
  }

  /** Ends half a line that a manager before this one may have left in the server's stdin. */
  endHalfLine(): void {
    this.#attachment?.write(Buffer.from("\n"));
  }

  /** Opens the conversation. Throws `protocol` when the server answers what is no handshake, or the signal's reason. */
  handshake(options: SignalOption): Promise<McpInfo> {
    return initialize(this.#connection, { clientInfo: this.#options.clientInfo, signal: options.signal });
  }

  /**
   * Calls a tool. Throws what `Connection.request` throws, `not_found` for a tool that the server refuses and its
   * listing lacks, and by the server's JSON-RPC error `invalid` for refused parameters, `unsupported`, `protocol`.
   */
  async callTool(call: ToolCall, options: SignalOption): Promise<ToolResult> {
    const reply = await this.#connection.request("tools/call", toolCallParams(call), this.#cancelling(options));
    const result = "result" in reply ? readToolResult(reply.result) : undefined;
    const failure = "error" in reply ? rpcFailure(reply.error, "tools/call") : undefined;
    const refused = failure?.kind === "invalid" || (result !== undefined && isRefusal(result));
    if (refused && (await this.#lacks(call.tool, options))) throw unknownTool(call.tool, failure);
    if (result === undefined) throw failure;
    return result;
  }

  /** All tools of the server. */
  listTools(options: SignalOption): Promise<Tool[]> {
    return listTools(this.#connection, this.#cancelling(options));
  }

  /** Resolves when the server answers, whatever it says; throws what `Connection.request` throws. */
  async ping({ signal }: SignalOption): Promise<void> {
    await this.#connection.request("ping", "{}", { signal });
  }

  /** Retires every call with the reason and lets go of the attachment. Idempotent. */
  end(end: ConnectionEnd): void {
    this.#connection.end(end);
    this.#attachment?.close();
  }

  async #lacks(tool: string, options: SignalOption): Promise<boolean> {
    try {
      const tools = await this.listTools(options);
      return !tools.some(({ name }) => name === tool);
    } catch {
      return false; // The server's own error says enough.
    }
  }

  /** Options of a request that the server is told of when it is given up. */
  #cancelling({ signal }: SignalOption): RequestOptions {
    return {
      signal,
      onAbandoned: (requestId, reason) =>
        this.#connection.notify("notifications/cancelled", JSON.stringify({ requestId, reason: reason.kind })),
    };
  }

  /** A server may ping; what else it may ask for needs capabilities that were not declared. */
  #onRequest(id: string, method: string): void {
    if (method === "ping") this.#connection.respond(id, "{}");
    else this.#connection.respondError(id, { code: -32601, message: "this client declared no capabilities" });
  }

  #onNotification(method: string, params: string): void {
    if (method !== "notifications/message") return;
    this.#options.listener.logMessage(logMessageOf(params));
  }
}

function unknownTool(tool: string, cause: ManagerError | undefined): ManagerError {
  const message = `the server has no tool ${JSON.stringify(tool)}; ListTools shows those it has`;
  return new ManagerError("not_found", message, {
    details: { ...cause?.details, reason: "TOOL_NOT_FOUND", delivery: "answered" },
    cause,
  });
}
