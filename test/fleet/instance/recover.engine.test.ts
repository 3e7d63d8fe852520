import { expect, it } from "vitest";
import { TestFleet } from "../../runtime/docker/test-fleet.ts";
import { aCaller } from "../a-caller.ts";
import { engineDown, OpenFleet } from "../open-fleet.ts";

it("A server taken over when the engine is back has each line of its log once", async () => {
  await using open = new OpenFleet();
  await open.boot();
  const attached: { close(): void }[] = [];
  open.faults.run = async (id, sink, options) => {
    const attachment = await open.engine.runtime.run(id, sink, options);
    attached.push(attachment);
    return attachment;
  };
  await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs") });
  const lines = () => open.eventsOf("a").filter((event) => event.kind === "line" && event.text === "once").length;
  await open.fleet.call("a", {
    callerHasDeadline: false,
    caller: aCaller,
    work: ({ session }, signal) => session.callTool({ tool: "stderr", argumentsJson: '{"text":"once"}' }, { signal }),
  });
  await expect.poll(lines).toBe(1);
  open.faults.inspect = engineDown;
  attached[0]?.close();
  await expect.poll(() => open.fleet.get("a").state, { timeout: 10_000 }).toBe("failed");
  delete open.faults.inspect;
  open.listener?.resync();
  await expect.poll(() => open.fleet.get("a").state, { timeout: 10_000 }).toBe("ready");
  // A history that was read would be there a moment after the handshake; a read that is not begun never comes.
  await open.fleet.close({ drainMs: 0 });
  expect(lines()).toBe(1);
});

it.each([
  { policy: "never", state: "failed" },
  { policy: "on_failure", state: "ready" },
] as const)(
  "A server found paused whose container is then killed is $state by the policy $policy",
  async ({ policy, state }) => {
    await using open = new OpenFleet();
    await open.boot();
    const { instances } = await open.fleet.start("a", { spec: TestFleet.spec("hostile.mjs", { restart: { policy } }) });
    const container = open.engine.docker.getContainer(instances[0]?.record.id ?? "");
    await container.pause();
    await open.boot();
    expect(open.fleet.get("a")).toMatchObject({
      state: "failed",
      failure: { details: { reason: "CONTAINER_PAUSED" } },
    });
    await container.kill();
    const exited = { reason: "SERVER_EXITED", exitCode: 137 };
    await expect
      .poll(() => open.fleet.get("a"), { timeout: 10_000 })
      .toMatchObject({ state, failure: { details: exited } });
  },
);
