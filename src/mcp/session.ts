import { Connection, type Reply, type ServerRequest } from "../jsonrpc/connection.ts";
import type { ConnectionEnd } from "../jsonrpc/connection-error.ts";
import type { ConnectionLimits } from "../jsonrpc/connection-limits.ts";
import type { Attachment, AttachmentSink } from "../runtime/runtime.ts";
import type { Question } from "./conversation/era-plan.ts";
import { type Conversation, type HandshakeOptions, type Opened, openConversation } from "./conversation/handshake.ts";
import type { SignalOption, TracedOptions } from "./conversation/requests.ts";
import type { Completion, CompletionRequest } from "./features/completion.ts";
import { type LogMessage, logMessageOf } from "./features/logging/log-message.ts";
import { setLogLevel } from "./features/logging/set-log-level.ts";
import type { Prompts } from "./features/prompts/prompts.ts";
import type { Resources } from "./features/resources/resources.ts";
import { ServerFeatures } from "./features/server-features.ts";
import { inputRequired } from "./features/shared/input-required-result.ts";
import type { Listing, OnListed } from "./features/shared/listing.ts";
import { type CallEvents, FollowedCalls } from "./features/tools/followed-calls.ts";
import type { Tool } from "./features/tools/tool.ts";
import { type ToolCall, toolCallParams } from "./features/tools/tool-call.ts";
import { readToolResult, type ToolResult } from "./features/tools/tool-result.ts";
import {
  type UnknownToolSign,
  unknownTool,
  unknownToolErrorSign,
  unknownToolSign,
} from "./features/tools/unknown-tool.ts";
import type { LogLevel } from "./protocol/log-level.ts";
import type { ClientInfo } from "./protocol/mcp-info.ts";
import { rpcFailure } from "./protocol/rpc-failure.ts";

/** What a session tells its owner besides replies. Buffers are only good until the call returns. */
export interface SessionListener {
  stderr(chunk: Buffer): void;
  /** A line on stdout that is not a message. */
  strayLine(line: Buffer, note: { truncated: boolean }): void;
  /** A log notification. */
  logMessage(message: LogMessage): void;
  /** A reply that nobody waits for, which was dropped. */
  unclaimedReply(): void;
  /** A listing was read whole. Absent: nobody wants to know. */
  readonly listed?: OnListed | undefined;
  /** Something about the server that people may want to know, in a sentence. */
  remark(text: string): void;
  /** The attachment ended. The owner finds out why and calls `end`. */
  attachmentEnded(error?: Error): void;
}

export interface SessionOptions {
  readonly clientInfo: ClientInfo;
  readonly listener: SessionListener;
  readonly firstId: number;
  readonly limits: ConnectionLimits;
}

export interface CallToolOptions extends SignalOption {
  /** Told what happens meanwhile. Without it the server is not asked for progress. */
  readonly events?: CallEvents | undefined;
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
  /** Questions of the handshake that the server has yet to reply to. */
  readonly #unanswered = new Set<Question>();
  /** Written before there was an attachment. */
  readonly #held: Buffer[] = [];
  readonly #followed = new FollowedCalls((id) => this.#connection.awaits(id));
  /** Undefined before the handshake. */
  #open: ServerFeatures | undefined;
  #heard = 0;

