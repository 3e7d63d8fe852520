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
  /** The beginnings of the methods that it lacks. */
  readonly #lacking: readonly string[];

  /** A server that declares nothing at all may have forgotten to, and is asked for all. So is one without info. */
  constructor(info: McpInfo | undefined) {
    const capabilities = JsonFields.of(info?.capabilitiesJson ?? "");
    const declares = (feature: Feature) => !/^(?:null|false)$/.test(capabilities?.raw(feature) ?? "null");
    const areas = features.some(declares) ? Object.entries(demanded) : [];
    this.#lacking = areas.filter(([, needed]) => !needed.some(declares)).map(([area]) => `${area}/`);
  }

  /** What a request throws, before it is sent, whose method is of a feature that the server lacks. */
  refusal(method: string): ManagerError | undefined {
    const area = this.#lacking.find((beginning) => method.startsWith(beginning));
    if (area === undefined) return undefined;
    const [feature] = demanded[area.slice(0, -1)] ?? [];
    const message = `the server has no ${method}: it does not declare \`${feature}\`, and was not asked`;
    return new ManagerError("unsupported", message, { details: { reason: "METHOD_NOT_FOUND", delivery: "not_sent" } });
  }
}
