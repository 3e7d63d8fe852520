import { describe, expect, it } from "vitest";
import { goals, judge } from "../../bench/summary/goals.ts";

const figure = "gRPC / better peer, calls/s";
const text = goals.find((goal) => goal.figure === figure)?.text;

/** What a run whose only figure is this one says of it. */
function verdictOf(figures: Record<string, number>) {
  const judged = judge({ calls: { machine: "any", tables: [], figures } });
  return judged.find(({ goal }) => goal.text === text);
}

describe("judge", () => {
  it("says whether a goal is reached, and breaks CI only far below it", () => {
    expect(verdictOf({ [figure]: 4 })).toMatchObject({ verdict: "reached", broken: false });
    expect(verdictOf({ [figure]: 3.9 })).toMatchObject({ verdict: "not reached", broken: false });
    expect(verdictOf({ [figure]: 0.01 })).toMatchObject({ verdict: "not reached", broken: true });
  });

  it("breaks CI when a benchmark ran without the figure that CI judges, or with none that is a number", () => {
    expect(verdictOf({})).toMatchObject({ verdict: "not measured", broken: true });
    expect(verdictOf({ [figure]: Number.NaN })).toMatchObject({ verdict: "not reached", broken: true });
  });

  it("leaves goals alone whose benchmark did not run", () => {
    expect(judge({}).filter(({ broken }) => broken)).toEqual([]);
  });
});
