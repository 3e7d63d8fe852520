import type { AbortSource } from "../../base/async/abort-source.ts";
import type { Log } from "../../base/log/log.ts";
import type { LogLevel } from "../../mcp/protocol/log-level.ts";
import type { Session } from "../../mcp/session.ts";
import type { LiveSession } from "../state/live-session.ts";

/** The level that somebody set for a server's log notifications; every session of the server is told of it. */
export class KeptLogLevel {
  readonly #server: string;
  readonly #log: Log;
  #level: LogLevel | undefined;
  readonly #told = new WeakMap<Session, LogLevel>();

  constructor(server: string, { log }: { readonly log: Log }) {
    this.#server = server;
    this.#log = log;
  }

  /** Throws what the session's server refused it with, and keeps nothing then. */
  async set(level: LogLevel, options: { session: Session; signal: AbortSource | undefined }): Promise<void> {
    const { session, signal } = options;
    await session.setLogLevel(level, { signal });
    this.#level = level;
    this.#told.set(session, level);
  }

  /** These are the server's sessions now. */
  attend(live: readonly LiveSession[]): void {
    const level = this.#level;
    if (level === undefined) return;
    for (const { session, instance } of live) {
      if (this.#told.get(session) === level) continue;
      this.#told.set(session, level);
      session.setLogLevel(level, {}).catch((error: unknown) => {
        const about = { server: this.#server, instance, level, error: String(error) };
        this.#log.warn("could not set a server's log level again", about);
      });
    }
  }
}
