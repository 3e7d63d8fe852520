import { setTimeout as delay } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { grpcClient, textOf } from "../e2e/test-manager.ts";
import type { Choices } from "./choices.ts";
import { nameOf, wasCutOff } from "./ledger.ts";

/** How many calls ended, and how. */
export type CallCounts = Map<string, number>;

export interface CallerContext {
  readonly url: string;
  readonly server: string;
  readonly choices: Choices;
  readonly counts: CallCounts;
  readonly isKilled: () => boolean;
  readonly onFinding: (text: string) => void;
}

/** Calls a server again and again over a connection of its own, until the manager is gone. */
export async function call({ url, server, choices, counts, isKilled, onFinding }: CallerContext): Promise<void> {
  const client = grpcClient(url);
  const count = (end: string) => counts.set(end, (counts.get(end) ?? 0) + 1);
  for (let number = 0; ; number += 1) {
    const text = `${number}-${"x".repeat(choices.pick([1, 1, 100_000]))}`;
    try {
      const result = await client.callTool({ server, tool: "echo", input: { case: "arguments", value: { text } } });
      if (textOf(result) !== text) onFinding(`a call of ${server} got another's answer`);
      count("result");
    } catch (reason) {
      const error = ConnectError.from(reason);
      if (wasCutOff(error)) {
        // The manager can't say any more what became of it.
        if (!isKilled()) onFinding(`a call of ${server} ended without a reason: ${error.message}`);
        count("cut off by the kill");
        return;
      }
      const name = nameOf(error);
      if (name.includes("without")) onFinding(`a call of ${server} ended so: ${name}`);
      count(name);
      await delay(choices.below(50));
    }
  }
}
