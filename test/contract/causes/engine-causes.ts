import { Code } from "@connectrpc/connect";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { randomName } from "../../e2e/test-manager.ts";
import type { EngineProxy } from "../../runtime/docker/engine-proxy.ts";
import { testImage } from "../../runtime/docker/test-fleet.ts";
import { type Cause, type Stage, until } from "./cause.ts";

/** A stage whose manager reaches its engine through a proxy. */
export type EngineStage = Stage & { readonly proxy: EngineProxy };

interface EngineCause extends Omit<Cause, "provoke"> {
  readonly provoke: (stage: EngineStage) => ReturnType<Cause["provoke"]>;
}

const mebibyte = 1024 * 1024;
const isAttach = (path: string) => path.includes("/attach");
const isEvents = (path: string) => path.startsWith("/events");
const isImage = (path: string) => path.startsWith("/images/");

const isContainer = (path: string) => /^\/containers\/[0-9a-f]{64}\/json/.test(path);
const writableRoot = (json: { readonly HostConfig: object }) => ({
  ...json,
  HostConfig: { ...json.HostConfig, ReadonlyRootfs: false },
});

/** A Start that is refused, whatever the engine has. */
const startWith = (stage: Stage, spec: object) =>
  stage.ask("Start", { name: "nobody", spec: { ...specJson, ...spec } as typeof specJson });

const specJson = {
  image: testImage,
  args: ["hostile.mjs"],
  pullPolicy: "PULL_POLICY_NEVER",
  restart: { policy: "RESTART_POLICY_NEVER" },
};

/** No engine says this when it is told to: the wire to it does. */
const pingEngine = (reason: Cause["reason"], status: number, code: Code): EngineCause => ({
  reason,
  how: `Start, while the engine answers ${status}`,
  code,
  delivery: "not_sent",
  provoke: async (stage) => {
    stage.proxy.override = (path) => (isImage(path) ? { status, message: "so nicht, größer" } : undefined);
    const failure = await startWith(stage, {});
    stage.proxy.override = () => undefined;
    return failure;
  },
});

/** Causes that need an engine. */
export const engineCauses: readonly EngineCause[] = [
  {
    reason: "DENIED_BY_OPERATOR",
    how: "Start with more CPUs than MCPM_MAX_CPUS",
    code: Code.PermissionDenied,
    delivery: "not_sent",
    also: { fields: ["spec.limits.cpus"] },
    provoke: (stage) => startWith(stage, { limits: { cpus: 64 } }),
  },
  {
    reason: "BIND_NOT_ALLOWED",
    how: "Start with a bind mount from outside MCPM_BIND_ROOTS",
    code: Code.PermissionDenied,
    delivery: "not_sent",
    also: { fields: ["spec.mounts[0].source"] },
    provoke: (stage) => startWith(stage, { mounts: [{ type: "MOUNT_TYPE_BIND", source: "/etc", target: "/etc" }] }),
  },
  {
    reason: "VOLUME_NOT_OWNED",
    how: "Start with a volume that is somebody else's",
    code: Code.PermissionDenied,
    delivery: "not_sent",
    also: { fields: ["spec.mounts[0].source"] },
    provoke: async (stage) => {
      const source = randomName();
      const { docker } = stage.manager.engine;
      await docker.createVolume({ Name: source });
      try {
        return await startWith(stage, { mounts: [{ type: "MOUNT_TYPE_VOLUME", source, target: "/x" }] });
      } finally {
        await docker.getVolume(source).remove();
      }
    },
  },
  {
    reason: "IMAGE_UNAVAILABLE",
    how: "Start of an image that is not there and not to be pulled",
    code: Code.NotFound,
    delivery: "not_sent",
    provoke: (stage) => startWith(stage, { image: "mcpm-test/none:1" }),
  },
  {
    reason: "ENGINE_REFUSED",
    how: "Start with a capability that the operator allows and the engine does not know",
    code: Code.InvalidArgument,
    delivery: "not_sent",
    provoke: (stage) => startWith(stage, { capAdd: ["BOGUS"] }),
  },
  {
    reason: "NOT_ENFORCED",
    how: "Start, and the engine makes the container's root writable",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    provoke: async (stage) => {
      stage.proxy.edited = (path) => (isContainer(path) ? writableRoot : undefined);
      const failure = await startWith(stage, {});
      stage.proxy.edited = () => undefined;
      return failure;
    },
  },
  {
    reason: "SERVER_OUT_OF_MEMORY",
    how: "the server takes more memory than it has, under a call",
    code: Code.Aborted,
    delivery: "sent",
    also: { metadata: { exit_code: "137", oom_killed: "true" } },
    provoke: async (stage) => {
      const limits = { memoryBytes: BigInt(128 * mebibyte) };
      return stage.call(await stage.start([], { limits }), "hog");
    },
  },
  {
    reason: "CONTAINER_REMOVED",
    how: "`docker rm -f` under a call, and the engine tells of no exit",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async (stage) => {
      const failure = await stage.callDuring(async (name) => {
        const removed = await container(stage, name);
        stage.proxy.mute(isEvents);
        await removed.remove({ force: true });
      });
      stage.proxy.cut(isEvents);
      return failure;
    },
  },
  {
    reason: "ATTACHMENT_LOST",
    how: "the engine closes the server's stdio under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: (stage) => stage.callDuring(async () => stage.proxy.cut(isAttach)),
  },
  {
    reason: "CONTAINER_PAUSED",
    how: "Start of a server whose container somebody paused, after its stdio was lost",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    provoke: async (stage) => {
      const name = await stage.start();
      const paused = await container(stage, name);
      await paused.pause();
      stage.proxy.cut(isAttach);
      await until(async () => (await stage.client.get({ name })).server?.state === ServerState.FAILED);
      const failure = await stage.ask("Start", { name });
      await paused.unpause();
      await stage.client.stop({ name, gracePeriod: { seconds: 0n } });
      return failure;
    },
  },
  {
    reason: "ENGINE_UNAVAILABLE",
    how: "Start, while the engine closes every connection",
    code: Code.Unavailable,
    delivery: "not_sent",
    provoke: async (stage) => {
      stage.proxy.refused = isImage;
      const failure = await startWith(stage, {});
      stage.proxy.refused = () => false;
      return failure;
    },
  },
  pingEngine("ENGINE_ERROR", 500, Code.Unavailable),
  pingEngine("ENGINE_DENIED", 403, Code.PermissionDenied),
  pingEngine("ENGINE_CONFLICT", 409, Code.AlreadyExists),
];

async function container(stage: Stage, name: string) {
  const { server } = await stage.client.get({ name });
  return stage.manager.engine.docker.getContainer(server?.instances[0]?.containerId ?? "");
}
