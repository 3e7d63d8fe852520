import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerSpec } from "../../src/base/spec/spec.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import { aCaller } from "./a-caller.ts";
import { OpenFleet } from "./open-fleet.ts";

let open: OpenFleet;
beforeEach(async () => {
  open = new OpenFleet();
  await open.boot();
});
afterEach(() => open[Symbol.asyncDispose]());

/** As an engine that a stalled `docker attach` holds up: what it is asked for hangs, and it tells of no end. */
function holdUp(method: "stop"): void {
  open.faults[method] = () => new Promise<never>(() => {});
}

/** A call that its server never answers, and whose caller sets no deadline. */
async function callUnderWay(spec: Partial<ServerSpec>) {
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs", { ...spec, callTimeoutMs: 60_000 }) });
  const call = (tool: string) =>
    open.fleet.call("a", {
      callerHasDeadline: false,
      caller: aCaller,
      work: ({ session }, signal) => session.callTool({ tool }, { signal }),
    });
  const lost = call("never").then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  return { lost, call };
}

describe("While the engine hangs on a container, a kill ends the calls to it:", () => {
  it("a health check", async () => {
    const health = { intervalMs: 50, timeoutMs: 50, failureThreshold: 2, killUnhealthy: true };
    const { lost, call } = await callUnderWay({ health });
    holdUp("stop");
    await call("deaf");
    expect(await lost).toMatchObject({ details: { reason: "SERVER_UNHEALTHY", delivery: "sent" } });
  });

  it("a Stop without grace", async () => {
    const { lost } = await callUnderWay({});
    holdUp("stop");
    void open.fleet.stop("a", { graceMs: 0 }).catch(() => {});
    expect(await lost).toMatchObject({ details: { reason: "SERVER_STOPPED", delivery: "sent" } });
  });

  it("a Stop that a second one hurries", async () => {
    const { lost } = await callUnderWay({});
    holdUp("stop");
    void open.fleet.stop("a", { graceMs: 600_000 }).catch(() => {});
    void open.fleet.stop("a", { graceMs: 0 }).catch(() => {});
    expect(await lost).toMatchObject({ details: { reason: "SERVER_STOPPED", delivery: "sent" } });
  });
});
