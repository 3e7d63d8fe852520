import type Docker from "dockerode";
import type { SecretValues } from "../../../base/spec/secret-values.ts";
import { type ServerSpec, specDefaults } from "../../../base/spec/spec.ts";
import { ownTmpfs } from "../mounts/own-tmpfs.ts";

/**
 * Who heeds each field of a spec on this runtime: the create request below, the runtime elsewhere, or the manager, which
 * does it for every runtime. A field that is missing here does not compile: the engine would ignore it.
 */
export const heededBy = {
  image: "request",
  command: "request",
  args: "request",
  env: "request",
  mounts: "runtime",
  limits: "request",
  network: "request",
  workingDir: "request",
  user: "request",
  readOnlyRoot: "request",
  capAdd: "request",
  era: "manager",
  pullPolicy: "manager",
  restart: "manager",
  handshakeTimeoutMs: "manager",
  callTimeoutMs: "manager",
  labels: "runtime",
  health: "manager",
  idleTimeoutMs: "manager",
  replicas: "manager",
  callLimits: "manager",
  init: "request",
  secrets: "manager",
  secretFiles: "runtime",
} as const satisfies Record<keyof ServerSpec, "request" | "runtime" | "manager">;

/**
 * The body of a create request: the spec, and the sandbox around it. Whether the operator allows what the spec asks
 * for (capabilities, network, a writable root, limits) is decided before, by the fleet's admission.
 */
export function containerOptions(
  spec: ServerSpec,
  options: {
    readonly labels: Record<string, string>;
    readonly mounts: Docker.MountSettings[];
    /**
     * False: the engine refuses containers with a limit of CPUs, so only a spec that names one gets it. Default: true.
     */
    readonly takesCpus?: boolean;
    /** As `uid:gid`, when it must be just that. */
    readonly user?: string | undefined;
    /** The secrets in its environment. */
    readonly secrets?: SecretValues | undefined;
    /** The HOME of a spec whose env has none. */
    readonly home?: string | undefined;
    /** Those besides the manager's own, by target. */
    readonly tmpfs?: Readonly<Record<string, string>>;
    /** The name of the network of a spec that asks for one. */
    readonly network?: string | undefined;
  },
): Docker.ContainerCreateOptions {
  const user = options.user ?? spec.user;
  return {
    Image: spec.image,
    ...(spec.command?.length ? { Entrypoint: [...spec.command] } : {}),
    ...(spec.args?.length ? { Cmd: [...spec.args] } : {}),
    ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
    ...(user ? { User: user } : {}),
    Env: Object.entries({
      ...(options.home === undefined ? {} : { HOME: options.home }),
      ...spec.env,
      ...options.secrets?.env(),
    }).map(([key, value]) => `${key}=${value}`),
    Labels: options.labels,
    // stdio stays open over detaching and attaching again; a terminal would mangle the protocol.
    OpenStdin: true,
    StdinOnce: false,
    Tty: false,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    // The session tells whether the server is well; the image's own probe would only run processes beside it.
    Healthcheck: { Test: ["NONE"] },
    HostConfig: hostConfig(spec, options),
  };
}

function hostConfig(
  spec: ServerSpec,
  {
    mounts,
    takesCpus = true,
    tmpfs = {},
    network,
  }: {
    readonly mounts: Docker.MountSettings[];
    readonly takesCpus?: boolean;
    readonly tmpfs?: Readonly<Record<string, string>>;
    readonly network?: string | undefined;
  },
): Docker.HostConfig {
  const memory = spec.limits?.memoryBytes ?? specDefaults.memoryBytes;
  const cpus = spec.limits?.cpus ?? (takesCpus ? specDefaults.cpus : undefined);
  const allTmpfs = { ...ownTmpfs(spec), ...tmpfs };
  const config = {
    NetworkMode: spec.network === undefined ? "none" : (network ?? spec.network),
    ReadonlyRootfs: spec.readOnlyRoot !== false,
    ...(Object.keys(allTmpfs).length === 0 ? {} : { Tmpfs: allTmpfs }),
    Mounts: mounts,
    CapDrop: ["ALL"],
    CapAdd: [...(spec.capAdd ?? [])],
    SecurityOpt: ["no-new-privileges:true"],
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    Memory: memory,
    // Memory and swap together: equal means no swap on top.
    MemorySwap: memory,
    PidsLimit: spec.limits?.pids ?? specDefaults.pids,
    // A core file would hold the values of secrets.
    Ulimits: [{ Name: "core", Soft: 0, Hard: 0 }],
    Privileged: false,
    IpcMode: "private",
    CgroupnsMode: "private",
    // Node and cat ignore SIGTERM as process 1; docker-init passes it on and reaps zombies.
    Init: spec.init ?? true,
    // The manager restarts, not the engine (src/fleet/run/restart-schedule.ts).
    RestartPolicy: { Name: "no" },
    // Read by people (`docker logs`), and by us once, at adoption.
    LogConfig: { Type: "local", Config: { "max-size": "10m", "max-file": "3" } },
  };
  // @types/dockerode lacks CgroupnsMode, so not checked for excess properties.
  return config;
}
