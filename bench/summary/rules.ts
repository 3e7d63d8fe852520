import type { Results } from "../measure/report.ts";

/** Figures of a thing that is written by hand: how many times as long its plain form takes, and the rule. */
export const ratioOf = (thing: string) => `${thing}: plain / by hand`;
export const ruleOf = (thing: string) => `${thing}: goes below`;

/** What is written by hand and gains less than its rule asks for, or was not measured beside its rule. */
export function broken(results: Results): string[] {
  const figures = results.micro?.figures ?? {};
  const things = Object.keys(figures).flatMap((name) => /^(.*): goes below$/.exec(name)?.[1] ?? []);
  return things.flatMap((thing) => {
    const [ratio = Number.NaN, rule = Number.NaN] = [figures[ratioOf(thing)], figures[ruleOf(thing)]];
    return ratio >= rule ? [] : `${thing}: the plain form takes ${ratio} times as long, and it goes below ${rule}`;
  });
}
