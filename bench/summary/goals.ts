import type { Results } from "../measure/report.ts";

/** What is to be reached, and at which value CI fails: far outside the noise of a shared machine. */
export interface Goal {
  readonly text: string;
  /** The benchmark that measures it. */
  readonly section: string;
  readonly figure: string;
  readonly limit: Limit;
  /** Unset: CI does not judge it. */
  readonly ci?: Limit & {
    /** A ratio that CI judges in the place of what the machine says. Default: `figure`. */
    readonly figure?: string;
  };
}

type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** Those of issue 6, and what keeps the encoder: ratios within one run. */
export const goals: readonly Goal[] = [
  {
    text: "CallTool over gRPC, 64 in flight: calls/s of the better peer",
    section: "calls",
    figure: "gRPC / better peer, calls/s",
    limit: { atLeast: 4 },
    ci: { atLeast: 0.8 },
  },
  {
    text: "CallTool over gRPC, 64 in flight: p99 of the better peer",
    section: "calls",
    figure: "gRPC / better peer, p99",
    limit: { atMost: 0.25 },
  },
  {
    text: "CallTool over Connect JSON, 64 in flight: calls/s of the better peer",
    section: "calls",
    figure: "Connect / better peer, calls/s",
    limit: { atLeast: 2.5 },
    ci: { atLeast: 0.6 },
  },
  {
    text: "CallTool over REST, 64 in flight: calls/s of the better peer",
    section: "calls",
    figure: "REST / better peer, calls/s",
    limit: { atLeast: 2.5 },
    ci: { atLeast: 0.6 },
  },
  {
    text: "one call at a time over gRPC: median above the attached container, µs",
    section: "calls",
    figure: "gRPC above attached, µs",
    limit: { atMost: 75 },
  },
  {
    text: "the manager's processor time for a small call, µs",
    section: "calls",
    figure: "CPU per call, µs",
    limit: { atMost: 35 },
  },
  {
    text: "1 MB as result_json, 4 in flight: bytes/s of the attached container",
    section: "calls",
    figure: "1 MB by gRPC / attached, bytes/s",
    limit: { atLeast: 0.7 },
    ci: { atLeast: 0.3 },
  },
  {
    text: "Start to first result: by hand",
    section: "cold-start",
    figure: "Start / by hand",
    limit: { atMost: 1.1 },
    ci: { atMost: 2 },
  },
  {
    text: "adoption of 50 servers, s",
    section: "growth",
    figure: "adoption of 50 servers, s",
    limit: { atMost: 3 },
  },
  {
    text: "memory of the manager with one server, MB",
    section: "growth",
    figure: "memory with one server, MB",
    limit: { atMost: 100 },
  },
  {
    text: "heap and buffers per further idle server, MB",
    section: "growth",
    figure: "memory per further server, MB",
    limit: { atMost: 0.5 },
  },
  {
    text: "Logs: lines of 100 B a second to one follower",
    section: "logs",
    figure: "lines/s",
    limit: { atLeast: 150_000 },
    ci: { figure: "lines/s / attached", atLeast: 0.04 },
  },
  {
    text: "Apply of 200 servers that are as declared: ms above List",
    section: "apply",
    figure: "apply of 200 unchanged servers above List, ms",
    limit: { atMost: 100 },
  },
  {
    text: "calls of others during rolling changes: of those during docker run and rm",
    section: "apply",
    figure: "calls/s during rolling changes / during docker run and rm",
    limit: { atLeast: 0.97 },
  },
  {
    text: "encoder, result_json of 100 B: the library's time by ours",
    section: "micro",
    figure: "encoder, result_json of 100 B: plain / by hand",
    limit: { atLeast: 1.5 },
    ci: { atLeast: 1 },
  },
  {
    text: "encoder, line of a log: the library's time by ours",
    section: "micro",
    figure: "encoder, line of a log: plain / by hand",
    limit: { atLeast: 1.5 },
    ci: { atLeast: 1 },
  },
];

export interface Judged {
  readonly goal: Goal;
  /** Undefined: not measured in this run. */
  readonly value: number | undefined;
  readonly verdict: "reached" | "not reached" | "not measured";
  /** What CI is to fail by. */
  readonly broken: string | undefined;
}

/** What a run's results say of each goal. A figure that CI judges is broken, too, when its benchmark ran and lacks it. */
export function judge(results: Results): Judged[] {
  return goals.map((goal) => {
    const figures = results[goal.section]?.figures;
    const value = figures?.[goal.figure];
    const reached = holds(value, goal.limit) ? "reached" : "not reached";
    return { goal, value, verdict: value === undefined ? "not measured" : reached, broken: brokenBy(goal, figures) };
  });
}

function brokenBy({ text, figure, ci }: Goal, figures: Record<string, number> | undefined): string | undefined {
  if (ci === undefined || figures === undefined) return undefined;
  const judged = ci.figure ?? figure;
  const value = figures[judged];
  return holds(value, ci)
    ? undefined
    : `${text}: "${judged}" is ${value ?? "not there"}, and CI wants ${limitText(ci)}`;
}

/** Neither NaN nor what was not measured holds anything. */
function holds(value: number | undefined, limit: Limit): boolean {
  if (value === undefined) return false;
  return "atLeast" in limit ? value >= limit.atLeast : value <= limit.atMost;
}

export function limitText(limit: Limit): string {
  return "atLeast" in limit ? `≥ ${limit.atLeast}` : `≤ ${limit.atMost}`;
}
