import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import type { Stage } from "../../stage.ts";
import type { Random } from "../random.ts";
import type { Fault } from "./fault.ts";

/** What somebody does to the containers behind the manager's back, and what happens to its connections to the engine. */
export const engineFaults: readonly Fault[] = [
  behindTheBack("docker kill", 3, (container) => container.kill()),
  behindTheBack("docker stop", 1, (container) => container.stop({ t: 1 })),
  behindTheBack("docker restart", 2, (container) => container.restart({ t: 1 })),
  behindTheBack("docker rm -f -v", 2, (container) => container.remove({ force: true, v: true })),
  behindTheBack("docker pause, unpause", 3, async (container, random) => {
    if (!(await pause(container))) return;
    await delay(random.between(200, 3_000));
    await unpause(container);
  }),
  behindTheBack("docker attach for a second", 1, async (container) => {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    stream.resume();
    stream.on("error", () => {});
    await delay(1_000);
    (stream as NodeJS.ReadWriteStream & { destroy(): void }).destroy();
  }),
  cut("all attachments lost", 2, (path) => path.includes("/attach")),
  cut("one attachment lost", 3, (path, random) => path.includes("/attach") && random.next() < 0.1),
  cut("event stream lost", 2, (path) => path.startsWith("/events")),
];

export const socketGone: Fault = {
  kind: "engine's socket gone",
  weight: 1,
  run: async ({ proxy }, { random }) => {
    await proxy.takeAway();
    await delay(random.between(100, 2_000));
    await proxy.putBack();
  },
};

/** Whether it is paused now: a kernel with much to do may not freeze it in time, and it may have ended a moment before. */
async function pause(container: Docker.Container): Promise<boolean> {
  try {
    await container.pause();
    return true;
  } catch (error) {
    if (!(error instanceof Error && /unable to freeze|cannot pause a stopped container/.test(error.message)))
      throw error;
    return false;
  }
}

/** The engine answers 500 for a container that was killed or continued meanwhile, and 409 in newer versions. */
async function unpause(container: Docker.Container): Promise<void> {
  try {
    await container.unpause();
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("is not paused"))) throw error;
  }
}

function behindTheBack(
  kind: string,
  weight: number,
  work: (container: Docker.Container, random: Random) => Promise<unknown>,
): Fault {
  return {
    kind,
    weight,
    run: async (stage, { random }) => {
      const container = await randomContainer(stage, random);
      if (container === undefined) return;
      try {
        await work(container, random);
      } catch (error) {
        // The container ended, or the manager removed or started it, while this was under way: what was meant is moot.
        if (![404, 409, 304].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
      }
    },
  };
}

async function randomContainer({ docker, fleet }: Stage, random: Random): Promise<Docker.Container | undefined> {
  const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${fleet}`];
  const running = await docker.listContainers({ filters: { label, status: ["running"] } });
  running.sort((a, b) => (a.Names[0] ?? "").localeCompare(b.Names[0] ?? ""));
  return running.length === 0 ? undefined : docker.getContainer(random.pick(running).Id);
}

function cut(kind: string, weight: number, which: (path: string, random: Random) => boolean): Fault {
  return {
    kind,
    weight,
    run: async ({ proxy }, { random }) => proxy.cut((path) => which(path, random)),
  };
}
