import { ManagerError } from "../../base/errors/errors.ts";
import { JsonFields } from "../../json/json-fields.ts";
import type { McpInfo } from "./mcp-info.ts";

/** What a server's capabilities may name (MCP, lifecycle, capability negotiation). */
type Feature = "tools" | "resources" | "prompts" | "logging" | "completions";

const features: readonly Feature[] = ["tools", "resources", "prompts", "logging", "completions"];

/** One of these must be declared. Revisions before 2025-03-26 have no `completions`: what is completed are these. */
const demanded: Readonly<Record<string, readonly Feature[]>> = {
  tools: ["tools"],
  resources: ["resources"],
  prompts: ["prompts"],
  logging: ["logging"],
  completion: ["completions", "prompts", "resources"],
};

/** The features that a server declared in its handshake. */
export class DeclaredFeatures {
  /** Undefined: nobody knows. */
  readonly #declared: ReadonlySet<Feature> | undefined;

  /** A server that is known to declare nothing at all may have forgotten to, and is asked. */
  constructor(info: McpInfo | undefined) {
    const capabilities = JsonFields.of(info?.capabilitiesJson ?? "");
    const declared = features.filter((feature) => !/^(?:null|false)$/.test(capabilities?.raw(feature) ?? "null"));
    this.#declared = declared.length === 0 ? undefined : new Set(declared);
  }

  /** What a request throws, before it is sent, whose method is of a feature that the server lacks. */
  refusal(method: string): ManagerError | undefined {
    const declared = this.#declared;
    const needed = declared && demanded[method.slice(0, method.indexOf("/"))];
    if (needed === undefined || needed.some((feature) => declared?.has(feature))) return undefined;
    const message = `the server has no ${method}: it does not declare \`${needed[0]}\`, and was not asked`;
    return new ManagerError("unsupported", message, { details: { reason: "METHOD_NOT_FOUND", delivery: "not_sent" } });
  }
}
