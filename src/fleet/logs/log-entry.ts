import type { StateKind } from "../state/state-kind.ts";

/** One entry of a server's log. */
export interface LogEntry {
  /** Position in the ring: 0, 1, 2, … without holes; negative for what was before the ring. */
  readonly ordinal: number;
  readonly timeMs: number;
  readonly instance: string;
  readonly event: LogEvent;
}

export type LogEvent =
  | { readonly kind: "line"; readonly source: LineSource; readonly text: string; readonly flags: LineFlags }
  | { readonly kind: "lifecycle"; readonly state: StateKind; readonly message: string };

/** stderr, a stray line on stdout, or an MCP log notification. */
export type LineSource = "stderr" | "stdout" | "mcp";

export interface LineFlags {
  readonly invalidUtf8?: boolean;
  readonly truncated?: boolean;
  /** The line goes on: the rest, which may be empty, is the next line of this source and instance. */
  readonly partial?: boolean;
  /** Level of an MCP log notification. */
  readonly level?: string;
  /** What else an MCP log notification has (`LogMessage`). */
  readonly logger?: string;
  readonly extraJson?: string;
  readonly isJson?: boolean;
}

export type LogSource = LineSource | "lifecycle";

export function sourceOf(event: LogEvent): LogSource {
  return event.kind === "line" ? event.source : "lifecycle";
}