  constructor(options: SessionOptions) {
    const { listener } = options;
    this.#options = options;
    this.#connection = new Connection({
      write: (chunk) => this.#attachment?.write(chunk) ?? this.#hold(chunk),
      firstId: options.firstId,
      limits: options.limits,
      listener: {
        notification: (method, params) => this.#onNotification(method, params),
        request: (request) => this.#onRequest(request),
        noise: (line, note) => listener.strayLine(line, note ?? { truncated: false }),
        unclaimedReply: () => listener.unclaimedReply(),
      },
    });
    this.sink = {
      stdout: (chunk) => {
        this.#heard += 1;
        this.#connection.receive(chunk);
      },
      stderr: (chunk) => {
        this.#heard += 1;
        listener.stderr(chunk);
      },
      drain: () => this.#connection.drain(),
      end: (error) => {
        this.#connection.endOfInput();
        listener.attachmentEnded(error);
      },
    };
  }

  bind(attachment: Attachment): void {
    this.#attachment = attachment;
    const held = this.#held.splice(0);
    if (held.length > 0 && attachment.write(Buffer.concat(held))) this.#connection.drain();
  }

  /** A server may ask something as soon as it runs, before anybody has the attachment: what is written waits for it. */
  #hold(chunk: Buffer): boolean {
    this.#held.push(chunk);
    return false;
  }

  /** Ends half a line that a manager before this one may have left in the server's stdin. */
  endHalfLine(): void {
    this.#connection.resumes();
    this.#attachment?.write(Buffer.from("\n"));
  }

  /**
   * Opens the conversation, in the era that the server speaks. Throws `protocol` when it answers with something else
   * than a handshake, what it refused the handshake with, and what `Connection.request` throws.
   */
  async handshake(options: Omit<HandshakeOptions, "onQuestion">): Promise<Opened> {
    const { clientInfo } = this.#options;
    const onQuestion = (question: Question, state: "asked" | "replied") => {
      if (state === "asked") this.#unanswered.add(question);
      else this.#unanswered.delete(question);
    };
    const opened = await openConversation(this.#connection, { ...options, clientInfo, onQuestion });
    this.resume(opened);
    return opened;
  }

  /** What there is of a line on stdout that is not finished; only good until more comes. */
  get unfinished(): Buffer {
    return this.#connection.unfinished;
  }

  /** Whether the server never replied to this question of the handshake: if it exited, that may be why. */
  leftUnanswered(question: Question): boolean {
    return this.#unanswered.has(question);
  }

  /** How often the server has written something, on either stream. */
  get heard(): number {
    return this.#heard;
  }

  /** Goes on with a conversation that the same process had over another attachment. */
  resume(conversation: Conversation): void {
    const { listed: onListed } = this.#options.listener;
    this.#open = new ServerFeatures(this.#connection, {
      conversation,
      onListed,
      remark: (text) => this.#options.listener.remark(text),
    });
  }

  /**
   * Calls a tool. Throws what `Requests.reply` throws, `not_found` for a tool that the server refuses, in whichever
   * way, and its listing lacks, `not_running` when the server asks for input that the caller does not know of, and by
   * the server's JSON-RPC error `invalid` for refused parameters, `unsupported`, `server_error`.
   */
  async callTool(call: ToolCall, options: CallToolOptions): Promise<ToolResult> {
    const { codec } = this.#opened;
    const reply = await this.#requestTool(call, options);
    if ("error" in reply) {
      const failure = rpcFailure(reply.error, "tools/call");
      const sign = unknownToolErrorSign(failure);
      throw (await this.#lacks(call.tool, sign, options)) ? unknownTool(call.tool, failure) : failure;
    }
    const result = readToolResult(reply.result, codec.era);
    const sign = unknownToolSign(result, call.tool);
    if (sign !== undefined && (await this.#lacks(call.tool, sign, options))) throw unknownTool(call.tool, result);
    if (result.kind === "input_required" && call.clientCapabilitiesJson === undefined) throw inputRequired();
    return result;
  }

  /** The server's tools. */
  get tools(): Listing<Tool> {
    return this.#opened.tools;
  }

  /** The tools that the server lists. */
  listTools(options: TracedOptions): Promise<readonly Tool[]> {
    return this.#opened.tools.get(options);
  }

  /** The server's resources. */
  get resources(): Resources {
    return this.#opened.resources;
  }

  /** The server's prompts. */
  get prompts(): Prompts {
    return this.#opened.prompts;
  }

  /** Proposes values for an argument. Throws what `ServerFeatures.complete` throws. */
  complete(request: CompletionRequest, options: TracedOptions): Promise<Completion> {
    return this.#opened.complete(request, options);
  }

  /** Has the server log from this level on. Throws what `setLogLevel` throws. */
  setLogLevel(level: LogLevel, options: SignalOption): Promise<void> {
    return setLogLevel(this.#opened.requests, level, options);
  }

  /** Resolves when the server answers, whatever it says; throws what `Connection.request` throws. */
  async ping({ signal }: SignalOption): Promise<void> {
    const { codec } = this.#opened;
    await this.#connection.request(codec.livenessMethod, codec.params({}), { signal });
  }

  /** Retires every call with the reason and lets go of the attachment. Idempotent. */
  end(end: ConnectionEnd): void {
    this.#connection.end(end);
    this.#attachment?.close();
  }

  #requestTool(call: ToolCall, options: CallToolOptions): Promise<Reply> {
    const { codec, requests } = this.#opened;
    const { events } = options;
    if (events !== undefined) return this.#requestFollowedTool(call, { ...options, events });
    return requests.reply("tools/call", toolCallParams(call, { codec }), options);
  }

  /** The server reports progress, by the request's id. */
  async #requestFollowedTool(call: ToolCall, options: SignalOption & { readonly events: CallEvents }): Promise<Reply> {
    const { codec, requests } = this.#opened;
    const { events } = options;
    let token: number | undefined;
    const params = (id: number) => {
      token = id;
      this.#followed.add(id, events);
      return toolCallParams(call, { codec, progressToken: id });
    };
    try {
      return await requests.reply("tools/call", params, options);
    } finally {
      if (token !== undefined) this.#followed.delete(token);
    }
  }

  /** Whether the server lacks the tool. If it listed the tool before, only a failure in words is a sign. */
  async #lacks(tool: string, sign: UnknownToolSign | undefined, options: SignalOption): Promise<boolean> {
    const { tools } = this.#opened;
    const isIt = ({ name }: Tool) => name === tool;
    if (sign === undefined || (!sign.inWords && tools.had(isIt))) return false;
    // Otherwise the server's own answer says enough.
    return tools.lacks(isIt, options);
  }

  get #opened() {
    if (this.#open === undefined) throw new Error("the session has no conversation yet");
    return this.#open;
  }

  /**
   * A server of the legacy era may ping; what else it may ask for needs capabilities that were not declared. One of the
   * modern era asks for nothing this way (MCP revision 2026-07-28, stdio): its request is a stray line, and is refused,
   * since the server may wait for the response before it goes on with a call.
   */
  #onRequest({ id, method, params }: ServerRequest): void {
    if (this.#open?.codec.era === "modern") {
      const line = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`;
      this.#options.listener.strayLine(Buffer.from(line), { truncated: false });
      const message = "revision 2026-07-28 has no requests of the server: ask by the result input_required";
      this.#connection.respondError(id, { code: -32601, message });
    } else if (method === "ping") {
      this.#connection.respond(id, "{}");
    } else {
      this.#connection.respondError(id, { code: -32601, message: "this client declared no capabilities" });
    }
  }

  #onNotification(method: string, params: string): void {
    if (method === "notifications/message") {
      this.#options.listener.logMessage(logMessageOf(params));
      this.#followed.logged();
    } else if (method === "notifications/progress") this.#followed.progressed(params);
    else this.#open?.notified(method, params);
  }
}
