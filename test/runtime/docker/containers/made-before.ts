import canonicalize from "canonicalize";
import type Docker from "dockerode";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";

export interface MadeBefore {
  readonly docker: Docker;
  readonly fleet: string;
  readonly server: string;
  readonly spec: ServerSpec;
  readonly replica?: number;
  readonly replaces?: string;
  readonly era?: "legacy" | "modern";
}

/**
 * A container as the manager of commit ce1c9fa made it, running: an upgrade must find its server. What had no value was in
 * no label; a spec's labels went out as they are, and so did its user.
 */
export async function madeBefore(made: MadeBefore): Promise<Docker.Container> {
  const { docker, fleet, server, replica = 0, replaces } = made;
  const plain = `mcp-${fleet}.${server}${replica === 0 ? "" : `.${replica + 1}`}`;
  const name = replaces === undefined ? plain : `${plain}.next`;
  // @types/dockerode does not know that a body can be given apart from the URL.
  const split = { _query: { name }, _body: createBody(made) } as unknown as Docker.ContainerCreateOptions;
  const container = await docker.createContainer(split);
  await container.start();
  return container;
}

function createBody(made: MadeBefore): object {
  const { spec } = made;
  const memory = spec.limits?.memoryBytes ?? 536_870_912;
  return {
    Image: spec.image,
    ...(spec.command?.length ? { Entrypoint: spec.command } : {}),
    ...(spec.args?.length ? { Cmd: spec.args } : {}),
    ...(spec.user ? { User: spec.user } : {}),
    Env: Object.entries(spec.env ?? {}).map(([key, value]) => `${key}=${value}`),
    Labels: labels(made),
    OpenStdin: true,
    StdinOnce: false,
    Tty: false,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: spec.network ?? "none",
      ReadonlyRootfs: spec.readOnlyRoot !== false,
      ...(spec.readOnlyRoot === false ? {} : { Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777" } }),
      Mounts: (spec.mounts ?? []).map(mount),
      CapDrop: ["ALL"],
      CapAdd: spec.capAdd ?? [],
      SecurityOpt: ["no-new-privileges:true"],
      NanoCpus: Math.round((spec.limits?.cpus ?? 1) * 1e9),
      Memory: memory,
      MemorySwap: memory,
      PidsLimit: spec.limits?.pids ?? 256,
      Privileged: false,
      IpcMode: "private",
      CgroupnsMode: "private",
      Init: true,
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "local", Config: { "max-size": "10m", "max-file": "3" } },
    },
  };
}

function labels({ fleet, server, spec, replica = 0, replaces, era }: MadeBefore): Record<string, string> {
  const { env, ...rest } = spec;
  const blank = env && Object.fromEntries(Object.keys(env).map((key) => [key, ""]));
  return {
    ...spec.labels,
    "managed-by": "mcp-docker-manager",
    "mcpm.fleet": fleet,
    "mcpm.server": server,
    "mcpm.instance": crypto.randomUUID(),
    ...(replica === 0 ? {} : { "mcpm.replica": String(replica) }),
    "mcpm.era": era ?? "auto",
    ...(replaces === undefined ? {} : { "mcpm.replaces": replaces }),
    "mcpm.spec": canonicalize(blank === undefined ? rest : { ...rest, env: blank }) ?? "{}",
  };
}

function mount({ type, source, target, writable }: NonNullable<ServerSpec["mounts"]>[number]): object {
  if (type === "tmpfs") return { Type: type, Target: target, TmpfsOptions: { SizeBytes: 67_108_864, Mode: 0o1777 } };
  const place = { Type: type, Source: source, Target: target, ReadOnly: writable !== true };
  return type === "bind" ? { ...place, BindOptions: { NonRecursive: true, Propagation: "rprivate" } } : place;
}
