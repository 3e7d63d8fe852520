import { type ToolResult, typedResult } from "../../src/mcp/features/tools/tool-result.ts";
import type { Session } from "../../src/mcp/session.ts";
import { type ChildSession, hostile, openChildSession } from "./child-server.ts";

/** A session of the legacy era with the hostile server, after its handshake. */
export async function ready(...args: string[]): Promise<ChildSession> {
  const child = openChildSession(hostile(...args));
  await child.session.handshake({ era: "legacy" });
  return child;
}

export function call(session: Session, tool: string, args: unknown = {}, signal?: AbortSignal): Promise<ToolResult> {
  return session.callTool({ tool, argumentsJson: JSON.stringify(args) }, { signal });
}

export function textOf(result: ToolResult): string | undefined {
  const [first] = typedResult(result).content;
  return first?.kind === "text" ? first.text : undefined;
}

interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number };
}

/** Every message that the server got. */
export async function receivedBy(session: Session): Promise<Received[]> {
  return JSON.parse((await call(session, "received")).json).structuredContent.messages;
}
