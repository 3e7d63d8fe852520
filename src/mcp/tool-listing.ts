import type { Connection, RequestOptions } from "../jsonrpc/connection.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import type { Conversation } from "./handshake.ts";
import { JoinedRead } from "./joined-read.ts";
import { listTools } from "./list-tools.ts";
import type { Tool } from "./tool.ts";

/** A larger listing is asked for each time: the manager may have many servers. */
const maxKeptChars = 4 * 1024 * 1024;

/**
 * The tools of one server. The listing is kept for as long as the server has promised to say when it changes, and has
 * not said so; of a server that promises nothing it is asked for each time.
 */
export class ToolListing {
  readonly #connection: Connection;
  readonly #conversation: Conversation;
  readonly #joined = new JoinedRead<readonly Tool[]>(() => (this.#watched ? this.#changes : undefined));
  /** Whether the server says when its tools change. */
  #watched = false;
  #changes = 0;
  #kept: readonly Tool[] | undefined;

  /**
   * In the legacy era a server that declares it says unasked when its tools change; in the modern one it answers a
   * request that stays open (MCP revision 2026-07-28, basic/patterns/subscriptions).
   */
  constructor(connection: Connection, conversation: Conversation) {
    this.#connection = connection;
    this.#conversation = conversation;
    if (!declaresChanges(conversation)) return;
    if (conversation.codec.era === "legacy") this.#watched = true;
    else this.#subscribe();
  }

  /** All tools. Throws what `listTools` throws. */
  async get(options: RequestOptions): Promise<readonly Tool[]> {
    return this.#kept ?? (await this.#joined.read((signal) => this.#fetch({ ...options, signal }), options));
  }

  async #fetch(options: RequestOptions): Promise<readonly Tool[]> {
    const before = this.#changes;
    const { tools, chars } = await listTools(this.#connection, { ...options, codec: this.#conversation.codec });
    // One that changed meanwhile may be a mixture of both.
    if (this.#watched && before === this.#changes && chars <= maxKeptChars) this.#kept = tools;
    return tools;
  }

  /** The server said something; `params` is JSON text. */
  notified(method: string, params: string): void {
    if (method === "notifications/tools/list_changed") this.#forget();
    if (this.#conversation.codec.era === "legacy") return;
    // What a server of the modern era cancels is a subscription.
    if (method === "notifications/cancelled") this.#watch(false);
    if (method === "notifications/subscriptions/acknowledged") this.#watch(takesSubscription(params));
  }

  #subscribe(): void {
    const params = this.#conversation.codec.params({ members: '"notifications":{"toolsListChanged":true}' });
    const ended = () => this.#watch(false);
    this.#connection.request("subscriptions/listen", params, { standing: true }).then(ended, ended);
  }

  #watch(watched: boolean): void {
    this.#watched = watched;
    this.#forget();
  }

  #forget(): void {
    this.#changes += 1;
    this.#kept = undefined;
  }
}

function declaresChanges({ info }: Conversation): boolean {
  const tools = JsonFields.of(info?.capabilitiesJson ?? "{}")?.raw("tools") ?? "{}";
  return JsonFields.of(tools)?.raw("listChanged") === "true";
}

function takesSubscription(params: string): boolean {
  const taken = JsonFields.of(params)?.raw("notifications") ?? "{}";
  return JsonFields.of(taken)?.raw("toolsListChanged") === "true";
}
