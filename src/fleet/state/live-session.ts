import type { Session } from "../../mcp/session.ts";

/** A session with an instance that is ready. */
export interface LiveSession {
  readonly session: Session;
  /** Identity of the instance. */
  readonly instance: string;
}
