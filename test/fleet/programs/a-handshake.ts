import type { ProbeOutcome } from "../../../src/mcp/conversation/era-search.ts";
import type { Opened } from "../../../src/mcp/conversation/handshake.ts";
import { legacyCodec } from "../../../src/mcp/eras/legacy.ts";
import { modernCodec } from "../../../src/mcp/eras/modern.ts";
import type { InstanceRecord } from "../../../src/runtime/runtime.ts";

/** What a server of the legacy era says of itself. */
export const info = {
  era: "legacy",
  protocolVersion: "2025-11-25",
  serverName: "s",
  serverVersion: "1",
  instructions: "",
  capabilitiesJson: '{"tools":{}}',
} as const;

/** A handshake in the legacy era. */
export const legacy = (probe: ProbeOutcome, said: Opened["info"] = info): Opened => ({
  codec: legacyCodec,
  info: said,
  subscribed: new Set(),
  probe,
});

/** A handshake in the modern era. */
export const modern: Opened = {
  codec: modernCodec({ clientInfo: { name: "t", version: "0" }, logs: false }),
  info: { ...info, era: "modern", protocolVersion: "2026-07-28" },
  subscribed: new Set(),
  probe: "modern",
};

/** A container that runs since then. */
export const running = (id: string, startTimeMs: number): InstanceRecord => ({
  id,
  startTimeMs,
  server: "s",
  instance: id,
  replica: 0,
  spec: undefined,
  state: "running",
  mark: "none",
  usability: { kind: "usable" },
  imageId: "sha256:a",
  imageDigest: "",
  keepsData: false,
  createTimeMs: 0,
});
