import type { Era } from "../spec.ts";

/** What a server said of itself at the handshake. */
export interface McpInfo {
  readonly era: Era;
  /** The revision agreed on, e.g. `2025-11-25`. */
  readonly protocolVersion: string;
  readonly serverName: string;
  readonly serverVersion: string;
  readonly instructions: string;
  /** The JSON object as the server wrote it. */
  readonly capabilitiesJson: string;
}
