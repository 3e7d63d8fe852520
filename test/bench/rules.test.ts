import { describe, expect, it } from "vitest";
import type { ByHand } from "../../bench/micro/by-hand.ts";
import { columns, pairRow } from "../../bench/micro/pair-row.ts";
import { broken, ratioOf, ruleOf } from "../../bench/summary/rules.ts";

const thing: ByHand = {
  thing: "a loop",
  file: "src/x.ts",
  plainForm: "map",
  goesBelow: 1.5,
  part: { of: "a call", times: 2 },
};
const round = (ratio: number) => [{ handNs: 1000, plainNs: 1000 * ratio }];

describe("pairRow", () => {
  it("has a cell for each column and its name, and marks a thing that gains less than its rule", () => {
    expect(pairRow(thing, round(1.4)).cells).toHaveLength(columns.length + 1);
    expect(pairRow(thing, round(1.4)).cells).toContain("1.5x: goes");
    expect(pairRow(thing, round(1.5)).cells).toContain("1.5x");
  });

  it("has no share of a call for what is most of one", () => {
    expect(pairRow(thing, round(2)).cells).toContain("5.7 % of a call");
    expect(pairRow({ ...thing, isMost: true }, round(2)).cells).toContain("most of a call");
  });
});

describe("broken", () => {
  const ofRatio = (ratio: number | undefined) => {
    const figures = { [ruleOf("a loop")]: 1.5, ...(ratio === undefined ? {} : { [ratioOf("a loop")]: ratio }) };
    return broken({ micro: { machine: "any", tables: [], figures } });
  };

  it("names what gains less than its rule asks for, and what was not measured", () => {
    expect(ofRatio(1.4)).toEqual(["a loop: the plain form takes 1.4 times as long, and it goes below 1.5"]);
    expect(ofRatio(undefined)).toHaveLength(1);
    expect(ofRatio(1.5)).toEqual([]);
    expect(broken({})).toEqual([]);
  });
});
