import type { AbortSource } from "../../../base/async/abort-source.ts";
import { ManagerError } from "../../../base/errors/errors.ts";
import type { ToolCall } from "../../../mcp/features/tools/tool-call.ts";
import type { Session } from "../../../mcp/session.ts";
import { argumentsRejected, listingFailed, schemaUnsupported, toolNotListed } from "./check-error.ts";
import type { CheckThread } from "./check-thread.ts";

export interface CheckedCall {
  readonly server: string;
  readonly session: Session;
  readonly call: ToolCall;
  readonly signal?: AbortSource | undefined;
}

/** Checks a call's arguments against the tool's input schema, as the server lists it. */
export class ArgumentCheck {
  readonly #thread: CheckThread;

  constructor(thread: CheckThread) {
    this.#thread = thread;
  }

  /**
   * Returns if the arguments follow the schema; no arguments are an empty object. Throws `invalid`, `not_found` (no
   * such tool), `not_running` (the schema can't be used), `too_much` (checking takes too long or too much memory, or
   * too many wait for it), and why the server can't list its tools, all `not_sent`.
   */
  async check({ server, session, call, signal }: CheckedCall): Promise<void> {
    const schemaJson = await schemaOf(session, call.tool, signal);
    const input = { schemaJson, argumentsJson: call.argumentsJson ?? "{}" };
    const result = await this.#thread.run(input, { lane: server, signal }).catch((error: unknown) => {
      throw error instanceof ManagerError ? error.with({ delivery: "not_sent" }) : error;
    });
    if (result.kind === "rejected") throw argumentsRejected(result.violations);
    if (result.kind === "unsupported") throw schemaUnsupported(call.tool, result.problem);
  }
}

async function schemaOf(session: Session, tool: string, signal: AbortSource | undefined): Promise<string> {
  const { entries, incomplete, limit } = await session.tools.listed({ signal }).catch((error: unknown) => {
    throw listingFailed(error);
  });
  const listed = entries.find(({ name }) => name === tool);
  if (listed !== undefined) return listed.inputSchemaJson;
  if (limit !== undefined) throw listingFailed(limit);
  throw incomplete === undefined ? toolNotListed(tool) : schemaUnsupported(tool, incomplete);
}
