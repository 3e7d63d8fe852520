import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { HandOverTurns } from "../../../src/rpc/fast-path/hand-over-turns.ts";

it("HandOverTurns hands over a hundred requests a turn, in their order, and few at once", async () => {
  const turns = new HandOverTurns();
  const done: number[] = [];
  for (let index = 0; index < 250; index += 1) turns.take(() => done.push(index));
  expect(done).toHaveLength(100);
  await nextTurn();
  expect(done).toHaveLength(200);
  await nextTurn();
  expect(done).toEqual(Array.from({ length: 250 }, (_, index) => index));
  await nextTurn();
  turns.take(() => done.push(250));
  expect(done).toHaveLength(251);
});
