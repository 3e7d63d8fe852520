import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readlink } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { isDead, thisHolder } from "../../../../src/runtime/docker/owner/this-process.ts";

const now = () => Date.UTC(2020, 0, 1);

async function processKeyOf(pid: number | undefined): Promise<string> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return [boot, await readlink("/proc/self/ns/pid"), pid, startTime].join("/");
}

describe.runIf(process.platform === "linux")("A holder of a fleet on this machine", () => {
  it("is told by host, pid and time, and lives while its process does", async () => {
    const holder = await thisHolder({ now });
    expect(holder).toEqual({
      host: expect.stringMatching(/./),
      pid: process.pid,
      since: "2020-01-01T00:00:00.000Z",
      processKey: await processKeyOf(process.pid),
    });
    expect(await isDead(holder.processKey)).toBe(false);
  });

  it("is dead when its process is gone, or another has its pid", async () => {
    const child = spawn("sleep", ["1000"]);
    const processKey = await processKeyOf(child.pid);
    expect(await isDead(processKey)).toBe(false);
    expect(await isDead(`${processKey}0`)).toBe(true);
    child.kill("SIGSTOP");
    expect(await isDead(processKey)).toBe(false);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    expect(await isDead(processKey)).toBe(true);
  });

  it("is not known to be dead when it is of another machine, boot or container, or says nothing of itself", async () => {
    const [boot, namespace, , startTime] = (await processKeyOf(process.pid)).split("/");
    const nobody = 2 ** 22;
    expect(await isDead([boot, namespace, nobody, startTime].join("/"))).toBe(true);
    expect(await isDead(["another", namespace, nobody, startTime].join("/"))).toBe(false);
    expect(await isDead([boot, "pid:[1]", nobody, startTime].join("/"))).toBe(false);
    expect(await isDead(undefined)).toBe(false);
    expect(await isDead("nonsense")).toBe(false);
  });
});
