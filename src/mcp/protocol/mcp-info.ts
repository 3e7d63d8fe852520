import type { Era } from "../../base/spec/spec.ts";

/** What a server said of itself at the handshake. */
export interface McpInfo {
  readonly era: Era;
  /** The revision agreed on, e.g. `2025-11-25`. */
  readonly protocolVersion: string;
  /** Names and versions: at most 256 bytes. */
  readonly serverName: string;
  readonly serverVersion: string;
  /** At most 16 KiB; a longer text ends with an ellipsis. */
  readonly instructions: string;
  /** The JSON object as the server wrote it. */
  readonly capabilitiesJson: string;
}

/** Who the manager says that it is. */
export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}
