import type { Era } from "../../base/spec/spec.ts";
import type { LogLevel } from "../protocol/log-level.ts";

/** What a request says, before its era adds what it demands. All texts are JSON without line breaks. */
export interface RequestParts {
  /** Members of the params, without the braces; empty or absent: none. */
  readonly members?: string;
  /** Members of `_meta`, without the braces; empty or absent: none. */
  readonly meta?: string;
  /** The caller's client capabilities, an object. Absent: none. */
  readonly clientCapabilitiesJson?: string | undefined;
}

/** How a client speaks in one era of MCP. */
export interface EraCodec {
  readonly era: Era;
  /** The params of a request, as JSON text. */
  params(parts: RequestParts): string;
  /** A request that every living server of the era answers. */
  readonly livenessMethod: string;
  /** Has requests ask for logs from this level on. Absent: requests of the era don't, or the server does not log. */
  readonly askForLogs?: (level: LogLevel) => void;
}

/**
 * Members of one object, some of which may be empty. Strung together, not joined: that would copy a megabyte each time.
 */
export function joinMembers(...members: readonly (string | undefined)[]): string {
  let joined = "";
  for (const member of members) {
    if (member === undefined || member === "") continue;
    joined = joined === "" ? member : `${joined},${member}`;
  }
  return joined;
}
