import { expect } from "vitest";
import { rounded } from "./exact-json.ts";
import type { Era, Outcome } from "./sdk-clients.ts";

/** A case in which callers of the SDK's clients get something else than ours, by its name. */
interface Difference {
  /** The client that it is peculiar to, when it is. */
  readonly only?: string;
  /** What the SDK's client gives, of what ours gives. */
  readonly sdk: (ours: Outcome) => unknown;
}

export const differences = {
  /** `JSON.parse` rounds it. */
  "rounded number": { sdk: rounded },
  /** By its contract the manager says TOOL_NOT_FOUND, whichever way the server has of saying it. */
  "unknown tool": {
    sdk: (ours) => {
      expect(ours).toEqual({ refused: "TOOL_NOT_FOUND" });
      const text = expect.stringMatching(/[Tt]ool .* (?:not found|disabled)$/);
      return expect.toBeOneOf([
        { result: { content: [{ type: "text", text }], isError: true } },
        { error: { code: -32602, message: expect.stringMatching(/not found|disabled/) } },
        // Python.
        {
          result: expect.objectContaining({
            content: [{ type: "text", text: expect.stringMatching(/^Unknown tool: /) }],
          }),
        },
      ]);
    },
  },
  /** The v1 client does not ask the server. */
  "tool that needs a task": {
    only: "SDK v1",
    sdk: () => ({ error: { code: -32600, message: expect.stringContaining("requires task-based execution") } }),
  },
} satisfies Record<string, Difference>;

export type DifferenceName = keyof typeof differences;

/** The difference that is listed for a call by this client. */
export function differenceOf(name: DifferenceName | undefined, client: string): Difference | undefined {
  const difference: Difference | undefined = name && differences[name];
  return difference?.only === undefined || difference.only === client ? difference : undefined;
}

/** In the modern era the SDK's clients take `resultType` away: it has done its work. */
export function consumed(outcome: Outcome, era: Era): Outcome {
  if (era === "legacy" || !("result" in outcome)) return outcome;
  const { resultType, ...result } = outcome.result as { resultType: string };
  expect(resultType).toBe("complete");
  return { result };
}
