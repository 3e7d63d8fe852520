import { once } from "node:events";
import net from "node:net";
import type { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log/log.ts";
import type { NodeResponse } from "../../../src/server/handlers/node-handler.ts";
import { Listener } from "../../../src/server/listener.ts";
import type { ReadBefore } from "../../../src/server/requests/node-body.ts";
import { readBody } from "../../../src/server/requests/whole-body.ts";
import { TransferBudget } from "../../../src/server/responses/transfer-budget.ts";
import { Turns } from "../turns.ts";

const opened: Listener[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listener) => listener.close({ graceMs: 0 })));
});

const maxBytes = 1_000_000;
const budget = new TransferBudget({ maxBytes, log: silentLog, elapsedMs: () => performance.now() });

function read(body: Readable, response: NodeResponse): Promise<ReadBefore> {
  return new Promise((onRead, onLeft) => {
    readBody(body, { maxBytes, unsent: budget.watch(response), onRead, onLeft: () => onLeft(new Error("left")) });
  });
}

describe("A body in many small pieces", () => {
  it("is read in turns of the event loop", async () => {
    using turns = new Turns();
    const listener = await Listener.open({
      host: "127.0.0.1",
      port: 0,
      handler: (request, response) => {
        void read(request, response).then(({ bytes }) => response.end(String(bytes.length)));
        request.on("data", turns.note);
      },
    });
    opened.push(listener);
    const client = net.connect(listener.port, "127.0.0.1");
    const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.end(`${head}${"1\r\nx\r\n".repeat(300_000)}0\r\n\r\n`);
    const [received] = await once(client, "data");
    expect(String(received)).toContain("300000");
    // What 64 KiB hold.
    expect(turns.most).toBeLessThanOrEqual(11_000);
  });
});
