import { ManagerError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ServerSpec } from "../../spec.ts";
import type {
  Attachment,
  AttachmentSink,
  CreateRequest,
  HistoryLine,
  InstanceRecord,
  Runtime,
  RuntimeCallOptions,
  WatchListener,
} from "../runtime.ts";
import { openAttachment } from "./attachment.ts";
import { createContainer } from "./create.ts";
import type { DockerTls } from "./docker-address.ts";
import { Engine } from "./engine.ts";
import { EventStream } from "./event-stream.ts";
import { readHistory } from "./history.ts";
import { Images } from "./images.ts";
import { Instances } from "./instances.ts";
import { markRestarting } from "./mark-restarting.ts";
import { markStopping } from "./mark-stopping.ts";
import { resolveMounts } from "./mounts.ts";
import { ownFleet } from "./owner/own-fleet.ts";
import { removeContainer } from "./remove.ts";
import { startContainer } from "./start.ts";
import { stopContainer } from "./stop.ts";
import { takeName } from "./take-name.ts";

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
  readonly #options: DockerRuntimeOptions;
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #instances: Instances;
  readonly #streams = new Set<EventStream>();

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    const { log, dockerConfigDir } = options;
    this.#engine = new Engine(options);
    this.#images = new Images({ engine: this.#engine, dockerConfigDir, log });
    this.#instances = new Instances({ ...options, engine: this.#engine, images: this.#images });
  }

  async version(options: RuntimeCallOptions): Promise<string> {
    const { Version } = await this.#engine.call("tell its version", (docker) => docker.version(), options);
    return Version;
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
    await resolveMounts(spec.mounts, { ...this.#context, ...options });
  }

  async hasImage(spec: ServerSpec, options: RuntimeCallOptions): Promise<boolean> {
    return this.#images.has(spec.image, options);
  }

  async prepare(
    spec: ServerSpec,
    options: RuntimeCallOptions & { readonly onProgress?: (line: string) => void },
  ): Promise<string> {
    return this.#images.prepare(spec, options);
  }

  async create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    const id = await createContainer(request, { ...this.#context, ...options });
    try {
      const record = await this.inspect(id, options);
      if (record !== undefined) return record;
      throw new ManagerError("not_found", `the container of ${request.server} was removed as soon as it was created`, {
        details: { reason: "CONTAINER_REMOVED", delivery: "not_sent", server: request.server },
      });
    } catch (error) {
      // Nobody else knows of it yet; also when the caller left: the request to create can't be taken back.
      await this.remove(id, {}).catch((reason: Error) => {
        this.#options.log.error("a container that nobody waits for can't be removed", { id, reason: reason.message });
      });
      throw error;
    }
  }

  async takeName(id: string, options: RuntimeCallOptions): Promise<void> {
    const record = await this.inspect(id, options);
    if (record !== undefined) await takeName(record, { ...this.#context, ...options });
  }

  async attach(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment> {
    return openAttachment(id, sink, { engine: this.#engine, ...options });
  }

  async start(id: string, options: RuntimeCallOptions): Promise<void> {
    await startContainer(id, { ...this.#context, ...options });
  }

  async stop(id: string, options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void> {
    await stopContainer(id, { engine: this.#engine, ...options });
  }

  async markStopping(id: string, options: RuntimeCallOptions): Promise<void> {
    const record = await this.inspect(id, options);
    if (record === undefined || record.stopping) return;
    await markStopping(record, { ...this.#context, ...options });
  }

  async markRestarting(id: string, options: RuntimeCallOptions): Promise<void> {
    const record = await this.inspect(id, options);
    if (record !== undefined) await markRestarting(record, { ...this.#context, ...options });
  }

  async remove(id: string, options: RuntimeCallOptions): Promise<void> {
    // Whatever said that it is to go: no one else's container is removed.
    if (await this.#instances.isOurs(id, options)) await removeContainer(id, { engine: this.#engine, ...options });
  }

  async inspect(id: string, options: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    return this.#instances.inspect(id, options);
  }

  async list(options: RuntimeCallOptions): Promise<InstanceRecord[]> {
    return this.#instances.list(options);
  }

  history(id: string, options: RuntimeCallOptions & { readonly untilMs: number }): AsyncIterable<HistoryLine> {
    return readHistory(id, { engine: this.#engine, ...options });
  }

  watch(listener: WatchListener): AsyncDisposable {
    const { fleet, log, now = Date.now } = this.#options;
    const stream = new EventStream({ engine: this.#engine, fleet, listener, log, now });
    this.#streams.add(stream);
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream[Symbol.asyncDispose]()));
    this.#engine.close();
  }

  get #context() {
    const { fleet, bindRoots, allowLabels = [] } = this.#options;
    return { engine: this.#engine, images: this.#images, fleet, bindRoots, allowLabels };
  }
}
