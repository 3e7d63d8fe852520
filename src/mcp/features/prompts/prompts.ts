import type { ManagerError } from "../../../base/errors/errors.ts";
import type { Requests, SignalOption } from "../../conversation/requests.ts";
import { rpcFailure } from "../../protocol/rpc-failure.ts";
import { type InputRequiredRequest, inputRequiredParams } from "../shared/input-required-params.ts";
import { type InputRequiredResult, resultOf } from "../shared/input-required-result.ts";
import type { ListChanges } from "../shared/list-changes.ts";
import { Listing, type OnListed } from "../shared/listing.ts";
import { notListed } from "../shared/not-listed.ts";
import { type Prompt, prompts } from "./prompt.ts";
import { promptResult } from "./prompt-result.ts";

/** A prompt to fill in. */
export interface PromptRequest extends InputRequiredRequest {
  readonly prompt: string;
  readonly arguments: Readonly<Record<string, string>>;
}

export interface PromptsOptions {
  readonly requests: Requests;
  readonly changes: ListChanges;
  readonly onListed?: OnListed | undefined;
  readonly remark: (text: string) => void;
}

/** The prompts of one server. */
export class Prompts {
  readonly listing: Listing<Prompt>;
  readonly #requests: Requests;

  constructor({ requests, changes, onListed, remark }: PromptsOptions) {
    this.#requests = requests;
    this.listing = new Listing({ requests, changes, kind: prompts, changesWith: "prompts", onListed, remark });
  }

  /**
   * Fills in a prompt. Throws what `Requests.result` throws, `not_found` for one that the server answers with an
   * error and does not list, and `not_running` when the server asks for input that the caller does not know of.
   */
  async get(request: PromptRequest, options: SignalOption): Promise<InputRequiredResult> {
    const { codec } = this.#requests;
    const method = "prompts/get";
    const reply = await this.#requests.reply(
      method,
      inputRequiredParams(request, { codec, members: own(request), field: "arguments" }),
      options,
    );
    if ("result" in reply) return resultOf(request, { json: reply.result, era: codec.era, what: promptResult });
    const failure = rpcFailure(reply.error, method);
    throw await this.explained(failure, { ...options, prompt: request.prompt });
  }

  /**
   * What the server answered, or that it has no such prompt, if that is why. Servers on the Python SDK answer an
   * unknown prompt with error 0 or -32603, others with -32601.
   */
  async explained(failure: ManagerError, { prompt, signal }: SignalOption & { prompt: string }): Promise<ManagerError> {
    const mayBeMissing = ["invalid", "unsupported", "server_error"].includes(failure.kind);
    if (!mayBeMissing || !(await this.listing.lacks(({ name }) => name === prompt, { signal }))) return failure;
    const seen = "ListPrompts shows";
    return notListed({ noun: "prompt", name: prompt, seen, reason: "PROMPT_NOT_FOUND" }, failure);
  }
}

/** Servers on the TypeScript SDK refuse a prompt without `arguments`, even if it requires none. */
function own({ prompt, arguments: args }: PromptRequest): string {
  return `"name":${JSON.stringify(prompt)},"arguments":${JSON.stringify(args)}`;
}
