import type { Attack } from "./attack.ts";
import type { Cost } from "./measure-attack.ts";

const mb = 1_000_000;

export const heading = [
  "",
  "side",
  "sent",
  "MB sent",
  "CPU s",
  "queued s",
  "wait ms",
  "p99 ms",
  "MB",
  "SIGTERM",
  "outcome",
];

/** One row of the table. What is beyond a goal of docs/security.md is bold. */
export function costRow({ name, single }: Attack, { side, cost }: { side: string; cost: Cost }): string[] {
  const { sent, cpuS, queuedS, waits, memoryBytes, heard, survived } = cost;
  const mostBytes = 3 * sent.bytes + 64 * mb;
  // The loop was not taken for longer than the manager ran: the rest is the machine's other work.
  const blockedMs = Math.min(waits.maxMs, cpuS * 1000);
  const others = waits.failed > 0 ? [`another's calls failed: ${waits.failed}`] : [];
  const outcome = [sent.outcome, ...others, ...(survived ? [] : ["the manager ended"])];
  return [
    name,
    side,
    String(sent.count),
    (sent.bytes / mb).toFixed(1),
    cpuS.toFixed(2),
    queuedS.toFixed(2),
    marked(waits.maxMs.toFixed(0), single && blockedMs > 500),
    marked(waits.p99Ms.toFixed(0), !single && waits.p99Ms > 100),
    marked((memoryBytes / mb).toFixed(0), single && memoryBytes > mostBytes),
    marked(heard ? "heard" : "not heard", !heard),
    outcome.filter((text) => text !== "").join("; "),
  ];
}

function marked(text: string, beyond: boolean): string {
  return beyond ? `**${text}**` : text;
}
