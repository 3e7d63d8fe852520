import type { ManagerError } from "../errors.ts";
import { JsonFields } from "../jsonrpc/json-fields.ts";
import type { RpcError } from "../jsonrpc/message.ts";
import { type AskedRequest, askedParams } from "./asked-params.ts";
import { type AskedResult, answerTo } from "./asked-result.ts";
import type { ListChanges } from "./list-changes.ts";
import { Listing } from "./listing.ts";
import { notListed } from "./not-listed.ts";
import { readResult } from "./read-result.ts";
import type { Requests, SignalOption } from "./requests.ts";
import { type Resource, type ResourceTemplate, resources, resourceTemplates } from "./resource.ts";
import { ResourceSubscriptions, type SubscribeOptions } from "./resource-subscriptions.ts";
import { rpcFailure } from "./rpc-failure.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** A resource to read. */
export interface ReadRequest extends AskedRequest {
  readonly uri: string;
}

export interface ResourcesOptions {
  readonly requests: Requests;
  readonly changes: ListChanges;
  readonly subscriptions: Subscriptions;
}

const resourceNotFound = -32002;
const invalidParams = -32602;

/** The resources of one server. */
export class Resources {
  readonly listing: Listing<Resource>;
  readonly templates: Listing<ResourceTemplate>;
  readonly #requests: Requests;
  readonly #subscriptions: ResourceSubscriptions;

  constructor({ requests, changes, subscriptions }: ResourcesOptions) {
    this.#requests = requests;
    this.listing = new Listing({ requests, changes, kind: resources, changesWith: "resources" });
    this.templates = new Listing({ requests, changes, kind: resourceTemplates, changesWith: "resources" });
    this.#subscriptions = new ResourceSubscriptions(requests, subscriptions);
  }

  /**
   * Reads a resource. Throws what `Requests.result` throws, `not_found` for one that the server has not, and
   * `not_running` when the server asks for input that the caller does not know of.
   */
  async read(request: ReadRequest, options: SignalOption): Promise<AskedResult> {
    const { codec } = this.#requests;
    const method = "resources/read";
    const params = askedParams(request, { codec, members: `"uri":${JSON.stringify(request.uri)}` });
    const reply = await this.#requests.reply(method, params, options);
    if ("result" in reply) return answerTo(request, { json: reply.result, era: codec.era, what: readResult });
    const failure = rpcFailure(reply.error, method);
    throw (await this.#isMissing(request.uri, { signal: options.signal, error: reply.error }))
      ? unknownResource(request.uri, failure)
      : failure;
  }

  /** What the server refused, or that it has no such template, nor a resource of that URI, if that is why. */
  async explained(failure: ManagerError, options: SignalOption & { template: string }): Promise<ManagerError> {
    const { template, signal } = options;
    if (failure.kind !== "invalid") return failure;
    const isMissing =
      (await this.templates.lacks(({ uriTemplate }) => uriTemplate === template, { signal })) &&
      (await this.listing.lacks(({ uri }) => uri === template, { signal }));
    const seen = "ListResourceTemplates shows";
    return isMissing
      ? notListed({ noun: "resource template", name: template, seen, reason: "RESOURCE_NOT_FOUND" }, failure)
      : failure;
  }

  /** Subscribes to a resource. Throws what `ResourceSubscriptions.subscribe` throws. */
  subscribe(uri: string, options: SubscribeOptions): Promise<void> {
    return this.#subscriptions.subscribe(uri, options);
  }

  /** The server said something; `params` is JSON text. */
  notified(method: string, params: string): void {
    this.#subscriptions.notified(method, params);
  }

  /**
   * Whether an error says that there is no such resource. Servers of the legacy era have a code for it; those of the
   * modern one refuse the parameters, with the URI alone as data (server/resources), and so do servers on the TypeScript SDK
   * v1, without data.
   */
  async #isMissing(uri: string, { error, signal }: SignalOption & { readonly error: RpcError }): Promise<boolean> {
    if (error.code === resourceNotFound) return true;
    if (error.code !== invalidParams) return false;
    const data = JsonFields.of(error.data ?? "");
    if (data !== undefined) return data.string("uri") !== undefined && data.rest(new Set(["uri"])) === "";
    return await this.listing.lacks((resource) => resource.uri === uri, { signal });
  }
}

function unknownResource(uri: string, cause: ManagerError): ManagerError {
  const seen = "ListResources and ListResourceTemplates show";
  return notListed({ noun: "resource", name: uri, seen, reason: "RESOURCE_NOT_FOUND" }, cause);
}
