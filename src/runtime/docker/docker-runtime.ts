import type { ContainerInspectInfo } from "dockerode";
import { ManagerError } from "../../base/errors/errors.ts";
import type { Log } from "../../base/log/log.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { runtimeCapabilities } from "../capabilities.ts";
import type { Protection } from "../protections.ts";
import type {
  Attachment,
  AttachmentSink,
  CreateRequest,
  HistoryLine,
  InstanceRecord,
  NewMark,
  Runtime,
  RuntimeCallOptions,
  WatchListener,
} from "../runtime.ts";
import { networkName } from "./containers/container-name.ts";
import { createContainer } from "./containers/create-container.ts";
import { Enforcement } from "./containers/enforcement.ts";
import { Instances } from "./containers/instances.ts";
import { markContainer } from "./containers/mark-container.ts";
import { runContainer } from "./containers/run-container.ts";
import type { DockerTls } from "./engine/docker-address.ts";
import { Engine } from "./engine/engine.ts";
import { EventStream } from "./engine/event-stream.ts";
import { removeContainer } from "./engine/remove-container.ts";
import { stopContainer } from "./engine/stop-container.ts";
import { Turns } from "./engine/turns.ts";
import { ImageFiles } from "./files/image-files.ts";
import { ImageUsers } from "./files/image-users.ts";
import { Images } from "./images/images.ts";
import { BindUsers } from "./mounts/bind-users.ts";
import type { ImageVolumes } from "./mounts/image-volumes.ts";
import { resolveMounts } from "./mounts/mounts.ts";
import { Networks } from "./networks/networks.ts";
import { ownFleet } from "./owner/own-fleet.ts";
import { openAttachment } from "./stdio/attachment.ts";
import { readContainerHistory } from "./stdio/container-history.ts";

export interface DockerRuntimeOptions {
  /** In the syntax of DOCKER_HOST; undefined is the default socket. */
  readonly dockerHost?: string | undefined;
  /** For a remote engine behind TLS. */
  readonly tls?: DockerTls | undefined;
  /** Folder of Docker's `config.json`, which has the registries' credentials; undefined: pull without. */
  readonly dockerConfigDir?: string | undefined;
  readonly fleet: string;
  /** Host folders that bind mounts may come from. */
  readonly bindRoots: readonly string[];
  /** Names of labels that a spec may give a container as they are: see `LabelContext`. Default: none. */
  readonly allowLabels?: readonly string[];
  /**
   * Registries, `host` or `host:port` in lower case, that images are pulled from besides public ones. Default: none.
   */
  readonly registries?: readonly string[] | undefined;
  /** Whether servers are started only where their limits are enforced. Default: no. */
  readonly requireLimits?: boolean | undefined;
  /** The users, as `uid:gid`, as which servers may write to bind mounts; undefined: none. */
  readonly bindUsers?: readonly string[];
  /** What becomes of the VOLUMEs of images that a spec mounts nothing at. Default: they are kept. */
  readonly imageVolumes?: ImageVolumes | undefined;
  /** Blocks of IPv4 addresses for the networks of servers with `bridge`. Default: none, and no such server. */
  readonly subnets?: readonly string[] | undefined;
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now?: () => number;
}

