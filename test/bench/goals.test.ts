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
    expect(verdictOf({ [figure]: 4 })).toMatchObject({ verdict: "reached", broken: undefined });
    expect(verdictOf({ [figure]: 3.9 })).toMatchObject({ verdict: "not reached", broken: undefined });
    const broken = `${text}: "${figure}" is 0.01, and CI wants ≥ 0.8`;
    expect(verdictOf({ [figure]: 0.01 })).toMatchObject({ verdict: "not reached", broken });
  });

  it("breaks CI when a benchmark ran without the figure that CI judges, or with none that is a number", () => {
    expect(verdictOf({})).toMatchObject({
      verdict: "not measured",
      broken: `${text}: "${figure}" is not there, and CI wants ≥ 0.8`,
    });
    expect(verdictOf({ [figure]: Number.NaN })).toMatchObject({
      verdict: "not reached",
      broken: expect.stringContaining("is NaN"),
    });
  });

  it("breaks CI by a ratio where a goal is about how fast a machine is", () => {
    const brokenBy = (ratio: number) => {
      const figures = { "lines/s": 10, "lines/s / attached": ratio };
      return judge({ logs: { machine: "any", tables: [], figures } }).flatMap(({ broken }) => broken ?? []);
    };
    expect(brokenBy(0.2)).toEqual([]);
    expect(brokenBy(0.01)).toEqual([expect.stringContaining('"lines/s / attached" is 0.01, and CI wants ≥ 0.04')]);
  });

  it("breaks CI when the encoder is slower than the library, and no goal is reached that it gains too little for", () => {
    const judged = (ratio: number) => {
      const figures = { "encoder, result_json of 100 B: plain / by hand": ratio };
      return judge({ micro: { machine: "any", tables: [], figures } }).find(({ goal }) => goal.figure in figures);
    };
    expect(judged(1.6)).toMatchObject({ verdict: "reached", broken: undefined });
    expect(judged(1.2)).toMatchObject({ verdict: "not reached", broken: undefined });
    expect(judged(0.9)).toMatchObject({ verdict: "not reached", broken: expect.stringContaining("CI wants ≥ 1") });
  });

  it("leaves goals alone whose benchmark did not run", () => {
    expect(judge({}).flatMap(({ broken }) => broken ?? [])).toEqual([]);
  });
});
