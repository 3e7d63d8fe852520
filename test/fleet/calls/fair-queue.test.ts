import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue } from "../../../src/fleet/calls/fair-queue.ts";

function takeAll<T>(queue: FairQueue<T>): T[] {
  const taken: T[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
}

/** The same by the plainest means: lists, and a list of whose turn it is. */
class NaiveQueue {
  #lanes: { caller: string; items: number[] }[] = [];

  get size(): number {
    return this.#lanes.flatMap(({ items }) => items).length;
  }

  add(caller: string, item: number): void {
    const lane = this.#lanes.find((one) => one.caller === caller);
    if (lane === undefined) this.#lanes.push({ caller, items: [item] });
    else lane.items.push(item);
  }

  take(): number | undefined {
    const lane = this.#lanes.shift();
    const item = lane?.items.shift();
    if (lane !== undefined && lane.items.length > 0) this.#lanes.push(lane);
    return item;
  }

  remove(caller: string, item: number): void {
    for (const lane of this.#lanes) {
      if (lane.caller === caller) lane.items = lane.items.filter((one) => one !== item);
    }
    this.#lanes = this.#lanes.filter(({ items }) => items.length > 0);
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), caller: fc.constantFrom("a", "b", "c", "d") }),
  fc.record({ do: fc.constant("take" as const) }),
  fc.record({ do: fc.constant("remove" as const), at: fc.nat() }),
);

describe("FairQueue", () => {
  it("gives each caller one turn after another, in the order of arrival", () => {
    const queue = new FairQueue<string>();
    for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) queue.add(item[0], item);
    expect(takeAll(queue)).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
  });

  it("lets one who comes late wait for one turn of each other at most", () => {
    const queue = new FairQueue<string>();
    for (let count = 1; count <= 1000; count += 1) queue.add("a", `a${count}`);
    queue.take();
    queue.add("b", "b1");
    expect([queue.take(), queue.take()]).toEqual(["a2", "b1"]);
  });

  it("takes items back, and forgets who has none left", () => {
    const queue = new FairQueue<string>();
    queue.add("a", "a1");
    queue.add("b", "b1");
    queue.remove("a", "a1");
    queue.remove("a", "a1");
    queue.remove("nobody", "a1");
    expect(queue.size).toBe(1);
    expect(takeAll(queue)).toEqual(["b1"]);
    expect(queue.take()).toBeUndefined();
  });

  it("does what plain lists do, whatever is added, taken and removed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new FairQueue<number>();
        const naive = new NaiveQueue();
        const added: { caller: string; item: number }[] = [];
        for (const one of steps) {
          if (one.do === "add") {
            const item = added.length;
            added.push({ caller: one.caller, item });
            for (const each of [queue, naive]) each.add(one.caller, item);
          } else if (one.do === "take") {
            expect(queue.take()).toBe(naive.take());
          } else {
            const { caller, item } = added[one.at % Math.max(added.length, 1)] ?? { caller: "a", item: 0 };
            for (const each of [queue, naive]) each.remove(caller, item);
          }
          expect(queue.size).toBe(naive.size);
        }
      }),
      { numRuns: 500 },
    );
  });
});
