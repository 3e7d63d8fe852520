// Every reason that a request can provoke without an engine, through all protocols side by side. The rest of the table is
// in errors.engine.test.ts. MCPM_TEST_ERROR_TABLE=1 prints it.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorReasons } from "../../src/base/errors/error-reason.ts";
import { TestManager } from "../e2e/test-manager.ts";
import { protocols } from "./ask.ts";
import { BrokenFleet } from "./broken-fleet.ts";
import { expectSideBySide, printTable, Stage } from "./causes/cause.ts";
import { engineCauses } from "./causes/engine-causes.ts";
import { keyedCauses } from "./causes/keyed-causes.ts";
import { offerCauses } from "./causes/offer-causes.ts";
import { processCauses } from "./causes/process-causes.ts";
import { replyCauses } from "./causes/reply-causes.ts";
import { unprovokable } from "./causes/unprovokable.ts";
import { wireCauses } from "./causes/wire-causes.ts";

const secrets = new Map([["unset", { kind: "env", name: "THAT_NOBODY_SET" } as const]]);
const causes = [...processCauses, ...replyCauses, ...keyedCauses, ...offerCauses, ...wireCauses];

let manager: TestManager;
let withoutLean: TestManager;
beforeAll(async () => {
  const limits = { MCPM_MAX_LINE_BYTES: "1048576", MCPM_MAX_REQUEST_BYTES: "65536" };
  manager = await TestManager.start({ MCPM_RUNTIME: "process", ...limits }, { secrets });
  withoutLean = await TestManager.start({ MCPM_RUNTIME: "process", ...limits }, { fastPath: false, secrets });
});
afterAll(async () => {
  printTable();
  await manager[Symbol.asyncDispose]();
  await withoutLean[Symbol.asyncDispose]();
});

describe("The table of causes", () => {
  it("has each reason once, but for those that no request can provoke", () => {
    const provoked = [...causes, ...engineCauses].map(({ reason }) => reason);
    expect([...provoked, ...Object.keys(unprovokable)].sort()).toEqual([...errorReasons].sort());
  });
});

describe("A reason that no request can provoke", () => {
  const shown = Object.entries(unprovokable).flatMap(([reason, why]) =>
    (/\btest\/\S+/.exec(why) ?? []).map((file) => [reason, file] as const),
  );

  it.each(shown)("%s is shown by %s", async (reason, file) => {
    expect(await readFile(file, "utf8")).toContain(reason);
  });
});

describe("Over gRPC, gRPC-Web, Connect and REST the same", () => {
  it.each(causes)("$reason answers: $how", async (cause) => {
    await expectSideBySide(cause, (protocol) => new Stage(manager, protocol));
  });

  it.each(causes)("$reason answers, by the RPC library alone: $how", async (cause) => {
    await expectSideBySide(cause, (protocol) => new Stage(withoutLean, protocol));
  });
});

describe("A bug in what reaches no server", () => {
  it.each(protocols)("was not sent, over %s", async (protocol) => {
    await using broken = await BrokenFleet.open();
    for (const [rpc, request] of [
      ["Get", { name: "x" }],
      ["Watch", {}],
    ] as const) {
      const { reason, metadata } = await broken.ask[protocol](rpc, request);
      expect([rpc, reason, metadata.delivery]).toEqual([rpc, "INTERNAL", "not_sent"]);
    }
  });
});