/** The runtime port on a Docker engine. Opens nothing until it is called. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  return new DockerRuntime(options);
}

class DockerRuntime implements Runtime {
  readonly kind = "docker";
  readonly capabilities = runtimeCapabilities.docker;
  readonly #options: DockerRuntimeOptions;
  readonly #engine: Engine;
  readonly #enforcement: Enforcement;
  readonly #images: Images;
  readonly #instances: Instances;
  readonly #networks: Networks;
  readonly #users = new ImageUsers();
  readonly #bindUsers: BindUsers;
  readonly #imageFiles: ImageFiles;
  readonly #bindTurns = new Turns();
  readonly #streams = new Set<EventStream>();

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    const { log, dockerConfigDir, registries = [], requireLimits = false, bindUsers = [] } = options;
    this.#engine = new Engine(options);
    this.#enforcement = new Enforcement({ engine: this.#engine, log, requireLimits });
    this.#images = new Images({ engine: this.#engine, dockerConfigDir, registries, log });
    this.#networks = new Networks({ ...options, engine: this.#engine, subnets: options.subnets ?? [] });
    this.#bindUsers = new BindUsers(bindUsers, this.#users);
    this.#imageFiles = new ImageFiles(this.#engine);
    this.#instances = new Instances({ ...options, engine: this.#engine, images: this.#images });
  }

  async version(options: RuntimeCallOptions): Promise<string> {
    const { Version } = await this.#engine.call("tell its version", (docker) => docker.version(), options);
    return Version;
  }

  unenforced(options: RuntimeCallOptions): Promise<readonly Protection[]> {
    return this.#enforcement.unenforced(options);
  }

  async own(
    options: RuntimeCallOptions & { readonly onLost: (error: ManagerError) => void },
  ): Promise<AsyncDisposable> {
    const { fleet, log, now = Date.now } = this.#options;
    const onLost = (error: ManagerError) => {
      this.#engine.forbid(error);
      options.onLost(error);
    };
    return ownFleet({ ...options, engine: this.#engine, fleet, log, now, onLost });
  }

  async check(spec: ServerSpec, options: RuntimeCallOptions): Promise<void> {
    await this.#enforcement.checkEngine(options);
    await resolveMounts(spec.mounts, { ...this.#context, ...options });
    this.#bindUsers.check(spec);
  }

  async hasImage(spec: ServerSpec, options: RuntimeCallOptions): Promise<boolean> {
    return this.#images.has(spec.image, options);
  }

  async prepare(
    spec: ServerSpec,
    options: RuntimeCallOptions & { readonly onProgress?: (line: string) => void },
  ): Promise<string> {
    // Not in `check`: what the operator does not allow is told first.
    await this.#enforcement.checkCpus(spec, options);
    return this.#images.prepare(spec, options);
  }

  async create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    if (request.spec.network !== "bridge") return this.#create(request, options);
    const network = { name: networkName(this.#options.fleet, request), server: request.server };
    return this.#networks.during(network, () => this.#create(request, options), options);
  }

  async #create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    await this.#enforcement.checkEngine(options);
    const takesCpus = await this.#enforcement.takesCpus(options);
    const created = await createContainer(request, { ...this.#context, ...this.#making, ...options, takesCpus });
    const { id } = created;
    try {
      const check = (info: ContainerInspectInfo) => this.#enforcement.checkCreated(created, info);
      const record = await this.#instances.inspect(id, { ...options, check });
      if (record !== undefined) return record;
      throw new ManagerError("not_found", `the container of ${request.server} was removed as soon as it was created`, {
        details: { reason: "CONTAINER_REMOVED", delivery: "not_sent", server: request.server },
      });
    } catch (error) {
      // Nobody else knows of it yet; also when the caller left: the request to create can't be taken back.
      await this.#remove(id, {}).catch((reason: Error) => {
        this.#options.log.error("a container that nobody waits for can't be removed", { id, reason: reason.message });
      });
      throw error;
    }
  }

  async run(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment> {
    const { bindUsers = [] } = this.#options;
    const [context, enforcement, networks] = [this.#context, this.#enforcement, this.#networks];
    return runContainer(id, sink, { ...context, ...options, bindUsers, enforcement, networks });
  }

  async attach(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment> {
    return openAttachment(id, sink, { engine: this.#engine, ...options });
  }

  async stop(id: string, options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void> {
    await stopContainer(id, { engine: this.#engine, ...options });
  }

  async mark(id: string, mark: NewMark, options: RuntimeCallOptions): Promise<void> {
    const record = await this.inspect(id, options);
    if (record !== undefined) await markContainer(record, mark, { ...this.#context, ...options });
  }

  async remove(id: string, options: RuntimeCallOptions): Promise<void> {
    await this.#remove(id, options);
    await this.sweep(options).catch((error: Error) => {
      this.#options.log.debug("could not look for networks; the reaper does", { reason: error.message });
    });
  }

  sweep(options: RuntimeCallOptions): Promise<void> {
    return this.#networks.sweep(options);
  }

  async #remove(id: string, options: RuntimeCallOptions): Promise<void> {
    // Checked here, whatever the caller assumed: a container that is not this fleet's is never removed.
    if (await this.#instances.isOurs(id, options)) await removeContainer(id, { engine: this.#engine, ...options });
  }

  async inspect(id: string, options: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    return this.#instances.inspect(id, options);
  }

  async list(options: RuntimeCallOptions): Promise<InstanceRecord[]> {
    return this.#instances.list(options);
  }

  history(id: string, options: RuntimeCallOptions & { readonly untilMs: number }): AsyncIterable<HistoryLine> {
    return readContainerHistory(id, { engine: this.#engine, ...options });
  }

  watch(listener: WatchListener): AsyncDisposable {
    const { fleet, log, now = Date.now } = this.#options;
    const stream = new EventStream({ engine: this.#engine, fleet, listener: this.#alsoTold(listener), log, now });
    this.#streams.add(stream);
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream[Symbol.asyncDispose]()));
    this.#engine.close();
  }

  /** The engine that is back may enforce more or less than it did. */
  #alsoTold(listener: WatchListener): WatchListener {
    return {
      exit: (id, exit) => listener.exit(id, exit),
      outOfMemory: (id) => listener.outOfMemory(id),
      removed: (id) => listener.removed(id),
      changed: (id) => listener.changed(id),
      broken: () => listener.broken(),
      resync: () => {
        this.#enforcement.engineBack();
        listener.resync();
      },
    };
  }

  get #context() {
    const { fleet, bindRoots } = this.#options;
    // Where there are no such numbers there is no engine of the same machine either.
    return { engine: this.#engine, fleet, bindRoots, uid: process.getuid?.() ?? 0 };
  }

  /** What else creating a container needs. */
  get #making() {
    const { allowLabels = [], imageVolumes = "keep", log } = this.#options;
    const [users, bindUsers, imageFiles, bindTurns] = [this.#users, this.#bindUsers, this.#imageFiles, this.#bindTurns];
    return { images: this.#images, allowLabels, users, bindUsers, imageFiles, bindTurns, imageVolumes, log };
  }
}
