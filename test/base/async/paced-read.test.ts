import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readPaced } from "../../../src/base/async/paced-read.ts";

/** Reads what was written, and counts what each turn of the event loop got. */
async function read(...chunks: Buffer[]) {
  const source = new PassThrough({ highWaterMark: 64 * 1024 * 1024 });
  const got: Buffer[] = [];
  const turns: { bytes: number; lines: number }[] = [{ bytes: 0, lines: 0 }];
  let reading = true;
  const nextTurn = () => {
    turns.push({ bytes: 0, lines: 0 });
    if (reading) setImmediate(nextTurn);
  };
  for (const chunk of chunks) source.write(chunk);
  source.end();
  readPaced(source, (chunk) => {
    got.push(Buffer.from(chunk));
    const turn = turns.at(-1);
    if (turn === undefined) return;
    turn.bytes += chunk.length;
    turn.lines += chunk.toString("latin1").split("\n").length - 1;
  });
  setImmediate(nextTurn);
  await once(source, "end");
  reading = false;
  return { bytes: Buffer.concat(got), turns };
}

describe("readPaced", () => {
  it("lets other work run between portions of a flood of short lines, and loses none", async () => {
    const flood = Buffer.from("y\n".repeat(32 * 1024));
    const { bytes, turns } = await read(flood, flood);
    expect(bytes.equals(Buffer.concat([flood, flood]))).toBe(true);
    expect(Math.max(...turns.map(({ lines }) => lines))).toBeLessThanOrEqual(1000);
    expect(turns.filter(({ lines }) => lines > 0).length).toBeGreaterThanOrEqual(65);
  });

  it("lets other work run between portions of one long line", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const { bytes, turns } = await read(...Array.from({ length: 256 }, () => chunk));
    expect(bytes).toHaveLength(256 * 64 * 1024);
    expect(Math.max(...turns.map((turn) => turn.bytes))).toBeLessThanOrEqual(2 * (256 + 64) * 1024);
  });

  it("keeps the order when portions end in mid-chunk", async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join("");
    const { bytes } = await read(Buffer.from(lines.slice(0, 7777)), Buffer.from(lines.slice(7777)));
    expect(bytes.toString()).toBe(lines);
  });
});
