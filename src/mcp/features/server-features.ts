import { toManagerError } from "../../base/errors/errors.ts";
import type { Connection } from "../../jsonrpc/connection.ts";
import type { Conversation } from "../conversation/handshake.ts";
import { Requests, type TracedOptions } from "../conversation/requests.ts";
import { Subscriptions } from "../conversation/subscriptions.ts";
import type { EraCodec } from "../eras/era-codec.ts";
import { type Completion, type CompletionRequest, completionParts, readCompletion } from "./completion.ts";
import { Prompts } from "./prompts/prompts.ts";
import { Resources } from "./resources/resources.ts";
import { ListChanges } from "./shared/list-changes.ts";
import { Listing, type OnListed } from "./shared/listing.ts";
import { type Tool, tools } from "./tools/tool.ts";

interface ServerFeaturesOptions {
  readonly conversation: Conversation;
  readonly onListed?: OnListed | undefined;
  readonly remark: (text: string) => void;
}

/** What a server offers, in one conversation over one attachment. */
export class ServerFeatures {
  readonly requests: Requests;
  readonly tools: Listing<Tool>;
  readonly resources: Resources;
  readonly prompts: Prompts;
  readonly #subscriptions: Subscriptions;
  readonly #changes: ListChanges;

  /** `remark` is told, in sentences for people, what is odd about the server. */
  constructor(connection: Connection, { conversation, onListed, remark }: ServerFeaturesOptions) {
    const requests = new Requests(connection, conversation);
    const subscriptions = new Subscriptions(connection, conversation);
    const changes = new ListChanges(conversation, subscriptions);
    this.requests = requests;
    this.#subscriptions = subscriptions;
    this.#changes = changes;
    this.tools = new Listing({ requests, changes, kind: tools, changesWith: "tools", onListed, remark });
    this.resources = new Resources({ requests, changes, subscriptions, onListed, remark });
    this.prompts = new Prompts({ requests, changes, onListed, remark });
  }

  get codec(): EraCodec {
    return this.requests.codec;
  }

  /**
   * Proposes values for an argument. Throws what `Requests.result` throws, and `not_found` for a prompt or template
   * that the server refuses and its listing lacks.
   */
  async complete(request: CompletionRequest, options: TracedOptions): Promise<Completion> {
    try {
      const parts = completionParts(request);
      return readCompletion(await this.requests.result("completion/complete", parts, options));
    } catch (error) {
      const failure = toManagerError(error);
      if (failure.details.delivery !== "answered") throw failure;
      const { ref } = request;
      throw await ("prompt" in ref
        ? this.prompts.explained(failure, { ...options, prompt: ref.prompt })
        : this.resources.explained(failure, { ...options, template: ref.resourceTemplate }));
    }
  }

  /** The server said something; `params` is JSON text. */
  notified(method: string, params: string): void {
    this.#changes.notified(method);
    if (this.codec.era === "legacy") this.resources.notified(method, params);
    else this.#subscriptions.notified(method, params);
  }
}
