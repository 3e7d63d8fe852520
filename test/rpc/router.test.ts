import { once } from "node:events";
import http2 from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { silentLog } from "../../src/base/log/log.ts";
import type { Fleet } from "../../src/fleet/fleet.ts";
import type { ToolCalls } from "../../src/fleet/tools/tool-calls.ts";
import { firstOf } from "../../src/http/handler.ts";
import { refuseRpc } from "../../src/http/refuse.ts";
import { allowAll } from "../../src/operations/authorize.ts";
import { rpcRoutes } from "../../src/rpc/router.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { Listener } from "../../src/server/listener.ts";
import { TransferBudget } from "../../src/server/responses/transfer-budget.ts";
import { openCall } from "./a-call.ts";

/** No request of these tests gets as far as a fleet. */
let listener: Listener;
beforeAll(async () => {
  const options = {
    fleet: {} as Fleet,
    toolCalls: {} as ToolCalls,
    runtime: { kind: "docker" } as Runtime,
    info: {
      version: "0",
      fleet: "f",
      maxCpus: 1,
      maxMemoryBytes: 1,
      maxPids: 1,
      maxRequestBytes: 1024,
      maxLineBytes: 1024,
      defaultCallTimeoutMs: 1000,
      maxCallTimeoutMs: 1000,
      logRingBytes: 1024,
    },
    now: () => 0,
    elapsedMs: () => 0,
    heartbeatMs: 1000,
    serversFile: () => undefined,
    shutdown: new AbortController().signal,
    log: silentLog,
    budget: new TransferBudget({ maxBytes: 1_000_000, log: silentLog, elapsedMs: () => 0 }),
    openCall,
    authorize: allowAll,
    fastPath: true,
  };
  const { mount, streams } = rpcRoutes(options, { refuse: refuseRpc });
  listener = await Listener.open({ host: "127.0.0.1", port: 0, handler: firstOf([mount]), streams: streams[0] });
});
afterAll(() => listener.close({ graceMs: 0 }));

describe("A request that is no message", () => {
  const garbage = Buffer.from([0x0a, 0xff]);

  it("is INVALID_ARGUMENT over Connect", async () => {
    const response = await fetch(`http://127.0.0.1:${listener.port}/mcpmanager.v1.ManagerService/Get`, {
      method: "POST",
      headers: { "content-type": "application/proto" },
      body: garbage,
    });
    const body = (await response.json()) as { code: string; details: { value: string }[] };
    expect([response.status, body.code]).toEqual([400, "invalid_argument"]);
    const info = fromBinary(ErrorInfoSchema, Buffer.from(body.details[0]?.value ?? "", "base64"));
    expect(info).toMatchObject({ reason: "INVALID_REQUEST", metadata: { delivery: "not_sent" } });
  });

  it("is INVALID_ARGUMENT over gRPC", async () => {
    const session = http2.connect(`http://127.0.0.1:${listener.port}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/mcpmanager.v1.ManagerService/Get",
      "content-type": "application/grpc+proto",
      te: "trailers",
    });
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, garbage.length]), garbage]));
    stream.resume();
    const [trailers] = await once(stream, "trailers");
    expect(trailers["grpc-status"]).toBe("3");
    session.close();
  });
});
