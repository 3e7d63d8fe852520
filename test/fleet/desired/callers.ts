import { type ManagerError, toManagerError } from "../../../src/base/errors/errors.ts";
import type { ToolCall } from "../../../src/mcp/features/tools/tool-call.ts";
import { aCaller } from "../a-caller.ts";
import type { OpenFleet } from "../open-fleet.ts";

/** Several callers of one server, each with one call after another and no pause in between. */
export class Callers {
  sent = 0;
  answered = 0;
  /** What calls were told that got no result; their callers end then. */
  readonly failures: ManagerError[] = [];
  /** Which instances answered. */
  readonly instances = new Set<string>();
  readonly #open: OpenFleet;
  readonly #server: string;
  readonly #loops: Promise<unknown>;
  #ending = false;

  constructor(open: OpenFleet, server: string, { count = 4 } = {}) {
    this.#open = open;
    this.#server = server;
    this.#loops = Promise.all(Array.from({ length: count }, (_, at) => this.#call(at)));
  }

  /** The calls under way are the last. */
  endSoon(): void {
    this.#ending = true;
  }

  /** Resolves when the calls under way have ended, which are the last. */
  async end(): Promise<void> {
    this.endSoon();
    await this.#loops;
  }

  /** Resolves when no caller is left. */
  async ended(): Promise<void> {
    await this.#loops;
  }

  async #call(at: number): Promise<void> {
    while (!this.#ending) {
      this.sent += 1;
      const text = `${at}-${this.sent}`;
      try {
        const { json, instance } = await callOf(this.#open, this.#server, {
          tool: "echo",
          argumentsJson: JSON.stringify({ text }),
        });
        if (!json.includes(JSON.stringify(text))) throw new Error(`another's answer: ${json}`);
        this.answered += 1;
        this.instances.add(instance);
      } catch (error) {
        this.failures.push(toManagerError(error));
        return;
      }
    }
  }
}

/** Calls a tool, and says which instance answered. */
export function callOf(
  { fleet }: OpenFleet,
  server: string,
  call: ToolCall,
): Promise<{ readonly json: string; readonly instance: string }> {
  return fleet.call(server, {
    callerHasDeadline: false,
    caller: aCaller,
    work: async ({ session, instance }, signal) => ({
      json: (await session.callTool(call, { signal })).json,
      instance,
    }),
  });
}
