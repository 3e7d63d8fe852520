import { describe, expect, test } from "vitest";
import { Turns } from "../../../../src/runtime/docker/engine/turns.ts";

describe("Turns", () => {
  test("are taken one after the other, whatever came of those before", async () => {
    const turns = new Turns();
    const done: string[] = [];
    const step = (name: string, fails = false) =>
      turns.take(async () => {
        done.push(`${name} begins`);
        await new Promise(setImmediate);
        done.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      }, {});
    const [a, b, c] = await Promise.allSettled([step("a"), step("b", true), step("c")]);
    expect(done).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    expect([a?.status, b?.status, c?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("one who leaves before his turn is passed over, and holds up nobody", async () => {
    const turns = new Turns();
    const first = Promise.withResolvers<void>();
    const leaving = new AbortController();
    const done: string[] = [];
    const work = (name: string) => async () => void done.push(name);
    const a = turns.take(() => first.promise.then(work("a")), {});
    const b = turns.take(work("b"), { signal: leaving.signal });
    const c = turns.take(work("c"), {});
    leaving.abort();
    await expect(b).rejects.toMatchObject({ kind: "cancelled" });
    expect(done).toEqual([]);
    first.resolve();
    await Promise.all([a, c]);
    expect(done).toEqual(["a", "c"]);
  });
});
