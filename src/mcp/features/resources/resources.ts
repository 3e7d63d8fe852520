import type { ManagerError } from "../../../base/errors/errors.ts";
import type { Requests, SignalOption } from "../../conversation/requests.ts";
import type { Subscriptions } from "../../conversation/subscriptions.ts";
import { type InputRequiredRequest, inputRequiredParams } from "../shared/input-required-params.ts";
import { type InputRequiredResult, resultOf } from "../shared/input-required-result.ts";
import type { ListChanges } from "../shared/list-changes.ts";
import { Listing, type OnListed } from "../shared/listing.ts";
import { notListed, saysAbsent } from "../shared/not-listed.ts";
import { readResult } from "./read-result.ts";
import { type Resource, type ResourceTemplate, resources, resourceTemplates } from "./resource.ts";
import { missingResource, resourceRefusal } from "./resource-refusal.ts";
import { ResourceSubscriptions, type SubscribeOptions } from "./resource-subscriptions.ts";

/** A resource to read. */
export interface ReadRequest extends InputRequiredRequest {
  readonly uri: string;
}

export interface ResourcesOptions {
  readonly requests: Requests;
  readonly changes: ListChanges;
  readonly subscriptions: Subscriptions;
  readonly onListed?: OnListed | undefined;
  readonly remark: (text: string) => void;
}

/** The resources of one server. */
export class Resources {
  readonly listing: Listing<Resource>;
  readonly templates: Listing<ResourceTemplate>;
  readonly #requests: Requests;
  readonly #subscriptions: ResourceSubscriptions;

  constructor({ requests, changes, subscriptions, onListed, remark }: ResourcesOptions) {
    const listed = { requests, changes, changesWith: "resources", onListed, remark } as const;
    this.#requests = requests;
    this.listing = new Listing({ ...listed, kind: resources });
    this.templates = new Listing({ ...listed, kind: resourceTemplates });
    this.#subscriptions = new ResourceSubscriptions(requests, subscriptions);
  }

  /**
   * Reads a resource. Throws what `Requests.result` throws, `not_found` for one that the server has not, and
   * `not_running` when the server asks for input that the caller does not know of.
   */
  async read(request: ReadRequest, options: SignalOption): Promise<InputRequiredResult> {
    const { codec } = this.#requests;
    const method = "resources/read";
    const params = inputRequiredParams(request, {
      codec,
      members: `"uri":${JSON.stringify(request.uri)}`,
      field: "uri",
    });
    const reply = await this.#requests.reply(method, params, options);
    if ("result" in reply) return resultOf(request, { json: reply.result, era: codec.era, what: readResult });
    const failure = resourceRefusal(reply.error, { method, uri: request.uri });
    // Servers on the TypeScript SDK v1 say so without data, and many with a code that may mean anything.
    const isVague = failure.kind === "invalid" && reply.error.data === undefined;
    const inWords = failure.kind === "server_error" && saysAbsent(reply.error.message);
    throw (isVague || inWords) && (await this.listing.lacks(({ uri }) => uri === request.uri, options))
      ? missingResource(request.uri, failure)
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
}
